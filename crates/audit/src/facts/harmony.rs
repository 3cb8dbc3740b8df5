//! Facts of a HarmonyOS package: modules, abilities, permissions, network configuration.

use serde_json::Value;

use crate::limits::Limits;

/// Why JSON cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Longer than [`Limits::xml_bytes_max`].
    #[error("the document is longer than the limit")]
    TooLong,
    /// Not well-formed, or nested deeper than 128 levels.
    #[error("not well-formed at line {line}")]
    Malformed {
        /// Where.
        line: usize,
    },
    /// Well-formed, but not what it should be.
    #[error("it has not the form that it should have")]
    UnexpectedForm,
}

/// Reads JSON. Sources of HarmonyOS have comments, single quotes and trailing commas in it
/// (JSON5); the first and the last of these are accepted.
///
/// # Errors
///
/// Text that is not well-formed or over a limit.
pub fn json(bytes: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    if bytes.len() > limits.xml_bytes_max {
        return Err(JsonError::TooLong);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes)
        .or_else(|_| serde_json::from_slice(&without_comments(bytes)))
        .map_err(|error| JsonError::Malformed { line: error.line() })
}

/// The same text without comments and without commas before a closing bracket.
fn without_comments(bytes: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, after.first()) {
            (b'"', _) => {
                let end = string_end(after);
                plain.push(b'"');
                plain.extend_from_slice(after.get(..end).unwrap_or_default());
                rest = after.get(end..).unwrap_or_default();
                continue;
            }
            (b'/', Some(b'/')) => {
                let end = memchr::memchr(b'\n', after).unwrap_or(after.len());
                rest = after.get(end..).unwrap_or_default();
                continue;
            }
            (b'/', Some(b'*')) => {
                let end = memchr::memmem::find(after, b"*/").map_or(after.len(), |end| end + 2);
                rest = after.get(end..).unwrap_or_default();
                continue;
            }
            (b']' | b'}', _) => {
                let kept = plain.trim_ascii_end().len();
                if plain.get(..kept).is_some_and(|text| text.ends_with(b",")) {
                    plain.truncate(kept - 1);
                }
                plain.push(byte);
            }
            _ => plain.push(byte),
        }
        rest = after;
    }
    plain
}

/// One past the closing quote of a string whose content starts here.
fn string_end(content: &[u8]) -> usize {
    let mut escaped = false;
    for (position, byte) in content.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position + 1,
            _ => {}
        }
    }
    content.len()
}

/// Facts of a HarmonyOS package.
#[derive(Debug, Default)]
pub struct Harmony {
    /// Its modules, in the order of the package.
    pub modules: Vec<Module>,
    /// `pack.info`, which describes all modules of an app.
    pub pack_info: Option<Value>,
    /// Network configurations, with the files that they stand in.
    pub network: Vec<HarmonyNetwork>,
    /// Backup configurations.
    pub backups: Vec<HarmonyBackup>,
    /// Profiles that stand in the package as JSON.
    pub profiles: Vec<HarmonyProfile>,
    /// Bytecode files.
    pub bytecode: Vec<String>,
}

impl Harmony {
    /// The entry module, or else the first.
    #[must_use]
    pub fn module(&self) -> Option<&Module> {
        self.modules
            .iter()
            .find(|module| module.kind == "entry")
            .or_else(|| self.modules.first())
    }
}

/// A module: `module.json`, or `config.json` of the older model.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// The file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// `entry`, `feature`, `har`, `shared`.
    pub kind: String,
    /// The bundle that it belongs to.
    pub bundle_name: Option<String>,
    /// Version number of the bundle.
    pub version_code: Option<i64>,
    /// Version name of the bundle.
    pub version_name: Option<String>,
    /// Who made it.
    pub vendor: Option<String>,
    /// Oldest system API that it runs on.
    pub min_api: Option<i64>,
    /// System API that it was made for.
    pub target_api: Option<i64>,
    /// `Release`, `Beta1`, …
    pub api_release: Option<String>,
    /// Whether it can be debugged.
    pub debug: Option<bool>,
    /// Kinds of devices.
    pub device_types: Vec<String>,
    /// Permissions that it asks for.
    pub permissions: Vec<HarmonyPermission>,
    /// Permissions that it declares: name and grant mode.
    pub declared_permissions: Vec<(String, Option<String>)>,
    /// Abilities and extension abilities.
    pub abilities: Vec<Ability>,
    /// Everything in it.
    pub values: Value,
}

/// A permission that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarmonyPermission {
    /// Its name.
    pub name: String,
    /// What the user is told.
    pub reason: Option<String>,
    /// `always` or `inuse`.
    pub when: Option<String>,
    /// The abilities that it is for.
    pub abilities: Vec<String>,
}

/// An ability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// Its name.
    pub name: String,
    /// `page`, `service`, `data`, `form`, …
    pub kind: String,
    /// Whether other apps reach it.
    pub exported: bool,
    /// Whether it says so or it is the default (not exported).
    pub exported_declared: bool,
    /// Permissions that callers need.
    pub permissions: Vec<String>,
    /// Permission to read, of a data ability.
    pub read_permission: Option<String>,
    /// Permission to write, of a data ability.
    pub write_permission: Option<String>,
    /// Actions that it answers.
    pub actions: Vec<String>,
    /// URIs that it answers: scheme and host.
    pub uris: Vec<(Option<String>, Option<String>)>,
    /// Whether the system asks the hosts of its web links whether they are its own (App Linking).
    pub domain_verify: bool,
}

/// A network configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarmonyNetwork {
    /// The file.
    pub file: String,
    /// Whether unencrypted traffic is permitted; permitted unless it says not.
    pub cleartext_permitted: Option<bool>,
    /// Whether certificates that the user installed are trusted; they are unless it says not.
    pub trusts_user_certificates: Option<bool>,
    /// Whether certificates that device management installed are trusted; they are unless it says
    /// not.
    pub trusts_managed_certificates: Option<bool>,
    /// Hosts with their own rules.
    pub domains: Vec<HarmonyDomain>,
}

/// A host with rules of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarmonyDomain {
    /// The host.
    pub name: String,
    /// Whether hosts below it count.
    pub includes_subdomains: bool,
    /// Whether unencrypted traffic is permitted.
    pub cleartext_permitted: Option<bool>,
    /// Number of pins.
    pub pins: usize,
    /// The day after which the pins no longer count, as `2027-01-31`.
    pub pins_expire: Option<String>,
}

/// A backup configuration (`backup_config.json`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarmonyBackup {
    /// The file.
    pub file: String,
    /// Whether data may be backed up and restored.
    pub allowed: bool,
    /// Paths that are backed up.
    pub includes: Vec<String>,
    /// Paths that are left out.
    pub excludes: Vec<String>,
}

/// A profile: who may install the app. The one that counts stands in the signature.
#[derive(Debug, Clone, PartialEq)]
pub struct HarmonyProfile {
    /// The file.
    pub file: String,
    /// Everything in it.
    pub values: Value,
}

impl HarmonyProfile {
    /// The profile in a JSON document; `None` if it is not one.
    #[must_use]
    pub fn read(file: &str, values: Value) -> Option<Self> {
        values.get("bundle-info")?;
        Some(Self {
            file: file.to_owned(),
            values,
        })
    }

    /// A text, by path: `/bundle-info/bundle-name`.
    #[must_use]
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.values.pointer(pointer).and_then(Value::as_str)
    }

    /// `debug` or `release`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.text("/type")
    }

    /// First and last moment that it is valid, in Unix seconds.
    #[must_use]
    pub fn validity(&self) -> Option<(i64, i64)> {
        let moment = |key: &str| self.values.pointer(key).and_then(Value::as_i64);
        Some((
            moment("/validity/not-before")?,
            moment("/validity/not-after")?,
        ))
    }

    /// The devices that it is for, if it lists them.
    #[must_use]
    pub fn devices(&self) -> Vec<&str> {
        texts(self.values.pointer("/debug-info/device-ids"))
    }

    /// The certificate of the developer, as PEM.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.text("/bundle-info/development-certificate")
            .or_else(|| self.text("/bundle-info/distribution-certificate"))
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn items(value: Option<&Value>) -> &[Value] {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    items(value).iter().filter_map(Value::as_str).collect()
}

fn owned(value: Option<&Value>) -> Vec<String> {
    texts(value).into_iter().map(str::to_owned).collect()
}

impl Module {
    /// The facts of `module.json` or `config.json`; `None` if it is neither.
    #[must_use]
    pub fn read(file: &str, values: Value) -> Option<Self> {
        let module = values.get("module")?.as_object()?;
        let module = Value::Object(module.clone());
        let app = values.get("app").cloned().unwrap_or_default();
        let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_i64);
        // The older model nests versions.
        let version = app.get("version").cloned().unwrap_or_default();
        let api = app.get("apiVersion").cloned().unwrap_or_default();
        let distro = module.get("distro").cloned().unwrap_or_default();
        let abilities = items(module.get("abilities"))
            .iter()
            .map(|ability| Ability::read(ability, "page"))
            .chain(
                items(module.get("extensionAbilities"))
                    .iter()
                    .map(|ability| Ability::read(ability, "extension")),
            );
        Some(Self {
            file: file.to_owned(),
            name: text(&module, "name")
                .or_else(|| text(&distro, "moduleName"))
                .unwrap_or_default(),
            kind: text(&module, "type")
                .or_else(|| text(&distro, "moduleType"))
                .unwrap_or_default(),
            bundle_name: text(&app, "bundleName"),
            version_code: number(&app, "versionCode").or_else(|| number(&version, "code")),
            version_name: text(&app, "versionName").or_else(|| text(&version, "name")),
            vendor: text(&app, "vendor"),
            min_api: number(&app, "minAPIVersion").or_else(|| number(&api, "compatible")),
            target_api: number(&app, "targetAPIVersion").or_else(|| number(&api, "target")),
            api_release: text(&app, "apiReleaseType").or_else(|| text(&api, "releaseType")),
            debug: app
                .get("debug")
                .or_else(|| values.pointer("/deviceConfig/default/debug"))
                .and_then(Value::as_bool),
            device_types: owned(
                module
                    .get("deviceTypes")
                    .or_else(|| module.get("deviceType")),
            ),
            permissions: permissions(&module),
            declared_permissions: declared_permissions(&module),
            abilities: abilities.collect(),
            values,
        })
    }

    /// The network configuration of the older model, inside `config.json`.
    #[must_use]
    pub fn inline_network(&self) -> Option<HarmonyNetwork> {
        let network = self.values.pointer("/deviceConfig/default/network")?;
        Some(HarmonyNetwork {
            file: self.file.clone(),
            cleartext_permitted: network.get("cleartextTraffic").and_then(Value::as_bool),
            trusts_user_certificates: None,
            trusts_managed_certificates: None,
            domains: Vec::new(),
        })
    }
}

fn permissions(module: &Value) -> Vec<HarmonyPermission> {
    let asked = module
        .get("requestPermissions")
        .or_else(|| module.get("reqPermissions"));
    items(asked)
        .iter()
        .map(|permission| HarmonyPermission {
            name: text(permission, "name").unwrap_or_default(),
            reason: text(permission, "reason"),
            when: permission
                .pointer("/usedScene/when")
                .and_then(Value::as_str)
                .map(str::to_owned),
            // The older model has the singular.
            abilities: owned(
                permission
                    .pointer("/usedScene/abilities")
                    .or_else(|| permission.pointer("/usedScene/ability")),
            ),
        })
        .collect()
}

fn declared_permissions(module: &Value) -> Vec<(String, Option<String>)> {
    let declared = module
        .get("definePermissions")
        .or_else(|| module.get("defPermissions"));
    items(declared)
        .iter()
        .map(|permission| {
            (
                text(permission, "name").unwrap_or_default(),
                text(permission, "grantMode"),
            )
        })
        .collect()
}

impl Ability {
    fn read(ability: &Value, kind: &str) -> Self {
        // The older model says `visible`.
        let exported = ability.get("exported").or_else(|| ability.get("visible"));
        let skills = items(ability.get("skills"));
        let uris = skills.iter().flat_map(|skill| items(skill.get("uris")));
        Self {
            name: text(ability, "name").unwrap_or_default(),
            kind: text(ability, "type").unwrap_or_else(|| kind.to_owned()),
            exported: exported.and_then(Value::as_bool).unwrap_or(false),
            exported_declared: exported.is_some(),
            permissions: owned(ability.get("permissions")),
            read_permission: text(ability, "readPermission"),
            write_permission: text(ability, "writePermission"),
            actions: skills
                .iter()
                .flat_map(|skill| owned(skill.get("actions")))
                .collect(),
            uris: uris
                .map(|uri| (text(uri, "scheme"), text(uri, "host")))
                .collect(),
            domain_verify: skills
                .iter()
                .any(|skill| skill.get("domainVerify").and_then(Value::as_bool) == Some(true)),
        }
    }
}

impl HarmonyNetwork {
    /// The facts of `network_config.json`; `None` if it is not one.
    #[must_use]
    pub fn read(file: &str, values: &Value) -> Option<Self> {
        const TRUST_USER: &str = "trust-current-user-ca";
        const TRUST_MANAGED: &str = "trust-global-user-ca";
        let security = values.get("network-security-config").unwrap_or(values);
        let base = security.get("base-config");
        let flag = |value: &Value, key: &str| value.get(key).and_then(Value::as_bool);
        // The switches for user certificates stand beside the configuration, not inside.
        let trust = |key: &str| flag(values, key).or_else(|| flag(security, key));
        let is_network = base.is_some()
            || security.get("domain-config").is_some()
            || trust(TRUST_USER).is_some()
            || trust(TRUST_MANAGED).is_some();
        if !is_network {
            return None;
        }
        Some(Self {
            file: file.to_owned(),
            cleartext_permitted: base.and_then(|base| flag(base, "cleartextTrafficPermitted")),
            trusts_user_certificates: trust(TRUST_USER),
            trusts_managed_certificates: trust(TRUST_MANAGED),
            domains: items(security.get("domain-config"))
                .iter()
                .flat_map(HarmonyDomain::read)
                .collect(),
        })
    }
}

impl HarmonyDomain {
    /// The hosts of one entry of `domain-config`.
    fn read(config: &Value) -> impl Iterator<Item = Self> {
        let pins = items(config.pointer("/pin-set/pin")).len();
        let pins_expire = config
            .pointer("/pin-set/expiration")
            .and_then(Value::as_str);
        let cleartext_permitted = config
            .get("cleartextTrafficPermitted")
            .and_then(Value::as_bool);
        items(config.get("domains")).iter().map(move |domain| Self {
            name: text(domain, "name").unwrap_or_default(),
            includes_subdomains: domain
                .get("include-subdomains")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            cleartext_permitted,
            pins,
            pins_expire: pins_expire.map(str::to_owned),
        })
    }
}

impl HarmonyBackup {
    /// The facts of `backup_config.json`; `None` if it is not one.
    #[must_use]
    pub fn read(file: &str, values: &Value) -> Option<Self> {
        let allowed = values.get("allowToBackupRestore")?.as_bool()?;
        Some(Self {
            file: file.to_owned(),
            allowed,
            includes: owned(values.get("includes")),
            excludes: owned(values.get("excludes")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(text: &str) -> Module {
        Module::read(
            "module.json",
            json(text.as_bytes(), &Limits::default()).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn both_models_are_read() {
        let new = module(
            r#"{"app":{"bundleName":"com.bank","versionCode":7,"minAPIVersion":9,"debug":true},
            "module":{"name":"entry","type":"entry","deviceTypes":["phone"],
            "requestPermissions":[{"name":"ohos.permission.INTERNET","usedScene":{"abilities":["Main"],"when":"inuse"}}],
            "abilities":[{"name":"Main","exported":true,"skills":[{"actions":["a"],"domainVerify":true,
              "uris":[{"scheme":"bank","host":"pay"}]}]},{"name":"Inner"}],
            "extensionAbilities":[{"name":"Form","type":"form","exported":true}]}}"#,
        );
        assert_eq!(new.bundle_name.as_deref(), Some("com.bank"));
        assert_eq!(
            (new.version_code, new.min_api, new.debug),
            (Some(7), Some(9), Some(true))
        );
        assert_eq!(new.permissions[0].when.as_deref(), Some("inuse"));
        assert_eq!(new.permissions[0].abilities, ["Main"]);
        assert!(new.abilities[0].domain_verify && !new.abilities[1].domain_verify);
        let exported: Vec<_> = new
            .abilities
            .iter()
            .map(|a| (a.name.as_str(), a.exported))
            .collect();
        assert_eq!(exported, [("Main", true), ("Inner", false), ("Form", true)]);
        assert_eq!(new.abilities[0].uris[0].0.as_deref(), Some("bank"));
        let old = module(
            r#"{"app":{"bundleName":"b","version":{"code":3,"name":"3.0"},"apiVersion":{"target":5}},
            "deviceConfig":{"default":{"network":{"cleartextTraffic":true},"debug":false}},
            "module":{"distro":{"moduleName":"m","moduleType":"entry"},"deviceType":["tv"],
            "reqPermissions":[{"name":"p"}],"abilities":[{"name":"A","visible":true,"type":"data"}]}}"#,
        );
        assert_eq!(
            (old.version_code, old.target_api, old.debug),
            (Some(3), Some(5), Some(false))
        );
        assert!(old.abilities[0].exported);
        assert_eq!(
            old.inline_network().unwrap().cleartext_permitted,
            Some(true)
        );
    }

    #[test]
    fn comments_and_trailing_commas_are_accepted_but_not_inside_strings() {
        let limits = Limits::default();
        let text = br#"{ // a comment
            "a": "http://x/*y*/", /* another */ "b": [1, 2, ],
        }"#;
        let value = json(text, &limits).unwrap();
        assert_eq!(value["a"], "http://x/*y*/");
        assert_eq!(value["b"].as_array().unwrap().len(), 2);
        assert!(matches!(
            json(b"{\"a\":", &limits),
            Err(JsonError::Malformed { .. })
        ));
        assert!(json(b"{\"a\": \"unclosed \\", &limits).is_err());
        let deep = [b"[".repeat(5_000), b"]".repeat(5_000)].concat();
        assert!(matches!(
            json(&deep, &limits),
            Err(JsonError::Malformed { .. })
        ));
    }

    #[test]
    fn network_configurations_are_read() {
        let text = br#"{"network-security-config":{"base-config":{"cleartextTrafficPermitted":false},
            "domain-config":[{"domains":[{"include-subdomains":true,"name":"bank.example"}],
            "cleartextTrafficPermitted":true,"pin-set":{"pin":[{"digest-algorithm":"sha256"}]}}]}}"#;
        let values = json(text, &Limits::default()).unwrap();
        let network = HarmonyNetwork::read("f", &values).unwrap();
        assert_eq!(network.cleartext_permitted, Some(false));
        let host = HarmonyDomain {
            name: "bank.example".to_owned(),
            includes_subdomains: true,
            cleartext_permitted: Some(true),
            pins: 1,
            pins_expire: None,
        };
        assert_eq!(network.domains, [host]);
        assert_eq!(network.trusts_user_certificates, None);
        assert_eq!(
            HarmonyNetwork::read("f", &serde_json::json!({"x": 1})),
            None
        );
    }

    #[test]
    fn user_certificates_are_refused_beside_the_configuration() {
        let values = serde_json::json!({
            "network-security-config": {"domain-config": [{
                "domains": [{"name": "bank.example"}],
                "pin-set": {"expiration": "2027-01-31", "pin": [{}, {}]}
            }]},
            "trust-current-user-ca": false,
        });
        let network = HarmonyNetwork::read("f", &values).unwrap();
        assert_eq!(network.trusts_user_certificates, Some(false));
        assert_eq!(network.trusts_managed_certificates, None);
        let host = &network.domains[0];
        assert_eq!(
            (host.pins, host.pins_expire.as_deref()),
            (2, Some("2027-01-31"))
        );
        let alone = serde_json::json!({"trust-global-user-ca": true});
        let network = HarmonyNetwork::read("f", &alone).unwrap();
        assert_eq!(network.trusts_managed_certificates, Some(true));
    }

    #[test]
    fn backup_configurations_are_read() {
        let values = serde_json::json!({
            "allowToBackupRestore": true, "includes": ["/data/storage/el2/base/files/"]
        });
        let backup = HarmonyBackup::read("f", &values).unwrap();
        assert!(backup.allowed && backup.excludes.is_empty());
        assert_eq!(backup.includes, ["/data/storage/el2/base/files/"]);
        assert_eq!(
            HarmonyBackup::read("f", &serde_json::json!({"includes": []})),
            None
        );
    }
}
