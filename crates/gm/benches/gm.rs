//! What the algorithms cost: `cargo bench -p hefu-gm`.
#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot set up has nothing to measure"
)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hefu_gm::hmac::HmacSm3;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{DEFAULT_ID, DecryptionKey, EphemeralSecret, SigningKey, agree};
use hefu_gm::{sm3, sm4};
use std::hint::black_box;

fn hashes(criterion: &mut Criterion) {
    let message = [0x5a; 200];
    let key = HmacSm3::new(&[7; 32]);
    let tag = key.mac(&[&message]);
    let mut group = criterion.benchmark_group("sm3");
    group.throughput(Throughput::Bytes(200));
    group.bench_function("digest/200", |b| {
        b.iter(|| sm3::digest(&[black_box(&message)]))
    });
    group.bench_function("hmac/200", |b| b.iter(|| key.mac(&[black_box(&message)])));
    group.bench_function("hmac verify/200", |b| {
        b.iter(|| key.verify(&[black_box(&message)], &tag));
    });
    group.bench_function("hmac new", |b| b.iter(|| HmacSm3::new(black_box(&[7; 32]))));
    group.finish();
}

fn ciphers(criterion: &mut Criterion) {
    let cipher = sm4::Cipher::new(&sm4::Key::from([7; 16]));
    let text = vec![0x5a; 1024];
    let sealed = sm4::gcm::seal(&cipher, &[1; 12], b"aad", &text).unwrap();
    let mut group = criterion.benchmark_group("sm4");
    group.throughput(Throughput::Bytes(1024));
    group.bench_function("gcm seal/1024", |b| {
        b.iter(|| sm4::gcm::seal(&cipher, &[1; 12], b"aad", black_box(&text)));
    });
    group.bench_function("gcm open/1024", |b| {
        b.iter(|| sm4::gcm::open(&cipher, &[1; 12], b"aad", black_box(&sealed)));
    });
    group.bench_function("cbc encrypt/1024", |b| {
        b.iter(|| sm4::cbc::encrypt(&cipher, &[1; 16], black_box(&text)));
    });
    group.finish();
}

fn curves(criterion: &mut Criterion) {
    let signing_key = SigningKey::make(&mut SystemRng).unwrap();
    let message = [0x5a; 200];
    let signature = signing_key.sign(DEFAULT_ID, &message).unwrap();
    let decryption_key = DecryptionKey::make(&mut SystemRng).unwrap();
    let encryption_key = *decryption_key.encryption_key();
    let ciphertext = encryption_key.encrypt(&mut SystemRng, &[7; 32]).unwrap();
    let peer = EphemeralSecret::make(&mut SystemRng).unwrap().public_key();
    let mut group = criterion.benchmark_group("sm2");
    group.bench_function("sign", |b| {
        b.iter(|| signing_key.sign(DEFAULT_ID, black_box(&message)));
    });
    group.bench_function("verify", |b| {
        let key = signing_key.verifying_key();
        b.iter(|| key.verify(DEFAULT_ID, black_box(&message), &signature));
    });
    group.bench_function("encrypt/32", |b| {
        b.iter(|| encryption_key.encrypt(&mut SystemRng, black_box(&[7; 32])));
    });
    group.bench_function("decrypt/32", |b| {
        b.iter(|| decryption_key.decrypt(black_box(&ciphertext)));
    });
    group.bench_function("agree", |b| {
        b.iter_batched(
            || EphemeralSecret::make(&mut SystemRng).unwrap(),
            |secret| agree(secret, black_box(&peer)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, hashes, ciphers, curves);
criterion_main!(benches);
