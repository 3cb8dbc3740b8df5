//! What a signed request costs on each side.

#![expect(clippy::unwrap_used, reason = "a bench that fails should stop")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::DecryptionKey;
use hefu_tally::digest::{self, DigestAlgorithm};
use hefu_tally::ids::{KeyId, SessionId};
use hefu_tally::key::{Algorithm, PublicKey, SessionKey, Signer, SigningKey, VerifyWith};
use hefu_tally::mask::Mask;
use hefu_tally::sealed::{self, Place};
use hefu_tally::signature::base::Message;
use hefu_tally::signature::request::{self, Claim, RequestSignature};
use hefu_tally::time::Window;

const URI: &str = "https://gateway.example/transfers";
const BODY: &[u8] = &[b'x'; 200];

type Fields = Vec<(&'static str, String)>;

fn unsigned() -> Fields {
    vec![
        ("x-function-no", "T2001".into()),
        (
            "authorization",
            "Hefu AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        ),
    ]
}

fn sign(signer: &dyn Signer, key_id: KeyId, fields: &Fields) -> request::SignedFields {
    let signature = RequestSignature {
        key_id,
        created: 1_760_000_000,
        window: Window::DEFAULT,
        nonce: "AAAAAAAAAAAAAAAAAAAAAA",
        digest: DigestAlgorithm::Sm3,
    };
    request::sign(
        signer,
        &signature,
        &Message::request("POST", URI, fields),
        BODY,
    )
    .unwrap()
}

fn one_algorithm(c: &mut Criterion, signer: &dyn Signer, key_id: KeyId, key: VerifyWith<'_>) {
    let name = signer.algorithm();
    let mut fields = unsigned();
    c.bench_function(&format!("sign {name}"), |b| {
        b.iter(|| sign(signer, key_id, &unsigned()))
    });
    let signed = sign(signer, key_id, &fields);
    fields.push(("content-digest", signed.content_digest));
    fields.push(("signature-input", signed.signature_input));
    fields.push(("signature", signed.signature));
    c.bench_function(&format!("read, base and verify {name}"), |b| {
        b.iter(|| {
            let message = Message::request("POST", URI, &fields);
            Claim::read(black_box(&fields))
                .unwrap()
                .verify(key, &message, BODY)
                .unwrap();
        });
    });
}

fn signatures(c: &mut Criterion) {
    let session = SessionKey::from_bytes(&[1; 32]);
    let session_id = KeyId::Session(SessionId::from_bytes([1; 16]));
    one_algorithm(c, &session, session_id, VerifyWith::Session(&session));
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::EcdsaP256Sha256,
        Algorithm::Sm2Sm3,
    ] {
        let key = SigningKey::make(algorithm).unwrap();
        let public: PublicKey = key.public_key().unwrap();
        one_algorithm(
            c,
            &key,
            KeyId::Device(public.device_id()),
            VerifyWith::Public(&public),
        );
    }
}

fn pieces(c: &mut Criterion) {
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sm3] {
        let value = digest::content_digest(algorithm, BODY);
        c.bench_function(
            &format!("verify {} of 200 bytes", algorithm.as_str()),
            |b| {
                b.iter(|| digest::verify(black_box(value.as_bytes()), BODY).unwrap());
            },
        );
    }
    c.bench_function("mask a card number", |b| {
        b.iter(|| Mask::Card.apply(black_box("6222021234567890123")));
    });
    c.bench_function("mask a Chinese name", |b| {
        b.iter(|| Mask::Name.apply(black_box("欧阳娜娜")))
    });
    let key = DecryptionKey::make(&mut SystemRng).unwrap();
    let place = Place {
        function: "T2001",
        key_id: "d-x",
        nonce: "n",
        pointer: "/pin",
    };
    let text = sealed::seal(key.encryption_key(), &place, b"\"123456\"", &mut SystemRng).unwrap();
    c.bench_function("open a sealed field", |b| {
        b.iter(|| sealed::open(&key, &place, black_box(&text)).unwrap());
    });
}

criterion_group!(benches, signatures, pieces);
criterion_main!(benches);
