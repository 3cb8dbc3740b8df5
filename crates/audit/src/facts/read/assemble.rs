//! Puts what was read from single files together.

use std::collections::{BTreeMap, BTreeSet};

use crate::dex::ClassError;
use crate::limits::Limits;
use crate::macho::Slice;
use crate::package::{Package, PackageKind};
use crate::property_list::Value;
use crate::xml::Document;
use crate::zip::{Archive, Disagreement};

use super::super::android::{self, Android, Manifest, NetworkSecurity, XmlFile};
use super::super::code::{Code, DexFile, java_name};
use super::super::coverage::{Area, Coverage, SkipReason};
use super::super::files::{FileKind, Files, location};
use super::super::harmony::{Harmony, HarmonyBackup, HarmonyNetwork, HarmonyProfile, Module};
use super::super::ios::{Bundle, BundleKind, InfoPlist, Ios, Profile};
use super::super::{
    ArchiveFacts, Facts, GradleFile, MachoFile, NativeLibrary, PropertyListFile, gradle, texts,
};
use super::{Item, Parsed, Read, TableFile};

pub(super) struct Assembly<'p> {
    package: &'p Package,
    limits: &'p Limits,
    coverage: Coverage,
    archives: Vec<ArchiveFacts>,
}

/// What was read, by kind, in the order of the package.
#[derive(Default)]
struct Parts {
    dex: Vec<DexFile>,
    libraries: Vec<NativeLibrary>,
    macho: Vec<MachoFile>,
    /// Part, path, document.
    manifests: Vec<(String, String, Document)>,
    documents: Vec<XmlFile>,
    references: BTreeSet<u32>,
    property_lists: Vec<PropertyListFile>,
    profiles: Vec<Profile>,
    json: Vec<(String, serde_json::Value)>,
    texts: Vec<texts::TextFile>,
}

impl<'p> Assembly<'p> {
    pub(super) fn new(package: &'p Package, limits: &'p Limits) -> Self {
        Self {
            package,
            limits,
            coverage: Coverage::default(),
            archives: Vec::new(),
        }
    }

    pub(super) fn skip(&mut self, area: Area, what: impl Into<String>, why: impl Into<SkipReason>) {
        self.coverage.skip(self.limits.skipped_max, area, what, why);
    }

    pub(super) fn archive(&mut self, part: &str, archive: &Archive<'_>) {
        /// Characters kept of a name. Stops thousands of names of sixty thousand bytes each.
        const NAME_CHARS_MAX: usize = 256;
        let disagreements = archive.disagreements().to_vec();
        let names = disagreements.iter().flat_map(Disagreement::entries);
        let names = names.filter_map(|position| {
            let name = archive.entries().get(position)?.name_lossy();
            Some((position, name.chars().take(NAME_CHARS_MAX).collect()))
        });
        self.archives.push(ArchiveFacts {
            part: part.to_owned(),
            entries: archive.entries().len(),
            disagreeing_names: names.collect(),
            disagreements,
        });
    }

    pub(super) fn finish(
        mut self,
        items: &[Item<'_>],
        reads: Vec<Read>,
        tables: Vec<TableFile>,
    ) -> Facts {
        self.coverage.files_total = items.len();
        let mut files = Vec::new();
        let mut parts = Parts::default();
        for (item, read) in items.iter().zip(reads) {
            for (area, why) in read.skipped {
                self.skip(area, item.location(), why);
            }
            self.coverage.files_read += usize::from(read.file.sha256.is_some());
            files.push(read.file);
            parts.texts.extend(read.text);
            parts.take(item, read.parsed);
        }
        self.cover_native(&parts);
        parts.dex.sort_by_key(|file| loading_order(&file.path));
        self.cover_code(&parts.dex);
        let files = Files::new(files);
        let scripts = parts.texts.iter().filter(|file| is_gradle(&file.path));
        let gradle: Vec<GradleFile> = scripts
            .map(|file| gradle::read(&file.path, &file.text))
            .collect();
        let (documents, references) = (parts.documents, parts.references);
        let android = self.android(parts.manifests, documents, references, tables, &gradle);
        let ios = self.ios(&mut parts.property_lists, &mut parts.macho, &parts.profiles);
        let harmony = self.harmony(parts.json, &files);
        let library_versions = library_versions(&parts.texts);
        Facts {
            name: self.package.name().to_owned(),
            kind: self.package.kind(),
            size: self.package.size(),
            sha256: self.package.sha256(),
            archives: self.archives,
            files,
            android,
            code: Code::new(parts.dex),
            libraries: parts.libraries,
            ios,
            macho_files: parts.macho,
            harmony,
            property_lists: parts.property_lists,
            gradle,
            texts: parts.texts,
            library_versions,
            coverage: self.coverage,
            derived: super::super::derived::Derived::default(),
        }
    }

    fn cover_code(&mut self, files: &[DexFile]) {
        for file in files {
            let dex = &file.dex;
            self.coverage.classes_total += dex.classes_total();
            self.coverage.classes_analysed += dex.classes_analysed();
            for method in dex.methods.iter().filter(|method| method.has_code()) {
                self.coverage.methods_total += 1;
                self.coverage.methods_analysed += usize::from(method.error.is_none());
                self.coverage.methods_approximated += usize::from(method.shape.approximated);
            }
            for (class, error) in dex.errors() {
                let class = java_name(class.as_bytes()).into_owned();
                let what = match error {
                    ClassError::Code { method, .. } => {
                        format!("{class}.{} ({})", dex.method_name(method), file.path)
                    }
                    _ => format!("{class} ({})", file.path),
                };
                self.skip(Area::Code, what, error);
            }
        }
    }

    /// Binaries of which not everything could be kept or seen.
    fn cover_native(&mut self, parts: &Parts) {
        let over = SkipReason::OverLimit {
            limit: "native_string_bytes_max",
        };
        for library in &parts.libraries {
            if library.elf.strings.is_truncated() {
                let what = location(&library.part, &library.path);
                self.skip(Area::Native, what, over.clone());
            }
        }
        for file in &parts.macho {
            for slice in &file.slices {
                let what = || format!("{} ({})", file.path, slice.architecture);
                if slice.encrypted {
                    self.skip(Area::Native, what(), SkipReason::Encrypted);
                }
                if slice.strings.is_truncated() {
                    self.skip(Area::Native, what(), over.clone());
                }
                if slice.methods_unread > 0 {
                    let limit = "objc_instructions_max or objc_calls_max";
                    let why = SkipReason::OverLimit { limit };
                    self.skip(Area::Native, what(), why);
                }
                if let Some(error) = &slice.entitlements_error {
                    self.skip(Area::Ios, what(), error.clone());
                }
            }
        }
    }

    fn android(
        &mut self,
        documents: Vec<(String, String, Document)>,
        xml_files: Vec<XmlFile>,
        references: BTreeSet<u32>,
        tables: Vec<TableFile>,
        scripts: &[GradleFile],
    ) -> Option<Android> {
        let expected = matches!(
            self.package.kind(),
            PackageKind::Apk | PackageKind::ApkSet | PackageKind::Aab
        );
        if !expected && documents.is_empty() {
            return None;
        }
        let base_part = base_part(&documents);
        let (base, splits) = split_tables(tables, &base_part);
        let table = base.as_ref().map(|file| &file.table);
        let mut manifests = self.manifests(documents, table, scripts);
        if manifests.is_empty() && expected && !self.coverage.is_incomplete(Area::Manifest) {
            self.skip(Area::Manifest, "AndroidManifest.xml", SkipReason::Missing);
        }
        manifests.sort_by_key(|manifest| (manifest.split.is_some(), source_rank(&manifest.file)));
        let mut android = Android {
            manifests,
            resources: base.map(|file| file.table),
            split_resources: splits
                .into_iter()
                .map(|file| (file.part, file.table))
                .collect(),
            network_security: None,
            documents: xml_files,
            limits: self.limits.clone(),
            other_references: references,
        };
        android.network_security = self.network_security(&android);
        Some(android)
    }

    fn manifests(
        &mut self,
        documents: Vec<(String, String, Document)>,
        table: Option<&crate::arsc::Table>,
        scripts: &[GradleFile],
    ) -> Vec<Manifest> {
        let mut manifests: Vec<Manifest> = Vec::new();
        for (part, path, document) in documents {
            let file = location(&part, &path);
            if manifests.iter().any(|known| known.file == file) {
                self.skip(Area::Manifest, file, SkipReason::Duplicate);
                continue;
            }
            let script = script_of(scripts, &path);
            match Manifest::read(&file, document, table, script, self.limits) {
                Some(manifest) => manifests.push(manifest),
                None => self.skip(Area::Manifest, file, SkipReason::Missing),
            }
        }
        manifests
    }

    fn network_security(&mut self, android: &Android) -> Option<NetworkSecurity> {
        let reference = android
            .manifest()?
            .application
            .network_security_config
            .as_ref()?;
        let files = android.documents_behind(reference);
        let resolve = |value: &crate::xml::Value| {
            android::resolve(android.resources.as_ref(), value, self.limits)
        };
        let found = files
            .into_iter()
            .find_map(|file| NetworkSecurity::read(&file.path, &file.document, &resolve));
        if found.is_none() {
            let what = format!("network security configuration {reference}");
            self.skip(Area::Xml, what, SkipReason::Missing);
        }
        found
    }

    fn ios(
        &mut self,
        property_lists: &mut Vec<PropertyListFile>,
        macho: &mut Vec<MachoFile>,
        profiles: &[Profile],
    ) -> Option<Ios> {
        let is_package = self.package.kind() == PackageKind::Ipa;
        let mut ios = Ios::default();
        let mut privacy: BTreeMap<String, Value> = BTreeMap::new();
        let mut others = Vec::new();
        for file in property_lists.drain(..) {
            let (folder, name) = file
                .path
                .rsplit_once('/')
                .unwrap_or(("", file.path.as_str()));
            match (name, bundle_kind(folder, is_package)) {
                ("Info.plist", Some(kind)) => {
                    ios.bundles.push(Bundle {
                        path: folder.to_owned(),
                        kind,
                        info: Some(InfoPlist {
                            file: file.path,
                            values: file.values,
                        }),
                        executable_path: None,
                        slices: Vec::new(),
                        profile: None,
                        privacy_manifest: None,
                    });
                }
                ("PrivacyInfo.xcprivacy", _) => {
                    privacy.insert(folder.to_owned(), file.values);
                }
                _ => others.push(file),
            }
        }
        *property_lists = others;
        if !is_package && ios.bundles.is_empty() {
            return None;
        }
        for bundle in &mut ios.bundles {
            bundle.privacy_manifest = privacy.remove(&bundle.path);
            let path = format!("{}/embedded.mobileprovision", bundle.path);
            bundle.profile = profiles
                .iter()
                .find(|profile| profile.file == path)
                .cloned();
            attach_program(bundle, macho);
        }
        ios.bundles
            .sort_by_key(|bundle| bundle.kind != BundleKind::App);
        self.cover_ios(&ios, is_package);
        Some(ios)
    }

    fn cover_ios(&mut self, ios: &Ios, is_package: bool) {
        if !is_package {
            return;
        }
        if ios.app().is_none() && !self.coverage.is_incomplete(Area::Ios) {
            self.skip(Area::Ios, "Payload/*.app/Info.plist", SkipReason::Missing);
        }
        for bundle in ios.bundles.iter().filter(|bundle| bundle.slices.is_empty()) {
            if bundle.kind != BundleKind::Framework {
                let what = format!("program of {}", bundle.path);
                self.skip(Area::Native, what, SkipReason::Missing);
            }
        }
    }

    fn harmony(
        &mut self,
        documents: Vec<(String, serde_json::Value)>,
        files: &Files,
    ) -> Option<Harmony> {
        let expected = matches!(
            self.package.kind(),
            PackageKind::Hap | PackageKind::HarmonyApp
        );
        if !expected && documents.is_empty() {
            return None;
        }
        let mut harmony = Harmony::default();
        // In sources the description of the app stands apart from those of its modules.
        let app = documents
            .iter()
            .find(|(path, _)| path.ends_with("app.json5"))
            .and_then(|(_, values)| values.get("app").cloned());
        for (path, mut values) in documents {
            if let (Some(app), Some(object)) = (&app, values.as_object_mut())
                && object.contains_key("module")
            {
                object.entry("app").or_insert_with(|| app.clone());
            }
            let name = path.rsplit('/').next().unwrap_or_default();
            if name == "pack.info" {
                harmony.pack_info.get_or_insert(values);
            } else if let Some(network) = HarmonyNetwork::read(&path, &values) {
                harmony.network.push(network);
            } else if let Some(backup) = HarmonyBackup::read(&path, &values) {
                harmony.backups.push(backup);
            } else if let Some(module) = Module::read(&path, values.clone()) {
                harmony.network.extend(module.inline_network());
                harmony.modules.push(module);
            } else {
                harmony.profiles.extend(HarmonyProfile::read(&path, values));
            }
        }
        harmony.bytecode = files
            .of_kind(FileKind::ArkBytecode)
            .map(super::super::File::location)
            .collect();
        if expected && harmony.modules.is_empty() && !self.coverage.is_incomplete(Area::Harmony) {
            self.skip(
                Area::Harmony,
                "module.json or config.json",
                SkipReason::Missing,
            );
        }
        let nothing =
            harmony.modules.is_empty() && harmony.network.is_empty() && harmony.profiles.is_empty();
        (expected || !nothing).then_some(harmony)
    }
}

impl Parts {
    fn take(&mut self, item: &Item<'_>, parsed: Parsed) {
        let path = item.location();
        match parsed {
            Parsed::Nothing => {}
            Parsed::Dex(dexes) => {
                self.dex.extend(dexes.into_iter().map(|dex| DexFile {
                    path: path.clone(),
                    dex,
                }));
            }
            Parsed::Elf(elf) => self.libraries.push(NativeLibrary {
                part: item.part.to_owned(),
                path: item.path.clone(),
                elf: *elf,
            }),
            Parsed::Macho(slices) => self.macho.push(MachoFile { path, slices }),
            Parsed::Manifest(document) => {
                self.manifests
                    .push((item.part.to_owned(), item.path.clone(), document));
            }
            Parsed::Xml(type_name, document) => {
                self.documents.push(XmlFile {
                    path,
                    type_name,
                    document,
                });
            }
            Parsed::References(ids) => self.references.extend(ids),
            Parsed::PropertyList(values) => {
                self.property_lists.push(PropertyListFile { path, values });
            }
            Parsed::Profile(values) => self.profiles.push(Profile { file: path, values }),
            Parsed::Json(values) => self.json.push((path, values)),
        }
    }
}

/// The runtime loads `classes.dex`, `classes2.dex`, … in this order; code elsewhere comes last.
fn loading_order(path: &str) -> (bool, bool, String, u32, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let number = name
        .strip_prefix("classes")
        .and_then(|rest| rest.strip_suffix(".dex"));
    let number = number.and_then(|digits| match digits {
        "" => Some(1),
        digits => digits.parse().ok(),
    });
    // The root of an APK, or the folder for code of a module of an app bundle.
    let module = folder
        .strip_suffix("/dex")
        .is_some_and(|module| !module.contains(['/', '!']));
    let at_root = folder.is_empty() || folder.ends_with('!');
    let loaded = number.is_some() && (at_root || module && !folder.starts_with("assets/"));
    let is_base = folder.is_empty() || folder.contains("base");
    (
        !loaded,
        !is_base,
        folder.to_owned(),
        number.unwrap_or(u32::MAX),
        name.to_owned(),
    )
}

/// The part, and within it the folder, of the base: whose manifest names no split.
fn base_part(documents: &[(String, String, Document)]) -> (String, String) {
    let is_base = |document: &Document| {
        document
            .root()
            .is_some_and(|root| root.plain("split").is_none())
    };
    let base = documents
        .iter()
        .find(|(_, _, document)| is_base(document))
        .or(documents.first());
    base.map_or_else(Default::default, |(part, path, _)| {
        let module = path.split_once('/').map_or("", |(module, _)| module);
        (part.clone(), module.to_owned())
    })
}

/// The table of the base, and all others.
fn split_tables(
    tables: Vec<TableFile>,
    (part, module): &(String, String),
) -> (Option<TableFile>, Vec<TableFile>) {
    let mut base = None;
    let mut others = Vec::new();
    for file in tables {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_base = file.part == *part && (folder == module || folder.is_empty());
        if is_base && base.is_none() {
            base = Some(file);
        } else {
            others.push(file);
        }
    }
    (base, others)
}

/// The build script of the module that a manifest belongs to: of those in a folder above it the
/// nearest that says something about an app or library.
fn script_of<'s>(scripts: &'s [GradleFile], manifest: &str) -> Option<&'s GradleFile> {
    let folder = |script: &GradleFile| {
        let end = script.path.rfind('/').map_or(0, |slash| slash + 1);
        script.path.get(..end).map(str::to_owned)
    };
    let above = scripts.iter().filter_map(|script| {
        let folder = folder(script).filter(|folder| manifest.starts_with(folder.as_str()))?;
        let describes = script.min_sdk.is_some()
            || script.target_sdk.is_some()
            || script.namespace.is_some()
            || script.application_id.is_some();
        describes.then_some((folder.len(), script))
    });
    let nearest = above.max_by_key(|(length, _)| *length);
    nearest.map(|(_, script)| script)
}

/// In sources, the main variant is the manifest that counts; tests come last.
fn source_rank(path: &str) -> u8 {
    if path.contains("/androidTest/") || path.contains("/test/") {
        2
    } else {
        u8::from(path.contains("/src/") && !path.contains("/src/main/"))
    }
}

/// What the bundle in `folder` is; `None` if a property list there describes something else.
fn bundle_kind(folder: &str, is_package: bool) -> Option<BundleKind> {
    if !is_package {
        // In sources, each target has one; which is the app is not said.
        return Some(BundleKind::App);
    }
    let inside = folder.strip_prefix("Payload/")?;
    match inside.rsplit_once('.')?.1 {
        "app" if !inside.contains('/') => Some(BundleKind::App),
        "app" | "appex" => Some(BundleKind::Extension),
        "framework" => Some(BundleKind::Framework),
        _ => None,
    }
}

/// Moves the program that the bundle names into it.
fn attach_program(bundle: &mut Bundle, macho: &mut Vec<MachoFile>) {
    let executable = bundle.info.as_ref().and_then(InfoPlist::executable);
    let stem = bundle
        .path
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'));
    let Some(name) = executable.or(stem.map(|(stem, _)| stem)) else {
        return;
    };
    let path = format!("{}/{name}", bundle.path);
    if let Some(position) = macho.iter().position(|file| file.path == path) {
        let file = macho.remove(position);
        let slices: Vec<Slice> = file.slices;
        bundle.slices = slices;
    }
    bundle.executable_path = Some(path);
}

fn is_gradle(path: &str) -> bool {
    path.ends_with(".gradle") || path.ends_with(".gradle.kts")
}

fn library_versions(texts: &[texts::TextFile]) -> Vec<texts::LibraryVersion> {
    let mut found = Vec::new();
    for file in texts {
        found.extend(texts::library_version(&file.path, &file.text));
        if is_gradle(&file.path) || file.path.ends_with("Podfile.lock") {
            found.extend(gradle::dependencies(&file.path, &file.text));
        }
    }
    found
}
