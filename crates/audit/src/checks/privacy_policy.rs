//! Whether the app has a privacy policy, or leads to one.
//!
//! Words in the code of libraries do not make one, so that they are doubtful alone. Interface files
//! of iOS and resources of HarmonyOS are not read.
//!
//! Clauses: CJ-4.3.1.b, JR-6.3.1.b, JR-5.5.

use crate::ask::absences;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Words, words};
use crate::facts::{Area, Facts};
use crate::facts::{Literal, Place};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "privacy-policy",
    title: words("Privacy policy", "隐私政策"),
    purpose: words(
        "Nobody can agree to what is not there to be read.",
        "无从阅读则无从同意。",
    ),
    procedure: words(
        "Look for pages, addresses and texts of a policy among files, resources and code.",
        "在文件、资源与代码中查找隐私政策的页面、地址与文字。",
    ),
    criterion: words(
        "There is a page, an address or a text.",
        "存在页面、地址或文字。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[359],
    maswe: &["MASWE-0072"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[
        Area::Archive,
        Area::Resources,
        Area::Xml,
        Area::Text,
        Area::Code,
        Area::Native,
        Area::Ios,
        Area::Harmony,
    ],
    judge: |subject| {
        let facts = subject.facts;
        let mut findings = Findings::new();
        let pages = facts.files.iter().filter(|file| is_page(&file.path));
        findings.right.extend(pages.take(SHOWN).map(|file| {
            Evidence::in_file(
                words("a page of a privacy policy", "隐私政策页面"),
                file.location(),
            )
        }));
        let certain = facts
            .resource_literals()
            .chain(facts.xml_literals())
            .chain(facts.property_list_literals())
            .chain(facts.text_literals());
        for literal in certain.filter(|literal| tells(&literal.text)).take(SHOWN) {
            findings.right.push(evidence(
                words("a privacy policy is named", "提及隐私政策"),
                &literal,
                facts,
            ));
        }
        if findings.right.is_empty() {
            // Few texts tell, so that whether code loads them is asked last.
            let of_code = facts.code.texts().map(|text| Literal {
                text: text.value(),
                place: Place::Code(text),
            });
            let of_code = of_code
                .filter(|literal| tells(&literal.text))
                .filter(is_loaded);
            let of_programs = facts
                .native_literals()
                .filter(|literal| tells(&literal.text));
            for literal in of_code.chain(of_programs).take(SHOWN) {
                let is_address = literal.text.starts_with("http");
                let (what, found) = match is_address {
                    true => (
                        words("the address of a privacy policy", "隐私政策地址"),
                        &mut findings.right,
                    ),
                    false => (
                        words("code names a privacy policy", "代码中提及隐私政策"),
                        &mut findings.doubtful,
                    ),
                };
                found.push(evidence(what, &literal, facts));
            }
        }
        if !findings.right.is_empty() {
            findings.doubtful.clear();
        } else if findings.doubtful.is_empty() {
            let what = words("no privacy policy is to be seen", "未见隐私政策");
            match facts.is_android() {
                true => absences(subject, CHECK.areas, &mut findings).push(Evidence::new(what)),
                false => findings.doubtful.push(Evidence::new(what)),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || with_text("Your privacy is our policy"),
        evidence: &["no privacy policy is to be seen"],
        good: || with_text("我已阅读并同意《隐私政策》"),
        broken: || with_text("x").damaged("resources.arsc"),
    },
};

/// Places that a report shows.
const SHOWN: usize = 5;

/// Whether a file is a page of a policy: named for privacy, and made to be read.
fn is_page(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_read = [".html", ".htm", ".txt", ".md", ".pdf"]
        .iter()
        .any(|end| name.ends_with(end));
    is_read && (name.contains("privacy") || name.contains("yinsi") || name.contains("隐私"))
}

/// Whether a text names a policy, or is the address of one.
fn tells(text: &str) -> bool {
    const HAN: [&str; 6] = [
        "隐私政策",
        "隐私协议",
        "隐私条款",
        "隐私声明",
        "隐私权政策",
        "个人信息保护政策",
    ];
    const LATIN: [&str; 6] = [
        "privacy policy",
        "privacy-policy",
        "privacy_policy",
        "privacypolicy",
        "privacy notice",
        "privacy statement",
    ];
    let bytes = text.as_bytes();
    // Few texts have either; the rest are done with here.
    if memchr::memmem::find(bytes, b"rivacy").is_none() {
        return !text.is_ascii() && HAN.iter().any(|words| text.contains(words));
    }
    let lower = text.to_lowercase();
    LATIN.iter().any(|words| lower.contains(words))
        || lower.starts_with("http") && lower.contains("/privacy")
}

/// Whether code loads a text; names of classes and members it does not.
fn is_loaded(literal: &Literal<'_>) -> bool {
    match &literal.place {
        Place::Code(text) => text.is_loaded(),
        _ => true,
    }
}

fn evidence(what: Words, literal: &Literal<'_>, facts: &Facts) -> Evidence {
    let evidence = match &literal.place {
        Place::Code(text) => match text.uses().next() {
            Some(found) => Evidence::at(what, &found.site()),
            None => Evidence::in_file(what, text.file()),
        },
        Place::Resource { index } => Evidence::in_xml(
            what,
            "resources.arsc",
            facts.resource_of(*index).unwrap_or_default(),
        ),
        Place::Xml { file, node, .. } => Evidence::in_xml(what, *file, node.path()),
        Place::Native { file, offset } => Evidence::in_file(what, *file).offset(u64::from(*offset)),
        Place::Text { file, line } => Evidence::in_xml(what, *file, format!("line {line}")),
        Place::PropertyList { file, key } => Evidence::in_xml(what, *file, key.as_str()),
    };
    evidence.string(literal.text.as_ref())
}

#[cfg(test)]
fn with_text(text: &str) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    table.add("string", "agree", text);
    Sample::apk("<application/>").file("resources.arsc", table.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn what_cannot_be_read_may_be_the_policy() {
        let finding = with_text("x").damaged("resources.arsc").judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Incomplete);
    }

    #[test]
    fn pages_and_addresses_count_and_words_in_code_do_in_part() {
        let page = with_text("x").file("assets/privacy.html", "<p>We keep your name</p>");
        assert_eq!(page.judged_by(&CHECK).verdict, Verdict::Pass);
        let judged = |text: &str| {
            let body = format!(r#"const-string v0, "{text}""#);
            Sample::method(&body).judged_by(&CHECK).verdict
        };
        assert_eq!(judged("https://bank.example/privacy"), Verdict::Pass);
        assert_eq!(judged("see our privacy policy"), Verdict::Partial);
        assert_eq!(judged("com.bank.PrivacyActivity"), Verdict::Fail);
    }
}
