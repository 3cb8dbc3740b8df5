//! `hefu demo --once` as a person runs it.

use std::process::Command;

use serde_json::Value;

#[test]
fn every_attack_is_refused_and_every_honest_twin_passes() {
    let output = Command::new(env!("CARGO_BIN_EXE_hefu"))
        .args(["demo", "--once", "--format", "json"])
        .args(["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
    });

    let channels: Vec<&str> = report["phones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phone| phone["channel"].as_str().unwrap())
        .collect();
    assert_eq!(channels, ["tls", "tlcp"]);
    assert!(report["honest"]["sent"].as_u64().unwrap() >= 50);
    assert_eq!(report["honest"]["failed"], 0);
    let attacks = report["attacks"].as_array().unwrap();
    assert!(attacks.len() >= 35, "{}", attacks.len());
    for attack in attacks {
        let (refused, twin) = (&attack["refused"], &attack["twin_passed"]);
        assert!(*refused == true && *twin == true, "{attack}");
        assert!(
            !attack["clauses"].as_array().unwrap().is_empty(),
            "{attack}"
        );
    }
    assert!(output.status.success());
}
