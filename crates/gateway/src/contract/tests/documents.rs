//! What a good document becomes.

use super::{
    super::{Auth, Class, Contract, DataClass, Method, OwnerCheck, OwnerSource},
    ANY, document, only, things,
};

fn bank() -> Contract {
    let text = include_str!("../../../../../examples/bank/openapi.yaml");
    Contract::parse(text.as_bytes(), "openapi.yaml").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_bank_is_what_its_document_says() {
    let bank = bank();
    let transfer = bank.function("T2001").unwrap();
    assert_eq!(transfer.operation, "transfer");
    assert_eq!(
        (transfer.method, transfer.class),
        (Method::Post, Class::Trade)
    );
    assert_eq!(transfer.class.deadline_ms(), 300);
    assert!(transfer.key_business && transfer.idempotent);
    assert_eq!(
        (transfer.auth, transfer.data_class),
        (Auth::Session, DataClass::C3)
    );
    assert_eq!((transfer.window_s, transfer.body_bytes_max), (30, 16_384));
    assert_eq!(transfer.rates.per_device_per_min.unwrap().get(), 30);
    assert_eq!(transfer.request.sealed_pointers(), ["/payment_password"]);
    assert_eq!(
        transfer.request.declared_fields().collect::<Vec<_>>(),
        ["idempotency-key"]
    );
    assert_eq!(transfer.response.masked_pointers(201), ["/to_name"]);
    let owner = transfer.owner.as_ref().unwrap();
    assert_eq!(owner.source, OwnerSource::Body("/from_account".to_owned()));
    let OwnerCheck::Lookup(lookup) = &owner.check else {
        panic!("no look-up")
    };
    assert_eq!(lookup.target("a-1001"), "/accounts/a-1001/owner");
    assert_eq!(
        lookup.owner(br#"{"customer":"alice"}"#).as_deref(),
        Some("alice")
    );
    assert_eq!(lookup.owner(br#"{"customer":""}"#), None);
    assert_eq!(lookup.owner(b"<html>"), None);

    let quote = bank.function("Q3001").unwrap();
    assert_eq!(
        (quote.class.deadline_ms(), quote.key_business),
        (100, false)
    );
    assert!(quote.owner.is_none() && quote.idempotent);
    let open = bank.function("R1001").unwrap();
    assert_eq!((open.auth, open.idempotent), (Auth::Device, false));
    assert!(bank.function("T9999").is_none());
    let no: hefu_tally::function::FunctionNo = "T2001".parse().unwrap();
    assert!(bank.function(&no).is_some());
    // What is internal has no number.
    assert!(
        bank.functions()
            .all(|function| !function.path.as_str().ends_with("/owner"))
    );
}

#[test]
fn a_number_reaches_its_own_paths_only() {
    let text = r#"
openapi: 3.0.3
paths:
  /files/{id}:
    get: &file
      operationId: file
      x-hefu: { function: F1, class: bus, owner: { none: a test has no owners } }
      parameters: [{ name: id, in: path, required: true, schema: { type: string, maxLength: 9, pattern: "^[a-z]+$" } }]
      responses: { "204": { description: done } }
  /files/audit:
    get: { x-hefu: { internal: only the auditors call it } }
  /files/list:
    post: { x-hefu: { internal: another method is another route } }
"#;
    let contract = Contract::parse(text.as_bytes(), "files.yaml").unwrap();
    let file = contract.function("F1").unwrap();
    assert_eq!(
        file.match_path("/files/mine").unwrap().value("id"),
        Some("mine")
    );
    assert!(file.match_path("/files/list").is_some());
    assert!(file.match_path("/files/audit").is_none());
    assert!(file.match_path("/files/%61udit").is_none());
    assert!(file.match_path("/files").is_none());
}

#[test]
fn the_dialect_of_3_0_is_translated() {
    let request = "{ type: object, required: [a], properties: { \
         a: { type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9 }, \
         b: { type: string, nullable: true, format: date }, \
         c: { allOf: [{ $ref: '#/paths/~1things/post/requestBody/content/application~1json/schema/properties/a' }] }, \
         seen: { type: boolean, readOnly: true } } }";
    let contract = things("3.0.3", request, ANY);
    let function = only(&contract);
    for good in [
        r#"{"a":1}"#,
        r#"{"a":9,"b":null}"#,
        r#"{"a":2,"b":"2026-02-28","c":1}"#,
    ] {
        assert_eq!(super::body(function, good), Ok(()), "{good}");
    }
    let place = "against /paths/~1things/post/requestBody/content/application~1json/schema";
    for (bad, rule) in [
        (r#"{"a":0}"#, "/properties/a/exclusiveMinimum"),
        (r#"{"a":null}"#, "/properties/a/type"),
        (r#"{"a":1,"b":"2026-02-30"}"#, "/properties/b/format"),
        (r#"{"a":1,"c":0}"#, "/properties/a/exclusiveMinimum"),
        (r#"{"a":1,"seen":true}"#, "/additionalProperties"),
    ] {
        assert_eq!(
            super::body(function, bad),
            Err(format!("{place}{rule}")),
            "{bad}"
        );
    }
    let beside = "{ $ref: '#/components/schemas/X', maxLength: 5 }";
    let error = Contract::parse(document("3.0.3", beside, ANY).as_bytes(), "x").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("everything beside a $ref is ignored"),
        "{error}"
    );
}
