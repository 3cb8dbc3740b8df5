//! Whose object a request reaches.
//!
//! Clauses: JR-6.3.1.e.

use std::borrow::Cow;

use super::{
    Request,
    json::{self, RESPONSE_LIMITS},
    path::{PathTemplate, is_param_value},
    value::Value,
};

/// Where a request names an object, and how its owner is found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnerRule {
    /// Where the object is named.
    pub source: OwnerSource,
    /// How its owner is found.
    pub check: OwnerCheck,
}

/// Where a request names the object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerSource {
    /// A path parameter.
    Path(String),
    /// A query parameter.
    Query(String),
    /// A JSON pointer into the body.
    Body(String),
}

/// How the owner is found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerCheck {
    /// The value is the user's own id.
    EqualsSubject,
    /// The service says whose it is.
    Lookup(OwnerLookup),
}

/// A question to the service: whose is it?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerLookup {
    pub(super) path: PathTemplate,
    pub(super) pointer: String,
}

impl OwnerRule {
    /// What the request names. `None` when it names nothing that could be an object: refuse.
    #[must_use]
    pub fn claimed<'request>(&self, request: &'request Request<'_>) -> Option<Cow<'request, str>> {
        let value = match &self.source {
            OwnerSource::Path(name) => Cow::Borrowed(request.path().value(name)?),
            OwnerSource::Query(name) => Cow::Borrowed(request.query(name)?),
            OwnerSource::Body(pointer) => match request.body()?.pointer(pointer)? {
                Value::Text(text) => Cow::Borrowed(text.as_ref()),
                Value::Number(number) if number.is_i64() => Cow::Owned(number.to_string()),
                _ => return None,
            },
        };
        is_param_value(&value).then_some(value)
    }
}

impl OwnerLookup {
    /// The target of the `GET` to the service, in origin form, with the value percent-encoded.
    #[must_use]
    pub fn target(&self, claimed: &str) -> String {
        self.path.fill(claimed)
    }

    /// The owner's user id in the service's JSON answer (status 200) to that `GET`.
    #[must_use]
    pub fn owner(&self, body: &[u8]) -> Option<String> {
        let value: Value<'_> = json::read(body, &RESPONSE_LIMITS).ok()?;
        match value.pointer(&self.pointer)? {
            Value::Text(owner) if !owner.is_empty() => Some(owner.clone().into_owned()),
            _ => None,
        }
    }
}
