//! The certificate request (PKCS#10, RFC 2986) for the channel key, and P-256 signatures in DER.
//!
//! The authority takes the public key from it and nothing else, so it has an empty subject and no
//! attributes, and one layout. The key never leaves its store, which signs the request.

use hefu_tally::key::PublicKey;

use crate::key_store::{KeyRef, KeyStore, KeyStoreError};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// SubjectPublicKeyInfo of a P-256 key, up to its point: id-ecPublicKey, prime256v1.
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// AlgorithmIdentifier ecdsa-with-SHA256.
const ECDSA_SHA256: [u8; 12] = [
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
];
/// Version 0 and an empty subject.
const REQUEST_HEAD: [u8; 5] = [0x02, 0x01, 0x00, 0x30, 0x00];
/// No attributes.
const REQUEST_TAIL: [u8; 2] = [0xa0, 0x00];

/// The request in DER, signed by the channel key itself.
pub(crate) fn make(store: &dyn KeyStore, key: &KeyRef) -> Result<Vec<u8>, KeyStoreError> {
    let PublicKey::EcdsaP256(point) = store.public_key(key)? else {
        return Err(KeyStoreError::Algorithm);
    };
    let info = tlv(SEQUENCE, &[&REQUEST_HEAD, &spki(&point), &REQUEST_TAIL]);
    let signature = der_signature(&store.sign(key, &info)?).ok_or(KeyStoreError::Failed)?;
    let signature = tlv(BIT_STRING, &[&[0], &signature]);
    Ok(tlv(SEQUENCE, &[&info, &ECDSA_SHA256, &signature]))
}

/// SubjectPublicKeyInfo of a P-256 point.
pub(crate) fn spki(point: &[u8; 65]) -> Vec<u8> {
    [SPKI_HEAD.as_slice(), point].concat()
}

/// An ECDSA signature in DER, from `r‖s`.
pub(crate) fn der_signature(signature: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at_checked(32)?;
    (s.len() == 32).then(|| tlv(SEQUENCE, &[&integer(r), &integer(s)]))
}

/// An unsigned big-endian number as INTEGER: no leading zeros, but one before a leading bit.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0);
    let digits = start.and_then(|start| bytes.get(start..)).unwrap_or(&[0]);
    let sign: &[u8] = if digits.first().is_some_and(|first| *first >= 0x80) {
        &[0]
    } else {
        &[]
    };
    tlv(INTEGER, &[sign, digits])
}

/// Tag, length and value.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [.., high, low] = length.to_be_bytes();
    let mut out = Vec::with_capacity(length + 4);
    out.push(tag);
    match (high, low) {
        (0, 0..=0x7f) => out.push(low),
        (0, _) => out.extend_from_slice(&[0x81, low]),
        (_, _) => out.extend_from_slice(&[0x82, high, low]),
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SoftwareKeyStore;
    use crate::key_store::Purpose;
    use hefu_tally::key::Algorithm;
    use rcgen::{CertificateSigningRequestParams, PublicKeyData as _};

    #[test]
    fn another_implementation_takes_the_request_and_refuses_an_altered_one() {
        let store = SoftwareKeyStore::in_memory();
        // Signatures differ in their leading bits, and so their encodings in length.
        for _ in 0..32 {
            let key = store
                .make_key(Purpose::Channel, Algorithm::EcdsaP256Sha256)
                .unwrap();
            let request = make(&store, &key).unwrap();
            let read = CertificateSigningRequestParams::from_der(&request.clone().into()).unwrap();
            let public = store.public_key(&key).unwrap().to_bytes();
            assert_eq!(read.public_key.der_bytes(), public);

            let mut altered = request;
            let last = altered.last_mut().unwrap();
            *last ^= 1;
            assert!(CertificateSigningRequestParams::from_der(&altered.into()).is_err());
        }
    }

    #[test]
    fn numbers_have_one_encoding() {
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(tlv(4, &[&[7; 300]]).get(..4), Some(&[4, 0x82, 1, 44][..]));
        assert!(der_signature(&[1; 63]).is_none() && der_signature(&[1; 64]).is_some());
    }
}
