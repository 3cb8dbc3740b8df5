//! Questions that several checks ask the facts, one file a topic.

pub(crate) mod code;
pub(crate) mod components;
pub(crate) mod flow;
pub(crate) mod intents;
pub(crate) mod personal;
pub(crate) mod screens;
pub(crate) mod signers;
