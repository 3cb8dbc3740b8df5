//! Typed facts: what checks read, and all that they read.
//!
//! [`Facts::read`] passes once over the bytes of a [`Package`] and keeps what checks ask about.
//! After that nothing is parsed any more; a check is a pure function from [`Facts`] to findings.
//!
//! Where to look:
//!
//! | for | look at |
//! |---|---|
//! | components, permissions, flags of the manifest | [`Facts::android`] → [`Android`] |
//! | strings, locales, styles | [`Android::resources`] → [`Table`](crate::arsc::Table) |
//! | cleartext, pins, trust anchors | [`Android::network_security`], [`Android::permits_cleartext_by_default`] |
//! | input fields, texts, labels | [`Android::views`] |
//! | calls with their constants, strings, fields, classes | [`Facts::code`] → [`Code`] |
//! | native libraries | [`Facts::libraries`] → [`Elf`] |
//! | iOS bundles, entitlements, profiles, programs | [`Facts::ios`] → [`Ios`] |
//! | HarmonyOS modules | [`Facts::harmony`] → [`Harmony`] |
//! | every string, wherever it stands | [`Facts::literals`] |
//! | files, sizes, duplicates, databases, keys | [`Facts::files`] |
//! | contradictions inside the archive | [`Facts::archives`] |
//! | versions of libraries | [`Facts::library_versions`] |
//! | what could not be looked at | [`Facts::coverage`] |

pub mod android;
pub mod code;
mod coverage;
mod derived;
mod files;
mod gradle;
pub mod harmony;
pub mod ios;
mod literals;
mod read;
mod texts;

use std::collections::BTreeMap;

use crate::elf::Elf;
use crate::limits::Limits;
use crate::macho::Slice;
use crate::package::{Package, PackageKind};
use crate::property_list;
use crate::zip::Disagreement;

pub use self::android::Android;
pub use self::code::{Code, Origin, Site};
pub use self::coverage::{Area, Coverage, SkipReason, Skipped};
pub use self::files::{File, FileKind, Files, classify};
pub use self::gradle::GradleFile;
pub use self::harmony::Harmony;
pub use self::ios::Ios;
pub use self::literals::{Literal, Place};
pub use self::texts::{LibraryVersion, TextFile};

/// Everything that is known about a package.
#[derive(Debug)]
pub struct Facts {
    /// The file name of the package.
    pub name: String,
    /// What it is.
    pub kind: PackageKind,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// Its archives.
    pub archives: Vec<ArchiveFacts>,
    /// Its files, folders left out.
    pub files: Files,
    /// Facts of Android, besides code.
    pub android: Option<Android>,
    /// The Android code.
    pub code: Code,
    /// Native libraries and programs of Android and HarmonyOS.
    pub libraries: Vec<NativeLibrary>,
    /// Facts of iOS.
    pub ios: Option<Ios>,
    /// Programs and libraries of iOS that are not the program of a bundle.
    pub macho_files: Vec<MachoFile>,
    /// Facts of HarmonyOS.
    pub harmony: Option<Harmony>,
    /// Property lists other than those of bundles.
    pub property_lists: Vec<PropertyListFile>,
    /// Texts.
    pub texts: Vec<TextFile>,
    /// Libraries with their versions, as files in the package state them.
    pub library_versions: Vec<LibraryVersion>,
    /// Build scripts of a source tree.
    pub gradle: Vec<GradleFile>,
    /// What was looked at and what was not.
    pub coverage: Coverage,
    /// What is worked out from the rest at the first question.
    pub(crate) derived: derived::Derived,
}

/// An archive of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// Its name within the package; empty for the package itself.
    pub part: String,
    /// Its entries, folders included.
    pub entries: usize,
    /// Where it contradicts itself.
    pub disagreements: Vec<Disagreement>,
    /// The names of the entries that these are about, by position, cut after 256 characters.
    pub disagreeing_names: BTreeMap<usize, String>,
}

/// A native library or program of Android or HarmonyOS.
#[derive(Debug, Clone)]
pub struct NativeLibrary {
    /// The archive that it is in, where a package has several; else empty.
    pub part: String,
    /// Its path.
    pub path: String,
    /// Its facts.
    pub elf: Elf,
}

impl NativeLibrary {
    /// Part and path, as reports show them.
    #[must_use]
    pub fn location(&self) -> String {
        files::location(&self.part, &self.path)
    }
}

/// A program or library of iOS.
#[derive(Debug, Clone)]
pub struct MachoFile {
    /// Its path.
    pub path: String,
    /// Its facts, for each architecture.
    pub slices: Vec<Slice>,
}

/// A property list.
#[derive(Debug, Clone, PartialEq)]
pub struct PropertyListFile {
    /// Its path.
    pub path: String,
    /// What it holds.
    pub values: property_list::Value,
}

impl Facts {
    /// Reads the facts of a package, in parallel over its files. The result depends on the bytes
    /// and the limits alone.
    ///
    /// This never fails: what cannot be read is in [`Facts::coverage`].
    #[must_use]
    pub fn read(package: &Package, limits: &Limits) -> Self {
        read::read(package, limits)
    }

    /// Why the facts are not complete; empty if they are. A check that depends on an area in this
    /// list and finds nothing answers "analysis incomplete", never "pass".
    #[must_use]
    pub fn analysis_incomplete(&self) -> &[Skipped] {
        &self.coverage.skipped
    }

    /// Whether this is an Android package or source tree.
    #[must_use]
    pub fn is_android(&self) -> bool {
        matches!(
            self.kind,
            PackageKind::Apk | PackageKind::ApkSet | PackageKind::Aab
        ) || self.android.is_some()
    }

    /// Whether this is an iOS package or source tree.
    #[must_use]
    pub fn is_ios(&self) -> bool {
        self.kind == PackageKind::Ipa || self.ios.is_some()
    }

    /// Whether this is a HarmonyOS package or source tree.
    #[must_use]
    pub fn is_harmony(&self) -> bool {
        matches!(self.kind, PackageKind::Hap | PackageKind::HarmonyApp) || self.harmony.is_some()
    }

    /// The application id: package, bundle identifier or bundle name.
    #[must_use]
    pub fn application_id(&self) -> Option<&str> {
        let android = self.android.as_ref().and_then(Android::manifest);
        let android = android.map(|manifest| manifest.package.as_str());
        let ios = || self.ios.as_ref()?.app()?.info.as_ref()?.bundle_id();
        let harmony = || {
            let harmony = self.harmony.as_ref()?;
            let module = harmony
                .module()
                .and_then(|module| module.bundle_name.as_deref());
            module.or_else(|| harmony.profiles.first()?.text("/bundle-info/bundle-name"))
        };
        android
            .filter(|name| !name.is_empty())
            .or_else(ios)
            .or_else(harmony)
    }
}
