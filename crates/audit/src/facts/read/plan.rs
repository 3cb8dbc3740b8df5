//! What each file is by its path, and how much of it may be kept.

use std::collections::HashMap;

use crate::limits::Limits;
use crate::package::PackageKind;

use super::super::coverage::Area;
use super::super::files::extension;
use super::{Item, TableFile};

/// What a file is for the pass, by its path and the resource table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// The manifest, binary or text.
    Manifest,
    /// The manifest of an app bundle.
    ProtobufManifest,
    /// `resources.arsc`.
    ResourceTable,
    /// `resources.pb`.
    ProtobufTable,
    /// Values of a source tree.
    SourceValues,
    /// An XML resource of this type whose tree is kept.
    Xml(String),
    /// The same, of an app bundle.
    ProtobufXml(String),
    /// The same, of a source tree.
    SourceXml(String),
    /// A provisioning profile.
    Profile,
    /// A description of HarmonyOS.
    HarmonyJson,
    /// Whatever its content makes it.
    Any,
}

/// Types of XML resources that checks ask about. Drawings, animations and colours are not kept.
const KEPT_TYPES: [&str; 4] = ["layout", "menu", "navigation", "xml"];

impl Role {
    pub(super) fn of(path: &str, is_source: bool) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let folder = path.rsplit('/').nth(1).unwrap_or_default();
        match name {
            "AndroidManifest.xml" if is_source || path == name => return Self::Manifest,
            "AndroidManifest.xml" if folder == "manifest" => return Self::ProtobufManifest,
            "resources.arsc" if path == name => return Self::ResourceTable,
            "resources.pb" => return Self::ProtobufTable,
            "embedded.mobileprovision" => return Self::Profile,
            "module.json" | "config.json" | "pack.info" if path == name => {
                return Self::HarmonyJson;
            }
            "profile.json" if path == name => return Self::HarmonyJson,
            "network_config.json" | "backup_config.json" => return Self::HarmonyJson,
            "module.json5" | "app.json5" => return Self::HarmonyJson,
            _ => {}
        }
        let type_name = folder.split('-').next().unwrap_or_default();
        let in_resources = path.split('/').rev().nth(2) == Some("res");
        if !name.ends_with(".xml") || !in_resources {
            return Self::Any;
        }
        if is_source && type_name == "values" {
            return Self::SourceValues;
        }
        match KEPT_TYPES.contains(&type_name) {
            true if is_source => Self::SourceXml(type_name.to_owned()),
            true => Self::Xml(type_name.to_owned()),
            false => Self::Any,
        }
    }
}

impl Role {
    /// The area that facts from a file of this role are in; `None` where only its content tells.
    pub(super) fn area(&self) -> Option<Area> {
        match self {
            Self::Manifest | Self::ProtobufManifest => Some(Area::Manifest),
            Self::ResourceTable | Self::ProtobufTable | Self::SourceValues => Some(Area::Resources),
            Self::Xml(_) | Self::ProtobufXml(_) | Self::SourceXml(_) => Some(Area::Xml),
            Self::Profile => Some(Area::Ios),
            Self::HarmonyJson => Some(Area::Harmony),
            Self::Any => None,
        }
    }
}

/// How one file is read.
pub(super) struct Plan {
    pub(super) role: Role,
    /// Bytes of it that may be kept as text or strings.
    pub(super) text_bytes: usize,
    pub(super) keep_dex: bool,
    pub(super) keep_document: bool,
}

/// What is left of the limits as files are planned one after the other.
pub(super) struct Budget<'l> {
    limits: &'l Limits,
    text_bytes: usize,
    dex_files: usize,
    dex_bytes: u64,
    documents: usize,
}

/// Plans all files in order. The budget that is left is for what only its content reveals.
pub(super) fn plan<'l>(
    kind: PackageKind,
    items: &[Item<'_>],
    tables: &[TableFile],
    limits: &'l Limits,
) -> (Vec<Plan>, Budget<'l>) {
    let types = types_by_path(tables);
    let mut budget = Budget {
        limits,
        text_bytes: limits.text_total_bytes_max,
        dex_files: limits.dex_files_max,
        dex_bytes: limits.dex_bytes_max,
        documents: limits.xml_documents_max,
    };
    let plans = items
        .iter()
        .map(|item| {
            let mut role = Role::of(&item.path, item.is_source());
            // Names of folders may be shortened; the table knows better.
            let known = types
                .get(item.part)
                .and_then(|types| types.get(item.path.as_str()));
            if let Some(type_name) = known {
                role = match KEPT_TYPES.contains(type_name) {
                    true => Role::Xml((*type_name).to_owned()),
                    false => Role::Any,
                };
            }
            if let (PackageKind::Aab, Role::Xml(type_name)) = (kind, &role) {
                role = Role::ProtobufXml(type_name.clone());
            }
            budget.plan(item, role)
        })
        .collect();
    (plans, budget)
}

/// Resource types by part and by path of the file. Paths in a table count from its own folder.
fn types_by_path(tables: &[TableFile]) -> HashMap<&str, HashMap<String, &str>> {
    let mut types: HashMap<&str, HashMap<String, &str>> = HashMap::new();
    for file in tables {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let of_part = types.entry(file.part.as_str()).or_default();
        for (path, type_name, ..) in file.table.files() {
            let path = if folder.is_empty() {
                path.into_owned()
            } else {
                format!("{folder}/{path}")
            };
            of_part.entry(path).or_insert(type_name);
        }
    }
    types
}

/// Extensions of files that are not texts and whose strings are not kept.
const WITHOUT_TEXT: [&str; 28] = [
    "9", "apk", "arsc", "car", "db", "dex", "gif", "hap", "heic", "hsp", "jar", "jpeg", "jpg",
    "m4a", "mp3", "mp4", "nib", "ogg", "otf", "png", "svga", "tflite", "ttc", "ttf", "wav", "webp",
    "woff", "zip",
];

impl Budget<'_> {
    fn plan(&mut self, item: &Item<'_>, role: Role) -> Plan {
        let size = item.size();
        let is_document = matches!(
            role,
            Role::Xml(_) | Role::ProtobufXml(_) | Role::SourceXml(_)
        );
        let is_dex = item.path.ends_with(".dex");
        Plan {
            keep_document: is_document && self.take_document(size),
            keep_dex: is_dex && self.take_dex(size),
            text_bytes: self.take_text(&item.path, size),
            role,
        }
    }

    /// Whether a dex file of this size may be analysed; it then counts.
    pub(super) fn take_dex(&mut self, size: u64) -> bool {
        match (
            self.dex_files.checked_sub(1),
            self.dex_bytes.checked_sub(size),
        ) {
            (Some(files), Some(bytes)) => {
                (self.dex_files, self.dex_bytes) = (files, bytes);
                true
            }
            _ => false,
        }
    }

    /// Trees take several times the size of their document.
    fn take_document(&mut self, size: u64) -> bool {
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        match (
            self.documents.checked_sub(1),
            self.text_bytes.checked_sub(bytes),
        ) {
            (Some(documents), Some(left)) => {
                (self.documents, self.text_bytes) = (documents, left);
                true
            }
            _ => false,
        }
    }

    fn take_text(&mut self, path: &str, size: u64) -> usize {
        if WITHOUT_TEXT.contains(&extension(path).as_str()) {
            return 0;
        }
        let most = self
            .limits
            .text_bytes_max
            .max(self.limits.native_string_bytes_max);
        let taken = usize::try_from(size)
            .unwrap_or(usize::MAX)
            .min(most)
            .min(self.text_bytes);
        self.text_bytes -= taken;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_paths() {
        let of = |path| Role::of(path, false);
        assert_eq!(of("AndroidManifest.xml"), Role::Manifest);
        assert_eq!(of("assets/AndroidManifest.xml"), Role::Any);
        assert_eq!(
            of("base/manifest/AndroidManifest.xml"),
            Role::ProtobufManifest
        );
        assert_eq!(of("res/layout-land/a.xml"), Role::Xml("layout".to_owned()));
        assert_eq!(of("base/res/xml/a.xml"), Role::Xml("xml".to_owned()));
        assert_eq!(of("res/drawable/a.xml"), Role::Any);
        assert_eq!(of("module.json"), Role::HarmonyJson);
        assert_eq!(of("assets/module.json"), Role::Any);
        let source = |path| Role::of(path, true);
        assert_eq!(source("app/src/main/AndroidManifest.xml"), Role::Manifest);
        assert_eq!(
            source("app/src/main/res/values-zh/strings.xml"),
            Role::SourceValues
        );
        assert_eq!(
            source("app/src/main/res/layout/a.xml"),
            Role::SourceXml("layout".to_owned())
        );
    }

    #[test]
    fn budgets_are_spent_in_order() {
        let limits = Limits {
            text_bytes_max: 10,
            native_string_bytes_max: 10,
            text_total_bytes_max: 25,
            dex_files_max: 1,
            ..Limits::default()
        };
        let (_, mut budget) = plan(PackageKind::Apk, &[], &[], &limits);
        let taken =
            ["a.txt", "b.txt", "c.png", "d.txt", "e.txt"].map(|path| budget.take_text(path, 12));
        assert_eq!(taken, [10, 10, 0, 5, 0]);
        assert!(budget.take_dex(1));
        assert!(!budget.take_dex(1));
    }
}
