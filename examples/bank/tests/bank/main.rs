//! The bank in process, over loopback.

mod client;
mod contract;
mod service;
