//! Whether code takes the font size of the user back.
//!
//! Apps do so by writing 1.0 into the configuration. Writing another size is how they offer sizes
//! of their own.
//!
//! Clauses: CJ-4.4.e.

use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "access-font-scale",
    title: words("Font size of the user is reset", "重置用户字号设置"),
    purpose: words(
        "Whoever sets a larger font needs it; an app that resets it shuts them out.",
        "设置大字号的用户确有需要，重置字号等于将其排除。",
    ),
    procedure: words(
        "Follow what code writes into Configuration.fontScale.",
        "追踪代码写入 Configuration.fontScale 的值。",
    ),
    criterion: words("It is never set to the constant 1.0.", "从不设为常量 1.0。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge: |subject| {
        let writes = subject
            .facts
            .code
            .accesses_to("android.content.res.Configuration", "fontScale");
        let mut findings = Findings::new();
        for write in writes.iter().filter(|access| access.is_write()) {
            let values = write
                .value()
                .map(|value| value.resolve())
                .unwrap_or_default();
            let is_reset =
                !values.is_empty() && values.iter().all(|value| value.int() == Some(ONE));
            let (what, found) = match is_reset {
                true => (
                    words("the font size of the user is reset", "重置用户的字号"),
                    &mut findings.wrong,
                ),
                false => (
                    words("a font size of its own is set", "设置应用自有字号"),
                    &mut findings.right,
                ),
            };
            found.push(Evidence::at(what, &write.site()));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || app(RESET),
        evidence: &[
            "the font size of the user is reset at com.bank.Base.run(Landroid/content/res/Configuration;F)V @0x0003 in classes.dex",
        ],
        good: || app("iput p2, p1, Landroid/content/res/Configuration;->fontScale:F"),
        broken: || app(RESET).damaged("classes.dex"),
    },
};

/// The bits of 1.0.
const ONE: i64 = 0x3f80_0000;

/// Writes 1.0.
#[cfg(test)]
const RESET: &str = "
    const v0, 0x3f800000
    iput v0, p1, Landroid/content/res/Configuration;->fontScale:F
";

/// An app that does this with a configuration and a number.
#[cfg(test)]
fn app(body: &str) -> Sample {
    Sample::code(&format!(
        "
        .class public Lcom/bank/Base;
        .super Landroid/app/Activity;
        .method public run(Landroid/content/res/Configuration;F)V
            .registers 4
            {body}
            return-void
        .end method
        "
    ))
}
