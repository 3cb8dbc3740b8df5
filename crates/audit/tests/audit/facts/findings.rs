//! Rows that a check on platform, network, packaging or signatures has to report, at their place;
//! and what it must not report.

use std::collections::BTreeMap;

use hefu_audit::check::{Subject, checks};
use hefu_audit::configuration::Configuration;
use hefu_audit::judgement::{Finding, Verdict, judge_one};
use hefu_audit::signature::{PackageSignature, SdkRange};
use hefu_audit::{Facts, Limits, Package};

use super::apps;

/// 2026-10-01: the youngest certificate of the test apps is valid.
const NOW: i64 = 1_790_812_800;

/// Facts whose rows name a class and method, and the check that has to report that place.
const PLACES: [(&str, &str); 10] = [
    ("code.provider_write_unprotected", "android-provider-access"),
    ("code.provider_sql_injection", "android-provider-access"),
    ("code.cleartext_http_base", "net-cleartext-address"),
    ("code.cleartext_credentials", "net-cleartext-address"),
    ("code.implicit_broadcast_sensitive", "code-intent-data"),
    ("code.password_in_intent_extra", "code-intent-data"),
    ("code.path_from_intent_extra", "code-intent-extras"),
    ("code.exported_activity_trusts_extra", "code-intent-extras"),
    ("code.exported_activity_no_auth", "code-intent-extras"),
    (
        "code.exported_receiver_leaks_password_by_sms",
        "android-sensitive-component",
    ),
];

struct App {
    facts: Facts,
    signature: PackageSignature,
}

impl App {
    fn open(path: &std::path::Path) -> Self {
        let limits = Limits::default();
        let package = Package::open(path, &limits).unwrap();
        Self {
            facts: Facts::read(&package, &limits),
            signature: PackageSignature::of(&package, None, SdkRange::default(), &limits),
        }
    }

    fn finding(&self, id: &str) -> Finding {
        let check = checks().iter().find(|check| check.id == id).unwrap();
        let subject = Subject {
            facts: &self.facts,
            signature: &self.signature,
            configuration: &Configuration::default(),
            now: NOW,
        };
        judge_one(check, &subject)
    }
}

/// Whether a row is reported; `None` if no check of these topics has to.
fn reported(app: &App, fact: &str, value: &str) -> Option<bool> {
    if let Some((_, check)) = PLACES.iter().find(|(known, _)| *known == fact) {
        let (place, _) = value.split_once(" : ").unwrap();
        let found = app.finding(check);
        return Some(found.evidence.iter().any(|evidence| {
            let class = evidence.class.as_deref().unwrap_or_default();
            let method = evidence.method.as_deref().unwrap_or_default();
            format!("{class}.{method}") == place
        }));
    }
    let verdict = |id: &str| app.finding(id).verdict;
    Some(match fact {
        "exported_without_permission" => {
            let name = value.split(' ').nth(1).unwrap();
            let found = app.finding("android-exported");
            found
                .evidence
                .iter()
                .any(|evidence| evidence.string.as_deref() == Some(name))
        }
        "exported_without_permission_count" => {
            let found = app.finding("android-exported");
            let open = found
                .evidence
                .iter()
                .filter(|evidence| !evidence.what().en.contains("with a permission"));
            open.count().to_string() == value
        }
        "allowBackup" => (verdict("android-backup") == Verdict::Fail) == (value == "true"),
        "debuggable" => (verdict("android-debuggable") == Verdict::Fail) == (value == "true"),
        "signature_verifies" => verdict("sign-verified") == Verdict::Pass,
        "janus_exposed_v1_only" => verdict("sign-janus") == Verdict::Fail,
        "signer_is_android_debug_key" => verdict("sign-debug-certificate") == Verdict::Fail,
        "usesCleartextTraffic" => {
            let permitted = value.contains("true");
            (verdict("net-cleartext-permitted") == Verdict::Fail) == permitted
        }
        "provision.ExpirationDate" => verdict("sign-validity") == Verdict::Fail,
        "trap.exported_false" => {
            let class = value.split(' ').nth(1).unwrap();
            let found = app.finding("android-exported");
            !found
                .evidence
                .iter()
                .any(|evidence| evidence.class.as_deref() == Some(class))
        }
        _ => return None,
    })
}

#[test]
fn known_findings_of_real_packages() {
    let Some(apps) = apps() else {
        eprintln!("skipped: no ../shared/apps/real");
        return;
    };
    let known = std::fs::read_to_string(apps.join("real/known.tsv")).unwrap();
    let mut opened: BTreeMap<&str, App> = BTreeMap::new();
    let (mut hits, mut misses) = (0, Vec::new());
    for row in known.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (file, fact, value) = (columns[0], columns[1], columns[2]);
        let app = opened
            .entry(file)
            .or_insert_with(|| App::open(&apps.join("real").join(file)));
        match reported(app, fact, value) {
            Some(true) => hits += 1,
            Some(false) => misses.push(format!("{file} {fact}: {value}")),
            None => {}
        }
    }
    eprintln!("{hits} rows reported, {} missed", misses.len());
    assert!(misses.is_empty(), "{misses:#?}");
    assert!(hits > 90, "only {hits} rows were looked at");
}
