//! How responses are checked and masked.
//!
//! What the contract does not describe never leaves: not an undeclared status, not an undeclared
//! field, not a body in another form.
//!
//! Clauses: JR-6.2.3.a, CJ-4.3.5.b.

use std::{borrow::Cow, collections::BTreeMap, fmt, str};

use super::{
    json::{self, JsonFault, RESPONSE_LIMITS},
    mask,
    schema::{compile::Compiled, marks::Marks},
    value::Value,
};

/// How the responses of a function are checked and masked, by status.
#[derive(Debug)]
pub struct ResponsePlan {
    pub(super) by_status: BTreeMap<u16, StatusPlan>,
    /// `2XX` and `4XX`, by their first digit.
    pub(super) by_class: BTreeMap<u16, StatusPlan>,
}

/// How the responses of one status are checked and masked.
#[derive(Debug)]
pub(super) enum StatusPlan {
    Empty,
    Body { schema: Compiled, marks: Marks },
}

/// A response body that keeps the contract, not yet masked.
pub struct Checked<'response> {
    body: &'response str,
    value: Value<'response>,
    marks: Option<&'response Marks>,
}

/// How a service broke its own contract. Carries places of the document, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseFault {
    /// The document has no response of that status. For a 4xx this is ordinary: map the status
    /// (PROTOCOL §8); anything else is a breach.
    #[error("the contract has no response of this status")]
    Undeclared,
    /// Another media type where JSON is declared.
    #[error("the response's media type is not JSON")]
    MediaType,
    /// Not strict JSON where JSON is declared.
    #[error("the response is not strict JSON: {0}")]
    Json(JsonFault),
    /// A body where none is declared.
    #[error("the contract has no body for this status")]
    BodyUnexpected,
    /// Against the schema.
    #[error("against {schema}")]
    Schema {
        /// JSON pointer of the rule in the document.
        schema: String,
    },
    /// Our own fault: a mask met what its schema excludes.
    #[error("a mask cannot be applied")]
    Mask,
}

impl ResponsePlan {
    fn status(&self, status: u16) -> Option<&StatusPlan> {
        self.by_status
            .get(&status)
            .or_else(|| self.by_class.get(&(status / 100)))
    }

    /// JSON pointers of the masked places of a status, `*` for any array item.
    #[must_use]
    pub fn masked_pointers(&self, status: u16) -> Vec<String> {
        match self.status(status) {
            Some(StatusPlan::Body { marks, .. }) => marks
                .pointers()
                .into_iter()
                .map(|(pointer, _)| pointer)
                .collect(),
            Some(StatusPlan::Empty) | None => Vec::new(),
        }
    }

    /// Checks a response of the service. `is_json`: its `Content-Type` is `application/json`.
    ///
    /// # Errors
    /// When the contract has no such response.
    pub fn check<'response>(
        &'response self,
        status: u16,
        is_json: bool,
        body: &'response [u8],
    ) -> Result<Checked<'response>, ResponseFault> {
        let (schema, marks) = match self.status(status).ok_or(ResponseFault::Undeclared)? {
            StatusPlan::Empty if body.is_empty() => {
                return Ok(Checked {
                    body: "",
                    value: Value::Null,
                    marks: None,
                });
            }
            StatusPlan::Empty => return Err(ResponseFault::BodyUnexpected),
            StatusPlan::Body { schema, marks } => (schema, marks),
        };
        if !is_json {
            return Err(ResponseFault::MediaType);
        }
        // Strict here too: a second member of the same name would be checked in one reading and
        // shown in another.
        let value: Value<'_> = json::read(body, &RESPONSE_LIMITS).map_err(ResponseFault::Json)?;
        schema
            .check(&value)
            .map_err(|schema| ResponseFault::Schema { schema })?;
        let body = str::from_utf8(body).map_err(|_| ResponseFault::Mask)?;
        Ok(Checked {
            body,
            value,
            marks: Some(marks),
        })
    }
}

impl<'response> Checked<'response> {
    /// What may be shown of it: the text with masked values in their places.
    ///
    /// # Errors
    /// When a mask cannot be applied: nothing may be shown then.
    pub fn masked(self) -> Result<Cow<'response, [u8]>, ResponseFault> {
        match self.marks {
            None => Ok(Cow::Borrowed(self.body.as_bytes())),
            Some(marks) => mask::by_walk(self.body, marks).map_err(|_| ResponseFault::Mask),
        }
    }

    /// The same by way of the parsed value, written anew: the plain statement of what masks do,
    /// several times slower. [`masked`](Self::masked) is held to it by the tests.
    ///
    /// # Errors
    /// When a mask cannot be applied: nothing may be shown then.
    pub fn masked_by_tree(mut self) -> Result<Vec<u8>, ResponseFault> {
        let Some(marks) = self.marks else {
            return Ok(Vec::new());
        };
        mask::by_tree(&mut self.value, marks).map_err(|_| ResponseFault::Mask)?;
        let mut out = Vec::with_capacity(self.body.len());
        self.value.write(&mut out);
        Ok(out)
    }
}

impl fmt::Debug for Checked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
