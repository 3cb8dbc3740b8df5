//! What is worked out from the facts once, for all the checks that ask.

use std::sync::OnceLock;

use crate::ask::traces::Traces;
use crate::inventory::Sdk;

/// Filled at the first question; always the same for the same facts.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    /// See [`crate::inventory::inventory`].
    pub(crate) inventory: OnceLock<Vec<Sdk>>,
    /// See [`crate::ask::traces::traces`].
    pub(crate) traces: OnceLock<Traces>,
}
