//! The rules over everything that registers, and the file of reasons.

use hefu_standards::{catalogue, reasons, registry};

#[test]
fn every_clause_is_served_or_has_a_written_reason() {
    let violations = registry::verify(catalogue(), &hefu::registries(), reasons());
    assert!(
        violations.is_empty(),
        "run `cargo run -- standards refresh`, then look at what changed: {violations:#?}"
    );
}

#[test]
fn the_file_of_reasons_is_the_one_that_refresh_writes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../standards/reasons.toml");
    let written = std::fs::read_to_string(path).unwrap();
    let fresh = reasons::refresh(catalogue(), &hefu::registries(), reasons());
    assert_eq!(written, fresh, "run `cargo run -- standards refresh`");
}

#[test]
fn coverage_has_a_row_for_every_clause() {
    let rows = hefu_standards::coverage(catalogue(), &hefu::registries(), reasons());
    let json = serde_json::to_value(&rows).unwrap();
    let rows = json.as_array().unwrap();
    assert_eq!(rows.len(), 359);
    let replay = rows.iter().find(|row| row["id"] == "CJ-6.3.d.4").unwrap();
    assert!(!replay["code"].as_array().unwrap().is_empty());
    assert!(!replay["probes"].as_array().unwrap().is_empty());
    assert!(replay["reason"].is_null());
}
