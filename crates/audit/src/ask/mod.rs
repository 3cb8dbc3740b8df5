//! Questions that several checks ask of the facts, one file a topic.

pub(crate) mod harmony;
pub(crate) mod ios;
pub(crate) mod native;
pub(crate) mod time;
pub(crate) mod usage;
