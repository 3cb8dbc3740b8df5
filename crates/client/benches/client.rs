//! What a request costs on the phone: the design asks for under 100 µs of CPU for one that is signed
//! with `hmac-sm3`, and under 5 ms for a client to start.

#![expect(clippy::unwrap_used, reason = "a bench that fails should stop")]

#[path = "../tests/client/double.rs"]
#[allow(dead_code, clippy::all, reason = "the tests use all of it")]
#[allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code"
)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::too_many_lines,
    reason = "test code"
)]
mod double;
#[path = "../tests/client/timer.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod timer;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hefu_client::{Client, Method, Options, Request};
use hefu_tally::trust::TrustFile;
use serde_json::json;

use self::double::{Double, Phone};

fn client(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (double, phone, session) = runtime.block_on(async {
        let double = Double::start().await;
        let (phone, session) = Phone::logged_in(&double).await;
        (double, phone, session)
    });

    let trust = double.trust.to_json().unwrap();
    let enrolment = phone.client.enrolment().unwrap();
    c.bench_function("start a client", |b| {
        b.iter(|| {
            let trust = TrustFile::from_json(black_box(trust.as_bytes())).unwrap();
            let client = Client::new(trust, phone.keys.clone(), Options::default()).unwrap();
            client.with_enrolment(enrolment.clone()).unwrap()
        })
    });

    let body = vec![b'x'; 200];
    let request = || -> Request<'_> {
        session
            .request(Method::POST, "/transfers", "T2001".parse().unwrap())
            .body("application/json", body.clone())
    };
    c.bench_function("prepare 200 bytes, hmac-sm3", |b| {
        b.iter(|| request().prepare().unwrap())
    });
    c.bench_function("prepare 200 bytes, sm2-sm3", |b| {
        b.iter(|| request().signed_by_device().prepare().unwrap())
    });
    let form = json!({"amount_cents": 100, "payment_password": "246810"});
    c.bench_function("prepare one sealed field, hmac-sm3", |b| {
        b.iter(|| {
            session
                .request(Method::POST, "/transfers", "T2001".parse().unwrap())
                .json(&form)
                .seal("/payment_password")
                .prepare()
                .unwrap()
        })
    });
    c.bench_function("round trip over TLS on loopback, double included", |b| {
        b.iter(|| {
            let get = session.request(Method::GET, "/hello", "Q1001".parse().unwrap());
            runtime.block_on(get.send()).unwrap()
        })
    });
}

criterion_group!(benches, client);
criterion_main!(benches);
