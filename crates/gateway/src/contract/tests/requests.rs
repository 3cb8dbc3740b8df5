//! What passes as a request, and what does not.

use super::{
    super::{Contract, PathParams, RequestFault, RequestInput, json::JsonFaultKind},
    ANY, body, check, input, only, things,
};

const SEALED: &str = "hefu-sealed:1:e-AAAAAAAAAAAAAAAAAAAAAA:AHEEabc_-9";

fn fields() -> Contract {
    let request = r#"{ type: object, required: [id], properties: {
        id: { type: string, maxLength: 8, pattern: "^[a-z0-9]+$" },
        kind: { type: string, enum: [one, "two words"] },
        amount: { type: number, minimum: 0.01, maximum: 1000 },
        count: { type: integer, minimum: -5, maximum: 5 },
        small: { type: integer, format: int32 },
        day: { type: string, format: date },
        mail: { type: string, format: email, maxLength: 40 },
        card: { type: string, format: bank-card },
        citizen: { type: string, format: cn-id-number },
        phone: { type: string, format: cn-phone },
        blob: { type: string, format: byte, maxLength: 16 },
        memo: { type: string, maxLength: 20, x-hefu-free-text: true },
        letter: { type: string, maxLength: 40, x-hefu-free-text: true, x-hefu-multiline: true },
        odd: { type: string, maxLength: 9, pattern: "^.*$" },
        list: { type: array, maxItems: 3, uniqueItems: true, items: { type: boolean } },
        map: { type: object, maxProperties: 2, propertyNames: { maxLength: 3, pattern: "^[a-z]+$" },
               additionalProperties: { type: boolean } } } }"#;
    things("3.1.0", &request.replace('\n', " "), ANY)
}

#[test]
fn honest_bodies_pass() {
    let contract = fields();
    for good in [
        r#"{"id":"a1"}"#,
        r#"{"id":"a1","kind":"two words","amount":0.01,"count":-5,"small":-2147483648}"#,
        r#"{"id":"a1","day":"2028-02-29","mail":"alice@example.com","card":"4111111111111111"}"#,
        r#"{"id":"a1","citizen":"11010519491231002X","phone":"13812345678","blob":"AAEC"}"#,
        r#"{"id":"a1","memo":"O'Brien; 房租 (10月)","letter":"Dear all,\n\tyours"}"#,
        r#"{"id":"a1","odd":"<x> \\ ${}","list":[true,false],"map":{"a":true,"b":false}}"#,
    ] {
        assert_eq!(body(only(&contract), good), Ok(()), "{good}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn type_length_form_and_range_are_held() {
    let contract = fields();
    let place = "against /paths/~1things/post/requestBody/content/application~1json/schema/";
    for (bad, rule) in [
        ("{}", "required"),
        (r#"{"id":"a1","extra":1}"#, "additionalProperties"),
        (r#"{"id":7}"#, "properties/id/type"),
        (r#"{"id":"123456789"}"#, "properties/id/maxLength"),
        (r#"{"id":"a'--"}"#, "properties/id/pattern"),
        (r#"{"id":"a1\n"}"#, "properties/id/pattern"),
        (r#"{"id":"a1","kind":"three"}"#, "properties/kind/enum"),
        (r#"{"id":"a1","amount":0.001}"#, "properties/amount/minimum"),
        (r#"{"id":"a1","amount":1e99}"#, "properties/amount/maximum"),
        (r#"{"id":"a1","count":6}"#, "properties/count/maximum"),
        (r#"{"id":"a1","count":1.5}"#, "properties/count/type"),
        (
            r#"{"id":"a1","count":1.0}"#,
            "properties/count/x-hefu-integer",
        ),
        (r#"{"id":"a1","count":"1"}"#, "properties/count/type"),
        (
            r#"{"id":"a1","small":2147483648}"#,
            "properties/small/maximum",
        ),
        (r#"{"id":"a1","day":"2027-02-29"}"#, "properties/day/format"),
        (
            r#"{"id":"a1","mail":"not an address"}"#,
            "properties/mail/format",
        ),
        (
            r#"{"id":"a1","card":"4111111111111112"}"#,
            "properties/card/format",
        ),
        (
            r#"{"id":"a1","citizen":"110105194912310021"}"#,
            "properties/citizen/format",
        ),
        (r#"{"id":"a1","phone":"12345"}"#, "properties/phone/format"),
        (r#"{"id":"a1","blob":"A*=="}"#, "properties/blob/format"),
        (
            r#"{"id":"a1","memo":"<script>"}"#,
            "properties/memo/x-hefu-text",
        ),
        (
            r#"{"id":"a1","memo":"a\r\nSet-Cookie: x"}"#,
            "properties/memo/x-hefu-text",
        ),
        (
            r#"{"id":"a1","letter":"a\r\nb"}"#,
            "properties/letter/x-hefu-text",
        ),
        (
            r#"{"id":"a1","odd":"a\u0000"}"#,
            "properties/odd/x-hefu-text",
        ),
        (
            r#"{"id":"a1","list":[true,true]}"#,
            "properties/list/uniqueItems",
        ),
        (
            r#"{"id":"a1","list":[true,false,true,false]}"#,
            "properties/list/maxItems",
        ),
        (
            r#"{"id":"a1","map":{"a":1}}"#,
            "properties/map/additionalProperties/type",
        ),
        (
            r#"{"id":"a1","map":{"__proto__":true}}"#,
            "properties/map/propertyNames/",
        ),
        ("[]", "type"),
        ("null", "type"),
    ] {
        let refused = body(only(&contract), bad).unwrap_err();
        assert!(
            refused.starts_with(&format!("{place}{rule}")),
            "{bad}: {refused}"
        );
    }
}

#[test]
fn a_body_is_the_declared_json_and_nothing_else() {
    let contract = fields();
    let function = only(&contract);
    let path = PathParams::default();
    let with_type = |content_type: Option<&'static [u8]>, body: &'static [u8]| {
        let input = RequestInput {
            path: &path,
            query: None,
            fields: &[],
            content_type,
            body,
        };
        check(function, &input).map(|_| ())
    };
    let good = br#"{"id":"a1"}"#;
    for media_type in [
        &b"application/json"[..],
        b"application/json; charset=utf-8",
        b"Application/JSON;charset=\"UTF-8\"",
    ] {
        assert_eq!(with_type(Some(media_type), good), Ok(()));
    }
    for media_type in [
        &b"text/plain"[..],
        b"application/json; charset=gbk",
        b"application/json; charset=utf-8; charset=utf-7",
        b"application/jsonp",
        b"application/x-www-form-urlencoded",
        b"\xff",
        b"",
    ] {
        assert_eq!(
            with_type(Some(media_type), good),
            Err(RequestFault::MediaType)
        );
    }
    assert_eq!(with_type(None, good), Err(RequestFault::MediaType));
    assert_eq!(
        with_type(Some(b"application/json"), b""),
        Err(RequestFault::BodyMissing)
    );
    let json = |body| with_type(Some(b"application/json"), body);
    assert_eq!(json(b"{\"id\":\"\xe9\"}"), Err(RequestFault::Charset));
    let kind = |body| match json(body) {
        Err(RequestFault::Json(fault)) => Some(fault.kind),
        _ => None,
    };
    assert_eq!(
        kind(br#"{"id":"a1","id":"b2"}"#),
        Some(JsonFaultKind::DuplicateName)
    );
    assert_eq!(
        kind(br#"{"id":"a1","count":1e999}"#),
        Some(JsonFaultKind::Number)
    );
    assert_eq!(kind(br#"{"id":"a1"} x"#), Some(JsonFaultKind::Syntax));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn parameters_are_typed_and_unknown_ones_are_refused() {
    let text = r#"
openapi: 3.1.0
paths:
  /n/{n}:
    parameters: [{ name: n, in: path, required: true, schema: { type: integer, minimum: 1, maximum: 99 } }]
    get:
      operationId: n
      x-hefu: { function: N1, class: bus, owner: { in: query, name: who, equals: subject } }
      parameters:
        - { name: who, in: query, required: true, schema: { type: string, maxLength: 9, pattern: "^[a-z ]+$" } }
        - { name: on, in: query, schema: { type: boolean } }
        - { name: at, in: query, schema: { type: array, maxItems: 2, items: { type: number, minimum: 0, maximum: 1 } } }
        - { name: If-Match, in: header, schema: { type: string, maxLength: 9, pattern: "^\"[a-z]*\"$" } }
      responses: { "204": { description: done } }
"#;
    let contract = Contract::parse(text.as_bytes(), "n.yaml").unwrap_or_else(|e| panic!("{e}"));
    let function = contract.function("N1").unwrap();
    let run = |target: &str, fields: &[(&str, &[u8])]| {
        let (path, query) = target
            .split_once('?')
            .map_or((target, None), |(p, q)| (p, Some(q)));
        let path = function.match_path(path).expect("the path matches");
        let input = RequestInput {
            path: &path,
            query,
            fields,
            content_type: None,
            body: b"",
        };
        let request = check(function, &input)?;
        let owner = function
            .owner
            .as_ref()
            .unwrap()
            .claimed(&request)
            .map(|who| who.into_owned());
        Ok::<_, RequestFault>(owner)
    };
    for (target, fields) in [
        ("/n/7?who=alice", &[][..]),
        ("/n/99?on=true&who=alice&at=0.5&at=1", &[]),
        ("/n/1?who=alice", &[("if-match", &b"\"abc\""[..])]),
    ] {
        assert_eq!(
            run(target, fields),
            Ok(Some("alice".to_owned())),
            "{target}"
        );
    }
    assert_eq!(run("/n/1?who=al%20ice", &[]), Ok(Some("al ice".to_owned())));

    let name = |name: &str| name.to_owned();
    for (target, fault) in [
        (
            "/n/x?who=alice",
            RequestFault::ParameterType { name: name("n") },
        ),
        (
            "/n/007?who=alice",
            RequestFault::ParameterType { name: name("n") },
        ),
        (
            "/n/1.0?who=alice",
            RequestFault::ParameterType { name: name("n") },
        ),
        (
            "/n/-0?who=alice",
            RequestFault::ParameterType { name: name("n") },
        ),
        ("/n/1", RequestFault::ParameterMissing { name: name("who") }),
        (
            "/n/1?who=a&who=b",
            RequestFault::ParameterRepeated { name: name("who") },
        ),
        (
            "/n/1?who=a&on=1",
            RequestFault::ParameterType { name: name("on") },
        ),
        ("/n/1?who=a&debug=1", RequestFault::ParameterUnknown),
        ("/n/1?who=a&", RequestFault::Query),
        ("/n/1?who", RequestFault::Query),
        ("/n/1?who=a+b", RequestFault::Query),
        ("/n/1?who=%61", RequestFault::Query),
        ("/n/1?who=%f", RequestFault::Query),
        ("/n/1?who=%ff", RequestFault::Query),
        ("/n/1?who=<a>", RequestFault::Query),
    ] {
        assert_eq!(run(target, &[]), Err(fault), "{target}");
    }
    for target in [
        "/n/100?who=a",
        "/n/1?who=a%0D%0Ab",
        "/n/1?who=A",
        "/n/1?who=a&at=1&at=1&at=1",
        "/n/1?who=a&at=2",
    ] {
        assert!(
            matches!(run(target, &[]), Err(RequestFault::Schema { .. })),
            "{target}"
        );
    }
    let many = format!("/n/1?{}", vec!["who=a"; 65].join("&"));
    assert_eq!(run(&many, &[]), Err(RequestFault::Query));
    let field = |value: &[u8]| run("/n/1?who=a", &[("if-match", value)]).unwrap_err();
    assert_eq!(
        field(b"\"a\"\x01"),
        RequestFault::ParameterType {
            name: name("if-match")
        }
    );
    assert!(matches!(field(b"abc"), RequestFault::Schema { .. }));
    let twice = run(
        "/n/1?who=a",
        &[("if-match", b"\"a\""), ("if-match", b"\"b\"")],
    );
    assert_eq!(
        twice,
        Err(RequestFault::ParameterRepeated {
            name: name("if-match")
        })
    );

    let path = function.match_path("/n/1").unwrap();
    let input = RequestInput {
        body: b"{}",
        query: Some("who=a"),
        ..input(&path, "")
    };
    assert_eq!(
        check(function, &input).unwrap_err(),
        RequestFault::BodyUnexpected
    );
}

fn sealing() -> Contract {
    let request = r##"{ type: object, required: [pin], properties: {
        pin: { type: string, maxLength: 6, pattern: "^[0-9]{6}$", x-hefu-data: C3, x-hefu-sealed: true },
        "a/b": { type: array, maxItems: 20, items: { $ref: "#/components/schemas/Secret" } },
        clear: { type: string, maxLength: 90, pattern: "^[a-zA-Z0-9:_-]*$" } } }"##;
    let mut text = super::document("3.1.0", &request.replace('\n', " "), ANY);
    text.push_str(
        "components: { schemas: { Secret: { type: object, x-hefu-sealed: true, required: [n], \
         properties: { n: { type: integer, minimum: 0, maximum: 9 } } } } }\n",
    );
    Contract::parse(text.as_bytes(), "sealing.yaml").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn sealed_fields_are_checked_twice() {
    let contract = sealing();
    let function = only(&contract);
    assert_eq!(function.request.sealed_pointers(), ["/a~1b/*", "/pin"]);
    let path = PathParams::default();
    let text = format!(r#"{{ "a\/b" : [ "{SEALED}" ],"clear":"{SEALED}", "pin":"{SEALED}"}}"#);
    let request = check(function, &input(&path, &text)).unwrap();
    let pointers: Vec<_> = request
        .sealed()
        .iter()
        .map(|field| field.pointer.as_str())
        .collect();
    assert_eq!(pointers, ["/a~1b/0", "/pin"]);
    assert!(request.sealed().iter().all(|field| field.text == SEALED));

    let open = |plain: &[&[u8]]| function.request.check_unsealed(&request, plain);
    let opened = open(&[br#"{"n":1}"#, br#""123456""#]).unwrap();
    let expected = format!(r#"{{ "a\/b" : [ {{"n":1}} ],"clear":"{SEALED}", "pin":"123456"}}"#);
    assert_eq!(String::from_utf8_lossy(&opened), expected);

    for (one, two) in [
        (&br#"{"n":1}"#[..], &br#""12345""#[..]),
        (br#"{"n":1}"#, br"123456"),
        (br#"{"n":10}"#, br#""123456""#),
        (br#"{"n":1,"x":2}"#, br#""123456""#),
        (br#"{"n":1}"#, br#""12345\n""#),
    ] {
        assert!(matches!(
            open(&[one, two]),
            Err(RequestFault::Schema { .. })
        ));
    }
    let broken_out = open(&[br#"{"n":1}"#, br#""123456","clear":"x""#]);
    assert!(
        matches!(broken_out, Err(RequestFault::SealedJson(_))),
        "{broken_out:?}"
    );
    assert_eq!(open(&[br#"{"n":1}"#]), Err(RequestFault::SealedCount));

    // Not sealed, though it has to be.
    assert!(
        body(function, r#"{"pin":"123456"}"#)
            .unwrap_err()
            .ends_with("/pin/x-hefu-text")
    );
    assert!(
        body(function, r#"{"pin":7}"#)
            .unwrap_err()
            .ends_with("/pin/type")
    );
    let many = format!(
        r#"{{"a/b":[{}]}}"#,
        vec![format!("\"{SEALED}\""); 17].join(",")
    );
    assert_eq!(
        check(function, &input(&path, &many)).unwrap_err(),
        RequestFault::SealedTooMany
    );
}

#[test]
fn a_request_without_sealed_fields_reaches_the_service_as_it_was() {
    let contract = fields();
    let function = only(&contract);
    let path = PathParams::default();
    let text = " { \"id\" : \"a1\" , \"amount\" : 1.10 } ";
    let request = check(function, &input(&path, text)).unwrap();
    assert_eq!(
        function.request.check_unsealed(&request, &[]).unwrap(),
        text.as_bytes()
    );
    assert!(!format!("{request:?}").contains("a1"));
}

#[test]
fn compositions_are_closed_around_all_their_parts() {
    let request = r#"{ allOf: [
        { type: object, required: [a], properties: { a: { type: boolean } } },
        { type: object, properties: { b: { type: object, properties: { c: { type: boolean } } } } } ],
      oneOf: [ { required: [a], properties: { kind: { const: x } } },
               { required: [kind, d], properties: { kind: { const: y }, d: { type: boolean } } } ] }"#;
    let contract = things("3.1.0", &request.replace('\n', " "), ANY);
    let function = only(&contract);
    for good in [
        r#"{"a":true}"#,
        r#"{"a":true,"b":{"c":false}}"#,
        r#"{"a":true,"kind":"y","d":true}"#,
    ] {
        assert_eq!(body(function, good), Ok(()), "{good}");
    }
    for bad in [
        r#"{"a":true,"e":1}"#,
        r#"{"a":true,"b":{"c":true,"f":1}}"#,
        r#"{"a":true,"d":true}"#,
        r#"{"b":{}}"#,
    ] {
        assert!(body(function, bad).is_err(), "{bad}");
    }
}

#[test]
fn owners_are_read_from_the_request() {
    let bank = include_str!("../../../../../examples/bank/openapi.yaml");
    let bank = Contract::parse(bank.as_bytes(), "openapi.yaml").unwrap();
    let transfer = bank.function("T2001").unwrap();
    let owner = transfer.owner.as_ref().unwrap();
    let path = PathParams::default();
    let claimed = |text: &str| {
        let request = transfer.request.read(&input(&path, text)).unwrap();
        owner.claimed(&request).map(|value| value.into_owned())
    };
    assert_eq!(
        claimed(r#"{"from_account":"a-1001"}"#).as_deref(),
        Some("a-1001")
    );
    for nothing in [
        r"{}",
        r#"{"from_account":""}"#,
        r#"{"from_account":".."}"#,
        r#"{"from_account":"a/b"}"#,
        r#"{"from_account":["a-1001"]}"#,
        r#"{"from_account":1.5}"#,
        r#"{"from_account":"a\n"}"#,
    ] {
        assert_eq!(claimed(nothing), None, "{nothing}");
    }
}
