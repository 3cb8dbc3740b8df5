//! Enrolment, logins and sessions as the gateway uses them.

mod devices;
mod enrolment;
mod fixture;
mod sessions;
mod users;
