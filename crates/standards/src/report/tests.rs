use super::*;
use crate::{
    Reasons, Served, coverage as rows_of,
    reasons::refresh,
    testing::{served, small},
};

const REGISTRY: &[Served] = &[
    served(
        Kind::Code,
        "crates/gateway/src/guards/replay.rs",
        &["AN-1", "AN-2"],
    ),
    served(Kind::Code, "crates/client/src/sign.rs", &["AN-1"]),
    served(Kind::Probe, "crates/assess/src/probes/replay.rs", &["AN-1"]),
    served(Kind::Check, "crates/audit/src/checks/secrets.rs", &["AN-5"]),
];

fn rows() -> Vec<Row> {
    let longer = "[probe]\n\"AN-2\" = \"not testable from outside: local\"\n";
    let text = refresh(&small(), &[REGISTRY], &Reasons::parse(longer).unwrap());
    rows_of(&small(), &[REGISTRY], &Reasons::parse(&text).unwrap())
}

#[test]
fn coverage_as_text() {
    insta::assert_snapshot!(coverage(Format::Text, &small(), &rows()));
}

#[test]
fn coverage_as_markdown() {
    insta::assert_snapshot!(coverage(Format::Markdown, &small(), &rows()));
}

#[test]
fn coverage_as_json_is_the_rows() {
    let report: serde_json::Value =
        serde_json::from_str(&coverage(Format::Json, &small(), &rows())).unwrap();
    assert_eq!(report, serde_json::to_value(rows()).unwrap());
    assert_eq!(report.as_array().unwrap().len(), 6);
}

#[test]
fn list_as_text() {
    insta::assert_snapshot!(list(Format::Text, &small()));
}

#[test]
fn list_as_markdown() {
    insta::assert_snapshot!(list(Format::Markdown, &small()));
}

#[test]
fn list_as_json() {
    let report: serde_json::Value = serde_json::from_str(&list(Format::Json, &small())).unwrap();
    assert_eq!(
        report[0],
        serde_json::json!({
            "id": "AN-1", "how": "E", "home": "signing", "en": "The first, enforced", "zh": "第一条",
        })
    );
}

#[test]
fn show_as_text() {
    let served = show(Format::Text, &small(), &rows(), "AN-2").unwrap();
    let attested = show(Format::Text, &small(), &rows(), "AN-4").unwrap();
    insta::assert_snapshot!(format!("{served}\n{attested}"));
}

#[test]
fn show_as_markdown() {
    insta::assert_snapshot!(show(Format::Markdown, &small(), &rows(), "AN-5").unwrap());
}

#[test]
fn show_as_json() {
    insta::assert_snapshot!(show(Format::Json, &small(), &rows(), "AN-1").unwrap());
}

#[test]
fn an_attested_clause_is_never_shown_as_passed() {
    let rows = rows();
    for row in rows.iter().filter(|row| row.how.attested) {
        assert!(
            !matches!(row.state(), State::Enforced | State::Checked),
            "{}",
            row.id
        );
    }
    let shown = show(Format::Text, &small(), &rows, "AN-4").unwrap();
    assert!(shown.contains("needs evidence"), "{shown}");
}

#[test]
fn an_unknown_clause_or_format_teaches_the_next_step() {
    let error = show(Format::Text, &small(), &rows(), "AN-99").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no clause \"AN-99\"; `hefu standards list` prints all"
    );
    assert_eq!(
        "xml".parse::<Format>().unwrap_err().to_string(),
        "the formats are text, json, markdown"
    );
    for name in Format::NAMES {
        assert!(name.parse::<Format>().is_ok(), "{name}");
    }
}
