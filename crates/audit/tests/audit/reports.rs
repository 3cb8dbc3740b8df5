//! Reports: each validates against the schema of its format, is the same on every run, and keeps
//! what a hostile package says in its place.

use std::path::{Path, PathBuf};

use hefu_audit::audit::{Audit, Conclusion, REDACTED, Settings, audit, audit_all, conclusion};
use hefu_audit::check::{Severity, checks};
use hefu_audit::compare::Comparison;
use hefu_audit::report::{self, ClauseCatalogue, Language, Report, Wording};
use hefu_audit::reviews::Reviews;
use serde_json::{Value, json};

use crate::fixture::{self, smali};

/// 2026-01-01.
const NOW: i64 = 1_767_225_600;

fn settings() -> Settings {
    Settings {
        now: NOW,
        ..Settings::default()
    }
}

fn catalogue() -> ClauseCatalogue {
    let ids = checks().iter().flat_map(|check| check.clauses);
    ClauseCatalogue {
        name: "clauses".to_owned(),
        version: "1".to_owned(),
        sha256: "0".repeat(64),
        clauses: ids
            .map(|id| {
                let words = Wording {
                    en: format!("asks {id} <b>"),
                    zh: format!("要求 {id}"),
                };
                ((*id).to_owned(), words)
            })
            .collect(),
    }
}

/// Everything that could break out of a page, a terminal or a string.
const HOSTILE: &str = "</code><script src=//evil.example/x.js>\u{1b}]0;x\u{7}\u{202e}\"'&";

/// A folder with an app that can be debugged and has hostile names, one that cannot be opened, and
/// one that is damaged.
struct Packages {
    folder: tempfile::TempDir,
}

impl Packages {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let escaped = HOSTILE
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;");
        let escaped: String = escaped.chars().filter(|c| !c.is_control()).collect();
        let manifest = format!(
            "<uses-sdk android:minSdkVersion=\"23\" android:targetSdkVersion=\"33\"/>\
             <uses-permission android:name=\"{escaped}\"/>\
             <application android:debuggable=\"true\">\
             <activity android:name=\".{escaped}\" android:exported=\"true\"/></application>"
        );
        let code = ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
             .method public static run()V\n.registers 2\n\
             const-string v0, \"http://api.bank.example/<script>\"\nreturn-void\n.end method\n";
        let app = fixture::apk(
            &manifest,
            &[
                ("classes.dex", smali::assemble(code)),
                ("META-INF/androidx.core_core.version", b"1.9.0\n".to_vec()),
                ("lib/arm64-v8a/lib<b>.so", b"\x7fELF".to_vec()),
            ],
        );
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        };
        write("bank <b>&.apk", &app);
        write("cut.apk", &app[..app.len() / 2]);
        let damaged = fixture::zip(&[("AndroidManifest.xml", vec![3, 0, 8, 0])]);
        write("damaged.apk", &damaged);
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn all(&self) -> Vec<PathBuf> {
        ["bank <b>&.apk", "cut.apk", "damaged.apk", "absent.apk"]
            .map(|name| self.path(name))
            .to_vec()
    }

    fn bank(&self) -> PathBuf {
        self.path("bank <b>&.apk")
    }
}

fn with_report<T>(
    audits: &[Audit],
    settings: &Settings,
    write: impl FnOnce(&Report<'_>) -> T,
) -> T {
    write(&Report {
        audits,
        settings,
        catalogue: &catalogue(),
        language: Language::En,
        fail_on: Severity::Low,
    })
}

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/schemas")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn assert_valid(schema: &Value, further: &[(&str, Value)], text: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap();
    let mut registry = jsonschema::Registry::new();
    for (uri, schema) in further {
        registry = registry.add(*uri, schema.clone()).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(schema)
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .take(10)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    document
}

/// The real apps besides, where they are there.
fn audits(packages: &Packages) -> Vec<Audit> {
    let mut paths = packages.all();
    if let Some(apps) = super::signature::shared_apps() {
        for name in [
            "UnCrackable-Level1.apk",
            "UnCrackable-Level1.ipa",
            "app1-unsigned.hap",
        ] {
            paths.push(apps.join("real").join(name));
        }
    }
    audit_all(&paths, &settings(), |_| {})
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let packages = Packages::new();
    let audits = audits(&packages);
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/audit-report.schema.json"
    );
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = with_report(&audits, &settings(), |report| {
        report::json::write(report).unwrap()
    });
    let report = assert_valid(&schema, &[], &text);
    let files = report["files"].as_array().unwrap();
    assert_eq!(files.len(), audits.len());
    assert_eq!(files[0]["facts"]["package"], "com.bank");
    assert_eq!(files[0]["facts"]["target_sdk"], 33);
    assert_eq!(files[0]["signature"]["verified"], false);
    assert!(files[0]["error"].is_null());
    let debuggable = files[0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["check"] == "android-debuggable")
        .unwrap();
    assert_eq!(debuggable["verdict"], "fail");
    assert_eq!(debuggable["counts"], true);
    let clause = debuggable["clauses"][0].as_str().unwrap();
    let clauses = files[0]["clauses"].as_array().unwrap();
    let clause = clauses.iter().find(|line| line["id"] == clause).unwrap();
    assert_eq!(clause["verdict"], "fail");
    // What could not be opened has a name for why, and nothing that looks like a pass.
    for file in &files[1..4] {
        let unread = file["error"].is_string() || file["coverage"]["skipped_total"] != 0;
        assert!(unread, "{file}");
        for finding in file["findings"].as_array().unwrap() {
            let passes = finding["verdict"] == "pass";
            assert!(!passes || finding["missing"] == json!([]), "{finding}");
        }
    }
    // The schema is not one that anything fits.
    let mut other = report.clone();
    other["files"][0]["signature"]["verified"] = json!("yes");
    assert!(!jsonschema::is_valid(&schema, &other));
}

#[test]
fn sarif_is_valid() {
    let packages = Packages::new();
    let audits = audits(&packages);
    let text = with_report(&audits, &settings(), |report| {
        report::sarif::write(report).unwrap()
    });
    let mut schema = schema("sarif-2.1.0.schema.json");
    // As published, this expression has a bracket too many, and no engine takes it.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"]["pattern"] =
            json!("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    }
    let report = assert_valid(&schema, &[], &text);
    let run = &report["runs"][0];
    assert_eq!(
        run["tool"]["driver"]["rules"].as_array().unwrap().len(),
        checks().len()
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let results = run["results"].as_array().unwrap();
    let result = results
        .iter()
        .find(|result| result["ruleId"] == "android-debuggable")
        .unwrap();
    let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"]["index"];
    let artifact = &run["artifacts"][artifact.as_u64().unwrap() as usize];
    assert_eq!(artifact["location"]["uri"], "AndroidManifest.xml");
    let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], "android-debuggable");
    assert!(results.iter().any(|result| result["kind"] == "open"));
}

#[test]
fn oscal_is_valid() {
    let packages = Packages::new();
    let audits = audits(&packages);
    let text = with_report(&audits, &settings(), |report| {
        report::oscal::write(report).unwrap()
    });
    let mut schema = schema("oscal-complete.schema.json");
    // One of its models, so that an error names its place.
    let model = schema["oneOf"].as_array().unwrap().iter();
    let mut model = model.filter(|model| model["required"] == json!(["assessment-results"]));
    let model = model.next().unwrap().clone();
    schema.as_object_mut().unwrap().remove("oneOf");
    for (name, value) in model.as_object().unwrap() {
        schema[name] = value.clone();
    }
    let report = assert_valid(&schema, &[], &text);
    let results = report["assessment-results"]["results"].as_array().unwrap();
    assert_eq!(results.len(), audits.len());
    let states: Vec<&str> = results[0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["target"]["status"]["state"].as_str().unwrap())
        .collect();
    assert!(states.contains(&"not-satisfied"), "{states:?}");
}

#[test]
fn cyclonedx_is_valid() {
    let packages = Packages::new();
    let further = [
        (
            "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json",
            schema("spdx.schema.json"),
        ),
        (
            "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json",
            schema("jsf-0.82.schema.json"),
        ),
    ];
    let bom = schema("bom-1.6.schema.json");
    let write = |audits: &[Audit]| {
        with_report(audits, &settings(), |report| {
            report::cyclonedx::write(report).unwrap()
        })
    };
    let one = [audit(&packages.bank(), &settings())];
    let document = assert_valid(&bom, &further, &write(&one));
    let components = document["components"].as_array().unwrap();
    let core = components.iter().find(|part| part["version"] == "1.9.0");
    let purl = core.unwrap()["purl"].as_str().unwrap();
    assert!(
        purl.starts_with("pkg:maven/androidx.core/core@1.9.0"),
        "{purl}"
    );
    assert_eq!(document["metadata"]["component"]["name"], "com.bank");
    assert_valid(&bom, &further, &write(&audits(&packages)));
}

#[test]
fn a_page_holds_nothing_that_is_not_its_own() {
    let packages = Packages::new();
    let audits = audits(&packages);
    let page = with_report(&audits, &settings(), |report| {
        report::html::write(report).unwrap()
    });
    assert!(page.contains("default-src 'none'"));
    for forbidden in ["\u{1b}", "\u{202e}"] {
        assert!(!page.contains(forbidden), "{forbidden:?} is in the page");
    }
    // Nothing but tags of the template, none of which loads, links or runs anything.
    for piece in page.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap();
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        let known = "!DOCTYPE html head meta title style body input p label main section h1 h2 h3 \
                     b bdi code dl dt dd div span details summary ul li table thead tbody tr th td \
                     footer";
        assert!(
            known.split_whitespace().any(|known| known == name),
            "<{tag}>"
        );
        for attribute in [" src=", " href=", " on", " action="] {
            assert!(!tag.contains(attribute), "<{tag}>");
        }
    }
    let style = page
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(page.contains("&#60;script src=") || page.contains("&lt;script src="));
    assert!(page.contains("bank &#60;b&#62;&#38;.apk") || page.contains("bank &lt;b&gt;&amp;.apk"));
    for language in ["lang=\"en\"", "lang=\"zh\""] {
        assert!(page.contains(language));
    }
    assert!(page.contains("@media print"));
    let sha256 = audits[0].sha256.unwrap();
    assert!(page.contains(&hex::encode(sha256)));
}

#[test]
fn a_terminal_is_not_taken_over() {
    let packages = Packages::new();
    let audits = audits(&packages);
    let plain = with_report(&audits, &settings(), |report| {
        report::text::write(report, false)
    });
    let odd = plain.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(odd, None, "{plain}");
    assert!(!plain.contains('\u{202e}'));
    assert!(plain.contains("android-debuggable") && plain.contains("signature refused"));
    // Colours are ours alone: taken away, the same text is left.
    let coloured = with_report(&audits, &settings(), |report| {
        report::text::write(report, true)
    });
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        stripped.push_str(&rest[..at]);
        let end = rest[at..].find('m').unwrap();
        rest = &rest[at + end + 1..];
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

/// Writes every format.
fn all_formats(audits: &[Audit]) -> Vec<String> {
    with_report(audits, &settings(), |report| {
        vec![
            report::text::write(report, true),
            report::json::write(report).unwrap(),
            report::sarif::write(report).unwrap(),
            report::html::write(report).unwrap(),
            report::oscal::write(report).unwrap(),
            report::cyclonedx::write(report).unwrap(),
        ]
    })
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_number_of_processors() {
    let packages = Packages::new();
    let with_threads = |count| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
        pool.unwrap().install(|| all_formats(&audits(&packages)))
    };
    let first = with_threads(1);
    for count in [2, 7] {
        for (one, other) in first.iter().zip(with_threads(count)) {
            assert!(*one == other, "differs with {count} threads:\n{one}");
        }
    }
}

#[test]
fn a_review_takes_a_failure_out_of_the_count_and_leaves_it_in_the_report() {
    let packages = Packages::new();
    let only_debuggable = |settings: &Settings| {
        let mut audit = audit(&packages.bank(), settings);
        audit
            .findings
            .retain(|finding| finding.check.id == "android-debuggable");
        audit
    };
    let fingerprint = {
        let audit = only_debuggable(&settings());
        assert_eq!(conclude(&audit, &settings()), Conclusion::Failed);
        audit.findings[0].evidence[0].fingerprint("android-debuggable")
    };
    let reviewed = |expires: &str| Settings {
        reviews: Reviews::parse(&format!(
            "[[review]]\ncheck = \"android-debuggable\"\nfingerprint = \"{fingerprint}\"\n\
             reason = \"for testers\"\nowner = \"li.hua\"\nexpires = {expires}\n"
        ))
        .unwrap(),
        ..settings()
    };
    let holds = reviewed("2026-03-01");
    let audit = only_debuggable(&holds);
    assert_eq!(conclude(&audit, &holds), Conclusion::Held);
    let audits = [audit];
    let json = with_report(&audits, &holds, |report| {
        report::json::write(report).unwrap()
    });
    let json: Value = serde_json::from_str(&json).unwrap();
    let finding = &json["files"][0]["findings"][0];
    assert_eq!(
        (&finding["verdict"], &finding["counts"]),
        (&json!("fail"), &json!(false))
    );
    assert_eq!(finding["reviewed"][0]["fingerprint"], fingerprint.as_str());
    assert_eq!(json["reviews"][0]["status"], "applied");
    let sarif = with_report(&audits, &holds, |report| {
        report::sarif::write(report).unwrap()
    });
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let suppression = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert!(
        suppression["justification"]
            .as_str()
            .unwrap()
            .starts_with("for testers")
    );

    let expired = reviewed("2025-12-31");
    let audit = only_debuggable(&expired);
    assert_eq!(conclude(&audit, &expired), Conclusion::Failed);
    let text = with_report(&[audit], &expired, |report| {
        report::text::write(report, false)
    });
    assert!(
        text.contains("expired, what it accepted counts again"),
        "{text}"
    );
}

fn conclude(audit: &Audit, settings: &Settings) -> Conclusion {
    audit.conclusion(settings, Severity::Low)
}

#[test]
fn what_cannot_be_analysed_outweighs_what_failed() {
    let packages = Packages::new();
    let settings = settings();
    let of = |paths: &[PathBuf]| {
        let audits = audit_all(paths, &settings, |_| {});
        (
            conclusion(&audits, &settings, Severity::Low).exit_code(),
            audits.len(),
        )
    };
    assert_eq!(of(&[packages.bank()]), (1, 1));
    assert_eq!(of(&packages.all()), (2, 4));
    assert_eq!(of(&[packages.path("absent.apk")]), (2, 1));
}

#[test]
fn only_the_signature_is_judged_when_asked_for() {
    let packages = Packages::new();
    let settings = Settings {
        signature_only: true,
        ..settings()
    };
    let cut = audit(&packages.path("cut.apk"), &settings);
    assert!(cut.findings.is_empty() && cut.summary.is_none());
    assert_eq!(conclude(&cut, &settings), Conclusion::Failed);
    let text = with_report(&[cut], &settings, |report| {
        report::json::write(report).unwrap()
    });
    let report: Value = serde_json::from_str(&text).unwrap();
    let signature = &report["files"][0]["signature"];
    assert_eq!(signature["verified"], false);
    assert_eq!(signature["reason"], "ApkFormatException");
}

#[test]
fn secrets_can_be_left_out() {
    let packages = Packages::new();
    let mut audit = audit(&packages.bank(), &settings());
    let finding = &mut audit.findings[0];
    let words = hefu_audit::check::words("a key", "密钥");
    let secret = hefu_audit::check::Evidence::new(words).secret("AKIAEXAMPLEEXAMPLE");
    let fingerprint = secret.fingerprint("x");
    finding.evidence = vec![secret];
    let before = all_formats(std::slice::from_ref(&audit));
    assert!(before[1].contains("AKIAEXAMPLE"));
    audit.redact();
    assert_eq!(audit.findings[0].evidence[0].fingerprint("x"), fingerprint);
    let after = all_formats(&[audit]);
    assert!(after.iter().all(|text| !text.contains("AKIAEXAMPLE")));
    assert!(after[1].contains(REDACTED));
}

#[test]
fn a_new_version_is_compared_with_the_old_one() {
    let packages = Packages::new();
    let write = |name: &str, manifest: &str, host: &str, version: &str| {
        let code = format!(
            ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
             .method public static run()V\n.registers 2\n\
             const-string v0, \"https://{host}/\"\nreturn-void\n.end method\n"
        );
        let version = format!("{version}\n").into_bytes();
        let app = fixture::apk(
            manifest,
            &[
                ("classes.dex", smali::assemble(&code)),
                ("META-INF/androidx.core_core.version", version),
            ],
        );
        std::fs::write(packages.path(name), app).unwrap();
        audit(&packages.path(name), &settings())
    };
    let old = write(
        "old.apk",
        "<uses-permission android:name=\"android.permission.INTERNET\"/>\
         <application android:debuggable=\"false\"><activity android:name=\".A\" android:exported=\"false\"/></application>",
        "old.bank.example",
        "1.8.0",
    );
    let new = write(
        "new.apk",
        "<uses-permission android:name=\"android.permission.CAMERA\"/>\
         <application android:debuggable=\"true\"><activity android:name=\".A\" android:exported=\"true\"/></application>",
        "new.bank.example",
        "1.9.0",
    );
    let comparison = Comparison::of(&old, &new);
    assert!(comparison.is_worse());
    let text = comparison.text(Language::En);
    for line in [
        "- android.permission.INTERNET",
        "+ android.permission.CAMERA",
        "~ activity com.bank.A: private → exported",
        "~ debuggable: false → true",
        "1.8.0 → 1.9.0",
        "- old.bank.example (https)",
        "+ new.bank.example (https)",
        "! android-debuggable: pass → fail",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let json = serde_json::to_value(&comparison).unwrap();
    let subjects: Vec<_> = json["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|changes| changes["subject"].as_str().unwrap())
        .collect();
    for subject in ["permissions", "components", "libraries", "endpoints"] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
    let same = Comparison::of(&old, &old);
    assert!(!same.is_worse() && same.changes.is_empty() && same.verdicts.is_empty());
    assert!(same.text(Language::Zh).contains("没有差异"));
}

#[test]
fn the_catalogue_of_checks_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/AUDIT-CHECKS.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let fresh = report::catalogue::markdown();
    if written != fresh {
        let beside = Path::new(env!("CARGO_TARGET_TMPDIR")).join("AUDIT-CHECKS.md");
        std::fs::write(&beside, fresh).unwrap();
        panic!(
            "run `cargo run -- audit --list-checks --format markdown --output docs/AUDIT-CHECKS.md`, \
             or take {}",
            beside.display()
        );
    }
    for check in checks() {
        let explained = report::catalogue::explain(check.id, &catalogue(), Language::Zh).unwrap();
        assert!(explained.contains(check.purpose.zh) && explained.contains(check.clauses[0]));
        assert!(written.contains(&format!("## {}\n", check.id)));
    }
    assert_eq!(
        report::catalogue::explain("no-such", &catalogue(), Language::En),
        None
    );
}
