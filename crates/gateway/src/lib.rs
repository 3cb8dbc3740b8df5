#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
pub mod contract;
mod endpoints;
mod exchange;
mod gateway;
mod guards;
mod metrics;
mod ops;
mod parts;
mod passed;
mod pipeline;
mod refusal;
mod reply;
mod transport;

pub use config::{GatewayConfig, Limits, Origin, OriginError, Rate, UpstreamConfig};
pub use gateway::{Gateway, ShutdownReport, StartError};
pub use ops::Readiness;
pub use parts::{Channel, Parts};
pub use transport::tls::{TlsError, TlsParts};

hefu_standards::registry!();
