//! The Android manifest.

mod read;

use crate::xml::{Document, Oddity, Value};

/// A platform version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SdkVersion {
    /// The number; of a preview, the one it became.
    pub api: u32,
    /// What the manifest says, if it says anything.
    pub declared: Option<String>,
}

/// The manifest of a package, split or module.
#[derive(Debug)]
pub struct Manifest {
    /// The file that it was read from.
    pub file: String,
    /// The application id.
    pub package: String,
    /// The split that this is the manifest of; `None` for the base.
    pub split: Option<String>,
    /// The version number, with its upper half where there is one.
    pub version_code: Option<i64>,
    /// The version name.
    pub version_name: Option<String>,
    /// Oldest platform that it installs on; 1 by default.
    pub min_sdk: SdkVersion,
    /// Platform that it was made for; the oldest by default.
    pub target_sdk: SdkVersion,
    /// Newest platform that it installs on.
    pub max_sdk: Option<u32>,
    /// Platform that it was compiled with.
    pub compile_sdk: Option<u32>,
    /// The user id that it shares with other packages.
    pub shared_user_id: Option<String>,
    /// Where it may be installed: 0 automatic, 1 internal only, 2 external preferred.
    pub install_location: Option<i32>,
    /// What the `application` element says.
    pub application: Application,
    /// Permissions that it asks for, in order.
    pub uses_permissions: Vec<UsesPermission>,
    /// Permissions that it declares.
    pub declared_permissions: Vec<DeclaredPermission>,
    /// Components, in order.
    pub components: Vec<Component>,
    /// Device features: name and whether it is required.
    pub features: Vec<(String, bool)>,
    /// Other packages that it wants to see.
    pub queried_packages: Vec<String>,
    /// Whether `supports-screens` rules out any screen size.
    pub excluded_screens: Vec<String>,
    /// What was odd about the file.
    pub oddities: Vec<Oddity>,
    /// The whole tree, for what is not listed here.
    pub document: Document,
}

/// What the `application` element says; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are the attributes of the platform's documentation"
)]
pub struct Application {
    pub name: Option<String>,
    pub label: Option<String>,
    pub debuggable: Option<bool>,
    pub allow_backup: Option<bool>,
    pub full_backup_content: Option<Value>,
    pub data_extraction_rules: Option<Value>,
    pub backup_agent: Option<String>,
    pub test_only: Option<bool>,
    pub uses_cleartext_traffic: Option<bool>,
    pub network_security_config: Option<Value>,
    pub permission: Option<String>,
    pub task_affinity: Option<String>,
    pub process: Option<String>,
    pub allow_task_reparenting: Option<bool>,
    pub extract_native_libs: Option<bool>,
    pub large_heap: Option<bool>,
    pub request_legacy_external_storage: Option<bool>,
    pub has_fragile_user_data: Option<bool>,
    pub supports_rtl: Option<bool>,
    pub direct_boot_aware: Option<bool>,
    pub app_component_factory: Option<String>,
    pub locale_config: Option<Value>,
    pub meta_data: Vec<MetaData>,
    /// Where it stands.
    pub xml_path: String,
}

impl Application {
    /// Whether it can be debugged; not unless it says so.
    #[must_use]
    pub fn is_debuggable(&self) -> bool {
        self.debuggable.unwrap_or(false)
    }

    /// Whether its data are backed up; they are unless it says not.
    #[must_use]
    pub fn allows_backup(&self) -> bool {
        self.allow_backup.unwrap_or(true)
    }
}

/// A permission that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsesPermission {
    /// Its name.
    pub name: String,
    /// Newest platform that it is asked on.
    pub max_sdk: Option<u32>,
    /// Asked from platform 23 on only (`uses-permission-sdk-23`).
    pub from_sdk_23: bool,
    /// `neverForLocation` and other flags.
    pub flags: i32,
    /// Where it stands.
    pub xml_path: String,
}

/// Who gets a declared permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Every app that asks.
    Normal,
    /// Every app that the user allows.
    Dangerous,
    /// Apps of the same signer.
    Signature,
    /// The same, or the system.
    SignatureOrSystem,
    /// The system decides.
    Internal,
    /// Something new.
    Other(u32),
}

/// A permission that is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredPermission {
    /// Its name.
    pub name: String,
    /// Who gets it.
    pub protection: Protection,
    /// The flags above the level.
    pub protection_flags: u32,
    /// Whether the level stands there or is the default.
    pub protection_declared: bool,
    /// Its group.
    pub group: Option<String>,
    /// Where it stands.
    pub xml_path: String,
}

/// Kinds of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// `activity`.
    Activity,
    /// `activity-alias`.
    ActivityAlias,
    /// `service`.
    Service,
    /// `receiver`.
    Receiver,
    /// `provider`.
    Provider,
}

impl ComponentKind {
    /// The name of the element.
    #[must_use]
    pub fn element(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::ActivityAlias => "activity-alias",
            Self::Service => "service",
            Self::Receiver => "receiver",
            Self::Provider => "provider",
        }
    }

    /// The kind that an element declares.
    pub(super) fn of(element: &str) -> Option<Self> {
        let all = [
            Self::Activity,
            Self::ActivityAlias,
            Self::Service,
            Self::Receiver,
            Self::Provider,
        ];
        all.into_iter().find(|kind| kind.element() == element)
    }
}

/// A component.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its kind.
    pub kind: ComponentKind,
    /// Its class, in full.
    pub name: String,
    /// What the manifest says about exporting it.
    pub exported_declared: Option<bool>,
    /// Whether other apps reach it: as declared, else by intent filters (activities, services,
    /// receivers) or platform version (providers up to 16).
    pub exported: bool,
    /// Whether it is switched on, together with the application.
    pub enabled: bool,
    /// The permission that callers need: its own or else the application's.
    pub permission: Option<String>,
    /// The permission to read, of a provider: its own, else [`Component::permission`].
    pub read_permission: Option<String>,
    /// The permission to write, of a provider: its own, else [`Component::permission`].
    pub write_permission: Option<String>,
    /// Authorities of a provider.
    pub authorities: Vec<String>,
    /// Whether a provider may grant access to all of its data.
    pub grant_uri_permissions: bool,
    /// The paths that it may grant access to, if not all.
    pub uri_grants: Vec<UriGrant>,
    /// Paths with permissions of their own.
    pub path_permissions: Vec<PathPermission>,
    /// Its intent filters.
    pub intent_filters: Vec<IntentFilter>,
    /// Its metadata.
    pub meta_data: Vec<MetaData>,
    /// The class that an alias stands for.
    pub target_activity: Option<String>,
    /// The task that an activity prefers: its own or else the application's; `None` for the
    /// default (the package), an empty text for none.
    pub task_affinity: Option<String>,
    /// 0 standard, 1 singleTop, 2 singleTask, 3 singleInstance, 4 singleInstancePerTask.
    pub launch_mode: i32,
    /// Whether it may move to another task.
    pub allow_task_reparenting: bool,
    /// Whether it is left out of the recent tasks.
    pub exclude_from_recents: bool,
    /// Whether it disappears when the user leaves it.
    pub no_history: bool,
    /// Its process, if it is not the application's.
    pub process: Option<String>,
    /// Whether a service runs in a process without permissions.
    pub isolated_process: bool,
    /// Whether it runs before the user has unlocked the device.
    pub direct_boot_aware: bool,
    /// Kinds of foreground service, as flags.
    pub foreground_service_type: i32,
    /// `android:screenOrientation`.
    pub screen_orientation: Option<i32>,
    /// `android:resizeableActivity`.
    pub resizeable: Option<bool>,
    /// `android:windowSoftInputMode`.
    pub soft_input_mode: Option<i32>,
    /// The manifest that says so.
    pub file: String,
    /// Where it stands.
    pub xml_path: String,
    /// On which line, as the build tool noted it.
    pub line: u32,
}

impl Component {
    /// Whether it is the start of the app.
    #[must_use]
    pub fn is_launcher(&self) -> bool {
        self.intent_filters.iter().any(|filter| {
            filter
                .actions
                .iter()
                .any(|action| action == "android.intent.action.MAIN")
                && filter.categories.iter().any(|category| {
                    matches!(
                        category.as_str(),
                        "android.intent.category.LAUNCHER"
                            | "android.intent.category.LEANBACK_LAUNCHER"
                    )
                })
        })
    }

    /// Whether links in a browser reach it.
    #[must_use]
    pub fn is_browsable(&self) -> bool {
        self.intent_filters.iter().any(|filter| {
            filter
                .categories
                .iter()
                .any(|category| category == "android.intent.category.BROWSABLE")
        })
    }

    /// Whether other apps reach it without any permission.
    #[must_use]
    pub fn is_exported_without_permission(&self) -> bool {
        let protected = match self.kind {
            ComponentKind::Provider => {
                self.read_permission.is_some() && self.write_permission.is_some()
            }
            _ => self.permission.is_some(),
        };
        self.exported && !protected
    }
}

/// An intent filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IntentFilter {
    /// Actions.
    pub actions: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Data, one for each element; the platform combines schemes and hosts of all.
    pub data: Vec<IntentData>,
    /// Whether web links are verified with the host (App Links).
    pub auto_verify: bool,
    /// Priority.
    pub priority: i32,
    /// Where it stands.
    pub xml_path: String,
}

impl IntentFilter {
    /// The schemes, each once.
    #[must_use]
    pub fn schemes(&self) -> Vec<&str> {
        distinct(self.data.iter().filter_map(|data| data.scheme.as_deref()))
    }

    /// The hosts, each once.
    #[must_use]
    pub fn hosts(&self) -> Vec<&str> {
        distinct(self.data.iter().filter_map(|data| data.host.as_deref()))
    }
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for text in texts {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// Data of an intent filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    missing_docs,
    reason = "the fields are the attributes of the platform's documentation"
)]
pub struct IntentData {
    pub scheme: Option<String>,
    pub host: Option<String>,
    pub port: Option<String>,
    /// The path, prefix or pattern, with the attribute that it stands in.
    pub path: Option<(String, String)>,
    pub mime_type: Option<String>,
}

/// A path that a provider may grant access to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UriGrant {
    /// `path`, `pathPrefix`, `pathPattern`, …
    pub kind: String,
    /// The path or pattern.
    pub path: String,
}

/// A path of a provider with permissions of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPermission {
    /// Which paths.
    pub path: Option<UriGrant>,
    /// The permission to read.
    pub read_permission: Option<String>,
    /// The permission to write.
    pub write_permission: Option<String>,
}

/// Metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct MetaData {
    /// Its name.
    pub name: String,
    /// Its value, as text.
    pub value: Option<String>,
    /// The resource that it names.
    pub resource: Option<Value>,
    /// Where it stands.
    pub xml_path: String,
}
