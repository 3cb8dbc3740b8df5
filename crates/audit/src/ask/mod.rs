//! Questions to the facts that several checks ask.

pub(crate) mod environment;
pub(crate) mod flow;
pub(crate) mod log;
pub(crate) mod obfuscation;
pub(crate) mod own;
pub(crate) mod packer;
pub(crate) mod sensitive;
pub(crate) mod webview;

use crate::check::{Words, words};

/// Why a check of Android code is not applicable.
pub(crate) const NO_CODE: Words = words("there is no Android code", "没有 Android 代码");
