//! Whether there is code to look at.

use crate::check::{Outcome, words};
use crate::facts::Facts;
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
