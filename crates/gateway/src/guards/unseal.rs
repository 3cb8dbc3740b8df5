//! Opens the sealed fields of a request, each at the one place it was made for, and holds what
//! comes out to the schema like anything else.
//!
//! Clauses: AP-5.5, CJ-4.3.3.c, CJ-6.4.3.e, JR-6.1.5.2.a, JR-6.1.8.c.

use std::borrow::Cow;

use hefu_gm::{Zeroizing, sm2::DecryptionKey};
use hefu_tally::{
    problem::Code,
    sealed::{self, OpenRefusal, Place},
};

use super::{Guard, schema};
use crate::contract::{Function, Request, RequestFault};

pub(crate) const GUARD: Guard = Guard {
    name: "unseal",
    clauses: hefu_standards::clauses!(),
};

/// Why a sealed field does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// It does not open here.
    Open(OpenRefusal),
    /// What it holds is not the text that a function of ours takes.
    Text,
    /// What it holds breaks the contract.
    Content(RequestFault),
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Open(OpenRefusal::Form) => "sealed-form",
            Self::Open(OpenRefusal::AnotherKey) => "sealed-to-another-key",
            Self::Open(_) => "sealed-elsewhere-or-altered",
            Self::Text => "sealed-text",
            Self::Content(fault) => schema::request_fault_name(fault),
        }
    }

    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Open(_) | Self::Text => Code::Invalid,
            Self::Content(fault) => schema::of_request_fault(fault),
        }
    }

    /// The place of the contract that was broken, for the operator's log.
    pub(crate) fn rule(&self) -> Option<&str> {
        match self {
            Self::Content(RequestFault::Schema { schema }) => Some(schema),
            _ => None,
        }
    }
}

/// The request, as sealed fields are bound to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding<'request> {
    pub(crate) function: &'request str,
    pub(crate) key_id: &'request str,
    pub(crate) nonce: &'request str,
}

/// Opens one field.
///
/// # Errors
/// When it does not open at this place of this request.
pub(crate) fn open(
    key: &DecryptionKey,
    binding: Binding<'_>,
    pointer: &str,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let place = Place {
        function: binding.function,
        key_id: binding.key_id,
        nonce: binding.nonce,
        pointer,
    };
    sealed::open(key, &place, text).map_err(Reason::Open)
}

/// The body as the service reads it, with the plain values in their places.
///
/// # Errors
/// When a field does not open, or holds what the contract does not allow.
pub(crate) fn body<'request>(
    key: &DecryptionKey,
    binding: Binding<'_>,
    function: &Function,
    request: &Request<'request>,
) -> Result<Cow<'request, [u8]>, Reason> {
    let opened = request
        .sealed()
        .iter()
        .map(|field| open(key, binding, &field.pointer, &field.text))
        .collect::<Result<Vec<_>, _>>()?;
    let plain: Vec<&[u8]> = opened.iter().map(|field| field.as_slice()).collect();
    function
        .request
        .check_unsealed(request, &plain)
        .map_err(Reason::Content)
}
