//! Both ends of a connection are known before anything is asked on it: the device shows the
//! certificate that enrolment gave it, and only enrolment itself comes without one.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b.

use std::sync::Arc;

use hefu_identity::devices::{CertificateRefusal, Device};
use hefu_tally::problem::Code;

use super::{Guard, route::KeyRule};
use crate::exchange::{Channel, Peer};

pub(crate) const GUARD: Guard = Guard {
    name: "channel",
    clauses: hefu_standards::clauses!(),
};

/// Why a connection is not good for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// Another function than enrolment, without a certificate.
    CertificateMissing,
    /// Enrolment, with a certificate: the device is enrolled already.
    CertificateUnwanted,
    /// The certificate names no device.
    NamesNoDevice,
    /// There is no such device.
    UnknownDevice,
    /// The device has another certificate.
    NotItsOwn,
    /// The certificate has expired.
    Expired,
    /// The device is frozen or revoked.
    NotActive,
    /// The device could not be looked up.
    Store,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CertificateMissing => "certificate-missing",
            Self::CertificateUnwanted => "certificate-unwanted",
            Self::NamesNoDevice => "certificate-names-no-device",
            Self::UnknownDevice => "device-unknown",
            Self::NotItsOwn => "certificate-not-its-own",
            Self::Expired => "certificate-expired",
            Self::NotActive => "device-not-active",
            Self::Store => "store",
        }
    }

    pub(crate) const fn code(self) -> Code {
        match self {
            Self::CertificateMissing
            | Self::CertificateUnwanted
            | Self::NamesNoDevice
            | Self::UnknownDevice
            | Self::NotItsOwn
            | Self::Expired
            | Self::NotActive => Code::Unauthenticated,
            Self::Store => Code::Unavailable,
        }
    }
}

/// What a certificate proved that the handshake accepted.
pub(crate) fn of_certificate(found: Result<Arc<Device>, CertificateRefusal>) -> Channel {
    let refusal = match found {
        Ok(device) => return Channel::Device(device.id),
        Err(refusal) => refusal,
    };
    Channel::Refused(match refusal {
        CertificateRefusal::NamesNoDevice => Reason::NamesNoDevice,
        CertificateRefusal::UnknownDevice => Reason::UnknownDevice,
        CertificateRefusal::NotItsOwn => Reason::NotItsOwn,
        CertificateRefusal::Expired => Reason::Expired,
        CertificateRefusal::NotActive(_) => Reason::NotActive,
        // The store failed, or a reason that is newer than this code: no device was proved.
        _ => Reason::Store,
    })
}

/// # Errors
/// When the connection is not good for such a request.
pub(crate) fn check(peer: &Peer, key_rule: KeyRule) -> Result<(), Reason> {
    match (peer.channel, key_rule) {
        (Channel::Refused(reason), _) => Err(reason),
        (Channel::Anonymous, KeyRule::Device | KeyRule::DeviceOrSession) => {
            Err(Reason::CertificateMissing)
        }
        (Channel::Device(_), KeyRule::Enrolling) => Err(Reason::CertificateUnwanted),
        (Channel::Anonymous, KeyRule::Enrolling)
        | (Channel::Device(_), KeyRule::Device | KeyRule::DeviceOrSession)
        | (Channel::DangerousPlain, _) => Ok(()),
    }
}
