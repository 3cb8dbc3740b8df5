//! Facts of an Android package besides its code: manifest, resources, network security
//! configuration, layouts.

mod manifest;
mod network;
mod views;

use std::collections::BTreeSet;

use crate::arsc::Table;
use crate::attributes;
use crate::limits::Limits;
use crate::xml::{Document, Node, Value};

pub use self::manifest::{
    Application, Component, ComponentKind, DeclaredPermission, IntentData, IntentFilter, Manifest,
    MetaData, PathPermission, Protection, SdkVersion, UriGrant, UsesPermission,
};
pub use self::network::{
    Domain, DomainConfig, NetworkConfig, NetworkSecurity, Pin, PinSet, TrustAnchor,
};
pub use self::views::{TextSize, View};

/// An XML resource, kept as a tree.
#[derive(Debug)]
pub struct XmlFile {
    /// Path in the package.
    pub path: String,
    /// The resource type (`layout`, `xml`, `menu`, `navigation`), from the resource table, else
    /// from the folder.
    pub type_name: String,
    /// The tree.
    pub document: Document,
}

/// Facts of an Android package besides its code.
#[derive(Debug, Default)]
pub struct Android {
    /// The manifests: of the base first, then of the splits or modules in order. None can be
    /// read? Then this is empty and the coverage says so.
    pub manifests: Vec<Manifest>,
    /// The resources of the base.
    pub resources: Option<Table>,
    /// The resources of splits and modules, with their names.
    pub split_resources: Vec<(String, Table)>,
    /// The network security configuration that the manifest names.
    pub network_security: Option<NetworkSecurity>,
    /// Layouts and other XML resources, in the order of the package.
    pub documents: Vec<XmlFile>,
    pub(crate) limits: Limits,
    /// Resources that XML resources name whose trees are not kept.
    pub(crate) other_references: BTreeSet<u32>,
}

/// A folder that a `FileProvider` gives out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPath {
    /// `files-path`, `cache-path`, `external-path`, `root-path`, …
    pub kind: String,
    /// The name in URIs.
    pub name: String,
    /// The folder below the root that the kind means; `.` and empty are all of it.
    pub path: String,
    /// The file that says so.
    pub file: String,
    /// Where in that file.
    pub xml_path: String,
}

impl Android {
    /// The manifest of the base.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifests.first()
    }

    /// The components of all manifests.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.manifests
            .iter()
            .flat_map(|manifest| &manifest.components)
    }

    /// The permissions that all manifests ask for.
    pub fn uses_permissions(&self) -> impl Iterator<Item = &UsesPermission> {
        self.manifests
            .iter()
            .flat_map(|manifest| &manifest.uses_permissions)
    }

    /// The permissions that all manifests declare.
    pub fn declared_permissions(&self) -> impl Iterator<Item = &DeclaredPermission> {
        self.manifests
            .iter()
            .flat_map(|manifest| &manifest.declared_permissions)
    }

    /// The value behind a reference; other values as they are.
    #[must_use]
    pub fn resolve(&self, value: &Value) -> Value {
        resolve(self.resources.as_ref(), value, &self.limits)
    }

    /// The text of a value, behind references too.
    #[must_use]
    pub fn text_of(&self, value: &Value) -> Option<String> {
        self.resolve(value).text().map(str::to_owned)
    }

    /// The XML resources of a type: `layout`, `xml`, …
    pub fn documents_of<'a>(&'a self, type_name: &'a str) -> impl Iterator<Item = &'a XmlFile> {
        self.documents
            .iter()
            .filter(move |file| file.type_name == type_name)
    }

    /// The kept XML resources that a reference such as `@xml/paths` stands for, one for each
    /// configuration.
    #[must_use]
    pub fn documents_behind(&self, value: &Value) -> Vec<&XmlFile> {
        let paths = paths_behind(self.resources.as_ref(), value, &self.limits);
        self.documents
            .iter()
            .filter(|file| {
                paths
                    .iter()
                    .any(|path| file.path == *path || file.path.ends_with(&format!("/{path}")))
            })
            .collect()
    }

    /// Languages and regions that any string is translated to, splits included.
    #[must_use]
    pub fn locales(&self) -> BTreeSet<&str> {
        let splits = self.split_resources.iter().map(|(_, table)| table);
        self.resources
            .iter()
            .chain(splits)
            .flat_map(|table| table.locales())
            .collect()
    }

    /// The ids of all resources that manifests, XML resources or other resources refer to. One
    /// that is neither here nor in [`Code::resource_ids`](super::Code::resource_ids) is unused,
    /// unless code looks it up by name.
    #[must_use]
    pub fn referenced_ids(&self) -> BTreeSet<u32> {
        let manifests = self.manifests.iter().map(|manifest| &manifest.document);
        let documents = self.documents.iter().map(|file| &file.document);
        let tables = self.resources.iter();
        let tables = tables.chain(self.split_resources.iter().map(|(_, table)| table));
        let mut ids = self.other_references.clone();
        ids.extend(
            manifests
                .chain(documents)
                .flat_map(|document| document.references()),
        );
        ids.extend(tables.flat_map(|table| table.references()));
        ids
    }

    /// The views of all layouts.
    pub fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.documents
            .iter()
            .filter(|file| file.type_name == "layout")
            .flat_map(move |file| {
                file.document
                    .nodes()
                    .map(move |node| View::new(self, file, node))
            })
    }

    /// The folders that the `FileProvider`s of the package give out.
    #[must_use]
    pub fn provider_paths(&self) -> Vec<ProviderPath> {
        const META_DATA: [&str; 2] = [
            "android.support.FILE_PROVIDER_PATHS",
            "androidx.core.FILE_PROVIDER_PATHS",
        ];
        let meta_data = self
            .components()
            .flat_map(|component| &component.meta_data)
            .filter(|data| META_DATA.contains(&data.name.as_str()));
        let files = meta_data.filter_map(|data| data.resource.as_ref());
        let files = files.flat_map(|reference| self.documents_behind(reference));
        let roots = files.filter_map(|file| Some((file, file.document.root()?)));
        roots
            .flat_map(|(file, root)| root.children().map(move |node| (file, node)))
            .map(|(file, node)| {
                let text = |name| {
                    node.any(name)
                        .and_then(|value| self.text_of(value))
                        .unwrap_or_default()
                };
                ProviderPath {
                    kind: node.name().to_owned(),
                    name: text("name"),
                    path: text("path"),
                    file: file.path.clone(),
                    xml_path: node.path(),
                }
            })
            .collect()
    }

    /// Whether the system refuses unencrypted traffic to hosts that no configuration names.
    #[must_use]
    pub fn permits_cleartext_by_default(&self) -> Option<bool> {
        let manifest = self.manifest()?;
        let target = manifest.target_sdk.api;
        let of_platform = target < 28;
        if let Some(configuration) = &self.network_security {
            return Some(
                configuration
                    .base
                    .cleartext_permitted
                    .unwrap_or(of_platform),
            );
        }
        Some(
            manifest
                .application
                .uses_cleartext_traffic
                .unwrap_or(of_platform),
        )
    }
}

/// The value behind a reference by id, or, in sources, by name.
pub(crate) fn resolve(table: Option<&Table>, value: &Value, limits: &Limits) -> Value {
    let Some(table) = table else {
        return value.clone();
    };
    let mut value = table.resolve(value, limits);
    for _ in 0..limits.resource_reference_depth_max {
        let named = value
            .text()
            .and_then(reference_name)
            .map(|(type_name, name)| {
                table
                    .named(type_name, name)
                    .and_then(|resource| resource.default_value())
            });
        match named {
            Some(Some(next)) => value = next,
            _ => break,
        }
    }
    value
}

/// Type and name of a reference in text: `@string/app_name`.
fn reference_name(text: &str) -> Option<(&str, &str)> {
    let (type_name, name) = text.strip_prefix('@')?.split_once('/')?;
    // `+id/…` defines, `android:…/…` is of the platform.
    (!type_name.contains([':', '+'])).then_some((type_name, name))
}

/// The paths that a reference to a file resource stands for, one for each configuration.
pub(crate) fn paths_behind(table: Option<&Table>, value: &Value, limits: &Limits) -> Vec<String> {
    match value {
        Value::Reference(id) => {
            let resource = table.and_then(|table| table.resource(*id));
            let texts = resource
                .map(|resource| resource.texts())
                .unwrap_or_default();
            if !texts.is_empty() {
                return texts
                    .into_iter()
                    .map(|(_, path)| path.into_owned())
                    .collect();
            }
            // An alias of another resource.
            match resolve(table, value, limits) {
                Value::Text(path) => vec![path.to_string()],
                _ => Vec::new(),
            }
        }
        // In sources: the file itself.
        Value::Text(text) => match reference_name(text) {
            Some((type_name, name)) => vec![format!("res/{type_name}/{name}.xml")],
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Reads attributes of a node with references resolved.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) table: Option<&'a Table>,
    pub(super) limits: &'a Limits,
}

impl Reader<'_> {
    pub(super) fn value(&self, node: Node<'_>, attribute: u32) -> Option<Value> {
        node.platform(attribute)
            .map(|value| resolve(self.table, value, self.limits))
    }

    pub(super) fn text(&self, node: Node<'_>, attribute: u32) -> Option<String> {
        match self.value(node, attribute)? {
            Value::Null => None,
            value => Some(value.to_string()),
        }
    }

    pub(super) fn int(&self, node: Node<'_>, attribute: u32) -> Option<i32> {
        self.value(node, attribute)?.int()
    }

    /// A boolean that depends on the configuration counts as true if it is true in any: all
    /// booleans read this way weaken the app when they are true.
    pub(super) fn bool(&self, node: Node<'_>, attribute: u32) -> Option<bool> {
        let value = node.platform(attribute)?;
        if let (Value::Reference(id), Some(table)) = (value, self.table)
            && let Some(resource) = table.resource(*id)
        {
            let values = resource.values();
            let mut found = values
                .iter()
                .filter_map(|(_, value)| resolve(self.table, value, self.limits).bool());
            let first = found.next()?;
            return Some(first || found.any(|value| value));
        }
        resolve(self.table, value, self.limits).bool()
    }

    pub(super) fn name(&self, node: Node<'_>) -> String {
        self.text(node, attributes::NAME).unwrap_or_default()
    }
}
