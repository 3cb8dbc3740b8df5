//! The pages, one file each.

pub(crate) mod clause;
pub(crate) mod coverage;
pub(crate) mod device;
pub(crate) mod devices;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod events;
pub(crate) mod language;
pub(crate) mod latency;
pub(crate) mod login;
pub(crate) mod overview;
