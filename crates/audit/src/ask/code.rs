//! What sources do not tell before they are built: the code, and often the platforms.

use crate::check::{Outcome, words};
use crate::facts::{Android, Facts};
use crate::package::PackageKind;

/// The outcome of a check of code where there is none: sources are not compiled here, and what was
/// not looked at is no pass. `None` if there is code.
pub(crate) fn absent(facts: &Facts) -> Option<Outcome> {
    if !facts.code.files().is_empty() {
        return None;
    }
    Some(match facts.kind {
        PackageKind::Source => Outcome::NotTestable(words(
            "sources are not compiled here: judge the package that is made from them",
            "此处不编译源码：请检测由其构建的安装包",
        )),
        _ => Outcome::NotApplicable(words("there is no code", "没有代码")),
    })
}

/// Whether it is known which platform an Android app targets: sources may leave that to variables of
/// their build scripts, which are programs.
pub(crate) fn is_target_known(facts: &Facts) -> bool {
    let manifest = facts.android.as_ref().and_then(Android::manifest);
    facts.kind != PackageKind::Source
        || manifest.is_some_and(|manifest| {
            manifest.target_sdk.declared.is_some() && manifest.min_sdk.declared.is_some()
        })
}
