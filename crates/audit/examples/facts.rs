//! Prints a summary of the facts of a package as JSON.
//!
//! ```text
//! cargo run --release -p hefu-audit --example facts -- app.apk
//! ```

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::path::Path;
use std::process::ExitCode;

use hefu_audit::{Facts, Limits, Package};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: facts PACKAGE");
        return ExitCode::from(2);
    };
    let limits = Limits::default();
    match Package::open(Path::new(&path), &limits) {
        Ok(package) => {
            println!("{:#}", summary(&Facts::read(&package, &limits)));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

fn summary(facts: &Facts) -> Value {
    let sha256: String = facts
        .sha256
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "name": facts.name,
        "kind": facts.kind.name(),
        "size": facts.size,
        "sha256": sha256,
        "application_id": facts.application_id(),
        "files": facts.files.len(),
        "disagreements": facts.archives.iter().map(|a| a.disagreements.len()).sum::<usize>(),
        "android": android(facts),
        "code": code(facts),
        "libraries": facts.libraries.iter().map(|library| json!({
            "path": library.path,
            "abi": library.elf.abi,
            "nx": library.elf.nx,
            "relro": format!("{:?}", library.elf.relro),
            "canary": library.elf.stack_canary,
            "stripped": library.elf.stripped,
            "segment_alignment": library.elf.segment_alignment,
        })).collect::<Vec<_>>(),
        "ios": ios(facts),
        "harmony_modules": facts.harmony.as_ref().map(|harmony| harmony.modules.len()),
        "library_versions": facts.library_versions.len(),
        "texts": facts.texts.len(),
        "coverage": coverage(facts),
    })
}

fn android(facts: &Facts) -> Option<Value> {
    let android = facts.android.as_ref()?;
    let manifest = android.manifest()?;
    Some(json!({
        "package": manifest.package,
        "version_code": manifest.version_code,
        "version_name": manifest.version_name,
        "min_sdk": manifest.min_sdk.api,
        "target_sdk": manifest.target_sdk.api,
        "debuggable": manifest.application.is_debuggable(),
        "permissions": android.uses_permissions().map(|p| &p.name).collect::<Vec<_>>(),
        "exported": android.components().filter(|c| c.exported).map(|c| &c.name).collect::<Vec<_>>(),
        "cleartext_by_default": android.permits_cleartext_by_default(),
        "resources": android.resources.as_ref().map(|table| table.resources().count()),
        "locales": android.locales().len(),
        "views": android.views().count(),
    }))
}

fn code(facts: &Facts) -> Value {
    json!({
        "dex_files": facts.code.files().len(),
        "methods": facts.code.methods().count(),
        "calls": facts.code.calls().count(),
        "ciphers": facts.code.calls_to("javax.crypto.Cipher", "getInstance").iter().map(|call| json!({
            "site": call.site().to_string(),
            "transformation": call.texts(0),
        })).collect::<Vec<_>>(),
    })
}

fn ios(facts: &Facts) -> Option<Value> {
    let app = facts.ios.as_ref()?.app()?;
    Some(json!({
        "bundle": app.path,
        "minimum_os": app.info.as_ref().and_then(|info| info.minimum_os()),
        "slices": app.slices.iter().map(|slice| json!({
            "architecture": slice.architecture,
            "pie": slice.pie,
            "canary": slice.stack_canary,
            "arc": slice.arc,
            "encrypted": slice.encrypted,
            "classes": slice.objc_classes.iter().map(|class| &class.name).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "get_task_allow": app.profile.as_ref().and_then(|profile| profile.get_task_allow()),
    }))
}

fn coverage(facts: &Facts) -> Value {
    let coverage = &facts.coverage;
    json!({
        "classes_total": coverage.classes_total,
        "classes_analysed": coverage.classes_analysed,
        "methods_total": coverage.methods_total,
        "methods_analysed": coverage.methods_analysed,
        "methods_approximated": coverage.methods_approximated,
        "files_total": coverage.files_total,
        "files_read": coverage.files_read,
        "skipped": coverage.skipped.iter().map(|skipped| json!({
            "what": skipped.what,
            "why": skipped.why.to_string(),
        })).collect::<Vec<_>>(),
    })
}
