//! What may leave, and what is a breach of contract.

use super::{
    super::{Contract, ResponseFault},
    ANY, only, things,
};

fn profile() -> Contract {
    let response = r#"{ type: object, required: [name], properties: {
        name: { type: string, x-hefu-mask: name },
        phone: { type: [string, "null"], x-hefu-data: C2, x-hefu-mask: phone },
        secret: { type: object, properties: { x: { type: integer } }, x-hefu-mask: never },
        cards: { type: array, items: { type: string, x-hefu-mask: card } },
        n: { type: number },
        hidden: { type: string, writeOnly: true } } }"#;
    things("3.1.0", ANY, &response.replace('\n', " "))
}

fn shown(contract: &Contract, body: &str) -> Result<String, ResponseFault> {
    let function = only(contract);
    let masked = function
        .response
        .check(200, true, body.as_bytes())?
        .masked()?;
    let tree = function
        .response
        .check(200, true, body.as_bytes())?
        .masked_by_tree()?;
    let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert_eq!(value(&masked), value(&tree), "{body}");
    Ok(String::from_utf8(masked.into_owned()).unwrap())
}

#[test]
fn declared_fields_leave_masked() {
    let contract = profile();
    let shown = |body: &str| shown(&contract, body).unwrap();
    assert_eq!(
        shown(r#"{ "name" : "欧阳娜娜" , "phone":"13812345678","n":1.500 }"#),
        r#"{ "name" : "欧**娜" , "phone":"138****5678","n":1.500 }"#
    );
    assert_eq!(
        shown(r#"{"name":"王伟","phone":null}"#),
        r#"{"name":"*伟","phone":null}"#
    );
    assert_eq!(
        shown(r#"{"name":"ab\"c","cards":["6222021234567890123","1"],"secret":{"x":7}}"#),
        r#"{"name":"a**c","cards":["***************0123","*"],"secret":null}"#
    );
    // A name written with escapes is the same name.
    assert_eq!(
        shown(r#"{"\u006eame":"\u738b\u4f1f","ph\u006fne":"13812345678"}"#),
        r#"{"\u006eame":"*伟","ph\u006fne":"138****5678"}"#
    );
}

#[test]
fn what_the_contract_does_not_describe_never_leaves() {
    let contract = profile();
    let place = "/paths/~1things/post/responses/200/content/application~1json/schema";
    let schema = |rule: &str| ResponseFault::Schema {
        schema: format!("{place}{rule}"),
    };
    for (body, fault) in [
        (
            r#"{"name":"a","password":"x"}"#,
            schema("/additionalProperties"),
        ),
        (
            r#"{"name":"a","hidden":"x"}"#,
            schema("/additionalProperties"),
        ),
        (r#"{"name":7}"#, schema("/properties/name/type")),
        (r#"{"name":{"name":"a"}}"#, schema("/properties/name/type")),
        (r#"{"phone":"1"}"#, schema("/required")),
    ] {
        assert_eq!(shown(&contract, body), Err(fault), "{body}");
    }
    for body in [
        "<html>",
        "",
        r#"{"name":"a","name":"b"}"#,
        "{\"name\":\"a\"}\n{}",
    ] {
        assert!(
            matches!(shown(&contract, body), Err(ResponseFault::Json(_))),
            "{body}"
        );
    }
    let response = &only(&contract).response;
    let good = br#"{"name":"a"}"#;
    assert!(response.check(200, true, good).is_ok());
    assert_eq!(
        response.check(200, false, good).unwrap_err(),
        ResponseFault::MediaType
    );
    for status in [201, 204, 302, 404, 500] {
        assert_eq!(
            response.check(status, true, good).unwrap_err(),
            ResponseFault::Undeclared
        );
    }
}

#[test]
fn a_status_without_content_has_none() {
    let text = r#"
openapi: 3.1.0
paths:
  /x:
    delete:
      operationId: x
      x-hefu: { function: X1, class: bus, key_business: false, owner: { none: a test has no owners } }
      responses:
        "204": { description: gone }
        4XX: { content: { application/json: { schema: { type: object, properties: { why: { type: string } } } } } }
"#;
    let contract = Contract::parse(text.as_bytes(), "x.yaml").unwrap_or_else(|e| panic!("{e}"));
    let response = &only(&contract).response;
    assert_eq!(
        &*response.check(204, false, b"").unwrap().masked().unwrap(),
        b""
    );
    assert_eq!(
        response.check(204, true, b"{}").unwrap_err(),
        ResponseFault::BodyUnexpected
    );
    assert!(response.check(422, true, br#"{"why":"because"}"#).is_ok());
    assert!(
        response
            .check(422, true, br#"{"trace":"at line 1"}"#)
            .is_err()
    );
    assert_eq!(
        response.check(200, true, b"{}").unwrap_err(),
        ResponseFault::Undeclared
    );
}

#[test]
fn faults_and_debug_hold_no_values() {
    let contract = profile();
    let response = &only(&contract).response;
    let fault = response
        .check(200, true, br#"{"name":"a","phone":13812345678}"#)
        .unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("138"));
    let checked = response
        .check(200, true, br#"{"name":"secret name"}"#)
        .unwrap();
    assert!(!format!("{checked:?}").contains("secret"));
}
