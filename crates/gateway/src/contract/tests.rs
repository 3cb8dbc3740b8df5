//! The contract, held to documents good and broken.

mod broken;
mod documents;
mod masks;
mod requests;
mod responses;

use super::{Contract, Function, PathParams, Request, RequestFault, RequestInput};

/// A contract of one `POST /things` whose body and 200 response have these schemas (YAML, flow
/// style).
fn things(version: &str, request: &str, response: &str) -> Contract {
    let text = document(version, request, response);
    Contract::parse(text.as_bytes(), "things.yaml").unwrap_or_else(|error| panic!("{error}"))
}

fn document(version: &str, request: &str, response: &str) -> String {
    format!(
        r#"
openapi: "{version}"
paths:
  /things:
    post:
      operationId: things
      x-hefu: {{ function: X1, class: bus, key_business: false, owner: {{ none: "a test has no owners" }} }}
      requestBody: {{ required: true, content: {{ application/json: {{ schema: {request} }} }} }}
      responses: {{ "200": {{ content: {{ application/json: {{ schema: {response} }} }} }} }}
"#
    )
}

const ANY: &str = "{ type: object, properties: { any: { type: boolean } } }";

fn only(contract: &Contract) -> &Function {
    let mut functions = contract.functions();
    let function = functions.next().unwrap();
    assert!(functions.next().is_none());
    function
}

fn input<'request>(path: &'request PathParams, body: &'request str) -> RequestInput<'request> {
    RequestInput {
        path,
        query: None,
        fields: &[],
        content_type: Some(b"application/json"),
        body: body.as_bytes(),
    }
}

/// Reads and checks, as the guards do.
fn check<'request>(
    function: &Function,
    input: &RequestInput<'request>,
) -> Result<Request<'request>, RequestFault> {
    let request = function.request.read(input)?;
    function.request.check(&request)?;
    Ok(request)
}

/// Whether a body passes, and where it fails.
fn body(function: &Function, body: &str) -> Result<(), String> {
    let path = PathParams::default();
    check(function, &input(&path, body))
        .map(|_| ())
        .map_err(|fault| fault.to_string())
}
