//! The client against a gateway double that knows nothing but the wire contract.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod bundle;
mod channel;
mod clock;
mod double;
mod explain;
mod honest;
mod key_store;
mod refused;
mod retry;
mod timer;
mod wire;
