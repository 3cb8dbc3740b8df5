//! Alerts: which error sends which, and what one does with those that come.

use hefu_tlcp::messages::HandshakeType;
use hefu_tlcp::{
    Alert, CertificateError, CipherSuite, Error, Event, InternalError, PeerError, UsageError,
};

use crate::support::pki::mutual;
use crate::support::wire::{give, take};
use crate::support::{Pair, Wire};

/// The whole table, so that a change of it is seen.
#[test]
fn every_fault_of_a_peer_has_its_alert() {
    use PeerError as P;
    let peer = [
        (P::RecordType, Alert::UnexpectedMessage),
        (P::RecordVersion, Alert::ProtocolVersion),
        (P::RecordOverflow, Alert::RecordOverflow),
        (P::EmptyRecords, Alert::UnexpectedMessage),
        (P::BadRecordMac, Alert::BadRecordMac),
        (P::Malformed(HandshakeType::Finished), Alert::DecodeError),
        (P::MalformedControl, Alert::DecodeError),
        (P::HandshakeType(99), Alert::UnexpectedMessage),
        (
            P::MessageTooLong(HandshakeType::Finished),
            Alert::DecodeError,
        ),
        (
            P::UnexpectedMessage(HandshakeType::Finished),
            Alert::UnexpectedMessage,
        ),
        (P::UnexpectedChangeCipherSpec, Alert::UnexpectedMessage),
        (P::UnexpectedApplicationData, Alert::UnexpectedMessage),
        (P::Interleaved, Alert::UnexpectedMessage),
        (P::Warnings, Alert::UnexpectedMessage),
        (P::Renegotiation, Alert::NoRenegotiation),
        (P::Version(0x0303), Alert::ProtocolVersion),
        (P::NoCommonSuite, Alert::HandshakeFailure),
        (P::NoCommonCompression, Alert::HandshakeFailure),
        (P::SuiteNotOffered, Alert::IllegalParameter),
        (P::CompressionNotOffered, Alert::IllegalParameter),
        (P::ResumedWithOtherSuite, Alert::IllegalParameter),
        (P::UnsolicitedExtension, Alert::UnsupportedExtension),
        (P::NoApplicationProtocol, Alert::NoApplicationProtocol),
        (P::UnknownName, Alert::UnrecognizedName),
        (P::NoCertificateRequest, Alert::HandshakeFailure),
        (
            P::BadSignature(HandshakeType::Finished),
            Alert::DecryptError,
        ),
        (
            P::BadPublicKey(HandshakeType::Finished),
            Alert::IllegalParameter,
        ),
        (P::BadFinished, Alert::DecryptError),
    ];
    for (error, alert) in peer {
        assert_eq!(Error::from(error).alert(), Some(alert), "{error}");
    }
}

#[test]
fn every_other_error_has_its_alert() {
    use CertificateError as C;
    let certificate = [
        (C::Missing, Alert::HandshakeFailure),
        (C::MissingEncryption, Alert::UnsupportedCertificate),
        (C::Malformed, Alert::BadCertificate),
        (C::BadSignature, Alert::BadCertificate),
        (C::UnknownAuthority, Alert::UnknownCa),
        (C::Expired, Alert::CertificateExpired),
        (C::NotYetValid, Alert::CertificateExpired),
        (C::Revoked, Alert::CertificateRevoked),
        (C::RevocationUnknown, Alert::CertificateUnknown),
        (C::BadStatus, Alert::BadCertificateStatusResponse),
        (C::MissingStatus, Alert::BadCertificateStatusResponse),
        (C::WrongName, Alert::CertificateUnknown),
        (C::WrongUsage, Alert::UnsupportedCertificate),
        (C::WrongAlgorithm, Alert::UnsupportedCertificate),
        (C::AccessDenied, Alert::AccessDenied),
        (C::Module, Alert::InternalError),
    ];
    for (error, alert) in certificate {
        assert_eq!(Error::from(error).alert(), Some(alert), "{error}");
    }
    for error in [
        InternalError::Module,
        InternalError::Rng,
        InternalError::NoEncryptionKey,
    ] {
        assert_eq!(Error::from(error).alert(), Some(Alert::InternalError));
    }
    assert_eq!(
        Error::from(InternalError::KeyExhausted).alert(),
        Some(Alert::CloseNotify)
    );
    assert_eq!(Error::Alert(Alert::DecodeError).alert(), None);
    for misuse in [UsageError::Unprocessed, UsageError::Closed] {
        assert_eq!(Error::from(misuse).alert(), None);
    }
}

fn fresh() -> Pair {
    let (client, server) = mutual(CipherSuite::EccSm4GcmSm3);
    Pair::new(client.build().unwrap(), server.build().unwrap())
}

/// Before the handshake is done alerts are in clear.
fn alert(level: u8, alert: u8) -> [u8; 7] {
    [21, 1, 1, 0, 2, level, alert]
}

#[test]
fn a_fatal_alert_ends_and_a_warning_does_not() {
    let mut pair = fresh();
    assert_eq!(
        give(&mut pair.client, &alert(2, 40), Wire::Whole),
        Err(Error::Alert(Alert::HandshakeFailure))
    );
    // Nothing answers an alert.
    take(&mut pair.client);
    assert!(!pair.client.wants_write());

    let mut pair = fresh();
    assert_eq!(give(&mut pair.client, &alert(1, 90), Wire::Whole), Ok(()));
    assert_eq!(
        pair.client.next_event(),
        Some(Event::Warning(Alert::UserCanceled))
    );
    pair.connect();
}

#[test]
fn warnings_without_end_are_refused() {
    let mut pair = fresh();
    for _ in 0..4 {
        give(&mut pair.server, &alert(1, 90), Wire::Whole).unwrap();
    }
    assert_eq!(
        give(&mut pair.server, &alert(1, 90), Wire::Whole),
        Err(Error::Peer(PeerError::Warnings))
    );
}

#[test]
fn malformed_alerts_are_refused() {
    for bytes in [
        &[21, 1, 1, 0, 1, 2][..],
        &[21, 1, 1, 0, 3, 2, 40, 0],
        &[21, 1, 1, 0, 0],
        &alert(3, 40),
    ] {
        let mut pair = fresh();
        assert_eq!(
            give(&mut pair.server, bytes, Wire::Whole),
            Err(Error::Peer(PeerError::MalformedControl))
        );
        assert_eq!(
            take(&mut pair.server),
            alert(2, Alert::DecodeError.id()),
            "the fatal alert goes out"
        );
    }
}

/// The end that the peer says, in the middle of a handshake.
#[test]
fn close_notify_before_the_end_of_the_handshake() {
    let mut pair = fresh();
    assert_eq!(give(&mut pair.server, &alert(1, 0), Wire::Whole), Ok(()));
    assert!(pair.server.process().unwrap().peer_has_closed);
    assert!(pair.server.is_handshaking());
}
