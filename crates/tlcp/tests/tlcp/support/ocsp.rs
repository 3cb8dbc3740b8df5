//! An OCSP responder with the key of the authority below the root (RFC 6960, 4.2).

use hefu_gm::sm2::DEFAULT_ID;
use hefu_gm::sm3;
use hefu_gm::x509::Certificate;

use super::pki::{NOW_S, Pki};

/// What is said of a certificate.
#[derive(Clone, Copy)]
pub(crate) enum Said {
    Good,
    Revoked,
    Unknown,
}

impl Pki {
    /// Says something of each of the certificates, from a minute ago for an hour.
    pub(crate) fn ocsp(&self, said: Said, certificates: &[&Certificate]) -> Vec<u8> {
        self.ocsp_at(said, certificates, NOW_S - 60)
    }

    /// The same from `this_update_s`, for an hour.
    pub(crate) fn ocsp_at(
        &self,
        said: Said,
        certificates: &[&Certificate],
        this_update_s: i64,
    ) -> Vec<u8> {
        let authority = self.between.certificate();
        let answers: Vec<u8> = certificates
            .iter()
            .flat_map(|certificate| answer(said, certificate, authority, this_update_s))
            .collect();
        let data = sequence(&[
            &tlv(0xa1, authority.subject().as_der()),
            &time(this_update_s),
            &sequence(&[&answers]),
        ]);
        let signature = self.between_key.sign(DEFAULT_ID, &data).unwrap().to_der();
        let basic = sequence(&[
            &data,
            &sequence(&[&tlv(6, SM2_WITH_SM3)]),
            &tlv(3, &[&[0], &signature[..]].concat()),
        ]);
        let body = sequence(&[&tlv(6, BASIC), &tlv(4, &basic)]);
        sequence(&[&tlv(10, &[0]), &tlv(0xa0, &body)])
    }
}

const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
const SM3: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11];
const SM2_WITH_SM3: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75];

fn answer(
    said: Said,
    certificate: &Certificate,
    authority: &Certificate,
    this_update_s: i64,
) -> Vec<u8> {
    let id = sequence(&[
        &sequence(&[&tlv(6, SM3)]),
        &tlv(4, &sm3::digest(&[authority.subject().as_der()])),
        &tlv(4, &sm3::digest(&[&authority.public_key().to_sec1()])),
        &tlv(2, &serial(certificate)),
    ]);
    let said = match said {
        Said::Good => tlv(0x80, &[]),
        Said::Revoked => tlv(0xa1, &time(this_update_s)),
        Said::Unknown => tlv(0x82, &[]),
    };
    let until = tlv(0xa0, &time(this_update_s + 3600));
    sequence(&[&id, &said, &time(this_update_s), &until])
}

/// The number as DER writes it.
fn serial(certificate: &Certificate) -> Vec<u8> {
    let bytes = certificate.serial().as_bytes().to_vec();
    match bytes.first() {
        Some(first) if *first >= 0x80 => [&[0], &bytes[..]].concat(),
        _ => bytes,
    }
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    let [high, low] = length.to_be_bytes();
    let header = match length {
        0..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        0x100.. => vec![tag, 0x82, high, low],
    };
    [&header[..], value].concat()
}

/// `GeneralizedTime`.
fn time(at_s: i64) -> Vec<u8> {
    let (mut days, second) = (at_s.div_euclid(86_400), at_s.rem_euclid(86_400));
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + i64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (day, hour, minute, second) = (days + 1, second / 3600, second / 60 % 60, second % 60);
    let text = format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    tlv(24, text.as_bytes())
}
