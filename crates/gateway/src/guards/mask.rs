//! Hides what the contract marks, before anything leaves. What cannot be masked is not shown.
//!
//! Clauses: CJ-4.3.5.b, CJ-6.4.3.f, JR-6.2.3.a.

use std::borrow::Cow;

use super::Guard;
use crate::contract::{Checked, ResponseFault};

pub(crate) const GUARD: Guard = Guard {
    name: "mask",
    clauses: hefu_standards::clauses!(),
};

/// Why a response is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// A mark of the contract could not be applied to it.
    NotMaskable(ResponseFault),
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::NotMaskable(_) => "not-maskable",
        }
    }
}

/// # Errors
/// When a mask cannot be applied.
pub(crate) fn apply(checked: Checked<'_>) -> Result<Cow<'_, [u8]>, Reason> {
    checked.masked().map_err(Reason::NotMaskable)
}
