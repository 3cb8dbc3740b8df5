//! `hefu audit` as a release pipeline runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hefu_audit::fixture;
use serde_json::Value;

struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with an app that can be debugged, the next version of it that cannot, one that is
    /// cut, and a file that is none.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = |debuggable: bool| {
            fixture::apk(
                &format!("<application android:debuggable=\"{debuggable}\"/>"),
                &[],
            )
        };
        let (bad, good) = (app(true), app(false));
        std::fs::write(folder.path().join("bad.apk"), &bad).unwrap();
        std::fs::write(folder.path().join("good.apk"), &good).unwrap();
        std::fs::write(folder.path().join("cut.apk"), &bad[..bad.len() / 2]).unwrap();
        std::fs::write(folder.path().join("note.txt"), "no package").unwrap();
        // One check, so that what the others think of so small an app is not asked.
        let ids = hefu_audit::check::checks().iter().map(|check| check.id);
        let others = ids.filter(|id| *id != "android-debuggable");
        let configuration: String = others
            .map(|id| format!("[checks.{id}]\ndisabled = true\nreason = \"not this test's\"\n"))
            .collect();
        std::fs::write(folder.path().join("hefu-audit.toml"), configuration).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the command in the folder with its configuration.
    fn audit(&self, arguments: &[&str]) -> Output {
        self.run(&[&["--config", "hefu-audit.toml"], arguments].concat())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hefu"))
            .arg("audit")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn the_exit_code_says_what_the_report_says() {
    let folder = Folder::new();
    assert_eq!(code(&folder.audit(&["good.apk"])), 0);
    assert_eq!(code(&folder.audit(&["bad.apk"])), 1);
    assert_eq!(code(&folder.audit(&["good.apk", "bad.apk"])), 1);
    assert_eq!(
        code(&folder.audit(&["bad.apk", "--fail-on", "critical"])),
        0
    );
    assert_eq!(code(&folder.audit(&["note.txt"])), 2);
    assert_eq!(code(&folder.audit(&["absent.apk"])), 2);
    assert_eq!(
        code(&folder.run(&["--config", "absent.toml", "good.apk"])),
        2
    );
    assert_eq!(code(&folder.run(&[])), 2);
}

#[test]
fn one_that_cannot_be_read_does_not_hide_the_others() {
    let folder = Folder::new();
    let output = folder.audit(&["bad.apk", "cut.apk", "good.apk", "--format", "json"]);
    assert_eq!(code(&output), 2);
    let report = json(&output);
    let files = report["files"].as_array().unwrap();
    let paths: Vec<_> = files
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["bad.apk", "cut.apk", "good.apk"]);
    assert_eq!(files[0]["findings"][0]["verdict"], "fail");
    assert!(files[1]["error"].is_string());
    assert_eq!(files[2]["findings"][0]["verdict"], "pass");
    assert!(String::from_utf8_lossy(&output.stderr).contains("cut.apk"));
}

#[test]
fn every_format_is_written_and_names_what_it_was_made_with() {
    let folder = Folder::new();
    let clause = json(&folder.audit(&["bad.apk", "--format", "json"]));
    let clause = clause["files"][0]["clauses"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for format in ["text", "json", "sarif", "html", "oscal", "cyclonedx"] {
        let arguments = ["bad.apk", "--format", format, "--date", "2026-01-01"];
        let first = folder.audit(&arguments);
        assert_eq!(code(&first), 1, "{format}");
        assert_eq!(first.stdout, folder.audit(&arguments).stdout, "{format}");
        let shown = text(&first);
        let digest = &hefu_audit::report::RULES[..12];
        assert!(shown.contains(digest), "{format} does not name the rules");
        if !["text", "cyclonedx"].contains(&format) {
            assert!(shown.contains(&clause), "{format} does not name {clause}");
        }
        // The words of clauses come from the catalogue of this product.
        if ["html", "oscal"].contains(&format) {
            let words = &hefu_standards::catalogue().clause(&clause).unwrap().en;
            let start = words.split(['&', '<', '\'', '"']).next().unwrap();
            assert!(shown.contains(start), "{format} does not say {words:?}");
        }
    }
}

#[test]
fn a_report_can_go_to_a_file_and_come_in_chinese() {
    let folder = Folder::new();
    let output = folder.audit(&["bad.apk", "--language", "zh", "--output", "report.txt"]);
    assert_eq!((code(&output), text(&output)), (1, String::new()));
    let report = std::fs::read_to_string(folder.path("report.txt")).unwrap();
    assert!(
        report.contains("不通过") && !report.contains('\u{1b}'),
        "{report}"
    );
    let output = folder.audit(&["bad.apk", "--output", "no/such/folder"]);
    assert_eq!(code(&output), 2);
}

#[test]
fn a_review_is_honoured_until_it_expires() {
    let folder = Folder::new();
    let review = "[[review]]\ncheck = \"android-debuggable\"\nfile = \"AndroidManifest.xml\"\n\
                  reason = \"for testers\"\nowner = \"li.hua\"\nexpires = 2026-01-31\n";
    std::fs::write(folder.path("reviews.toml"), review).unwrap();
    let on = |date: &str| folder.audit(&["bad.apk", "--reviews", "reviews.toml", "--date", date]);
    assert_eq!(code(&on("2026-01-31")), 0);
    let expired = on("2026-02-01");
    assert_eq!(code(&expired), 1);
    assert!(
        text(&expired).contains("counts again"),
        "{}",
        text(&expired)
    );
    std::fs::write(
        folder.path("reviews.toml"),
        review.replace("reason", "raison"),
    )
    .unwrap();
    assert_eq!(code(&on("2026-01-31")), 2);
}

#[test]
fn versions_are_compared() {
    let folder = Folder::new();
    let worse = folder.audit(&["--diff", "good.apk", "bad.apk"]);
    assert_eq!(code(&worse), 1);
    assert!(
        text(&worse).contains("! android-debuggable: pass → fail"),
        "{}",
        text(&worse)
    );
    let better = folder.audit(&["--diff", "bad.apk", "good.apk", "--format", "json"]);
    assert_eq!(code(&better), 0);
    assert_eq!(json(&better)["verdicts"][0]["worse"], false);
    assert_eq!(code(&folder.audit(&["--diff", "bad.apk", "cut.apk"])), 2);
    assert_eq!(
        code(&folder.audit(&["--diff", "bad.apk", "good.apk", "--format", "sarif"])),
        2
    );
}

#[test]
fn checks_explain_themselves() {
    let folder = Folder::new();
    let list = folder.run(&["--list-checks"]);
    let lines = text(&list).lines().count();
    assert_eq!((code(&list), lines), (0, hefu_audit::check::checks().len()));
    let catalogue = json(&folder.run(&["--list-checks", "--format", "json"]));
    assert_eq!(catalogue["checks"].as_array().unwrap().len(), lines);
    let explained = folder.run(&["--explain", "android-debuggable", "--language", "zh"]);
    assert!(text(&explained).contains("通过要求"));
    let unknown = folder.run(&["--explain", "no-such-check"]);
    assert_eq!(code(&unknown), 2);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("--list-checks"));
}

#[test]
fn signatures_are_judged_alone_and_for_a_range_of_versions() {
    let Some(apps) = apps() else { return };
    let table = std::fs::read_to_string(apps.join("apksig/expected.tsv")).unwrap();
    let mut lines = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let column = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let (file, min, max) = (column("file"), column("min_sdk"), column("max_sdk"));
    let folder = Folder::new();
    let mut tried = 0;
    // The library is held to every row; here it is that the command passes the range on.
    for row in lines.step_by(25) {
        let path = apps.join("apksig").join(row[file]);
        let mut arguments = vec![
            path.to_str().unwrap(),
            "--signature-only",
            "--format",
            "json",
        ];
        if !row[min].is_empty() {
            arguments.extend(["--min-sdk", row[min]]);
        }
        if !row[max].is_empty() {
            arguments.extend(["--max-sdk", row[max]]);
        }
        let output = folder.run(&arguments);
        let report = json(&output);
        let verified = report["files"][0]["signature"]["verified"]
            .as_bool()
            .unwrap();
        let range = hefu_audit::signature::SdkRange {
            min: row[min].parse().ok(),
            max: row[max].parse().ok(),
        };
        let wanted = hefu_audit::signature::verify(&std::fs::read(&path).unwrap(), None, range);
        assert_eq!(verified, wanted.verified, "{row:?}");
        assert_eq!(code(&output), i32::from(!verified), "{row:?}");
        let reason = report["files"][0]["signature"]["reason"].as_str();
        assert_eq!(
            reason,
            wanted.reason.map(hefu_audit::signature::Issue::name),
            "{row:?}"
        );
        tried += 1;
    }
    assert!(tried > 10);
}

fn apps() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/apps");
    let found = folder.is_dir().then_some(folder);
    if found.is_none() {
        eprintln!("skipped: there is no ../shared/apps beside the workspace");
    }
    found
}
