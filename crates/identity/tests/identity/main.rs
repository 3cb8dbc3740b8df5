//! Enrolment, logins and sessions as the gateway uses them.

#[cfg(test)]
mod devices;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod users;
