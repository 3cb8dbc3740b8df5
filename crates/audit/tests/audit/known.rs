//! The release gate of truth: every row of `../shared/apps/real/known.tsv` against the report that
//! a user gets, as JSON.
//!
//! A row about code has to be a finding with the class and the method of the row. A row about
//! facts has to stand in the report; the few that are too detailed for it have to be right in the
//! facts, which their own tests hold to the same rows. `trap.*` rows must not be fallen into.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hefu_audit::audit::{Settings, audit};
use hefu_audit::check::Severity;
use hefu_audit::report::{ClauseCatalogue, Language, Report, json};
use hefu_audit::{Facts, Limits, Package};
use serde_json::Value;

use super::facts::{Outcome, check};
use super::signature::{Table, printed_time, shared_apps};

/// When the real apps are judged: 2026-01-01.
const NOW: i64 = 1_767_225_600;

/// For each finding of the truth, the checks of which one has to report it, with the verdict that
/// its evidence has to belong to.
const CHECKS: &[(&str, &[&str])] = &[
    (
        "code.autofill_stored_password",
        &["storage-password-prefilled"],
    ),
    ("code.cbc_no_mac", &["crypto-unauthenticated-mode"]),
    ("code.cleartext_credentials", &["net-cleartext-address"]),
    ("code.cleartext_http_base", &["net-cleartext-address"]),
    ("code.cleartext_sqlite", &["storage-database"]),
    ("code.client_side_admin_flag", &["code-hidden-features"]),
    ("code.credentials_in_shared_prefs", &["storage-credentials"]),
    ("code.debuggable_detection", &["harden-debugger-detection"]),
    ("code.debugger_detection", &["harden-debugger-detection"]),
    ("code.detection_reaction", &["harden-reaction"]),
    ("code.ecb_mode", &["crypto-ecb-mode"]),
    (
        "code.exported_activity_no_auth",
        &["android-sensitive-component", "code-intent-extras"],
    ),
    (
        "code.exported_activity_trusts_extra",
        &["code-intent-extras"],
    ),
    (
        "code.exported_receiver_leaks_password_by_sms",
        &["code-sms-sensitive"],
    ),
    ("code.hardcoded_crypto_key", &["crypto-hardcoded-key"]),
    (
        "code.hardcoded_key_reaches_cipher",
        &["crypto-hardcoded-key"],
    ),
    (
        "code.hardcoded_secret",
        &["secret-hardcoded", "crypto-hardcoded-key"],
    ),
    (
        "code.hidden_backdoor_account",
        &["code-hidden-account", "secret-test-account"],
    ),
    (
        "code.implicit_broadcast_sensitive",
        &["code-broadcast-sensitive"],
    ),
    ("code.integrity_check", &["harden-integrity-check"]),
    ("code.log_call", &["log-release"]),
    ("code.log_credentials", &["log-sensitive"]),
    ("code.log_pii", &["log-sensitive"]),
    ("code.log_transaction", &["log-sensitive"]),
    ("code.native_library", &["code-native-load"]),
    ("code.native_secret_check", &["code-native-decision"]),
    (
        "code.password_in_intent_extra",
        &["code-intent-credentials"],
    ),
    ("code.path_from_intent_extra", &["code-path-traversal"]),
    ("code.plain_compare_of_secret", &["ios-plain-comparison"]),
    ("code.provider_sql_injection", &["code-sql-injection"]),
    (
        "code.provider_write_unprotected",
        &["code-sql-injection", "android-provider-access"],
    ),
    ("code.root_detection", &["harden-root-detection"]),
    (
        "code.root_detection_no_reaction",
        &["harden-reaction", "harden-root-detection"],
    ),
    ("code.secret_in_hidden_ui", &["ios-hidden-secret"]),
    (
        "code.sensitive_data_external_storage",
        &["storage-external"],
    ),
    ("code.server_address_in_prefs", &["net-server-setting"]),
    ("code.static_zero_iv", &["crypto-static-iv"]),
    (
        "code.webview_js_on_external_file",
        &[
            "webview-javascript",
            "webview-file-access",
            "webview-untrusted-load",
        ],
    ),
    ("code.webview_loads_any_url", &["webview-untrusted-load"]),
    ("code.webview_save_form_data", &["webview-saved-data"]),
    ("code.world_readable_prefs", &["storage-world-readable"]),
];

/// What became of a row.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// In the report.
    Reported,
    /// In the facts that the report is made from.
    InFacts,
    /// Nowhere, and what was found instead.
    Missed(String),
}

struct App {
    report: Value,
    facts: Facts,
}

impl App {
    fn read(path: &Path) -> Self {
        let settings = Settings {
            now: NOW,
            ..Settings::default()
        };
        let audits = [audit(path, &settings)];
        let text = json::write(&Report {
            audits: &audits,
            settings: &settings,
            catalogue: &ClauseCatalogue::default(),
            language: Language::En,
            fail_on: Severity::Low,
        });
        let mut report: Value = serde_json::from_str(&text.unwrap()).unwrap();
        let limits = Limits::default();
        Self {
            report: report["files"][0].take(),
            facts: Facts::read(&Package::open(path, &limits).unwrap(), &limits),
        }
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.report["findings"].as_array().unwrap().iter()
    }

    /// The evidence at a place, with its check: of a method, or of a class as a whole.
    fn evidence_at<'a>(
        &'a self,
        class: &'a str,
        method: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let found = self.findings().flat_map(|finding| {
            let evidence = finding["evidence"].as_array().unwrap().iter();
            evidence.map(|evidence| (finding["check"].as_str().unwrap(), evidence))
        });
        found.filter(move |(_, evidence)| {
            evidence["class"] == class && method.is_none_or(|method| evidence["method"] == method)
        })
    }

    fn found(&self, fact: &str, value: &str) -> Found {
        let in_facts = || match check(&self.facts, fact, value) {
            Outcome::Match => Found::InFacts,
            Outcome::Miss(found) => Found::Missed(found),
            Outcome::Elsewhere(_) => Found::Missed("left to nobody".to_owned()),
        };
        if let Some((_, checks)) = CHECKS.iter().find(|(known, _)| *known == fact) {
            return self.found_by(checks, value);
        }
        match self.reported(fact, value) {
            Some(Ok(())) => Found::Reported,
            Some(Err(found)) => Found::Missed(found),
            None => in_facts(),
        }
    }

    fn found_by(&self, checks: &[&str], value: &str) -> Found {
        let place = value.split(" : ").next().unwrap();
        let (class, method) = class_and_method(place);
        let there: BTreeSet<&str> = self
            .evidence_at(class, method)
            .map(|(check, _)| check)
            .collect();
        if checks.iter().any(|check| there.contains(check)) {
            return Found::Reported;
        }
        let unknown = checks.iter().filter(|id| {
            !hefu_audit::check::checks()
                .iter()
                .any(|check| check.id == **id)
        });
        let unknown: Vec<_> = unknown.collect();
        Found::Missed(format!("there: {there:?}; no such check: {unknown:?}"))
    }

    /// Whether a fact stands in the report; `None` if the report does not go into such detail.
    fn reported(&self, fact: &str, value: &str) -> Option<Result<(), String>> {
        let facts = &self.report["facts"];
        let flags = &facts["flags"];
        let (first, rest) = fact.split_once('.').unwrap_or((fact, ""));
        let own = |value: &str| value.split(" (").next().unwrap().to_owned();
        let info = |key: &str| &facts["info"][key];
        Some(match first {
            "package" | "bundle_id" => same(&facts["package"], value),
            "versionName" | "CFBundleShortVersionString" => same(&facts["version"], value),
            "versionCode" | "CFBundleVersion" => same(&facts["version_code"], value),
            "minSdk" => same(&facts["min_sdk"], value),
            "targetSdk" => same(&facts["target_sdk"], value),
            "MinimumOSVersion" => same(&facts["min_os"], value),
            "debuggable" => flag(&flags["debuggable"], value),
            "allowBackup" => flag(&flags["allow_backup"], value),
            "usesCleartextTraffic" => flag(&flags["uses_cleartext_traffic"], value),
            "networkSecurityConfig" => flag(&flags["network_security_config"], value),
            "extractNativeLibs" => flag(&flags["extract_native_libs"], value),
            "file_count" => same(&facts["files"], value),
            "uses_permission" => self.permission(value),
            "uses_permission_count" => same(&length(&facts["permissions"]).into(), value),
            "declares_permission" => holds(has(
                &facts["declared_permissions"],
                value.split(' ').next().unwrap(),
            )),
            "exported_without_permission" | "exported_with_permission" => self.exported(value),
            "exported_without_permission_count" => same(&self.exported_count(false).into(), value),
            "exported_with_permission_count" => same(&self.exported_count(true).into(), value),
            "native_libs" => holds(length(&facts["native"]) == 0),
            "native" => return self.native(rest, value),
            "macho" => return self.macho(rest, value),
            "zip" => {
                let dex = facts["dex"].as_array().unwrap();
                let dex = dex.iter().find(|dex| dex["file"] == "classes.dex").unwrap();
                same(&dex["crc32"], value)
            }
            "CFBundleDisplayName" | "CFBundleExecutable" | "DTSDKName" => same(info(fact), value),
            "NSAppTransportSecurity" | "CFBundleURLTypes" | "UIFileSharingEnabled" => {
                holds(info(fact).is_null() && value.starts_with("absent"))
            }
            "UIDeviceFamily" => same_list(info(fact), value),
            "UIRequiredDeviceCapabilities" => same_list(info(fact), value),
            "usage_descriptions" => holds(length(&facts["permissions"]) == 0),
            "entitlement" if rest != "keychain-access-groups" => {
                same(&facts["entitlements"][rest], value)
            }
            "provision" => {
                let found = &facts["profile"][rest];
                match rest {
                    "cms_signature" => same(&self.report["signature"]["verified"], "true"),
                    "TeamIdentifier" => same_list(found, value),
                    _ if value == "absent" => holds(found.is_null()),
                    _ => same(found, &own(value)),
                }
            }
            "profile" => return self.harmony_profile(rest, value),
            "signature_verifies" => same(&self.report["signature"]["verified"], value),
            "signature_schemes_verified" => same_list(&self.report["signature"]["schemes"], value),
            "janus_exposed_v1_only" => same(&self.report["signature"]["janus"]["exposed"], "true"),
            "sign_block" => return self.sign_block(rest, value),
            _ if first.starts_with("signer_") || first.starts_with("v1_sf_") => {
                return self.signer(first, value);
            }
            "trap" => return self.trap(rest),
            "code" => return self.obfuscation(rest),
            "crypto" => self.computed(value),
            _ => return None,
        })
    }

    fn permission(&self, value: &str) -> Result<(), String> {
        let (name, max) = match value.split_once(" maxSdkVersion=") {
            Some((name, max)) => (name, Some(max.parse::<u64>().unwrap())),
            None => (value, None),
        };
        let permissions = self.report["facts"]["permissions"].as_array().unwrap();
        holds(
            permissions.iter().any(|permission| {
                permission["name"] == name && permission["max_sdk"].as_u64() == max
            }),
        )
    }

    fn components(&self) -> impl Iterator<Item = &Value> {
        self.report["facts"]["components"]
            .as_array()
            .unwrap()
            .iter()
    }

    /// `activity a.B (launcher)`, `service a.B permission=P`.
    fn exported(&self, value: &str) -> Result<(), String> {
        let mut words = value.split(' ');
        let (kind, name) = (words.next().unwrap(), words.next().unwrap());
        let rest = words.next().unwrap_or_default();
        let permission = rest.strip_prefix("permission=");
        let found = self.components().any(|component| {
            let kind_fits = component["kind"] == kind
                || (kind == "activity" && component["kind"] == "activity-alias");
            kind_fits
                && component["name"] == name
                && component["exported"] == true
                && (rest == "(launcher)") <= (component["launcher"] == true)
                && match permission {
                    Some(permission) => has(&component["permissions"], permission),
                    None => length(&component["permissions"]) == 0,
                }
        });
        holds(found)
    }

    fn exported_count(&self, with_permission: bool) -> usize {
        let exported = self
            .components()
            .filter(|component| component["exported"] == true);
        exported
            .filter(|component| (length(&component["permissions"]) > 0) == with_permission)
            .count()
    }

    fn native(&self, rest: &str, value: &str) -> Option<Result<(), String>> {
        let natives = self.report["facts"]["native"].as_array().unwrap();
        if let Some(file) = rest.strip_prefix("jni_exports.") {
            let native = natives.iter().find(|native| native["file"] == file)?;
            return Some(holds(
                value
                    .split(", ")
                    .all(|name| has(&native["jni_exports"], name)),
            ));
        }
        let native = natives.iter().find(|native| native["file"] == rest)?;
        let yes = |value: bool| if value { "yes" } else { "no" };
        let flag = |key: &str| yes(native[key] == true);
        let found = format!(
            "nx={} shared_object(pic)={} relro={} canary_import={} fortify_import={} stripped={} rpath={}",
            flag("nx"),
            flag("pic"),
            native["relro"].as_str().unwrap(),
            flag("canary"),
            yes(length(&native["fortified"]) > 0),
            flag("stripped"),
            native["rpath"].as_str().unwrap_or("no"),
        );
        Some(same(&found.into(), value))
    }

    fn macho(&self, rest: &str, value: &str) -> Option<Result<(), String>> {
        let programs = self.report["facts"]["programs"].as_array().unwrap();
        let architecture = |name: &str| {
            programs
                .iter()
                .find(|program| program["architecture"] == name)
        };
        match rest {
            "archs" => Some(holds(
                value
                    .split(" (")
                    .next()?
                    .split(',')
                    .all(|name| architecture(name).is_some()),
            )),
            "armv7" | "arm64" => {
                let program = architecture(rest)?;
                let wanted = |key: &str| {
                    let at = value.find(&format!("{key}=")).unwrap() + key.len() + 1;
                    value[at..].split([' ', '(']).next().unwrap()
                };
                let yes =
                    |key: &str, field: &str| (wanted(key) == "yes") == (program[field] == true);
                Some(holds(
                    yes("pie", "pie")
                        && yes("allow_stack_execution", "allows_stack_execution")
                        && yes("canary_import", "canary")
                        && yes("arc", "arc")
                        && yes("encrypted", "encrypted")
                        && yes("code_signature", "code_signature")
                        && yes("local_symbols_stripped", "stripped")
                        && has(&program["rpaths"], wanted("rpath"))
                        && program["min_os"] == wanted("min_ios")
                        && program["sdk"] == wanted("sdk"),
                ))
            }
            _ => None,
        }
    }

    fn harmony_profile(&self, rest: &str, value: &str) -> Option<Result<(), String>> {
        let profile = &self.report["facts"]["profile"];
        let bundle = &profile["bundle-info"];
        Some(match rest {
            "type" | "version-name" | "version-code" | "issuer" => same(&profile[rest], value),
            "bundle-name" | "developer-id" | "app-feature" => same(&bundle[rest], value),
            "device-ids" => same(&length(&profile["debug-info"][rest]).into(), value),
            "validity" => {
                let validity = &profile["validity"];
                let (from, to) = (&validity["not-before"], &validity["not-after"]);
                holds(value.starts_with(&format!("{from} to {to} ")))
            }
            // What the profile holds is in the report; the certificate in it is not read there.
            _ => holds(bundle["development-certificate"].is_string()),
        })
    }

    fn sign_block(&self, rest: &str, value: &str) -> Option<Result<(), String>> {
        let signature = &self.report["signature"];
        Some(holds(match rest {
            "" => has(&signature["present"], "hap") && value.starts_with("version=2"),
            // The profile is for another certificate than that which signed: see trap and reason.
            "0" => signature["reason"].is_string(),
            _ => {
                let signer = &signature["signers"][0];
                let name = value.rsplit(", ").next().unwrap();
                let name = name.split(" (").next().unwrap();
                signer["subject"].as_str().unwrap().contains(name) && length(&signer["chain"]) == 2
            }
        }))
    }

    fn signer(&self, fact: &str, value: &str) -> Option<Result<(), String>> {
        let signers = self.report["signature"]["signers"].as_array().unwrap();
        let signer = signers.first()?;
        let text = |key: &str| signer[key].as_str().unwrap_or_default().to_owned();
        let time = |key: &str| {
            let moment: jiff::Timestamp = text(key).parse().unwrap();
            moment.as_second()
        };
        Some(match fact {
            "signer_count" => {
                let newest = &signers.last()?["scheme"];
                let count = signers.iter().filter(|signer| signer["scheme"] == *newest);
                same(&count.count().into(), value)
            }
            "signer_cert_subject" => {
                // Tools list the parts of a name in either order.
                let parts = |text: &str| -> BTreeSet<String> {
                    text.split(", ").map(str::to_owned).collect()
                };
                holds(parts(&text("subject")) == parts(value))
            }
            "signer_cert_sha256" => same(&signer["sha256"], value),
            "signer_key" => same(
                &format!("{} {} bit", text("key"), signer["key_bits"]).into(),
                value,
            ),
            "signer_cert_valid" => {
                let (from, to) = value.split_once(" to ")?;
                holds(
                    (time("not_before"), time("not_after"))
                        == (printed_time(from), printed_time(to)),
                )
            }
            "signer_cert_sig_alg" => same(&signer["signature_algorithm"], value),
            "signer_is_android_debug_key" => same(&signer["is_android_debug"], value),
            "v1_sf_digest" => same_list(&signer["manifest_digests"], value),
            "v1_sf_stripping_protection" => {
                let found = signer["promised_schemes"].as_str().unwrap_or("absent");
                same(&found.into(), value)
            }
            _ => return None,
        })
    }

    /// Whether names are obfuscated is a verdict about the code as a whole.
    fn obfuscation(&self, which: &str) -> Option<Result<(), String>> {
        let mut findings = self.findings();
        let verdict = &findings.find(|found| found["check"] == "harden-obfuscation")?["verdict"];
        Some(match which {
            "not_obfuscated" => same(verdict, "fail"),
            "obfuscated" => holds(verdict != "fail"),
            _ => return None,
        })
    }

    /// What the hard-coded key decrypts to: the report has the key, the code the ciphertext.
    fn computed(&self, value: &str) -> Result<(), String> {
        use base64::Engine as _;
        use cipher::{BlockCipherDecrypt as _, KeyInit as _};
        const CIPHERTEXT: &str = "5UJiFctbmgbDoLXmpL12mkno8HT4Lv8dlat8FxR2GOc=";
        let key = "8d127684cbc37c17616d806cf50473cc";
        let keys = self
            .findings()
            .find(|finding| finding["check"] == "crypto-hardcoded-key")
            .ok_or("no such check")?;
        if !keys["evidence"].to_string().contains(key) {
            return Err(keys["evidence"].to_string());
        }
        if self.facts.code.uses_of_text(CIPHERTEXT).is_empty() {
            return Err("no ciphertext".to_owned());
        }
        let mut blocks = base64::engine::general_purpose::STANDARD
            .decode(CIPHERTEXT)
            .unwrap();
        let cipher = aes::Aes128::new_from_slice(&hex::decode(key).unwrap()).unwrap();
        for block in blocks.chunks_exact_mut(16) {
            cipher.decrypt_block(block.try_into().unwrap());
        }
        let padding = usize::from(*blocks.last().unwrap());
        blocks.truncate(blocks.len() - padding);
        same(&String::from_utf8(blocks).unwrap().into(), value)
    }

    fn trap(&self, which: &str) -> Option<Result<(), String>> {
        match which {
            // Only the receiver opens its preferences to everybody.
            "mode_private" => {
                let finding = self
                    .findings()
                    .find(|finding| finding["check"] == "storage-world-readable")?;
                let evidence = finding["evidence"].as_array().unwrap();
                let elsewhere: Vec<_> = evidence
                    .iter()
                    .filter(|evidence| {
                        let class = evidence["class"].as_str().unwrap_or_default();
                        class.starts_with("com.android.insecurebankv2")
                            && !class.ends_with(".MyBroadCastReceiver")
                    })
                    .collect();
                Some(match elsewhere.as_slice() {
                    [] => Ok(()),
                    wrong => Err(format!("{wrong:?}")),
                })
            }
            "exported_false" => {
                let receiver = "com.google.android.gms.wallet.EnableWalletOptimizationReceiver";
                let wrong = self.findings().find(|finding| {
                    finding["verdict"] == "fail"
                        && finding["check"].as_str().unwrap().contains("export")
                        && finding["evidence"].to_string().contains(receiver)
                });
                let component = self
                    .components()
                    .find(|component| component["name"] == receiver);
                Some(match (wrong, component?["exported"] == false) {
                    (None, true) => Ok(()),
                    found => Err(format!("{found:?}")),
                })
            }
            "name" => Some(holds(has(&self.report["signature"]["present"], "hap"))),
            _ => None,
        }
    }
}

/// `a.b.C.m(I)V` as class and method; `a.b.C` as class.
fn class_and_method(place: &str) -> (&str, Option<&str>) {
    // Of iOS: `Class selector (imp 0x…)`.
    if let Some((method, _)) = place.split_once(" (imp ") {
        let (class, selector) = method.split_once(' ').unwrap();
        return (class, Some(selector));
    }
    let Some(parameters) = place.find('(') else {
        return (place, None);
    };
    let dot = place[..parameters].rfind('.').unwrap();
    (&place[..dot], Some(&place[dot + 1..]))
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

fn has(list: &Value, wanted: &str) -> bool {
    list.as_array()
        .is_some_and(|list| list.iter().any(|item| item == wanted))
}

fn holds(condition: bool) -> Result<(), String> {
    condition
        .then_some(())
        .ok_or_else(|| "not there".to_owned())
}

fn same(found: &Value, wanted: &str) -> Result<(), String> {
    let text = found
        .as_str()
        .map_or_else(|| found.to_string(), str::to_owned);
    if text == wanted { Ok(()) } else { Err(text) }
}

/// A list of texts or numbers, with commas.
fn same_list(found: &Value, wanted: &str) -> Result<(), String> {
    let items: Vec<String> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            item.as_str()
                .map_or_else(|| item.to_string(), str::to_owned)
        })
        .collect();
    same(&items.join(",").into(), wanted)
}

/// A switch: `true`, or `absent (default: …)`.
fn flag(found: &Value, wanted: &str) -> Result<(), String> {
    match (found, wanted.starts_with("absent")) {
        (Value::Null, true) => Ok(()),
        (found, false) => same(found, wanted.split(' ').next().unwrap()),
        (found, true) => Err(found.to_string()),
    }
}

#[test]
fn every_known_row_is_reported() {
    let Some(apps) = shared_apps() else { return };
    let table = Table::read(&apps.join("real/known.tsv"));
    let rows = table.rows();
    let mut opened: BTreeMap<&str, App> = BTreeMap::new();
    let (mut reported, mut in_facts, mut misses) = (0, 0, Vec::new());
    for row in &rows {
        let (file, fact, value) = (row.get("file"), row.get("fact"), row.get("value"));
        let app = opened
            .entry(file)
            .or_insert_with(|| App::read(&apps.join("real").join(file)));
        match app.found(fact, value) {
            Found::Reported => reported += 1,
            Found::InFacts => in_facts += 1,
            Found::Missed(found) => misses.push((file, fact, value, found)),
        }
    }
    for (file, fact, value, found) in &misses {
        println!("missed: {file} {fact}: {value}\n    {found}");
    }
    println!(
        "known.tsv: {} rows, {reported} reported, {in_facts} in the facts, {} missed",
        rows.len(),
        misses.len()
    );
    assert!(misses.is_empty(), "{} rows are missed", misses.len());
}
