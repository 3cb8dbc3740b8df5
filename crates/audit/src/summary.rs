//! The facts of a package that people ask for first and that versions are compared by.
//!
//! Its fields are the `facts` object of the JSON report, under the same names.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::elf::{Elf, Relro};
use crate::facts::android::Manifest;
use crate::facts::{Facts, Harmony, Ios};
use crate::inventory::{Sdk, inventory};
use crate::macho::Slice;

/// Hosts that are kept. A package can be made of nothing but addresses.
const HOSTS_MAX: usize = 2_000;
/// Longest host name of the DNS, in bytes.
const HOST_BYTES_MAX: usize = 253;

/// The facts of a package in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The application id: package, bundle identifier or bundle name.
    pub package: Option<String>,
    /// The version that people see.
    pub version: Option<String>,
    /// The version that stores compare.
    pub version_code: Option<String>,
    /// `android`, `ios`, `harmony`; several for a source tree of several.
    pub platforms: Vec<&'static str>,
    /// The oldest system: SDK version of Android, API version of HarmonyOS.
    pub min_sdk: Option<i64>,
    /// The system that it was made for.
    pub target_sdk: Option<i64>,
    /// The newest system, where there is a last one.
    pub max_sdk: Option<i64>,
    /// The oldest iOS, `major.minor`.
    pub min_os: Option<String>,
    /// What the main manifest switches on.
    pub flags: Flags,
    /// Permissions that it asks for: of Android and HarmonyOS their names, of iOS the keys under
    /// which it explains itself.
    pub permissions: Vec<Permission>,
    /// Permissions that it declares.
    pub declared_permissions: Vec<String>,
    /// Activities, services, receivers, providers and abilities.
    pub components: Vec<Component>,
    /// Schemes of URLs that open it.
    pub url_schemes: Vec<String>,
    /// Hosts in URLs, wherever they stand.
    pub endpoints: Vec<Endpoint>,
    /// Libraries with their versions.
    pub libraries: Vec<Library>,
    /// Native code of Android and HarmonyOS.
    pub native: Vec<Native>,
    /// Native code of iOS.
    pub programs: Vec<Program>,
    /// The entitlements of the iOS app.
    pub entitlements: BTreeMap<String, serde_json::Value>,
    /// The `Info.plist` of the iOS app.
    pub info: BTreeMap<String, serde_json::Value>,
    /// The profile with which iOS or HarmonyOS installs it.
    pub profile: serde_json::Value,
    /// Files of the package.
    pub files: usize,
    /// Dex files.
    pub dex: Vec<DexFile>,
}

/// What the main manifest switches on. `None` where the platform or the manifest has no such
/// switch, and the manifest's own word, not the default, where it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Flags {
    /// A debugger may attach.
    pub debuggable: Option<bool>,
    /// Data goes into backups.
    pub allow_backup: Option<bool>,
    /// Only for tests.
    pub test_only: Option<bool>,
    /// Unencrypted traffic is allowed.
    pub uses_cleartext_traffic: Option<bool>,
    /// The file of the network security configuration.
    pub network_security_config: Option<String>,
    /// Native libraries are unpacked on installation.
    pub extract_native_libs: Option<bool>,
}

/// A permission that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Permission {
    /// Its name.
    pub name: String,
    /// The last SDK version on which it is asked for.
    pub max_sdk: Option<u32>,
    /// What the user is told.
    pub reason: Option<String>,
}

/// A component or ability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Component {
    /// `activity`, `service`, `receiver`, `provider`, `ability`, …
    pub kind: String,
    /// Its class or name.
    pub name: String,
    /// Whether other apps reach it.
    pub exported: bool,
    /// Permissions that they need, each once.
    pub permissions: Vec<String>,
    /// Whether it starts the app from the home screen.
    pub launcher: bool,
}

/// A host in URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// The host, in lower case.
    pub host: String,
    /// The schemes it is reached by, each once: `http`, `https`, `ws`, …
    pub schemes: Vec<String>,
}

/// A piece of third-party code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Library {
    /// Its usual name; else its coordinates, `group:name`.
    pub name: String,
    /// Its version, if the package tells.
    pub version: Option<String>,
    /// Who makes it, if that is known.
    pub vendor: Option<&'static str>,
    /// Package URL, with the version where that is known.
    pub purl: Option<String>,
    /// Classes of it that the package contains.
    pub classes: usize,
    /// Files in which it shows.
    pub files: Vec<String>,
}

/// A dex file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DexFile {
    /// The file.
    pub file: String,
    /// Its size in bytes.
    pub size: u64,
    /// The CRC-32 that the archive declares.
    pub crc32: u32,
}

/// A native library or program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Native {
    /// The file.
    pub file: String,
    /// For which processor.
    pub abi: String,
    /// The stack cannot be run.
    pub nx: bool,
    /// It can be loaded anywhere.
    pub pic: bool,
    /// `none`, `partial` or `full`.
    pub relro: &'static str,
    /// It imports the function that a broken stack canary calls.
    pub canary: bool,
    /// Functions with checks of lengths that it imports.
    pub fortified: Vec<String>,
    /// The symbol table is taken out.
    pub stripped: bool,
    /// Where it looks for libraries by its own will.
    pub rpath: Option<String>,
    /// It can be mapped on systems with pages of 16 KiB.
    pub pages_16k: bool,
    /// Functions that Java calls.
    pub jni_exports: Vec<String>,
}

/// A program or library of iOS for one processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Program {
    /// The file.
    pub file: String,
    /// For which processor.
    pub architecture: String,
    /// It can be loaded anywhere.
    pub pie: bool,
    /// The stack can be run.
    pub allows_stack_execution: bool,
    /// It imports the functions of stack canaries.
    pub canary: bool,
    /// Memory is counted by the compiler.
    pub arc: bool,
    /// The store encrypted it.
    pub encrypted: bool,
    /// It carries a signature.
    pub code_signature: bool,
    /// Local symbols are taken out.
    pub stripped: bool,
    /// Where it looks for libraries by its own will.
    pub rpaths: Vec<String>,
    /// Libraries that it loads.
    pub libraries: Vec<String>,
    /// The oldest system.
    pub min_os: Option<String>,
    /// The system that it was built for.
    pub sdk: Option<String>,
}

impl Summary {
    /// The facts in short.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let mut summary = Self {
            package: facts.application_id().map(str::to_owned),
            endpoints: endpoints(facts),
            files: facts.files.len(),
            dex: facts
                .files
                .of_kind(crate::facts::FileKind::Dex)
                .map(|file| DexFile {
                    file: file.location(),
                    size: file.size,
                    crc32: file.crc32,
                })
                .collect(),
            ..Self::default()
        };
        summary.libraries = inventory(facts).iter().map(library).collect();
        summary.native = facts
            .libraries
            .iter()
            .map(|library| native(&location(&library.part, &library.path), &library.elf))
            .collect();
        if let Some(android) = &facts.android {
            summary.platforms.push("android");
            if let Some(manifest) = android.manifest() {
                summary.read_manifest(manifest);
            }
            if let Some(network) = &android.network_security {
                summary.flags.network_security_config = Some(network.file.clone());
            }
            summary.read_components(android);
        }
        if let Some(ios) = &facts.ios {
            summary.platforms.push("ios");
            summary.read_ios(ios, facts);
        }
        if let Some(harmony) = &facts.harmony {
            summary.platforms.push("harmony");
            summary.read_harmony(harmony);
        }
        summary
    }

    fn read_manifest(&mut self, manifest: &Manifest) {
        self.version.clone_from(&manifest.version_name);
        self.version_code = manifest.version_code.map(|code| code.to_string());
        self.min_sdk = Some(i64::from(manifest.min_sdk.api));
        self.target_sdk = Some(i64::from(manifest.target_sdk.api));
        self.max_sdk = manifest.max_sdk.map(i64::from);
        let application = &manifest.application;
        self.flags = Flags {
            debuggable: application.debuggable,
            allow_backup: application.allow_backup,
            test_only: application.test_only,
            uses_cleartext_traffic: application.uses_cleartext_traffic,
            network_security_config: None,
            extract_native_libs: application.extract_native_libs,
        };
    }

    fn read_components(&mut self, android: &crate::facts::Android) {
        let permissions = android.uses_permissions().map(|permission| Permission {
            name: permission.name.clone(),
            max_sdk: permission.max_sdk,
            reason: None,
        });
        self.permissions = permissions.collect();
        let declared = android.declared_permissions();
        self.declared_permissions = declared.map(|declared| declared.name.clone()).collect();
        for component in android.components() {
            let permissions = [
                &component.permission,
                &component.read_permission,
                &component.write_permission,
            ];
            let permissions: BTreeSet<&String> = permissions.into_iter().flatten().collect();
            self.components.push(Component {
                kind: component.kind.element().to_owned(),
                name: component.name.clone(),
                exported: component.exported,
                permissions: permissions.into_iter().cloned().collect(),
                launcher: component.is_launcher(),
            });
        }
        let filters = android
            .components()
            .flat_map(|component| &component.intent_filters);
        let schemes: BTreeSet<&str> = filters.flat_map(|filter| filter.schemes()).collect();
        self.url_schemes = schemes.into_iter().map(str::to_owned).collect();
    }

    fn read_ios(&mut self, ios: &Ios, facts: &Facts) {
        if let Some(app) = ios.app() {
            if let Some(info) = &app.info {
                self.version = info.version().map(str::to_owned);
                self.version_code = info.text("CFBundleVersion").map(str::to_owned);
                self.min_os = info.minimum_os().map(str::to_owned);
                let usages = info.usage_descriptions();
                self.permissions
                    .extend(usages.map(|(key, text)| Permission {
                        name: key.to_owned(),
                        max_sdk: None,
                        reason: Some(text.to_owned()),
                    }));
                let types = info.url_types();
                self.url_schemes
                    .extend(types.into_iter().flat_map(|url| url.schemes));
            }
            self.entitlements = app.entitlements().map(entries_of).unwrap_or_default();
            let info = app.info.as_ref();
            self.info = info
                .map(|info| entries_of(&info.values))
                .unwrap_or_default();
            let profile = app.profile.as_ref();
            self.profile = profile
                .map(|profile| json_of(&profile.values))
                .unwrap_or_default();
        }
        for bundle in &ios.bundles {
            let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
            let slices = bundle.slices.iter();
            self.programs
                .extend(slices.map(|slice| program(file, slice)));
        }
        for file in &facts.macho_files {
            let slices = file.slices.iter();
            self.programs
                .extend(slices.map(|slice| program(&file.path, slice)));
        }
    }

    fn read_harmony(&mut self, harmony: &Harmony) {
        if let Some(module) = harmony.module() {
            self.version.clone_from(&module.version_name);
            self.version_code = module.version_code.map(|code| code.to_string());
            self.min_sdk = module.min_api;
            self.target_sdk = module.target_api;
            self.flags.debuggable = module.debug;
        }
        if let Some(profile) = harmony.profiles.first() {
            self.profile = profile.values.clone();
        }
        for module in &harmony.modules {
            let permissions = module.permissions.iter();
            self.permissions
                .extend(permissions.map(|permission| Permission {
                    name: permission.name.clone(),
                    max_sdk: None,
                    reason: permission.reason.clone(),
                }));
            let declared = module.declared_permissions.iter();
            self.declared_permissions
                .extend(declared.map(|(name, _)| name.clone()));
            for ability in &module.abilities {
                let schemes = ability.uris.iter().filter_map(|(scheme, _)| scheme.clone());
                self.url_schemes.extend(schemes);
                self.components.push(Component {
                    kind: "ability".to_owned(),
                    name: ability.name.clone(),
                    exported: ability.exported,
                    permissions: ability.permissions.clone(),
                    launcher: false,
                });
            }
        }
        self.url_schemes.sort();
        self.url_schemes.dedup();
    }
}

fn location(part: &str, path: &str) -> String {
    if part.is_empty() {
        path.to_owned()
    } else {
        format!("{part}!/{path}")
    }
}

fn library(sdk: &Sdk) -> Library {
    let files = sdk.evidence.iter();
    let files: BTreeSet<&String> = files
        .filter_map(|evidence| evidence.file.as_ref())
        .collect();
    Library {
        name: sdk.name.clone(),
        version: sdk.version.clone(),
        vendor: sdk.vendor,
        purl: sdk.versioned_purl(),
        classes: sdk.classes,
        files: files.into_iter().cloned().collect(),
    }
}

fn native(file: &str, elf: &Elf) -> Native {
    Native {
        file: file.to_owned(),
        abi: elf.abi.clone(),
        nx: elf.nx,
        pic: elf.is_position_independent(),
        relro: match elf.relro {
            Relro::None => "none",
            Relro::Partial => "partial",
            Relro::Full => "full",
        },
        canary: elf.stack_canary,
        fortified: elf.fortified.clone(),
        stripped: elf.stripped,
        rpath: elf.runpath.clone().or_else(|| elf.rpath.clone()),
        pages_16k: elf.supports_16k_pages(),
        jni_exports: elf.jni_exports().map(str::to_owned).collect(),
    }
}

fn program(file: &str, slice: &Slice) -> Program {
    Program {
        file: file.to_owned(),
        architecture: slice.architecture.clone(),
        pie: slice.pie,
        allows_stack_execution: slice.allows_stack_execution,
        canary: slice.stack_canary,
        arc: slice.arc,
        encrypted: slice.encrypted,
        code_signature: slice.has_code_signature,
        stripped: slice.stripped,
        rpaths: slice.rpaths.clone(),
        libraries: slice.libraries.clone(),
        min_os: slice.platform.as_ref().map(|on| on.minimum.clone()),
        sdk: slice.platform.as_ref().map(|on| on.sdk.clone()),
    }
}

fn entries_of(dictionary: &crate::property_list::Value) -> BTreeMap<String, serde_json::Value> {
    let entries = dictionary.entries().iter();
    entries
        .map(|(key, value)| (key.clone(), json_of(value)))
        .collect()
}

fn json_of(value: &crate::property_list::Value) -> serde_json::Value {
    use crate::property_list::Value;
    match value {
        Value::Array(items) => items.iter().map(json_of).collect(),
        Value::Dictionary(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), json_of(value)))
            .collect(),
        Value::Text(text) | Value::Date(text) => text.as_str().into(),
        Value::Bool(value) => (*value).into(),
        Value::Real(value) => (*value).into(),
        Value::Integer(value) => {
            i64::try_from(*value).map_or_else(|_| value.to_string().into(), serde_json::Value::from)
        }
        Value::Data(bytes) => {
            let digest = crate::signature::hash::sha256(&[bytes]);
            let digest = crate::signature::hash::hex(&digest);
            format!("{} bytes, sha256 {digest}", bytes.len()).into()
        }
    }
}

/// Schemes whose hosts are endpoints.
const SCHEMES: [&str; 8] = ["https", "http", "wss", "ws", "ftp", "mqtt", "tcp", "ssl"];
/// Hosts that name a format and that nobody talks to.
const NAMESPACES: [&str; 9] = [
    "schemas.android.com",
    "ns.adobe.com",
    "www.w3.org",
    "xmlpull.org",
    "xml.apache.org",
    "schemas.xmlsoap.org",
    "xml.org",
    "www.xmlpull.org",
    "java.sun.com",
];

/// The hosts of all URLs in all strings of the package.
fn endpoints(facts: &Facts) -> Vec<Endpoint> {
    let mut found: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let finder = memchr::memmem::Finder::new("://");
    for literal in facts.literals() {
        let text = literal.text.as_ref();
        for at in finder.find_iter(text.as_bytes()) {
            let Some((scheme, host)) = url_at(text, at) else {
                continue;
            };
            if found.len() < HOSTS_MAX || found.contains_key(&host) {
                found.entry(host).or_default().insert(scheme);
            }
        }
    }
    found
        .into_iter()
        .map(|(host, schemes)| Endpoint {
            host,
            schemes: schemes.into_iter().map(str::to_owned).collect(),
        })
        .collect()
}

/// Scheme and host of the URL whose `://` is at `at`.
fn url_at(text: &str, at: usize) -> Option<(&'static str, String)> {
    let before = text.get(..at)?;
    let scheme = SCHEMES.into_iter().find(|scheme| {
        let start = at.checked_sub(scheme.len());
        start
            .and_then(|start| before.get(start..))
            .is_some_and(|end| {
                end.eq_ignore_ascii_case(scheme)
                    && !before
                        .get(..at - scheme.len())
                        .is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_alphanumeric()))
            })
    })?;
    let rest = text.get(at + 3..)?;
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | ':')))
        .unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let host = authority.rsplit('@').next()?;
    let host = host
        .split(':')
        .next()?
        .trim_end_matches('.')
        .to_ascii_lowercase();
    let plausible = host.contains('.') || host == "localhost";
    (plausible && host.len() <= HOST_BYTES_MAX && !NAMESPACES.contains(&host.as_str()))
        .then_some((scheme, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_cut_to_their_hosts() {
        let host = |text: &str| url_at(text, text.find("://").unwrap());
        let found = |scheme, host: &str| Some((scheme, host.to_owned()));
        assert_eq!(
            host("https://API.Bank.example:8443/v1"),
            found("https", "api.bank.example")
        );
        assert_eq!(
            host("see http://user@10.0.0.1/a"),
            found("http", "10.0.0.1")
        );
        assert_eq!(host("http://localhost"), found("http", "localhost"));
        assert_eq!(host("http://%s/a"), None);
        assert_eq!(host("http://"), None);
        assert_eq!(host("myhttps://a.example"), None);
        assert_eq!(host("content://a.example"), None);
        assert_eq!(host("http://schemas.android.com/apk/res/android"), None);
    }
}
