//! Questions to the facts that several checks ask.

pub(crate) mod environment;
pub(crate) mod flow;
pub(crate) mod log;
pub(crate) mod obfuscation;
pub(crate) mod own;
pub(crate) mod packer;
pub(crate) mod sensitive;
pub(crate) mod webview;

use crate::check::{Outcome, words};
use crate::facts::Facts;
use crate::package::PackageKind;

/// What a check of Android code answers where there is none: sources are not judged before they
/// are built, and a package may have no code.
pub(crate) fn without_code(facts: &Facts) -> Option<Outcome> {
    if !facts.code.files().is_empty() {
        return None;
    }
    Some(match facts.kind {
        PackageKind::Source => Outcome::NotTestable(words(
            "code is judged in the package that is built from the sources",
            "代码在由源码构建的安装包中评判",
        )),
        _ => Outcome::NotApplicable(words("there is no Android code", "没有 Android 代码")),
    })
}
