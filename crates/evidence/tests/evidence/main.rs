//! Recording, importing and what is then known.

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod spool;
