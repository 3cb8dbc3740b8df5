//! What a failed connection means for the app.

use std::error::Error;
use std::io;

use hefu_tlcp::{Alert, CertificateError as TlcpCertificateError};
use rustls::{AlertDescription, CertificateError};

use crate::error::{ChannelCause, ChannelError};

/// Of a handshake of TLS or TLCP.
pub(super) fn of_handshake(error: io::Error) -> ChannelError {
    match channel_cause(&error) {
        Some(cause) => of_cause(cause),
        None => ChannelError::Unreachable(error),
    }
}

/// Of a connection in use. In TLS 1.3 a gateway refuses a device's certificate only after the device
/// believes the handshake done, so that handshake errors show here too.
pub(super) fn of_http(error: hyper::Error) -> ChannelError {
    match channel_cause(&error) {
        Some(cause) => of_cause(cause),
        None if error.is_parse() => ChannelError::NotHttp(error),
        None => ChannelError::Broken(error),
    }
}

/// What a cause means, as the variant that takes it.
type Meaning = fn(ChannelCause) -> ChannelError;

fn of_cause(cause: ChannelCause) -> ChannelError {
    let meaning = match &cause {
        ChannelCause::Tls(error) => of_tls(error),
        ChannelCause::Tlcp(error) => of_tlcp(*error),
    };
    meaning(cause)
}

fn of_tlcp(error: hefu_tlcp::Error) -> Meaning {
    match error {
        hefu_tlcp::Error::Certificate(
            TlcpCertificateError::Expired | TlcpCertificateError::NotYetValid,
        ) => ChannelError::GatewayCertificateTime,
        hefu_tlcp::Error::Certificate(_) => ChannelError::NotTheGateway,
        hefu_tlcp::Error::Alert(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCa
            | Alert::AccessDenied
            | Alert::DecryptError,
        ) => ChannelError::DeviceCertificateRefused,
        _ => ChannelError::Tls,
    }
}

fn of_tls(error: &rustls::Error) -> Meaning {
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => ChannelError::GatewayCertificateTime,
        rustls::Error::InvalidCertificate(_) => ChannelError::NotTheGateway,
        rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError,
        ) => ChannelError::DeviceCertificateRefused,
        _ => ChannelError::Tls,
    }
}

/// The library's own error, somewhere below. An [`io::Error`] does not count what it wraps among its
/// sources.
fn channel_cause(error: &(dyn Error + 'static)) -> Option<ChannelCause> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<rustls::Error>() {
            return Some(cause.clone().into());
        }
        if let Some(cause) = error.downcast_ref::<hefu_tlcp::Error>() {
            return Some((*cause).into());
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(error: rustls::Error) -> ChannelError {
        of_handshake(io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn each_cause_is_found_and_told_apart() {
        let certificate = |error| handshake(rustls::Error::InvalidCertificate(error));
        let alert = |alert| handshake(rustls::Error::AlertReceived(alert));
        assert!(matches!(
            certificate(CertificateError::NotValidYet),
            ChannelError::GatewayCertificateTime(_)
        ));
        assert!(matches!(
            certificate(CertificateError::UnknownIssuer),
            ChannelError::NotTheGateway(_)
        ));
        assert!(matches!(
            alert(AlertDescription::CertificateExpired),
            ChannelError::DeviceCertificateRefused(_)
        ));
        assert!(matches!(
            alert(AlertDescription::InternalError),
            ChannelError::Tls(_)
        ));
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert!(matches!(of_handshake(reset), ChannelError::Unreachable(_)));
    }
}
