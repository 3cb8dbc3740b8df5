//! The facts of real packages against what independent tools say about them.
//!
//! The truth is `../shared/apps/real/known.tsv`, one fact a row. Rows about signatures belong to
//! the verifier's own tests; rows that no fact can express are listed with the reason.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "a test that fails should stop"
)]

mod code;
mod flow;
mod hostile;
mod packages;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hefu_audit::facts::android::{Component, Manifest, Protection};
use hefu_audit::facts::ios::Bundle;
use hefu_audit::macho::FileType;
use hefu_audit::property_list::Value;
use hefu_audit::{Facts, Limits, Package};

/// The test apps, if they are there.
fn apps() -> Option<&'static Path> {
    static APPS: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = root
            .ancestors()
            .skip(1)
            .map(|folder| folder.join("shared/apps"));
        folders.find(|folder| folder.join("real/known.tsv").is_file())
    };
    APPS.get_or_init(find).as_deref()
}

fn facts_of(path: &Path) -> Facts {
    let limits = Limits::default();
    let package = Package::open(path, &limits).unwrap();
    Facts::read(&package, &limits)
}

/// How a row of the truth compares.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Match,
    Miss(String),
    /// Not a fact of this module, and why.
    Elsewhere(&'static str),
}

fn compare(found: impl ToString, wanted: &str) -> Outcome {
    let found = found.to_string();
    if found == wanted {
        Outcome::Match
    } else {
        Outcome::Miss(found)
    }
}

fn holds(condition: bool) -> Outcome {
    if condition {
        Outcome::Match
    } else {
        Outcome::Miss("not found".to_owned())
    }
}

#[test]
fn known_facts_of_real_packages() {
    let Some(apps) = apps() else {
        eprintln!("skipped: no ../shared/apps/real");
        return;
    };
    let known = std::fs::read_to_string(apps.join("real/known.tsv")).unwrap();
    let mut facts: BTreeMap<&str, Facts> = BTreeMap::new();
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut misses = Vec::new();
    let mut elsewhere: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in known.lines().skip(1) {
        let mut columns = row.split('\t');
        let (file, fact, value) = (
            columns.next().unwrap(),
            columns.next().unwrap(),
            columns.next().unwrap(),
        );
        let facts = facts
            .entry(file)
            .or_insert_with(|| facts_of(&apps.join("real").join(file)));
        let prefix = fact.split('.').next().unwrap();
        let count = counts.entry(prefix).or_default();
        match check(facts, fact, value) {
            Outcome::Match => count[0] += 1,
            Outcome::Miss(found) => {
                count[1] += 1;
                misses.push(format!("{file} {fact}: wanted {value:?}, found {found:?}"));
            }
            Outcome::Elsewhere(reason) => {
                count[2] += 1;
                elsewhere.entry(reason).or_default().push(fact);
            }
        }
    }
    let mut total = [0; 3];
    for (prefix, count) in &counts {
        eprintln!(
            "{prefix:36} {} matched, {} missed, {} elsewhere",
            count[0], count[1], count[2]
        );
        total
            .iter_mut()
            .zip(count)
            .for_each(|(sum, count)| *sum += count);
    }
    for (reason, facts) in &elsewhere {
        eprintln!("{} rows {reason}", facts.len());
    }
    eprintln!(
        "all: {} matched, {} missed, {} elsewhere",
        total[0], total[1], total[2]
    );
    assert!(misses.is_empty(), "{}", misses.join("\n"));
    // What no row of this module may slip into unnoticed.
    assert_eq!(total[2], 73, "rows left to others");
    for (file, facts) in &facts {
        let kinds = file.ends_with(".hap");
        assert_eq!(facts.analysis_incomplete().is_empty(), !kinds, "{file}");
        assert_eq!(
            facts.coverage.classes_total, facts.coverage.classes_analysed,
            "{file}"
        );
        assert_eq!(
            facts.coverage.files_total, facts.coverage.files_read,
            "{file}"
        );
    }
}

pub(crate) fn check(facts: &Facts, fact: &str, value: &str) -> Outcome {
    const VERIFIER: &str = "are verdicts of the signature verifier";
    const CERTIFICATES: &str = "describe certificates, which the certificate reader does";
    match fact.split('.').next().unwrap() {
        "signature_verifies"
        | "signature_schemes_verified"
        | "signer_count"
        | "v1_sf_digest"
        | "v1_sf_stripping_protection"
        | "janus_exposed_v1_only"
        | "sign_block" => Outcome::Elsewhere(VERIFIER),
        "signer_cert_subject"
        | "signer_cert_sha256"
        | "signer_key"
        | "signer_cert_valid"
        | "signer_cert_sig_alg"
        | "signer_is_android_debug_key" => Outcome::Elsewhere(CERTIFICATES),
        "code" => code::check(facts, fact, value),
        "crypto" => Outcome::Elsewhere("need a computation; its inputs are facts"),
        "trap" => trap(facts, fact, value),
        "res" => resource(facts, fact, value),
        "zip" => {
            let file = facts.files.find("classes.dex").unwrap();
            compare(file.crc32, value)
        }
        "file_count" => compare(facts.files.len(), value),
        "odd_file" => holds(facts.files.find(value).is_some()),
        "entries" => {
            let names: Vec<_> = facts
                .files
                .iter()
                .map(|file| format!("{} ({} bytes)", file.path, file.size))
                .collect();
            holds(value.starts_with(&names.join(", ")))
        }
        "native" | "native_libs" => native(facts, fact, value),
        "profile" => harmony_profile(facts, fact, value),
        "macho" | "objc" | "strings" => macho(facts, fact, value),
        "provision" | "entitlement" => provision(facts, fact, value),
        _ if facts.ios.is_some() => info_plist(facts, fact, value),
        _ => manifest(facts, fact, value),
    }
}

fn base(facts: &Facts) -> &Manifest {
    facts.android.as_ref().unwrap().manifest().unwrap()
}

/// `absent (default: …)` or the value that is declared.
fn declared<T: ToString>(found: Option<T>, value: &str) -> Outcome {
    match found {
        Some(found) => compare(found.to_string(), value),
        None => holds(value.starts_with("absent")),
    }
}

fn manifest(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let android = facts.android.as_ref().unwrap();
    let manifest = base(facts);
    let application = &manifest.application;
    let count = |test: &dyn Fn(&Component) -> bool| {
        android
            .components()
            .filter(|component| test(component))
            .count()
    };
    match fact {
        "package" => compare(&manifest.package, value),
        "versionCode" => compare(manifest.version_code.unwrap(), value),
        "versionName" => compare(manifest.version_name.as_deref().unwrap(), value),
        "minSdk" => compare(manifest.min_sdk.api, value),
        "targetSdk" => compare(manifest.target_sdk.api, value),
        "debuggable" => declared(application.debuggable, value),
        "allowBackup" => declared(application.allow_backup, value),
        "extractNativeLibs" => declared(application.extract_native_libs, value),
        "usesCleartextTraffic" => {
            let default = android.permits_cleartext_by_default().unwrap();
            let expected = format!("absent (default: {default} because targetSdk");
            match application.uses_cleartext_traffic {
                None => holds(value.starts_with(&expected)),
                found => declared(found, value),
            }
        }
        "networkSecurityConfig" => declared(application.network_security_config.as_ref(), value),
        "exported_without_permission" => {
            let found = android.components().any(|component| {
                let launcher = if component.is_launcher() {
                    " (launcher)"
                } else {
                    ""
                };
                component.is_exported_without_permission()
                    && value == format!("{} {}{launcher}", component.kind.element(), component.name)
            });
            holds(found)
        }
        "exported_with_permission" => {
            let found = android.components().any(|component| {
                let permission = component.permission.as_deref().unwrap_or_default();
                let line = format!(
                    "{} {} permission={permission}",
                    component.kind.element(),
                    component.name
                );
                component.exported && !component.is_exported_without_permission() && value == line
            });
            holds(found)
        }
        "exported_without_permission_count" => {
            compare(count(&Component::is_exported_without_permission), value)
        }
        "exported_with_permission_count" => compare(
            count(&|component| component.exported && !component.is_exported_without_permission()),
            value,
        ),
        "uses_permission" => holds(android.uses_permissions().any(|permission| {
            let limit = permission
                .max_sdk
                .map(|sdk| format!(" maxSdkVersion={sdk}"));
            value == format!("{}{}", permission.name, limit.unwrap_or_default())
        })),
        "uses_permission_count" => compare(android.uses_permissions().count(), value),
        "declares_permission" => holds(android.declared_permissions().any(|permission| {
            let level = match permission.protection {
                Protection::Signature => "signature",
                _ => "other",
            };
            value == format!("{} protectionLevel={level}", permission.name)
        })),
        _ => Outcome::Miss("no such fact".to_owned()),
    }
}

fn trap(facts: &Facts, fact: &str, value: &str) -> Outcome {
    match fact {
        "trap.mode_private" => {
            let world_readable: Vec<_> = facts
                .code
                .calls_to("android.content.Context", "getSharedPreferences")
                .into_iter()
                .filter(|call| call.ints(1) == [1])
                .map(|call| call.method().qualified_name())
                .filter(|method| method.starts_with("com.android.insecurebankv2."))
                .collect();
            holds(
                matches!(world_readable.as_slice(), [one] if one.contains("MyBroadCastReceiver.onReceive")),
            )
        }
        "trap.exported_false" => {
            let name = value.split(' ').nth(1).unwrap();
            let android = facts.android.as_ref().unwrap();
            let component = android
                .components()
                .find(|component| component.name == name)
                .unwrap();
            holds(!component.exported && !component.intent_filters.is_empty())
        }
        _ => Outcome::Elsewhere("are verdicts of the signature verifier"),
    }
}

fn resource(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let table = facts.android.as_ref().unwrap().resources.as_ref().unwrap();
    let name = fact.rsplit('.').next().unwrap();
    let text = table
        .named("string", name)
        .and_then(|resource| resource.text())
        .unwrap();
    let wanted = value.split(' ').next().unwrap();
    if value.contains("CRC-32") {
        let path = format!(
            "lib/{}/libfoo.so",
            name.replace("64_v8a", "64-v8a").replace("_v7a", "-v7a")
        );
        assert_eq!(facts.files.find(&path).unwrap().crc32.to_string(), text);
    }
    compare(text, wanted)
}

fn yes(condition: bool) -> &'static str {
    if condition { "yes" } else { "no" }
}

fn native(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let listed = |value: &str| -> Vec<String> {
        value
            .split(", ")
            .map(|item| item.trim_matches('"').to_owned())
            .collect()
    };
    if fact == "native_libs" {
        return compare(
            if facts.libraries.is_empty() {
                "none"
            } else {
                "some"
            },
            value,
        );
    }
    if fact == "native.jni_exports" {
        let name = value.split(' ').next().unwrap();
        let all = facts
            .libraries
            .iter()
            .all(|library| library.elf.jni_exports().eq([name]));
        return holds(all && !facts.libraries.is_empty());
    }
    let path = fact
        .split_once("lib/")
        .map(|(_, rest)| format!("lib/{rest}"))
        .unwrap();
    let library = facts
        .libraries
        .iter()
        .find(|library| library.path == path)
        .unwrap();
    let elf = &library.elf;
    match fact.split('.').nth(1).unwrap() {
        "jni_exports" => {
            let wanted = listed(value);
            holds(
                wanted
                    .iter()
                    .all(|name| elf.jni_exports().any(|export| export == name)),
            )
        }
        "anti_debug_imports" => holds(listed(value).iter().all(|name| elf.imports(name))),
        "anti_hook_strings" => holds(
            listed(value)
                .iter()
                .all(|text| elf.strings.containing(text).next().is_some()),
        ),
        _ => compare(
            format!(
                "nx={} shared_object(pic)={} relro={} canary_import={} fortify_import={} stripped={} rpath={}",
                yes(elf.nx),
                yes(elf.is_position_independent()),
                format!("{:?}", elf.relro).to_lowercase(),
                yes(elf.stack_canary),
                yes(!elf.fortified.is_empty()),
                yes(elf.stripped),
                yes(elf.rpath.is_some() || elf.runpath.is_some()),
            ),
            value,
        ),
    }
}

fn harmony_profile(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let profile = &facts.harmony.as_ref().unwrap().profiles[0];
    let text = |pointer| profile.text(pointer).unwrap_or_default().to_owned();
    match fact {
        "profile.type" => compare(profile.kind().unwrap(), value),
        "profile.bundle-name" => compare(text("/bundle-info/bundle-name"), value),
        "profile.version-name" => compare(text("/version-name"), value),
        "profile.version-code" => compare(profile.values.pointer("/version-code").unwrap(), value),
        "profile.app-feature" => compare(text("/bundle-info/app-feature"), value),
        "profile.developer-id" => compare(text("/bundle-info/developer-id"), value),
        "profile.issuer" => compare(text("/issuer"), value),
        "profile.validity" => {
            let (from, to) = profile.validity().unwrap();
            holds(value.starts_with(&format!("{from} to {to} ")))
        }
        "profile.device-ids" => compare(profile.devices().len(), value),
        "profile.certificate" => {
            assert!(
                profile
                    .certificate()
                    .unwrap()
                    .starts_with("-----BEGIN CERTIFICATE-----")
            );
            Outcome::Elsewhere("describe certificates, which the certificate reader does")
        }
        _ => Outcome::Miss("no such fact".to_owned()),
    }
}

fn app(facts: &Facts) -> &Bundle {
    facts.ios.as_ref().unwrap().app().unwrap()
}

fn info_plist(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let info = app(facts).info.as_ref().unwrap();
    match fact {
        "bundle_id" => compare(info.bundle_id().unwrap(), value),
        "usage_descriptions" => holds(info.usage_descriptions().next().is_none()),
        "NSAppTransportSecurity" => holds(info.transport_security().is_none()),
        "CFBundleURLTypes" => holds(info.url_types().is_empty()),
        key => match info.value(key) {
            Some(found) => compare(found, value),
            None => holds(value.starts_with("absent")),
        },
    }
}

fn provision(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let profile = app(facts).profile.as_ref().unwrap();
    let (kind, key) = fact.split_once('.').unwrap();
    let wanted = value.split(" (").next().unwrap();
    if kind == "entitlement" {
        let found = profile.entitlements().unwrap().get(key).unwrap();
        // The program itself is signed with narrower ones; both are facts.
        assert!(
            app(facts)
                .entitlements()
                .unwrap()
                .get("get-task-allow")
                .and_then(Value::bool)
                == Some(false)
        );
        return compare(found, wanted.split(',').next().unwrap());
    }
    match key {
        "ProvisionedDevices" => holds(profile.devices().is_none()),
        "ProvisionsAllDevices" => compare(profile.provisions_all_devices(), wanted),
        "TeamIdentifier" => compare(profile.team_ids().join(","), wanted),
        "cms_signature" => Outcome::Elsewhere("are verdicts of the signature verifier"),
        key => compare(profile.text(key).unwrap_or_default(), wanted),
    }
}

fn macho(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let app = app(facts);
    let slice = |name: &str| {
        app.slices
            .iter()
            .find(|slice| slice.architecture == name)
            .unwrap()
    };
    let everywhere = |test: &dyn Fn(&hefu_audit::macho::Slice) -> bool| {
        holds(app.slices.len() == 2 && app.slices.iter().all(test))
    };
    match fact {
        "macho.armv7" | "macho.arm64" => {
            let slice = slice(fact.rsplit('.').next().unwrap());
            let platform = slice.platform.as_ref().unwrap();
            assert_eq!(slice.file_type, FileType::Executable);
            assert!(slice.imports("___stack_chk_fail") && slice.imports("___stack_chk_guard"));
            assert!(slice.imports("_objc_release") && slice.imports("_objc_storeStrong"));
            compare(
                format!(
                    "filetype=EXECUTE pie={} allow_stack_execution={} canary_import={}(___stack_chk_fail,___stack_chk_guard) arc={}(_objc_release,_objc_storeStrong) encrypted={}(cryptid 0) code_signature={} local_symbols_stripped={} rpath={} min_ios={} sdk={}",
                    yes(slice.pie),
                    yes(slice.allows_stack_execution),
                    yes(slice.stack_canary),
                    yes(slice.arc),
                    yes(slice.encrypted),
                    yes(slice.has_code_signature),
                    yes(slice.stripped),
                    slice.rpaths.join(","),
                    platform.minimum,
                    platform.sdk,
                ),
                value,
            )
        }
        "macho.archs" => {
            let names: Vec<_> = app
                .slices
                .iter()
                .map(|slice| slice.architecture.as_str())
                .collect();
            compare(format!("{} (fat)", names.join(",")), value)
        }
        "macho.libraries" => everywhere(&|slice| {
            let names: Vec<_> = slice
                .libraries
                .iter()
                .map(|path| path.rsplit('/').next().unwrap().trim_end_matches(".dylib"))
                .collect();
            names.join(", ") == value
        }),
        "macho.risky_imports" => {
            everywhere(&|slice| value.split(", ").all(|symbol| slice.imports(symbol)))
        }
        "macho.absent" => everywhere(&|slice| {
            let absent = [
                "_ptrace", "_sysctl", "_getppid", "_fork", "_dlopen", "_NSLog",
            ];
            absent.iter().all(|symbol| !slice.imports(symbol))
                && !slice
                    .imports
                    .iter()
                    .any(|symbol| symbol.starts_with("_CCCrypt"))
                && slice
                    .strings
                    .containing("/Applications/Cydia")
                    .next()
                    .is_none()
        }),
        "macho.deprecated_api" => {
            everywhere(&|slice| slice.imports(&format!("_OBJC_CLASS_$_{value}")))
        }
        "objc.classes" => everywhere(&|slice| {
            let names: Vec<_> = slice
                .objc_classes
                .iter()
                .map(|class| class.name.as_str())
                .collect();
            names.join(", ") == value
        }),
        "strings" => everywhere(&|slice| {
            let mut wanted = value.split('"').skip(1).step_by(2);
            wanted.all(|text| slice.strings.iter().any(|(_, found)| found == text))
        }),
        _ => Outcome::Miss("no such fact".to_owned()),
    }
}
