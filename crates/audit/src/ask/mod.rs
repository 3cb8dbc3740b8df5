//! Questions that several checks ask the facts, one file a topic.

pub(crate) mod components;
pub(crate) mod flow;
pub(crate) mod intents;
pub(crate) mod personal;
pub(crate) mod screens;
pub(crate) mod cleartext;
pub(crate) mod crypto;
pub(crate) mod named;
pub(crate) mod naming;
pub(crate) mod traces;
pub(crate) mod trust;
pub(crate) mod written;
