//! Whether addresses carry a user and a password.
//!
//! Clauses: AP-1.2.2, AP-1.4.1.

use crate::ask::traces::{AREAS, Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, Words, words};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-url-credentials",
    title: words("Passwords in addresses", "地址中含口令"),
    purpose: words(
        "Whoever reads the string logs in.",
        "读取该字符串者即可登录。",
    ),
    procedure: words(
        "Look in every string for addresses with a user and a password before the host; templates that are filled in later are left out.",
        "在全部字符串中查找主机前带用户名与口令的地址；待填充的模板不计。",
    ),
    criterion: words("There is none.", "不存在此类地址。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[798, 522],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &AREAS,
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method("const-string v0, \"ftp://bank:s3cret@files.bank.cn/x\""),
        evidence: &[
            "an address with a password: ftp://bank:s3cret@files.bank.cn/x at com.bank.Main.run()V @0x0000",
        ],
        good: || Sample::method("const-string v0, \"ftp://files.bank.cn/x\""),
        broken: || {
            Sample::method("const-string v0, \"ftp://bank:s3cret@files.bank.cn/x\"")
                .damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let found = traces(subject.facts).of(|kind| *kind == Kind::Credentials);
    Findings::wrong(found.flat_map(|trace| trace.secret_evidence(PASSWORD))).into()
}

const PASSWORD: Words = words("an address with a password", "含口令的地址");
