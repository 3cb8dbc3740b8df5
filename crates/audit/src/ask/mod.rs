//! Questions that several checks ask the facts, one file a topic.

pub(crate) mod cleartext;
pub(crate) mod compared;
pub(crate) mod crypto;
pub(crate) mod named;
pub(crate) mod naming;
pub(crate) mod traces;
pub(crate) mod trust;
pub(crate) mod written;
