//! How requests are read and checked.
//!
//! In three steps, as the guards stand: [`RequestPlan::read`] makes typed values of bytes,
//! [`RequestPlan::check`] holds them to the schemas while sealed fields are still sealed,
//! [`RequestPlan::check_unsealed`] holds what they opened to. The service gets the bytes that were
//! checked, with the opened values in their places.
//!
//! Clauses: JR-6.2.4.c, JR-6.2.4.e, AP-4.1.2.

use std::{borrow::Cow, fmt, ops::Range, str};

use hefu_tally::sealed;

use super::{
    PathParams,
    json::{self, JsonFault, JsonFaultKind, REQUEST_LIMITS},
    parameter::{self, Pairs, Parameter},
    schema::{
        compile::Compiled,
        marks::{Mark, Marks},
    },
    value::Value,
    walk,
};

/// How the requests of a function are read and checked.
#[derive(Debug)]
pub struct RequestPlan {
    pub(super) path: Vec<Parameter>,
    pub(super) query: Vec<Parameter>,
    /// Names in lower case.
    pub(super) fields: Vec<Parameter>,
    pub(super) body: Option<BodyPlan>,
}

/// How a body is checked.
#[derive(Debug)]
pub(super) struct BodyPlan {
    pub(super) required: bool,
    pub(super) schema: Compiled,
    pub(super) marks: Marks,
    /// Of what the sealed fields open to.
    pub(super) sealed: Vec<Compiled>,
}

/// A request, as far as its contract is concerned.
#[derive(Clone, Copy, Debug)]
pub struct RequestInput<'request> {
    /// From [`Function::match_path`](super::Function::match_path).
    pub path: &'request PathParams,
    /// What follows the `?`, as sent.
    pub query: Option<&'request str>,
    /// Names in lower case and values of the header fields that
    /// [`declared_fields`](RequestPlan::declared_fields) lists, every line of them; other fields
    /// are not read.
    pub fields: &'request [(&'request str, &'request [u8])],
    /// `Content-Type`.
    pub content_type: Option<&'request [u8]>,
    /// The body.
    pub body: &'request [u8],
}

/// A request that was read: strict JSON within the limits, parameters decoded.
pub struct Request<'request> {
    input: RequestInput<'request>,
    query: Pairs<'request>,
    body: Option<Value<'request>>,
    sealed: Vec<SealedField>,
}

/// A sealed string in a request's body.
#[derive(Clone, Debug)]
pub struct SealedField {
    /// JSON pointer, as the sealing end wrote it into the additional data.
    pub pointer: String,
    /// `hefu-sealed:1:…`
    pub text: String,
    /// Where it stands in the body, quotes included.
    at: Range<usize>,
    /// Which of the plan's schemas its plain value has to fit.
    schema: usize,
}

/// Why a request is refused. Carries places of the document, never values of the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// A body without the declared media type. Public: `unsupported-media-type`.
    #[error("the media type is not JSON in UTF-8")]
    MediaType,
    /// A body that is not UTF-8. Public: `unsupported-media-type`.
    #[error("the body is not UTF-8")]
    Charset,
    /// Not strict JSON, or over a limit of its reader. Public: `malformed`.
    #[error("the body is not strict JSON: {0}")]
    Json(JsonFault),
    /// A query that readers could split or decode differently. Public: `malformed`.
    #[error("the query is not strictly encoded pairs")]
    Query,
    /// A body where the contract has none. Public: `invalid`.
    #[error("the function has no body")]
    BodyUnexpected,
    /// No body where the contract requires one. Public: `invalid`.
    #[error("the function requires a body")]
    BodyMissing,
    /// A query parameter that the contract does not have. Public: `invalid`.
    #[error("a query parameter is unknown")]
    ParameterUnknown,
    /// A parameter that is required. Public: `invalid`.
    #[error("the parameter {name} is missing")]
    ParameterMissing {
        /// Its name in the document.
        name: String,
    },
    /// A parameter that comes twice. Public: `invalid`.
    #[error("the parameter {name} is repeated")]
    ParameterRepeated {
        /// Its name in the document.
        name: String,
    },
    /// A parameter that is not of its type. Public: `invalid`.
    #[error("the parameter {name} is not of its type")]
    ParameterType {
        /// Its name in the document.
        name: String,
    },
    /// Against a schema. Public: `invalid`.
    #[error("against {schema}")]
    Schema {
        /// JSON pointer of the rule in the document.
        schema: String,
    },
    /// More sealed fields than a request may have. Public: `invalid`.
    #[error("more than {} sealed fields", sealed::FIELDS_MAX)]
    SealedTooMany,
    /// A sealed field that opened to something else than strict JSON. Public: `invalid`.
    #[error("a sealed field does not hold strict JSON: {0}")]
    SealedJson(JsonFault),
    /// Our own fault: not one plain value for each sealed field. Public: `internal`.
    #[error("a plain value for each sealed field is needed")]
    SealedCount,
}

impl RequestPlan {
    /// Header fields of the document (lower case): read from the request and passed on to the
    /// service; every other field stays behind.
    pub fn declared_fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// JSON pointers of the sealed fields, `*` for any array item.
    #[must_use]
    pub fn sealed_pointers(&self) -> Vec<String> {
        let marks = self.body.as_ref().map(|body| body.marks.pointers());
        marks
            .unwrap_or_default()
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect()
    }

    /// Reads a request: media type, strict JSON within limits, decoded parameters. Enough for the
    /// owner rule; no schema is looked at yet.
    ///
    /// # Errors
    /// When the request cannot be read in one way only.
    pub fn read<'request>(
        &self,
        input: &RequestInput<'request>,
    ) -> Result<Request<'request>, RequestFault> {
        let query = parameter::split_query(input.query.unwrap_or_default())?;
        let body = self.read_body(input)?;
        Ok(Request {
            input: *input,
            query,
            body,
            sealed: Vec::new(),
        })
        .and_then(|request| self.find_sealed(request))
    }

    fn read_body<'request>(
        &self,
        input: &RequestInput<'request>,
    ) -> Result<Option<Value<'request>>, RequestFault> {
        match &self.body {
            None if input.body.is_empty() => Ok(None),
            None => Err(RequestFault::BodyUnexpected),
            Some(plan) if input.body.is_empty() && !plan.required => Ok(None),
            Some(_) if input.body.is_empty() => Err(RequestFault::BodyMissing),
            Some(_) if !input.content_type.is_some_and(is_json_utf8) => {
                Err(RequestFault::MediaType)
            }
            Some(_) => match json::read(input.body, &REQUEST_LIMITS) {
                Ok(body) => Ok(Some(body)),
                Err(JsonFault {
                    kind: JsonFaultKind::Utf8,
                    ..
                }) => Err(RequestFault::Charset),
                Err(fault) => Err(RequestFault::Json(fault)),
            },
        }
    }

    fn find_sealed<'request>(
        &self,
        mut request: Request<'request>,
    ) -> Result<Request<'request>, RequestFault> {
        let Some(plan) = self.body.as_ref().filter(|plan| !plan.marks.is_empty()) else {
            return Ok(request);
        };
        if request.body.is_none() {
            return Ok(request);
        }
        let text = str::from_utf8(request.input.body).map_err(|_| RequestFault::Charset)?;
        let sealed = &mut request.sealed;
        let mut too_many = false;
        let walked = walk::walk(text, &plan.marks, &mut |found| {
            let raw = text.get(found.at.clone()).ok_or(walk::NotJson)?;
            let inside = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
            // What is no string is left to the schema, which refuses it.
            if let (Mark::Sealed(schema), Some(inside)) = (found.mark, inside) {
                too_many |= sealed.len() >= sealed::FIELDS_MAX;
                if !too_many {
                    let text = json::unescape(inside)
                        .map_err(|_| walk::NotJson)?
                        .into_owned();
                    let (pointer, at) = (found.pointer(), found.at.clone());
                    sealed.push(SealedField {
                        pointer,
                        text,
                        at,
                        schema,
                    });
                }
            }
            Ok(())
        });
        if too_many {
            return Err(RequestFault::SealedTooMany);
        }
        match walked {
            Ok(()) => Ok(request),
            Err(walk::NotJson) => Err(RequestFault::Json(JsonFault {
                kind: JsonFaultKind::Syntax,
                at: 0,
            })),
        }
    }

    /// Checks a request against the schemas; sealed fields as the sealed strings they are.
    ///
    /// # Errors
    /// Naming the rule that is broken.
    pub fn check(&self, request: &Request<'_>) -> Result<(), RequestFault> {
        parameter::check_path(&self.path, request.input.path)?;
        parameter::check_query(&self.query, &request.query)?;
        parameter::check_fields(&self.fields, request.input.fields)?;
        match (&self.body, &request.body) {
            (Some(plan), Some(body)) => plan
                .schema
                .check(body)
                .map_err(|schema| RequestFault::Schema { schema }),
            _ => Ok(()),
        }
    }

    /// Checks what the sealed fields opened to (`plain` in the order of [`Request::sealed`], each
    /// JSON text) and gives the body for the service, the plain values in their places. Call it
    /// for requests without sealed fields too.
    ///
    /// # Errors
    /// Naming the rule that is broken.
    pub fn check_unsealed<'request>(
        &self,
        request: &Request<'request>,
        plain: &[&[u8]],
    ) -> Result<Cow<'request, [u8]>, RequestFault> {
        if request.sealed.len() != plain.len() {
            return Err(RequestFault::SealedCount);
        }
        let (Some(plan), false) = (&self.body, plain.is_empty()) else {
            return Ok(Cow::Borrowed(request.input.body));
        };
        let raw = request.input.body;
        let length = raw.len() + plain.iter().map(|plain| plain.len()).sum::<usize>();
        let mut out = Vec::with_capacity(length);
        let mut copied = 0;
        for (field, plain) in request.sealed.iter().zip(plain) {
            let value: Value<'_> =
                json::read(plain, &REQUEST_LIMITS).map_err(RequestFault::SealedJson)?;
            let schema = plan
                .sealed
                .get(field.schema)
                .ok_or(RequestFault::SealedCount)?;
            schema
                .check(&value)
                .map_err(|schema| RequestFault::Schema { schema })?;
            out.extend_from_slice(
                raw.get(copied..field.at.start)
                    .ok_or(RequestFault::SealedCount)?,
            );
            out.extend_from_slice(plain);
            copied = field.at.end;
        }
        out.extend_from_slice(raw.get(copied..).ok_or(RequestFault::SealedCount)?);
        Ok(Cow::Owned(out))
    }
}

impl Request<'_> {
    /// The sealed strings, in the body's order; at most 16.
    #[must_use]
    pub fn sealed(&self) -> &[SealedField] {
        &self.sealed
    }

    /// The body, sealed fields still sealed.
    pub(super) const fn body(&self) -> Option<&Value<'_>> {
        self.body.as_ref()
    }

    /// The path's parameters.
    #[must_use]
    pub const fn path(&self) -> &PathParams {
        self.input.path
    }

    /// A query parameter that comes once.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        let mut values = self.query.iter().filter(|(own, _)| own == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("sealed", &self.sealed.len())
            .finish_non_exhaustive()
    }
}

/// `application/json`, alone or with `charset=utf-8`.
fn is_json_utf8(value: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(value) else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|part| part.eq_ignore_ascii_case("application/json"));
    let charset = |part: &str| {
        part.eq_ignore_ascii_case("charset=utf-8") || part.eq_ignore_ascii_case("charset=\"utf-8\"")
    };
    is_json && parts.next().is_none_or(charset) && parts.next().is_none()
}
