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

/// Parsers of outside bytes, for the fuzz targets alone.
#[doc(hidden)]
pub mod fuzz {
    use bytes::BytesMut;

    use crate::guards::framing::{Head, end_of_head};

    /// Reads a request head; tells whether it is one.
    #[must_use]
    pub fn head(bytes: &[u8]) -> bool {
        match end_of_head(bytes, &mut 0) {
            Ok(Some(end)) => Head::parse(BytesMut::from(bytes.get(..end).unwrap_or(bytes))).is_ok(),
            Ok(None) | Err(_) => false,
        }
    }
}

pub use config::{GatewayConfig, Limits, Origin, OriginError, Rate, UpstreamConfig};
pub use gateway::{Gateway, ShutdownReport, StartError};
pub use ops::Readiness;
pub use parts::{Channel, Parts};
pub use transport::tlcp::TlcpParts;
pub use transport::tls::{TlsError, TlsParts};

hefu_standards::registry!();
