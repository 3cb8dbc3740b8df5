//! Whether pins hold today, and will tomorrow.
//!
//! Clauses: CJ-6.3.b, AP-5.2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::PinSet;

#[cfg(test)]
use super::net_user_certificates::network;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Days before its end at which a set of pins should be renewed: an update needs weeks to spread.
const RENEWAL_DAYS: i64 = 60;
const DAY_S: i64 = 86_400;

pub(crate) static CHECK: Check = Check {
    id: "net-pin-set",
    title: words("Pins that expire or have no backup", "pin 到期或无备用"),
    purpose: words(
        "After its expiry a set of pins protects nobody; with a single pin the app is cut off when \
         that key has to be replaced.",
        "pin 到期后不再提供保护；只有一个 pin 时，密钥更换会使应用无法联网。",
    ),
    procedure: words(
        "Read digest, value and number of the pins of each set, and its expiration.",
        "读取每组 pin 的摘要算法、取值、数量和到期日。",
    ),
    criterion: words(
        "Each set has two SHA-256 pins or more and does not expire soon.",
        "每组至少两个 SHA-256 pin，且近期不会到期。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[298],
    maswe: &["MASWE-0028"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Xml],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || pinned("expiration=\"2025-12-31\"", 2),
        evidence: &[
            "the pins are no longer in force: 2025-12-31 in res/xml/net.xml \
             (/network-security-config/domain-config)",
        ],
        good: || pinned("expiration=\"2030-01-31\"", 2),
        broken: || pinned("", 2).damaged("res/xml/net.xml"),
    },
};

#[cfg(test)]
fn pinned(attributes: &str, count: usize) -> Sample {
    let pin = format!("<pin digest=\"SHA-256\">{}</pin>", STANDARD.encode([7; 32]));
    network(&format!(
        "<domain-config><domain>bank.example</domain><pin-set {attributes}>{}</pin-set></domain-config>",
        pin.repeat(count)
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let network = subject
        .facts
        .android
        .as_ref()
        .and_then(|android| android.network_security.as_ref());
    let Some(network) = network else {
        return Outcome::NotApplicable(words("there are no pins", "没有 pin"));
    };
    let domains = network.domains.iter().map(|domain| &domain.config);
    let sets: Vec<_> = domains
        .chain([&network.base])
        .filter_map(|config| Some((&config.xml_path, config.pins.as_ref()?)))
        .collect();
    if sets.is_empty() {
        return Outcome::NotApplicable(words("there are no pins", "没有 pin"));
    }
    let mut findings = Findings::new();
    for (path, set) in sets {
        let at = |what| Evidence::in_xml(what, &network.file, path);
        match set
            .pins
            .iter()
            .filter(|pin| is_valid(&pin.digest, &pin.value))
            .count()
        {
            0 => findings.wrong.push(at(words(
                "no pin that the platform knows",
                "没有平台可识别的 pin",
            ))),
            1 => findings.wrong.push(at(words(
                "a single pin, without a backup",
                "只有一个 pin，无备用",
            ))),
            _ => findings
                .right
                .push(at(words("pins with a backup", "有备用 pin"))),
        }
        expiry(set, subject.now, &at, &mut findings);
    }
    findings.into()
}

fn is_valid(digest: &str, value: &str) -> bool {
    digest == "SHA-256"
        && STANDARD
            .decode(value.trim())
            .is_ok_and(|bytes| bytes.len() == 32)
}

fn expiry(
    set: &PinSet,
    now: i64,
    at: &dyn Fn(crate::check::Words) -> Evidence,
    findings: &mut Findings,
) {
    let Some(day) = &set.expiration else {
        return;
    };
    let Some(end) = unix_seconds(day) else {
        let what = words("the expiration is no day", "到期日不是有效日期");
        findings.wrong.push(at(what).string(day));
        return;
    };
    if end <= now {
        let what = words("the pins are no longer in force", "pin 已失效");
        findings.wrong.push(at(what).string(day));
    } else if end <= now + RENEWAL_DAYS * DAY_S {
        let what = words("the pins expire soon", "pin 即将到期");
        findings.doubtful.push(at(what).string(day));
    }
}

/// The first second of a day written as `2030-01-31`, in Unix time; `None` if there is no such day.
fn unix_seconds(day: &str) -> Option<i64> {
    let mut parts = day
        .trim()
        .splitn(3, '-')
        .map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years from March, so that the leap day is the last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era = year / 400;
    let year_of_era = year % 400;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    /// Days from 0000-03-01 to 1970-01-01.
    const EPOCH_DAYS: i64 = 719_468;
    Some((era * 146_097 + day_of_era - EPOCH_DAYS) * DAY_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn days_are_counted_as_calendars_do() {
        assert_eq!(unix_seconds("1970-01-01"), Some(0));
        assert_eq!(unix_seconds("2026-01-01"), Some(1_767_225_600));
        assert_eq!(unix_seconds("2024-02-29"), Some(1_709_164_800));
        assert_eq!(unix_seconds("soon"), None);
        assert_eq!(unix_seconds("2026-13-01"), None);
    }

    #[test]
    fn a_backup_is_needed_and_time() {
        assert_eq!(pinned("", 1).judged_by(&CHECK).verdict, Verdict::Fail);
        assert_eq!(pinned("", 2).judged_by(&CHECK).verdict, Verdict::Pass);
        let soon = pinned("expiration=\"2026-01-20\"", 2);
        assert_eq!(soon.judged_by(&CHECK).verdict, Verdict::Partial);
        let none = Sample::apk("<application/>").judged_by(&CHECK);
        assert_eq!(none.verdict, Verdict::NotApplicable);
    }
}
