//! Each broken document is refused with its place, what is wrong and what to do.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::{Contract, document};

const GOOD: &str = include_str!("good.yaml");

/// A fault put into the good document.
struct Broken {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    /// The published JSON schema of the extensions sees it too.
    in_schema: bool,
}

const fn broken(name: &'static str, from: &'static str, to: &'static str) -> Broken {
    Broken {
        name,
        from,
        to,
        in_schema: false,
    }
}

const fn against_schema(name: &'static str, from: &'static str, to: &'static str) -> Broken {
    Broken {
        name,
        from,
        to,
        in_schema: true,
    }
}

const BROKEN: &[Broken] = &[
    // The text.
    broken("not YAML", "paths:\n", "paths: [\n"),
    broken("a key twice", "  /prices:\n", "  /prices: {}\n  /prices:\n"),
    broken("a merge key", "paths:\n", "paths:\n  <<: { a: 1 }\n"),
    broken("a tag", "title: Good", "title: !secret Good"),
    broken(
        "a second document",
        "openapi: 3.1.0",
        "a: 1\n---\nopenapi: 3.1.0",
    ),
    // OpenAPI.
    against_schema("OpenAPI 2", "openapi: 3.1.0", "openapi: 2.0.0"),
    broken("a bare number as version", "openapi: 3.1.0", "openapi: 3.1"),
    against_schema("no paths", "paths:\n", "x-paths:\n"),
    broken(
        "a partial parameter",
        "/accounts/{account}:\n",
        "/accounts/{account}.json:\n",
    ),
    broken("a trailing slash", "  /prices:\n", "  /prices/:\n"),
    broken(
        "two templates for the same paths",
        "  /prices:\n",
        "  /accounts/{number}:\n    get: { x-hefu: { internal: for a test of conflicts } }\n  /prices:\n",
    ),
    broken(
        "two templates that cross",
        "  /prices:\n",
        "  /{kind}/{id}/owner:\n    get: { x-hefu: { internal: for a test of conflicts } }\n  \
         /accounts/mine/{x}:\n    get: { x-hefu: { internal: for a test of conflicts } }\n  /prices:\n",
    ),
    against_schema(
        "TRACE",
        "  /prices:\n    get:",
        "  /prices:\n    trace: {}\n    get:",
    ),
    broken(
        "a method's name misspelt",
        "  /prices:\n    get:",
        "  /prices:\n    gett:",
    ),
    broken("no operationId", "      operationId: listPrices\n", ""),
    broken(
        "an operationId twice",
        "operationId: listPrices",
        "operationId: showAccount",
    ),
    against_schema(
        "a reference to another file",
        "$ref: \"#/components/schemas/AccountId\"",
        "$ref: \"common.yaml#/AccountId\"",
    ),
    broken(
        "a reference to nothing",
        "schema: { $ref: \"#/components/schemas/AccountId\" }",
        "schema: { $ref: \"#/components/schemas/AccountID\" }",
    ),
    broken(
        "references in a circle",
        "    AccountId: { type: string, maxLength: 20, pattern: \"^a-[0-9]+$\" }\n",
        "    AccountId: { $ref: \"#/components/schemas/Loop\" }\n    \
         Loop: { $ref: \"#/components/schemas/AccountId\" }\n",
    ),
    broken(
        "a path item elsewhere",
        "  /prices:\n",
        "  /other: { $ref: \"#/paths/~1prices\" }\n  /prices:\n",
    ),
    // x-hefu of an operation.
    against_schema(
        "no x-hefu",
        "x-hefu: { function: P1,",
        "x-other: { function: P1,",
    ),
    against_schema(
        "an unknown member",
        "class: trade\n",
        "class: trade\n        windows_s: 30\n",
    ),
    against_schema("no class", "        class: trade\n", ""),
    against_schema("an unknown class", "class: trade\n", "class: trades\n"),
    against_schema("no function", "        function: T1\n", ""),
    against_schema(
        "a function number with a space",
        "function: T1\n",
        "function: T 1\n",
    ),
    against_schema("a number as function", "function: T1\n", "function: 2001\n"),
    against_schema(
        "a function of the gateway",
        "function: T1\n",
        "function: hefu.device.enrol\n",
    ),
    broken("a function number twice", "function: P1,", "function: A1,"),
    against_schema("a window too long", "window_s: 30", "window_s: 301"),
    against_schema("a window of nothing", "window_s: 30", "window_s: 0"),
    against_schema(
        "a rate of nothing",
        "per_device_per_min: 30",
        "per_device_per_min: 0",
    ),
    against_schema(
        "an unknown rate",
        "per_device_per_min: 30",
        "per_minute: 30",
    ),
    against_schema(
        "a body beyond bounds",
        "body_bytes_max: 8192",
        "body_bytes_max: 99999999",
    ),
    against_schema("no key_business", "        key_business: true\n", ""),
    against_schema(
        "key business without a user",
        "        key_business: true\n",
        "        key_business: true\n        auth: device\n",
    ),
    against_schema(
        "an internal function",
        "internal: the gateway asks it",
        "class: bus, internal: the gateway asks it",
    ),
    against_schema(
        "no reason for internal",
        "internal: the gateway asks it",
        "internal: yes",
    ),
    against_schema(
        "x-hefu on a path",
        "  /prices:\n",
        "  /prices:\n    x-hefu: { class: bus }\n",
    ),
    // Owner rules.
    against_schema(
        "no owner rule",
        ", owner: { none: prices are public } }",
        " }",
    ),
    against_schema("a short reason", "none: prices are public", "none: public"),
    broken(
        "an owner in a missing parameter",
        "name: account, lookup:",
        "name: acount, lookup:",
    ),
    broken(
        "an owner in a missing field",
        "pointer: /from_account",
        "pointer: /from",
    ),
    broken(
        "an owner in an optional field",
        "required: [from_account, pin]",
        "required: [pin]",
    ),
    broken(
        "an owner in a sealed field",
        "pointer: /from_account",
        "pointer: /pin",
    ),
    broken(
        "an owner that is no identifier",
        "from_account: { $ref: \"#/components/schemas/Account~1Id\" }",
        "from_account: { type: boolean }",
    ),
    against_schema(
        "an owner without a rule",
        "pointer: /from_account\n",
        "pointer: /from_account\n          equals: subject\n",
    ),
    broken(
        "a look-up that is not there",
        "lookup: { path: \"/accounts/{a}/owner\", pointer: /customer }",
        "lookup: { path: \"/accounts/{a}/holder\", pointer: /customer }",
    ),
    broken(
        "a look-up without the text",
        "lookup: { path: \"/accounts/{a}/owner\", pointer: /customer }",
        "lookup: { path: \"/accounts/{a}/owner\", pointer: /owner }",
    ),
    // Parameters and bodies.
    broken(
        "a path parameter not described",
        "name: account, in: path",
        "name: account, in: query",
    ),
    broken(
        "a path parameter that may be absent",
        "in: path, required: true",
        "in: path",
    ),
    broken(
        "a cookie",
        "name: after, in: query",
        "name: after, in: cookie",
    ),
    broken(
        "a header of the gateway",
        "name: X-Trace, in: header",
        "name: X-Forwarded-For, in: header",
    ),
    broken(
        "a parameter of two types",
        "type: integer, minimum: 0, maximum: 9",
        "type: [integer, string]",
    ),
    broken(
        "a parameter described by content",
        "name: after, in: query, schema:",
        "name: after, in: query, content: {}, schema:",
    ),
    broken(
        "a parameter twice",
        "        - { name: after,",
        "        - { name: after, in: query, schema: { type: boolean } }\n        - { name: after,",
    ),
    broken(
        "a form",
        "          application/json:\n            schema: # of the transfer",
        "          multipart/form-data: {}\n          application/json:\n            schema: # of the transfer",
    ),
    broken(
        "a body without a schema",
        "            schema: # of the transfer\n",
        "            x-schema:\n",
    ),
    broken(
        "a response without a schema",
        "{ application/json: { schema: { $ref: \"#/components/schemas/Account\" } } }",
        "{ application/json: {} }",
    ),
    broken(
        "a status that is none",
        "        \"204\":",
        "        \"2O4\":",
    ),
    broken(
        "a redirect",
        "        \"204\":",
        "        \"302\": { description: elsewhere }\n        \"204\":",
    ),
    broken("no success", "        \"204\":", "        \"404\":"),
    // Schemas.
    broken(
        "a keyword misspelt",
        "maxLength: 100, x-hefu-free-text",
        "maxLenght: 100, maxLength: 100, x-hefu-free-text",
    ),
    broken(
        "a keyword that is not supported",
        "tags: { type: array,",
        "tags: { type: array, prefixItems: [],",
    ),
    broken("no type", "count: { type: integer, ", "count: { "),
    broken(
        "an unknown type",
        "count: { type: integer, ",
        "count: { type: int, ",
    ),
    broken(
        "a string of any length",
        "maxLength: 100, x-hefu-free-text: true",
        "x-hefu-free-text: true",
    ),
    broken(
        "a string of any form",
        "maxLength: 100, x-hefu-free-text: true",
        "maxLength: 100",
    ),
    broken(
        "a number of any size",
        "minimum: 1, maximum: 500 }",
        "minimum: 1 }",
    ),
    broken(
        "an array of any length",
        "tags: { type: array, maxItems: 5,",
        "tags: { type: array,",
    ),
    broken(
        "an array of anything",
        "items: { type: string, enum: [a, b] } }",
        "minItems: 1 }",
    ),
    broken(
        "an open object",
        "          type: object\n              required: [from",
        "          type: object\n              additionalProperties: true\n              required: [from",
    ),
    broken(
        "an object of nothing",
        "extra: { type: object, properties: { x: { type: boolean } } }",
        "extra: { type: object }",
    ),
    broken(
        "a map with any names",
        "extra: { type: object, properties: { x: { type: boolean } } }",
        "extra: { type: object, additionalProperties: { type: boolean } }",
    ),
    broken(
        "a required property that is not there",
        "required: [from_account, pin]",
        "required: [from_account, pins]",
    ),
    broken(
        "a pattern without ends",
        "pattern: \"^a-[0-9]+$\"",
        "pattern: \"a-[0-9]+\"",
    ),
    broken(
        "a pattern with one loose end",
        "pattern: \"^a-[0-9]+$\"",
        "pattern: \"^a-[0-9]+$|b\"",
    ),
    broken(
        "a pattern that looks around",
        "pattern: \"^a-[0-9]+$\"",
        "pattern: \"^(?=a)a-[0-9]+$\"",
    ),
    broken(
        "a pattern that refers back",
        "pattern: \"^a-[0-9]+$\"",
        "pattern: \"^(a)\\\\1$\"",
    ),
    broken(
        "a pattern that explodes",
        "pattern: \"^a-[0-9]+$\"",
        "pattern: \"^(((a{99}){99}){99}){99}$\"",
    ),
    broken(
        "a format that is not checked",
        "format: email",
        "format: e-mail",
    ),
    broken(
        "a schema that is none",
        "maxLength: 100, x-hefu-free-text",
        "maxLength: -1, x-hefu-free-text",
    ),
    // Masks and seals.
    against_schema(
        "an unknown mask",
        "x-hefu-mask: account }",
        "x-hefu-mask: acount }",
    ),
    against_schema(
        "a mask on a number",
        "number: { type: string, x-hefu-data: C2, x-hefu-mask: account }",
        "number: { type: integer, x-hefu-data: C2, x-hefu-mask: account }",
    ),
    against_schema(
        "an unknown extension",
        "x-hefu-mask: account }",
        "x-hefu-masks: account }",
    ),
    against_schema(
        "an unknown data class",
        "number: { type: string, x-hefu-data: C2,",
        "number: { type: string, x-hefu-data: C4,",
    ),
    broken(
        "personal data in the clear",
        "x-hefu-data: C2, x-hefu-mask: account }",
        "x-hefu-data: C2 }",
    ),
    against_schema(
        "a mask and a reason",
        "x-hefu-mask: account }",
        "x-hefu-mask: account, x-hefu-unmasked: because it is one }",
    ),
    broken(
        "C3 with a reason",
        "x-hefu-data: C3, x-hefu-mask: never }",
        "x-hefu-data: C3, x-hefu-unmasked: because it is one }",
    ),
    broken(
        "C3 in the clear",
        "x-hefu-data: C3, x-hefu-mask: never }",
        "x-hefu-data: C3 }",
    ),
    broken(
        "C3 that is not sealed",
        "x-hefu-data: C3, x-hefu-sealed: true }",
        "x-hefu-data: C3 }",
    ),
    broken(
        "sealed in a response",
        "x-hefu-data: C2, x-hefu-mask: account }",
        "x-hefu-data: C2, x-hefu-mask: account, x-hefu-sealed: true }",
    ),
    broken(
        "sealed inside an alternative",
        "pin: { type: string,",
        "pin: { oneOf: [{ type: string, maxLength: 6, pattern: \"^[0-9]+$\", x-hefu-sealed: true }, { type: boolean }] }\n                old_pin: { type: string,",
    ),
    broken(
        "sealed inside sealed",
        "extra: { type: object, properties: { x: { type: boolean } } }",
        "extra: { type: object, x-hefu-sealed: true, properties: { x: { type: boolean, x-hefu-sealed: true } } }",
    ),
    broken(
        "a sealed parameter",
        "type: integer, minimum: 0, maximum: 9",
        "type: integer, minimum: 0, maximum: 9, x-hefu-sealed: true",
    ),
    broken(
        "two masks for one place",
        "schema: { $ref: \"#/components/schemas/Account\" }",
        "schema: { allOf: [{ $ref: \"#/components/schemas/Account\" }, { properties: { number: { type: string, x-hefu-mask: card } } }] }",
    ),
    against_schema(
        "a mask beside the schema",
        "{ name: after, in: query, schema:",
        "{ name: after, in: query, x-hefu-mask: name, schema:",
    ),
    broken(
        "a mask in a condition",
        "tags: { type: array,",
        "tags: { not: { type: string, x-hefu-mask: name }, type: array,",
    ),
    against_schema(
        "a flag that is not true",
        "x-hefu-free-text: true",
        "x-hefu-free-text: yes",
    ),
    broken(
        "multi-line on a number",
        "count: { type: integer, ",
        "count: { type: integer, x-hefu-multiline: true, ",
    ),
];

fn with_fault(broken: &Broken) -> String {
    assert_eq!(
        GOOD.matches(broken.from).count(),
        1,
        "{}: {}",
        broken.name,
        broken.from
    );
    GOOD.replace(broken.from, broken.to)
}

#[test]
fn the_good_document_is_good() {
    let contract = Contract::parse(GOOD.as_bytes(), "good.yaml").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(contract.functions().len(), 3);
}

#[test]
fn each_broken_document_is_refused_with_place_and_advice() {
    let mut report = String::new();
    for broken in BROKEN {
        let error = Contract::parse(with_fault(broken).as_bytes(), "service.yaml")
            .map(|_| ())
            .expect_err(broken.name);
        writeln!(report, "# {}\n{error}\n", broken.name).unwrap();
    }
    insta::assert_snapshot!(report);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Contract::load("no/such/service.yaml".as_ref())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("no/such/service.yaml: cannot be read: "),
        "{error}"
    );
}

#[test]
fn the_published_schema_sees_what_an_editor_can_see() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../../docs/x-hefu.schema.json")).unwrap();
    let validator = jsonschema::options().offline().build(&schema).unwrap();
    let errors = |text: &str| {
        let value = document::read(text.as_bytes()).unwrap().value();
        validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect::<Vec<_>>()
    };
    let bank = include_str!("../../../../../examples/bank/openapi.yaml");
    assert_eq!(errors(GOOD), Vec::<String>::new());
    assert_eq!(errors(bank), Vec::<String>::new());
    for broken in BROKEN.iter().filter(|broken| broken.in_schema) {
        assert!(!errors(&with_fault(broken)).is_empty(), "{}", broken.name);
    }
}

#[test]
fn json_documents_are_read_with_lines_too() {
    let value = document::read(GOOD.as_bytes()).unwrap().value();
    let json = serde_json::to_string_pretty(&value).unwrap();
    assert!(Contract::parse(json.as_bytes(), "good.json").is_ok());

    let text = json.replace("\"trade\"", "\"trades\"");
    let error = Contract::parse(text.as_bytes(), "good.json")
        .unwrap_err()
        .to_string();
    let line = 1 + text
        .lines()
        .position(|line| line.contains("trades"))
        .unwrap();
    let place = format!("good.json:{line}: /paths/~1transfers/post/x-hefu/class\n");
    assert!(error.contains(&place), "{error}");

    let error = Contract::parse(&text.as_bytes()[..200], "good.json")
        .unwrap_err()
        .to_string();
    assert!(error.contains("not JSON"), "{error}");
}

#[test]
fn a_document_that_explodes_is_refused_early() {
    let refused = |text: &str, words: &str| {
        let error = Contract::parse(text.as_bytes(), "bomb.yaml")
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
    };
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    refused(&laughs, "more than 400,000 values");

    let mut tower = "a0: &a0 [x]\n".to_owned();
    for level in 1..5_000 {
        writeln!(tower, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    refused(&tower, "nested more than 64 levels");

    refused(&"[".repeat(100_000), "");
    refused(&"- ".repeat(1_000), "nested more than 64 levels");
    refused(
        &format!("{{\"a\":{}", "[".repeat(100_000)),
        "nested too deeply",
    );
    refused("a: &a [*a]\n", "alias");
    refused(&"x".repeat((4 << 20) + 1), "over 4 MiB");
    refused("\u{feff}", "empty");
    let error = Contract::parse(b"openapi: 3.1.0\nx: \xff", "x.yaml")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("x.yaml:2: /\n    the document is not UTF-8"),
        "{error}"
    );
}

#[test]
fn many_schemas_are_bounded_and_circles_compile() {
    let chain = |length: usize| {
        let mut text =
            super::document("3.1.0", super::ANY, "{ $ref: \"#/components/schemas/S0\" }");
        text.push_str("components:\n  schemas:\n");
        for index in 0..length {
            let next = (index + 1) % length;
            let reference = format!("{{ $ref: \"#/components/schemas/S{next}\" }}");
            writeln!(
                text,
                "    S{index}: {{ type: object, properties: {{ n: {reference} }} }}"
            )
            .unwrap();
        }
        Contract::parse(text.as_bytes(), "chain.yaml")
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    assert_eq!(chain(290), Ok(()));
    let error = chain(400).unwrap_err();
    assert!(error.contains("more than 300 schemas"), "{error}");
}

proptest::proptest! {
    /// Whatever a document is, loading it ends with a contract or with faults.
    #[test]
    fn a_garbled_document_is_refused_in_order(
        cut in 0..GOOD.len(), length in 0..40_usize, insert in "[ \\n{}\\[\\]:,&*!\"'#a0-]{0,12}",
    ) {
        if let (Some(before), Some(after)) = (GOOD.get(..cut), GOOD.get(cut + length..)) {
            let _ = Contract::parse(format!("{before}{insert}{after}").as_bytes(), "garbled.yaml");
        }
    }

    #[test]
    fn no_bytes_break_the_loader(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = Contract::parse(&bytes, "noise");
    }
}
