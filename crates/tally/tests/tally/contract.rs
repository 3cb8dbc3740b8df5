//! The rules of docs/PROTOCOL.md, each refusal beside its honest twin.

use hefu_gm::rng::SystemRng;
use hefu_tally::clock::Timestamp;
use hefu_tally::digest::DigestAlgorithm;
use hefu_tally::ids::{KeyId, SessionId};
use hefu_tally::key::{Algorithm, PublicKey, SessionKey, Signer, SigningKey, VerifyWith};
use hefu_tally::nonce;
use hefu_tally::problem::Code;
use hefu_tally::signature::base::Message;
use hefu_tally::signature::request::{self, Claim, RequestRefusal, RequestSignature};
use hefu_tally::signature::response::{self, ResponseRefusal, ResponseSignature};
use hefu_tally::time::{TimeRefusal, Window};
use proptest::prelude::*;

const NOW: i64 = 1_760_000_000;
const URI: &str = "https://gateway.example/transfers";
const BODY: &[u8] = br#"{"amount":100}"#;

type Fields = Vec<(String, String)>;

/// A signed request, and what verifies it.
struct Signed {
    fields: Fields,
    key: Key,
}

enum Key {
    Public(Box<PublicKey>),
    Session(Box<SessionKey>),
}

impl Key {
    fn with(&self) -> VerifyWith<'_> {
        match self {
            Self::Public(key) => VerifyWith::Public(key),
            Self::Session(key) => VerifyWith::Session(key),
        }
    }
}

fn signed_by(signer: &dyn Signer, key_id: KeyId, key: Key, digest: DigestAlgorithm) -> Signed {
    let nonce = nonce::make(&mut SystemRng).unwrap();
    let mut fields: Fields = vec![
        ("X-Function-No".into(), "T2001".into()),
        (
            "Authorization".into(),
            "Hefu AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        ),
        ("Content-Type".into(), "application/json".into()),
    ];
    let signature = RequestSignature {
        key_id,
        created: NOW,
        window: Window::DEFAULT,
        nonce: &nonce,
        digest,
    };
    let signed = request::sign(
        signer,
        &signature,
        &Message::request("POST", URI, &fields),
        BODY,
    )
    .unwrap();
    fields.push(("Content-Digest".into(), signed.content_digest));
    fields.push(("Signature-Input".into(), signed.signature_input));
    fields.push(("Signature".into(), signed.signature));
    Signed { fields, key }
}

fn by_session() -> Signed {
    let key = SessionKey::from_bytes(&[9; 32]);
    let id = SessionId::make(&mut SystemRng).unwrap();
    signed_by(
        &key,
        KeyId::Session(id),
        Key::Session(Box::new(key.clone())),
        DigestAlgorithm::Sm3,
    )
}

fn by_device(algorithm: Algorithm) -> Signed {
    let key = SigningKey::make(algorithm).unwrap();
    let public = key.public_key().unwrap();
    let id = KeyId::Device(public.device_id());
    signed_by(
        &key,
        id,
        Key::Public(Box::new(public)),
        DigestAlgorithm::Sha256,
    )
}

impl Signed {
    fn verify(&self) -> Result<(), RequestRefusal> {
        self.verify_as("POST", URI, BODY)
    }

    fn verify_as(&self, method: &str, uri: &str, body: &[u8]) -> Result<(), RequestRefusal> {
        let message = Message::request(method, uri, &self.fields);
        let verified = Claim::read(&self.fields)?.verify(self.key.with(), &message, body)?;
        verified.check_time(Timestamp::from_secs(NOW), Window::DEFAULT)
    }

    fn edit(mut self, name: &str, edit: impl FnOnce(&str) -> String) -> Self {
        let (_, value) = self
            .fields
            .iter_mut()
            .find(|(field, _)| field == name)
            .unwrap();
        *value = edit(value);
        self
    }

    fn replace(self, name: &str, from: &str, to: &str) -> Self {
        self.edit(name, |value| {
            assert!(value.contains(from), "{name} has no {from}: {value}");
            value.replacen(from, to, 1)
        })
    }
}

#[test]
fn each_algorithm_signs_requests_that_hold() {
    assert_eq!(by_session().verify(), Ok(()));
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::EcdsaP256Sha256,
        Algorithm::Sm2Sm3,
    ] {
        assert_eq!(by_device(algorithm).verify(), Ok(()), "{algorithm}");
    }
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let signed = by_session();
    assert_eq!(
        signed.verify_as("PUT", URI, BODY),
        Err(RequestRefusal::Signature)
    );
    assert_eq!(
        signed.verify_as("POST", "https://gateway.example/transfer", BODY),
        Err(RequestRefusal::Signature)
    );
    assert!(matches!(
        signed.verify_as("POST", URI, b"{}"),
        Err(RequestRefusal::Digest(_))
    ));
    for (name, from, to) in [
        ("X-Function-No", "T2001", "T2002"),
        ("Authorization", "Hefu A", "Hefu B"),
        ("Content-Digest", "sm3=:", "sm3=:A"),
        (
            "Signature-Input",
            "created=1760000000",
            "created=1760000001",
        ),
        (
            "Signature-Input",
            "expires=1760000060",
            "expires=1760000059",
        ),
    ] {
        assert!(
            by_session().replace(name, from, to).verify().is_err(),
            "{name}"
        );
    }
    assert_eq!(by_session().verify(), Ok(()));
}

#[test]
fn another_key_or_algorithm_is_refused() {
    let other = Signed {
        key: by_session().key,
        ..by_device(Algorithm::Ed25519)
    };
    assert_eq!(other.verify(), Err(RequestRefusal::Algorithm));
    let stripped = by_device(Algorithm::Ed25519).replace("Signature-Input", ";alg=\"ed25519\"", "");
    assert_eq!(
        Signed {
            key: by_session().key,
            ..stripped
        }
        .verify(),
        Err(RequestRefusal::Signature)
    );
    let wrong_key = Signed {
        key: Key::Session(Box::new(SessionKey::from_bytes(&[8; 32]))),
        ..by_session()
    };
    assert_eq!(wrong_key.verify(), Err(RequestRefusal::Signature));
}

#[test]
fn less_than_everything_covered_is_refused() {
    for component in [
        "\"@method\" ",
        "\"@target-uri\" ",
        "\"content-digest\" ",
        "\"authorization\" ",
        " \"x-function-no\"",
    ] {
        let signed = by_session().replace("Signature-Input", component, "");
        assert_eq!(
            signed.verify(),
            Err(RequestRefusal::NotCovered),
            "{component}"
        );
    }
    let with_parameter = by_session().replace(
        "Signature-Input",
        "\"content-digest\"",
        "\"content-digest\";bs",
    );
    assert_eq!(with_parameter.verify(), Err(RequestRefusal::NotCovered));
}

#[test]
fn parameters_are_required_known_and_well_formed() {
    for (from, to, refusal) in [
        ("created=1760000000;", "", RequestRefusal::Parameter),
        ("expires=1760000060;", "", RequestRefusal::Parameter),
        (
            "created=1760000000",
            "created=\"1760000000\"",
            RequestRefusal::Parameter,
        ),
        (
            ";tag=\"hefu\"",
            ";tag=\"hefu\";extra=1",
            RequestRefusal::Parameter,
        ),
        (";tag=\"hefu\"", ";tag=\"other\"", RequestRefusal::Tag),
        ("keyid=\"s-", "keyid=\"x-", RequestRefusal::KeyId),
        ("nonce=\"", "nonce=\"!", RequestRefusal::Nonce),
    ] {
        let signed = by_session().replace("Signature-Input", from, to);
        assert_eq!(signed.verify(), Err(refusal), "{from}");
        assert_eq!(refusal.code(), Code::Unauthenticated);
    }
}

#[test]
fn a_second_line_of_a_single_field_is_refused() {
    for name in request::SINGLE_FIELDS {
        let mut signed = by_session();
        signed.fields.push((name.to_owned(), "x".into()));
        signed.fields.push((name.to_owned(), "x".into()));
        let refusal = signed.verify().unwrap_err();
        assert_eq!(refusal.code(), Code::Malformed, "{name}: {refusal}");
    }
}

#[test]
fn exactly_one_signature_has_our_tag() {
    let twice = by_session().edit("Signature-Input", |value| {
        format!("{value}, other{}", value.strip_prefix("hefu").unwrap())
    });
    assert_eq!(twice.verify(), Err(RequestRefusal::Tag));
    let beside = by_session()
        .edit("Signature-Input", |value| {
            format!("{value}, proxy=(\"@method\");created=1;tag=\"proxy\"")
        })
        .edit("Signature", |value| format!("{value}, proxy=:AAAA:"));
    assert_eq!(
        beside.verify(),
        Ok(()),
        "another party's signature is ignored"
    );
}

#[test]
fn time_is_checked_after_the_signature() {
    let signed = by_session();
    let message = Message::request("POST", URI, &signed.fields);
    let at = |now, window| {
        let claim = Claim::read(&signed.fields).unwrap();
        let verified = claim.verify(signed.key.with(), &message, BODY).unwrap();
        verified.check_time(
            Timestamp::from_secs(now),
            Window::from_secs(window).unwrap(),
        )
    };
    assert_eq!(at(NOW + 59, 60), Ok(()));
    assert_eq!(
        at(NOW + 60, 60),
        Err(RequestRefusal::Time(TimeRefusal::Expired))
    );
    assert_eq!(
        at(NOW - 6, 60),
        Err(RequestRefusal::Time(TimeRefusal::Ahead))
    );
    assert_eq!(
        at(NOW, 59),
        Err(RequestRefusal::Time(TimeRefusal::WindowTooLong))
    );
}

#[test]
fn a_response_belongs_to_its_request_and_its_key() {
    let request = by_session();
    let request_message = Message::request("POST", URI, &request.fields);
    let Key::Session(key) = &request.key else {
        unreachable!()
    };
    let mut fields: Fields = vec![
        ("Content-Type".into(), "application/json".into()),
        ("X-Request-Id".into(), "0198".into()),
    ];
    let signature = ResponseSignature {
        key_id: "s-key",
        created: NOW + 1,
        request_label: request::LABEL,
        digest: DigestAlgorithm::Sm3,
    };
    let response = Message::response(200, &fields);
    let signed = response::sign(&**key, &signature, &response, b"{}", &request_message).unwrap();
    fields.push(("Content-Digest".into(), signed.content_digest));
    fields.push(("Signature-Input".into(), signed.signature_input));
    fields.push(("Signature".into(), signed.signature));

    let verify = |status, body: &[u8], fields: &Fields, request: &Fields, key_id: &str| {
        let message = Message::request("POST", URI, request);
        let response = Message::response(status, fields);
        response::verify(
            key_id,
            VerifyWith::Session(key),
            &response,
            body,
            &message,
            request::LABEL,
        )
    };
    assert_eq!(
        verify(200, b"{}", &fields, &request.fields, "s-key"),
        Ok(NOW + 1)
    );
    assert_eq!(
        verify(201, b"{}", &fields, &request.fields, "s-key"),
        Err(ResponseRefusal::Signature)
    );
    assert!(verify(200, b"[]", &fields, &request.fields, "s-key").is_err());
    assert_eq!(
        verify(200, b"{}", &fields, &request.fields, "s-no"),
        Err(ResponseRefusal::KeyId)
    );
    let another = by_session();
    assert_eq!(
        verify(200, b"{}", &fields, &another.fields, "s-key"),
        Err(ResponseRefusal::Signature),
        "moved to another request"
    );
    let unsigned: Fields = fields
        .iter()
        .filter(|(name, _)| !name.starts_with("Signature"))
        .cloned()
        .collect();
    assert_eq!(
        verify(200, b"{}", &unsigned, &request.fields, "s-key"),
        Err(ResponseRefusal::Unsigned)
    );
}

/// Computed apart from this code: the digests and tags by an outside SM3 and HMAC, over lines written
/// by hand from docs/PROTOCOL.md. The key is that of the example in `session_key`.
#[test]
fn the_contract_is_kept_byte_for_byte() {
    let key = SessionKey::from_bytes(&[
        0x5d, 0xff, 0x62, 0xd0, 0xd9, 0x70, 0x72, 0xa3, 0x0d, 0x87, 0x7b, 0x6f, 0x60, 0x85, 0xd8,
        0xc4, 0xaf, 0x4c, 0x7c, 0x21, 0xb1, 0xe1, 0x10, 0xa6, 0x95, 0x47, 0xef, 0x18, 0x15, 0x87,
        0xc7, 0x06,
    ]);
    let id = SessionId::from_bytes([2; 16]);
    let mut fields: Fields = vec![
        ("X-Function-No".into(), "T2001".into()),
        (
            "Authorization".into(),
            "Hefu AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        ),
    ];
    let signature = RequestSignature {
        key_id: KeyId::Session(id),
        created: NOW,
        window: Window::DEFAULT,
        nonce: "AAAAAAAAAAAAAAAAAAAAAA",
        digest: DigestAlgorithm::Sm3,
    };
    let message = Message::request("POST", URI, &fields);
    let signed = request::sign(&key, &signature, &message, BODY).unwrap();
    assert_eq!(
        signed.content_digest,
        "sm3=:I2dRMSXokuDRQC8RCdY8M8CRCQ+HOQB1q8U/AG0JWeo=:"
    );
    assert_eq!(
        signed.signature_input,
        r#"hefu=("@method" "@target-uri" "content-digest" "authorization" "x-function-no");created=1760000000;expires=1760000060;nonce="AAAAAAAAAAAAAAAAAAAAAA";alg="hmac-sm3";keyid="s-AgICAgICAgICAgICAgICAg";tag="hefu""#
    );
    assert_eq!(
        signed.signature,
        "hefu=:DwcXi1e436TWlsIBt0SBYipEgFtSuj853SNL7905Fyc=:"
    );

    fields.push(("Signature".into(), signed.signature));
    let request_message = Message::request("POST", URI, &fields);
    let response_fields = [
        ("content-type", "application/json"),
        ("x-request-id", "01980000-0000-7000-8000-000000000000"),
    ];
    let signature = ResponseSignature {
        key_id: &id.to_string(),
        created: NOW + 1,
        request_label: request::LABEL,
        digest: DigestAlgorithm::Sm3,
    };
    let response = Message::response(200, response_fields.as_slice());
    let signed = response::sign(&key, &signature, &response, b"{}", &request_message).unwrap();
    assert_eq!(
        signed.content_digest,
        "sm3=:8agjqqqv5A4RPH8E3XLCifr4YlLEqbV88dPJ4SVH+a0=:"
    );
    assert_eq!(
        signed.signature_input,
        r#"hefu=("@status" "content-digest" "content-type" "x-request-id" "signature";req;key="hefu");created=1760000001;alg="hmac-sm3";keyid="s-AgICAgICAgICAgICAgICAg";tag="hefu-response""#
    );
    assert_eq!(
        signed.signature,
        "hefu=:fkx0W5EiEov9lm76sCsR+91taXoBwInDoDkXVf4sbZU=:"
    );
}

/// A message's parts, any bit of which can be flipped.
fn flip(bytes: &[u8], at: prop::sample::Index, bit: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any flipped bit of anything that was signed, or of the signature, is refused, whatever signed.
    #[test]
    fn one_flipped_bit_of_a_request_is_refused(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let signed = [
            by_session(),
            by_device(Algorithm::Ed25519),
            by_device(Algorithm::EcdsaP256Sha256),
            by_device(Algorithm::Sm2Sm3),
        ];
        for mut signed in signed {
            prop_assert_eq!(signed.verify(), Ok(()));
            prop_assert!(signed.verify_as("POST", URI, &flip(BODY, at, bit)).is_err());
            if let Ok(method) = String::from_utf8(flip(b"POST", at, bit)) {
                prop_assert!(signed.verify_as(&method, URI, BODY).is_err());
            }
            if let Ok(uri) = String::from_utf8(flip(URI.as_bytes(), at, bit)) {
                prop_assert!(signed.verify_as("POST", &uri, BODY).is_err(), "{}", uri);
            }
            for index in 0..signed.fields.len() {
                let (name, honest) = signed.fields[index].clone();
                let Ok(altered) = String::from_utf8(flip(honest.as_bytes(), at, bit)) else {
                    continue;
                };
                let is_covered = name != "Content-Type";
                signed.fields[index].1 = altered;
                prop_assert_eq!(signed.verify().is_err(), is_covered, "{:?}", signed.fields[index]);
                signed.fields[index].1 = honest;
            }
            prop_assert_eq!(signed.verify(), Ok(()));
        }
    }

    /// The same for a response, under the key of the session and of the gateway.
    #[test]
    fn one_flipped_bit_of_a_response_is_refused(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let request = by_session();
        let request_message = Message::request("POST", URI, &request.fields);
        let Key::Session(session) = &request.key else { unreachable!() };
        let gateway = SigningKey::make(Algorithm::Sm2Sm3).unwrap();
        let gateway_public = gateway.public_key().unwrap();
        let signers: [(&dyn Signer, VerifyWith<'_>); 2] = [
            (&**session, VerifyWith::Session(session)),
            (&gateway, VerifyWith::Public(&gateway_public)),
        ];
        for (signer, key) in signers {
            let mut fields: Fields = vec![
                ("Content-Type".into(), "application/json".into()),
                ("X-Request-Id".into(), "0198".into()),
            ];
            let signature = ResponseSignature {
                key_id: "k",
                created: NOW,
                request_label: request::LABEL,
                digest: DigestAlgorithm::Sm3,
            };
            let response = Message::response(200, &fields);
            let signed =
                response::sign(signer, &signature, &response, BODY, &request_message).unwrap();
            fields.push(("Content-Digest".into(), signed.content_digest));
            fields.push(("Signature-Input".into(), signed.signature_input));
            fields.push(("Signature".into(), signed.signature));
            let verify = |status, fields: &Fields, body: &[u8]| {
                let response = Message::response(status, fields);
                response::verify("k", key, &response, body, &request_message, request::LABEL)
            };
            prop_assert_eq!(verify(200, &fields, BODY), Ok(NOW));
            prop_assert!(verify(200 ^ (1 << bit), &fields, BODY).is_err());
            prop_assert!(verify(200, &fields, &flip(BODY, at, bit)).is_err());
            for index in 0..fields.len() {
                let honest = fields[index].1.clone();
                let Ok(altered) = String::from_utf8(flip(honest.as_bytes(), at, bit)) else {
                    continue;
                };
                fields[index].1 = altered;
                prop_assert!(verify(200, &fields, BODY).is_err(), "{:?}", fields[index]);
                fields[index].1 = honest;
            }
        }
    }
}
