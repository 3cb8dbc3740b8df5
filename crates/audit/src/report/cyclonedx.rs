//! CycloneDX 1.6: what packages are made of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::json::{Signature, hex};
use super::{RULES, Report, TOOL, VERSION, uuid};
use crate::audit::Audit;
use crate::summary::{Library, Summary};

/// Writes the bill of materials.
///
/// # Errors
/// None that this can have: the report holds nothing that JSON cannot say.
pub fn write(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let apps: Vec<App<'_>> = report.audits.iter().enumerate().map(App::of).collect();
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for app in &apps {
        let parts = app.parts();
        let references: BTreeSet<&str> = parts.keys().map(String::as_str).collect();
        dependencies.push(json!({ "ref": app.reference, "dependsOn": references }));
        components.extend(parts.into_values());
    }
    let subject = match apps.as_slice() {
        [app] => app.component(),
        several => {
            // Several packages are parts of one delivery.
            let reference = uuid("delivery");
            let references: Vec<&str> = several.iter().map(|app| app.reference.as_str()).collect();
            dependencies.push(json!({ "ref": reference, "dependsOn": references }));
            components.extend(several.iter().map(App::component));
            json!({ "type": "application", "bom-ref": reference, "name": "delivery" })
        }
    };
    let serial = report
        .audits
        .iter()
        .fold(format!("bom {RULES} {}", report.date()), |name, audit| {
            format!("{name} {} {:?}", audit.path, audit.sha256)
        });
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(&serial)),
        "version": 1,
        "metadata": {
            "timestamp": report.moment(),
            "tools": { "components": [{
                "type": "application",
                "name": TOOL,
                "version": VERSION,
                "properties": [
                    { "name": "hefu:rules-sha256", "value": RULES },
                    { "name": "hefu:catalogue-sha256", "value": report.catalogue.sha256 },
                ],
            }] },
            "component": subject,
        },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

struct App<'a> {
    audit: &'a Audit,
    reference: String,
}

impl<'a> App<'a> {
    fn of((number, audit): (usize, &'a Audit)) -> Self {
        let reference = uuid(&format!("app {number} {} {:?}", audit.path, audit.sha256));
        Self { audit, reference }
    }

    fn component(&self) -> Value {
        let audit = self.audit;
        let summary = audit.summary.as_ref();
        let name = summary.and_then(|summary| summary.package.as_deref());
        let mut component = json!({
            "type": "application",
            "bom-ref": self.reference,
            "name": name.unwrap_or(&audit.path),
            "properties": properties(audit),
        });
        let Some(members) = component.as_object_mut() else {
            return component;
        };
        let version = summary.and_then(|summary| summary.version.as_deref());
        if let Some(version) = version {
            members.insert("version".to_owned(), version.into());
        }
        if let Some(sha256) = &audit.sha256 {
            let hashes = json!([{ "alg": "SHA-256", "content": hex(sha256) }]);
            members.insert("hashes".to_owned(), hashes);
        }
        component
    }

    /// The libraries and native files, by their references, each once.
    fn parts(&self) -> BTreeMap<String, Value> {
        let Some(summary) = &self.audit.summary else {
            return BTreeMap::new();
        };
        let libraries = summary
            .libraries
            .iter()
            .map(|library| self.library(library));
        libraries.chain(self.native(summary)).collect()
    }

    fn reference_to(&self, what: &str) -> String {
        format!("{}/{}", self.reference, uuid(what))
    }

    fn library(&self, library: &Library) -> (String, Value) {
        let reference = self.reference_to(&format!("library {}", library.name));
        let occurrences = library.files.iter();
        let occurrences: Vec<Value> = occurrences
            .map(|file| json!({ "location": file }))
            .collect();
        let mut component = json!({
            "type": "library",
            "bom-ref": reference,
            "name": library.name,
            "evidence": { "occurrences": occurrences },
        });
        if let Some(members) = component.as_object_mut() {
            let known = [("version", &library.version), ("purl", &library.purl)];
            for (name, value) in known {
                if let Some(value) = value {
                    members.insert(name.to_owned(), value.as_str().into());
                }
            }
            if let Some(vendor) = library.vendor {
                members.insert("publisher".to_owned(), vendor.into());
            }
        }
        (reference, component)
    }

    fn native<'b>(&'b self, summary: &'b Summary) -> impl Iterator<Item = (String, Value)> + 'b {
        let android = summary
            .native
            .iter()
            .map(|native| (&native.file, &native.abi));
        let ios = summary
            .programs
            .iter()
            .map(|program| (&program.file, &program.architecture));
        android.chain(ios).map(|(file, processor)| {
            let reference = self.reference_to(&format!("file {file} {processor}"));
            let component = json!({
                "type": "file",
                "bom-ref": reference,
                "name": file,
                "properties": [{ "name": "hefu:processor", "value": processor }],
            });
            (reference, component)
        })
    }
}

fn properties(audit: &Audit) -> Vec<Value> {
    let mut properties = vec![("hefu:path", audit.path.clone())];
    properties.extend(audit.kind.map(|kind| ("hefu:kind", kind.name().to_owned())));
    properties.extend(audit.error.clone().map(|error| ("hefu:error", error)));
    let code = audit.summary.as_ref();
    let code = code.and_then(|summary| summary.version_code.clone());
    properties.extend(code.map(|code| ("hefu:version-code", code)));
    let signature = audit.signature.as_ref().map(Signature::of);
    let signers = signature
        .map(|signature| signature.signers)
        .unwrap_or_default();
    let certificates: BTreeSet<String> = signers
        .into_iter()
        .map(|signer| signer.certificate.sha256)
        .collect();
    let certificates = certificates.into_iter();
    properties.extend(certificates.map(|sha256| ("hefu:signer-sha256", sha256)));
    properties
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}
