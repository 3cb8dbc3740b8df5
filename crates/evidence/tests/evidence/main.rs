//! Recording, importing and what is then known.

mod coverage;
mod fixture;
mod kill;
mod spool;
