//! A client certificate of another authority names the victim's device.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType};

use crate::bundle::ChannelBundle;
use crate::probe::{Finding, Pace, Probe};
use crate::range::RangeError;
use crate::wire::Reply;

pub(crate) static PROBE: Probe = Probe {
    id: "foreign-client-certificate",
    title: "A client certificate of another authority names the victim's device",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let part = |_| RangeError::Part("certificate");
            let key = KeyPair::generate().map_err(part)?;
            let device = range.phone().bundle().device.to_string();
            let mut params = CertificateParams::new(Vec::new()).map_err(part)?;
            params.distinguished_name.push(DnType::CommonName, &device);
            let uri = format!("urn:hefu:device:{device}")
                .try_into()
                .map_err(part)?;
            params.subject_alt_names.push(SanType::URI(uri));
            params
                .extended_key_usages
                .push(ExtendedKeyUsagePurpose::ClientAuth);
            let certificate = params.self_signed(&key).map_err(part)?;
            let channel = ChannelBundle {
                certificate_pem: certificate.pem(),
                key_pem: key.serialize_pem(),
            };
            let signed = range.read().await?.sign(&range.trust);
            let attack = match range.connect_with(&channel).await {
                Some(mut wire) => wire.exchange(&signed.to_bytes()).await,
                None => Reply::Closed,
            };
            Ok(Finding::of(&attack, twin))
        })
    },
};
