//! Reading the manifest from its tree.

use crate::arsc::Table;
use crate::attributes;
use crate::facts::GradleFile;
use crate::limits::Limits;
use crate::xml::{Document, Node, Value};

use super::super::Reader;
use super::{
    Application, Component, ComponentKind, DeclaredPermission, IntentData, IntentFilter, Manifest,
    MetaData, PathPermission, Protection, SdkVersion, UriGrant, UsesPermission,
};

impl Manifest {
    /// The facts of a manifest; `None` if its outermost element is not one. In sources the build
    /// script of the module has the last word on versions, and may be the only one to name the
    /// package.
    pub(crate) fn read(
        file: &str,
        document: Document,
        table: Option<&Table>,
        script: Option<&GradleFile>,
        limits: &Limits,
    ) -> Option<Self> {
        let reader = Reader { table, limits };
        let root = document.root().filter(|root| root.name() == "manifest")?;
        // What classes are named after; the id of the app may be another.
        let namespace = script.and_then(|script| script.namespace.clone());
        let application_id = script.and_then(|script| script.application_id.clone());
        let namespace = namespace
            .or_else(|| plain_text(root, "package"))
            .or_else(|| application_id.clone())
            .unwrap_or_default();
        let package = application_id.unwrap_or_else(|| namespace.clone());
        let sdk = root.children_named("uses-sdk").next();
        let version = |attribute, scripted: Option<u32>| {
            let declared = sdk.and_then(|sdk| reader.text(sdk, attribute));
            SdkVersion::of(scripted.map(|api| api.to_string()).or(declared))
        };
        let scripted = script.and_then(|script| script.min_sdk);
        let mut min_sdk = version(attributes::MIN_SDK_VERSION, scripted);
        min_sdk.api = min_sdk.api.max(1);
        let scripted = script.and_then(|script| script.target_sdk);
        let mut target_sdk = version(attributes::TARGET_SDK_VERSION, scripted);
        if target_sdk.api == 0 {
            target_sdk.api = min_sdk.api;
        }
        let application = root.children_named("application").next();
        let max_sdk = sdk.and_then(|sdk| reader.int(sdk, attributes::MAX_SDK_VERSION));
        let compile_sdk = reader.int(root, attributes::COMPILE_SDK_VERSION);
        let context = Context {
            reader,
            file,
            package: &namespace,
            target_sdk: target_sdk.api,
        };
        let components = application
            .map(|node| context.components(node))
            .unwrap_or_default();
        let manifest = Self {
            file: file.to_owned(),
            split: plain_text(root, "split"),
            version_code: script
                .and_then(|script| script.version_code)
                .or_else(|| version_code(&reader, root)),
            version_name: script
                .and_then(|script| script.version_name.clone())
                .or_else(|| reader.text(root, attributes::VERSION_NAME)),
            max_sdk: max_sdk.and_then(|api| u32::try_from(api).ok()),
            compile_sdk: compile_sdk.and_then(|api| u32::try_from(api).ok()),
            shared_user_id: reader.text(root, attributes::SHARED_USER_ID),
            install_location: reader.int(root, attributes::INSTALL_LOCATION),
            application: application
                .map(|node| context.application(node))
                .unwrap_or_default(),
            uses_permissions: context.uses_permissions(root),
            declared_permissions: context.declared_permissions(root),
            components,
            features: context.features(root),
            queried_packages: queried_packages(&reader, root),
            excluded_screens: context.excluded_screens(root),
            oddities: document.oddities().to_vec(),
            min_sdk,
            target_sdk,
            package,
            document,
        };
        Some(manifest)
    }
}

fn plain_text(node: Node<'_>, name: &str) -> Option<String> {
    node.plain(name).map(|value| value.to_string())
}

fn version_code(reader: &Reader<'_>, root: Node<'_>) -> Option<i64> {
    let low = reader.int(root, attributes::VERSION_CODE)?;
    let high = reader
        .int(root, attributes::VERSION_CODE_MAJOR)
        .unwrap_or(0);
    Some(i64::from(high) << 32 | i64::from(low.cast_unsigned()))
}

fn queried_packages(reader: &Reader<'_>, root: Node<'_>) -> Vec<String> {
    root.children_named("queries")
        .flat_map(|queries| queries.children_named("package"))
        .map(|package| reader.name(package))
        .collect()
}

impl SdkVersion {
    /// A number, or the letter of a preview.
    fn of(declared: Option<String>) -> Self {
        /// First letters of previews with the version that they became.
        const PREVIEWS: [(char, u32); 16] = [
            ('K', 19),
            ('L', 21),
            ('M', 23),
            ('N', 24),
            ('O', 26),
            ('P', 28),
            ('Q', 29),
            ('R', 30),
            ('S', 31),
            ('T', 33),
            ('U', 34),
            ('V', 35),
            ('B', 36),
            ('J', 16),
            ('I', 14),
            ('H', 11),
        ];
        let api = declared.as_deref().map_or(0, |text| {
            let letter = text.chars().next();
            text.parse().ok().unwrap_or_else(|| {
                let preview = PREVIEWS.iter().find(|(first, _)| Some(*first) == letter);
                preview.map_or(0, |(_, api)| *api)
            })
        });
        Self { api, declared }
    }
}

/// What reading the parts of a manifest needs to know of the whole.
struct Context<'a> {
    reader: Reader<'a>,
    file: &'a str,
    package: &'a str,
    target_sdk: u32,
}

impl Context<'_> {
    /// A class name in full: `.Login` and `Login` are in the package.
    fn class_name(&self, name: &str) -> String {
        if name.starts_with('.') {
            format!("{}{name}", self.package)
        } else if !name.contains('.') && !name.is_empty() {
            format!("{}.{name}", self.package)
        } else {
            name.to_owned()
        }
    }

    fn application(&self, node: Node<'_>) -> Application {
        let text = |attribute| self.reader.text(node, attribute);
        let flag = |attribute| self.reader.bool(node, attribute);
        let value = |attribute| node.platform(attribute).cloned();
        Application {
            name: text(attributes::NAME).map(|name| self.class_name(&name)),
            label: text(attributes::LABEL),
            debuggable: flag(attributes::DEBUGGABLE),
            allow_backup: flag(attributes::ALLOW_BACKUP),
            full_backup_content: value(attributes::FULL_BACKUP_CONTENT),
            data_extraction_rules: value(attributes::DATA_EXTRACTION_RULES),
            backup_agent: text(attributes::BACKUP_AGENT).map(|name| self.class_name(&name)),
            test_only: flag(attributes::TEST_ONLY),
            uses_cleartext_traffic: flag(attributes::USES_CLEARTEXT_TRAFFIC),
            network_security_config: value(attributes::NETWORK_SECURITY_CONFIG),
            permission: text(attributes::PERMISSION),
            task_affinity: text(attributes::TASK_AFFINITY),
            process: text(attributes::PROCESS),
            allow_task_reparenting: flag(attributes::ALLOW_TASK_REPARENTING),
            extract_native_libs: flag(attributes::EXTRACT_NATIVE_LIBS),
            large_heap: flag(attributes::LARGE_HEAP),
            request_legacy_external_storage: flag(attributes::REQUEST_LEGACY_EXTERNAL_STORAGE),
            has_fragile_user_data: flag(attributes::HAS_FRAGILE_USER_DATA),
            supports_rtl: flag(attributes::SUPPORTS_RTL),
            direct_boot_aware: flag(attributes::DIRECT_BOOT_AWARE),
            app_component_factory: text(attributes::APP_COMPONENT_FACTORY),
            locale_config: value(attributes::LOCALE_CONFIG),
            meta_data: self.meta_data(node),
            xml_path: node.path(),
        }
    }

    fn meta_data(&self, node: Node<'_>) -> Vec<MetaData> {
        node.children_named("meta-data")
            .map(|data| MetaData {
                name: self.reader.name(data),
                value: self.reader.text(data, attributes::VALUE),
                resource: data.platform(attributes::RESOURCE).cloned(),
                xml_path: data.path(),
            })
            .collect()
    }

    fn uses_permissions(&self, root: Node<'_>) -> Vec<UsesPermission> {
        root.children()
            .filter_map(|node| {
                // Some merge tools write the prefix into the name.
                let element = node.name().strip_prefix("android:").unwrap_or(node.name());
                let from_sdk_23 = match element {
                    "uses-permission" => false,
                    "uses-permission-sdk-23" | "uses-permission-sdk-m" => true,
                    _ => return None,
                };
                let max_sdk = self.reader.int(node, attributes::MAX_SDK_VERSION);
                Some(UsesPermission {
                    name: self.reader.name(node),
                    max_sdk: max_sdk.and_then(|api| u32::try_from(api).ok()),
                    from_sdk_23,
                    flags: self
                        .reader
                        .int(node, attributes::USES_PERMISSION_FLAGS)
                        .unwrap_or(0),
                    xml_path: node.path(),
                })
            })
            .collect()
    }

    fn declared_permissions(&self, root: Node<'_>) -> Vec<DeclaredPermission> {
        root.children_named("permission")
            .map(|node| {
                let declared = self.reader.value(node, attributes::PROTECTION_LEVEL);
                let level = declared.as_ref().map_or(0, protection_level);
                DeclaredPermission {
                    name: self.reader.name(node),
                    protection: match level & 0xf {
                        0 => Protection::Normal,
                        1 => Protection::Dangerous,
                        2 => Protection::Signature,
                        3 => Protection::SignatureOrSystem,
                        4 => Protection::Internal,
                        other => Protection::Other(other),
                    },
                    protection_flags: level & !0xf,
                    protection_declared: declared.is_some(),
                    group: self.reader.text(node, attributes::PERMISSION_GROUP),
                    xml_path: node.path(),
                }
            })
            .collect()
    }

    fn features(&self, root: Node<'_>) -> Vec<(String, bool)> {
        root.children_named("uses-feature")
            .map(|node| {
                let required = self.reader.bool(node, attributes::REQUIRED).unwrap_or(true);
                (self.reader.name(node), required)
            })
            .collect()
    }

    fn excluded_screens(&self, root: Node<'_>) -> Vec<String> {
        const SCREENS: [(u32, &str); 4] = [
            (attributes::SMALL_SCREENS, "small"),
            (attributes::NORMAL_SCREENS, "normal"),
            (attributes::LARGE_SCREENS, "large"),
            (attributes::XLARGE_SCREENS, "xlarge"),
        ];
        root.children_named("supports-screens")
            .flat_map(|node| {
                SCREENS
                    .iter()
                    .filter(move |(attribute, _)| self.reader.bool(node, *attribute) == Some(false))
                    .map(|(_, name)| (*name).to_owned())
            })
            .collect()
    }

    fn components(&self, application: Node<'_>) -> Vec<Component> {
        let enabled = self
            .reader
            .bool(application, attributes::ENABLED)
            .unwrap_or(true);
        application
            .children()
            .filter_map(|node| {
                let kind = ComponentKind::of(node.name())?;
                let mut component = self.component(kind, node, application);
                component.enabled &= enabled;
                Some(component)
            })
            .collect()
    }

    fn component(&self, kind: ComponentKind, node: Node<'_>, application: Node<'_>) -> Component {
        let text = |attribute| self.reader.text(node, attribute);
        let inherited =
            |attribute| text(attribute).or_else(|| self.reader.text(application, attribute));
        let flag = |attribute| self.reader.bool(node, attribute);
        let is_set = |attribute| flag(attribute).unwrap_or(false);
        let int = |attribute| self.reader.int(node, attribute);
        let intent_filters = self.intent_filters(node);
        let exported_declared = flag(attributes::EXPORTED);
        let exported_by_default = match kind {
            ComponentKind::Provider => self.target_sdk < 17,
            _ => !intent_filters.is_empty(),
        };
        let permission = inherited(attributes::PERMISSION).filter(|name| !name.is_empty());
        let or_permission = |attribute| text(attribute).or_else(|| permission.clone());
        let authorities = text(attributes::AUTHORITIES).unwrap_or_default();
        Component {
            kind,
            name: self.class_name(&self.reader.name(node)),
            exported_declared,
            exported: exported_declared.unwrap_or(exported_by_default),
            enabled: flag(attributes::ENABLED).unwrap_or(true),
            read_permission: or_permission(attributes::READ_PERMISSION),
            write_permission: or_permission(attributes::WRITE_PERMISSION),
            permission,
            authorities: authorities
                .split(';')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            grant_uri_permissions: is_set(attributes::GRANT_URI_PERMISSIONS),
            uri_grants: self.uri_grants(node),
            path_permissions: self.path_permissions(node),
            intent_filters,
            meta_data: self.meta_data(node),
            target_activity: text(attributes::TARGET_ACTIVITY).map(|name| self.class_name(&name)),
            task_affinity: inherited(attributes::TASK_AFFINITY),
            launch_mode: int(attributes::LAUNCH_MODE)
                .or_else(|| launch_mode(node))
                .unwrap_or(0),
            allow_task_reparenting: flag(attributes::ALLOW_TASK_REPARENTING)
                .or_else(|| {
                    self.reader
                        .bool(application, attributes::ALLOW_TASK_REPARENTING)
                })
                .unwrap_or(false),
            exclude_from_recents: is_set(attributes::EXCLUDE_FROM_RECENTS),
            no_history: is_set(attributes::NO_HISTORY),
            process: text(attributes::PROCESS),
            isolated_process: is_set(attributes::ISOLATED_PROCESS),
            direct_boot_aware: is_set(attributes::DIRECT_BOOT_AWARE),
            foreground_service_type: int(attributes::FOREGROUND_SERVICE_TYPE).unwrap_or(0),
            screen_orientation: int(attributes::SCREEN_ORIENTATION),
            resizeable: flag(attributes::RESIZEABLE_ACTIVITY),
            soft_input_mode: int(attributes::WINDOW_SOFT_INPUT_MODE),
            file: self.file.to_owned(),
            xml_path: node.path(),
            line: node.line(),
        }
    }

    fn intent_filters(&self, node: Node<'_>) -> Vec<IntentFilter> {
        node.children_named("intent-filter")
            .map(|filter| IntentFilter {
                actions: filter
                    .children_named("action")
                    .map(|n| self.reader.name(n))
                    .collect(),
                categories: filter
                    .children_named("category")
                    .map(|n| self.reader.name(n))
                    .collect(),
                data: filter
                    .children_named("data")
                    .map(|n| self.intent_data(n))
                    .collect(),
                auto_verify: self
                    .reader
                    .bool(filter, attributes::AUTO_VERIFY)
                    .unwrap_or(false),
                priority: self.reader.int(filter, attributes::PRIORITY).unwrap_or(0),
                xml_path: filter.path(),
            })
            .collect()
    }

    fn intent_data(&self, node: Node<'_>) -> IntentData {
        let text = |attribute| self.reader.text(node, attribute);
        IntentData {
            scheme: text(attributes::SCHEME),
            host: text(attributes::HOST),
            port: text(attributes::PORT),
            path: self.path_of(node).map(|path| (path.kind, path.path)),
            mime_type: text(attributes::MIME_TYPE),
        }
    }

    fn path_of(&self, node: Node<'_>) -> Option<UriGrant> {
        const PATHS: [u32; 5] = [
            attributes::PATH,
            attributes::PATH_PREFIX,
            attributes::PATH_PATTERN,
            attributes::PATH_SUFFIX,
            attributes::PATH_ADVANCED_PATTERN,
        ];
        PATHS.iter().find_map(|attribute| {
            let path = self.reader.text(node, *attribute)?;
            let kind = attributes::name_of(*attribute)
                .unwrap_or_default()
                .to_owned();
            Some(UriGrant { kind, path })
        })
    }

    fn uri_grants(&self, node: Node<'_>) -> Vec<UriGrant> {
        node.children_named("grant-uri-permission")
            .filter_map(|n| self.path_of(n))
            .collect()
    }

    fn path_permissions(&self, node: Node<'_>) -> Vec<PathPermission> {
        node.children_named("path-permission")
            .map(|n| {
                let own = self.reader.text(n, attributes::PERMISSION);
                let or_own = |attribute| self.reader.text(n, attribute).or_else(|| own.clone());
                PathPermission {
                    path: self.path_of(n),
                    read_permission: or_own(attributes::READ_PERMISSION),
                    write_permission: or_own(attributes::WRITE_PERMISSION),
                }
            })
            .collect()
    }
}

/// The level as a number, or in words as sources have it.
fn protection_level(value: &Value) -> u32 {
    if let Some(level) = value.int() {
        return level.cast_unsigned();
    }
    let words = value.text().unwrap_or_default();
    words.split('|').fold(0, |level, word| {
        level
            | match word.trim() {
                "dangerous" => 1,
                "signature" => 2,
                "signatureOrSystem" => 3,
                "internal" => 4,
                "privileged" | "system" => 0x10,
                "development" => 0x20,
                "appop" => 0x40,
                "knownSigner" => 0x0800_0000,
                _ => 0,
            }
    })
}

/// The launch mode in words, as sources have it.
fn launch_mode(node: Node<'_>) -> Option<i32> {
    let word = node.platform(attributes::LAUNCH_MODE)?.text()?;
    let words = [
        "standard",
        "singleTop",
        "singleTask",
        "singleInstance",
        "singleInstancePerTask",
    ];
    let position = words.iter().position(|known| *known == word)?;
    i32::try_from(position).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn manifest(text: &str) -> Manifest {
        let text = format!(
            "<manifest xmlns:android=\"{}\" package=\"com.bank\">{text}</manifest>",
            xml::ANDROID_NAMESPACE
        );
        let limits = Limits::default();
        let document = xml::parse(text.as_bytes(), &limits).unwrap();
        Manifest::read("AndroidManifest.xml", document, None, None, &limits).unwrap()
    }

    #[test]
    fn exported_follows_declaration_filters_and_platform() {
        let filter = "<intent-filter><action android:name=\"a\"/></intent-filter>";
        let found = manifest(&format!(
            "<uses-sdk android:minSdkVersion=\"16\" android:targetSdkVersion=\"30\"/><application>
             <activity android:name=\".A\"/>
             <activity android:name=\"B\">{filter}</activity>
             <receiver android:name=\"x.C\" android:exported=\"false\">{filter}</receiver>
             <service android:name=\".D\" android:exported=\"true\" android:permission=\"p\"/>
             <provider android:name=\".E\"/></application>"
        ));
        let exported: Vec<_> = found
            .components
            .iter()
            .map(|c| (c.name.as_str(), c.exported))
            .collect();
        assert_eq!(
            exported,
            [
                ("com.bank.A", false),
                ("com.bank.B", true),
                ("x.C", false),
                ("com.bank.D", true),
                ("com.bank.E", false)
            ]
        );
        assert!(found.components[1].is_exported_without_permission());
        assert!(!found.components[3].is_exported_without_permission());
        // Up to platform 16 providers were exported unless they said not.
        let old = manifest(
            "<uses-sdk android:minSdkVersion=\"9\"/><application><provider android:name=\".E\"/></application>",
        );
        assert_eq!(old.target_sdk.api, 9);
        assert!(old.components[0].exported);
    }

    #[test]
    fn permissions_of_the_application_and_of_paths() {
        let found = manifest(
            "<application android:permission=\"app\"><activity android:name=\".A\"/>
             <provider android:name=\".P\" android:exported=\"true\" android:readPermission=\"r\"
               android:authorities=\"one;two\" android:grantUriPermissions=\"true\">
               <path-permission android:pathPrefix=\"/x\" android:permission=\"q\"/>
               <grant-uri-permission android:path=\"/y\"/></provider></application>",
        );
        assert_eq!(found.components[0].permission.as_deref(), Some("app"));
        let provider = &found.components[1];
        assert_eq!(provider.read_permission.as_deref(), Some("r"));
        assert_eq!(provider.write_permission.as_deref(), Some("app"));
        assert_eq!(provider.authorities, ["one", "two"]);
        assert!(provider.grant_uri_permissions);
        assert_eq!(
            provider.path_permissions[0].read_permission.as_deref(),
            Some("q")
        );
        assert_eq!(provider.uri_grants[0].path, "/y");
    }

    #[test]
    fn versions_and_protection_levels() {
        let found = manifest(
            "<uses-sdk android:minSdkVersion=\"Q\"/>
             <permission android:name=\"a\" android:protectionLevel=\"signature|privileged\"/>
             <permission android:name=\"b\"/>",
        );
        assert_eq!(found.min_sdk.api, 29);
        assert_eq!(
            found.declared_permissions[0].protection,
            Protection::Signature
        );
        assert_eq!(found.declared_permissions[0].protection_flags, 0x10);
        assert_eq!(found.declared_permissions[1].protection, Protection::Normal);
        assert!(!found.declared_permissions[1].protection_declared);
        assert_eq!(manifest("").min_sdk.api, 1);
    }
}
