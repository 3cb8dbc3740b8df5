//! What the contract costs on each request: reading, schema, masks by text and by tree.
#![allow(missing_docs, reason = "criterion's macros make the functions")]
#![expect(clippy::expect_used, reason = "a bench that cannot begin ends")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hefu_gateway::contract::{Contract, Function, PathParams, RequestInput};

const BANK: &str = include_str!("../../../examples/bank/openapi.yaml");

const ECHO: &str = r#"{"message":"hello from a phone, about as long as requests are","count":7,"phone":"13800138000"}"#;
const TRANSFER: &str = r#"{"from_account":"a-1001","to_account":"a-1003","amount_cents":1250,"memo":"lunch","payment_password":"hefu-sealed:1:e-AAAAAAAAAAAAAAAAAAAAAA:AHEEabc_-9"}"#;
const PROFILE: &str = r#"{"customer":"alice","name":"李爱丽","phone":"13800138000","id_number":"110101190001010014","card":"6200000000001001015","email":"alice@example.com","address":"北京市朝阳区示例路一号院二单元"}"#;

fn entries() -> String {
    let entry = |index: u64| {
        format!(
            r#"{{"entry":{index},"transfer":"t-0123456789abcdef","amount_cents":-1250,"balance_cents":998750,"memo":"lunch","at_ms":1760000000000}}"#
        )
    };
    let entries: Vec<_> = (1..=50).map(entry).collect();
    format!(r#"{{"entries":[{}],"next_before":1}}"#, entries.join(","))
}

fn function<'contract>(contract: &'contract Contract, no: &str) -> &'contract Function {
    contract.function(no).expect("the bank has it")
}

fn input<'request>(path: &'request PathParams, body: &'request str) -> RequestInput<'request> {
    RequestInput {
        path,
        query: None,
        fields: &[("idempotency-key", b"0123456789abcdef")],
        content_type: Some(b"application/json"),
        body: body.as_bytes(),
    }
}

fn requests(criterion: &mut Criterion) {
    let contract = Contract::parse(BANK.as_bytes(), "openapi.yaml").expect("the bank's contract");
    let path = PathParams::default();
    let mut group = criterion.benchmark_group("contract/request");
    for (name, no, body) in [("echo", "E9001", ECHO), ("transfer", "T2001", TRANSFER)] {
        let plan = &function(&contract, no).request;
        let input = input(&path, body);
        let request = plan.read(&input).expect("an honest request");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("{name}/read"), |bench| {
            bench.iter(|| plan.read(black_box(&input)).is_ok());
        });
        group.bench_function(format!("{name}/schema"), |bench| {
            bench.iter(|| plan.check(black_box(&request)).is_ok());
        });
    }
    group.finish();
}

fn responses(criterion: &mut Criterion) {
    let contract = Contract::parse(BANK.as_bytes(), "openapi.yaml").expect("the bank's contract");
    let entries = entries();
    let mut group = criterion.benchmark_group("contract/response");
    for (name, no, body) in [
        ("echo", "E9001", ECHO),
        ("profile", "C1001", PROFILE),
        ("entries", "A1003", &entries),
    ] {
        let plan = &function(&contract, no).response;
        let check = |body| plan.check(200, true, body).expect("an honest response");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("{name}/read and schema"), |bench| {
            bench.iter(|| plan.check(200, true, black_box(body.as_bytes())).is_ok());
        });
        // Both ways end with the parsed response being dropped; its cost is in both figures.
        group.bench_function(format!("{name}/mask by text"), |bench| {
            bench.iter_batched(
                || check(body.as_bytes()),
                |checked| checked.masked().map(|masked| masked.len()),
                criterion::BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("{name}/mask by tree"), |bench| {
            bench.iter_batched(
                || check(body.as_bytes()),
                |checked| checked.masked_by_tree().map(|masked| masked.len()),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    criterion.bench_function("contract/load the bank's document", |bench| {
        bench.iter(|| Contract::parse(black_box(BANK.as_bytes()), "openapi.yaml").is_ok());
    });
}

criterion_group!(benches, requests, responses, loading);
criterion_main!(benches);
