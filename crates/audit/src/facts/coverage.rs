//! What was looked at, what was not, and why.

use std::collections::BTreeMap;
use std::fmt;

use crate::arsc::ArscError;
use crate::axml::AxmlError;
use crate::dex::{ClassError, DexError};
use crate::elf::ElfError;
use crate::macho::MachoError;
use crate::property_list::PropertyListError;
use crate::xml::TextXmlError;
use crate::zip::{ReadError, ZipError};

use super::harmony::JsonError;

/// Parts of a package that facts come from. A check names the areas that it depends on; if one of
/// them is incomplete, finding nothing is not a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// The archive and its entries.
    Archive,
    /// The Android manifest.
    Manifest,
    /// The resource table.
    Resources,
    /// Layouts and other XML resources.
    Xml,
    /// Dex code.
    Code,
    /// ELF and Mach-O files.
    Native,
    /// Property lists and profiles of iOS.
    Ios,
    /// Module descriptions of HarmonyOS.
    Harmony,
    /// Texts, scripts, configuration files.
    Text,
}

impl fmt::Display for Area {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Archive => "archive",
            Self::Manifest => "manifest",
            Self::Resources => "resources",
            Self::Xml => "xml",
            Self::Code => "code",
            Self::Native => "native",
            Self::Ios => "ios",
            Self::Harmony => "harmony",
            Self::Text => "text",
        })
    }
}

/// Why something was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ZipError),
    /// An entry of the archive cannot be unpacked.
    #[error(transparent)]
    Entry(#[from] ReadError),
    /// Binary XML or XML of an app bundle cannot be read.
    #[error(transparent)]
    Xml(#[from] AxmlError),
    /// XML text cannot be read.
    #[error(transparent)]
    TextXml(#[from] TextXmlError),
    /// The resource table cannot be read.
    #[error(transparent)]
    Resources(#[from] ArscError),
    /// A dex file cannot be read.
    #[error(transparent)]
    Dex(#[from] DexError),
    /// A class or method cannot be analysed.
    #[error(transparent)]
    Class(#[from] ClassError),
    /// An ELF file cannot be read.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A Mach-O file cannot be read.
    #[error(transparent)]
    Macho(#[from] MachoError),
    /// A property list cannot be read.
    #[error(transparent)]
    PropertyList(#[from] PropertyListError),
    /// JSON cannot be read, or is not what it should be.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Something that every package of the kind has is not there.
    #[error("it is missing")]
    Missing,
    /// There is something of this name already; the platform would not take both.
    #[error("there are several of this name")]
    Duplicate,
    /// The code is encrypted by the store.
    #[error("the code is encrypted")]
    Encrypted,
    /// Longer, larger or more than a limit.
    #[error("over the limit {limit}")]
    OverLimit {
        /// Name of the field of [`Limits`](crate::Limits).
        limit: &'static str,
    },
    /// The provisioning profile has no property list inside.
    #[error("there is no property list inside")]
    NoPropertyList,
    /// A file of a source tree cannot be opened.
    #[error("the file cannot be opened")]
    Unreadable,
    /// A symbolic link, which could lead out of the tree.
    #[error("a symbolic link is not followed")]
    SymbolicLink,
}

/// One thing that was not looked at, or only in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which facts it is missing from.
    pub area: Area,
    /// What: a path, a class.
    pub what: String,
    /// Why.
    pub why: SkipReason,
}

/// How much of the package the facts cover.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Classes that the package defines.
    pub classes_total: usize,
    /// Classes of which every member was analysed.
    pub classes_analysed: usize,
    /// Methods with code.
    pub methods_total: usize,
    /// Methods whose code was analysed.
    pub methods_analysed: usize,
    /// Analysed methods in which constants were propagated block by block only. Nothing is wrong
    /// about them; constants may be missing.
    pub methods_approximated: usize,
    /// Files of the package.
    pub files_total: usize,
    /// Files that were unpacked and looked at.
    pub files_read: usize,
    /// What was skipped, in a fixed order, up to [`Limits::skipped_max`](crate::Limits).
    pub skipped: Vec<Skipped>,
    counts: BTreeMap<Area, usize>,
    /// The same as a number, all included.
    pub skipped_total: usize,
}

impl Coverage {
    /// Notes that something was skipped.
    pub(crate) fn skip(
        &mut self,
        skipped_max: usize,
        area: Area,
        what: impl Into<String>,
        why: impl Into<SkipReason>,
    ) {
        *self.counts.entry(area).or_default() += 1;
        self.skipped_total += 1;
        if self.skipped.len() < skipped_max {
            self.skipped.push(Skipped {
                area,
                what: what.into(),
                why: why.into(),
            });
        }
    }

    /// Whether something is missing from the facts of this area.
    #[must_use]
    pub fn is_incomplete(&self, area: Area) -> bool {
        self.counts.contains_key(&area)
    }

    /// What is missing from the facts of this area.
    pub fn missing_from(&self, area: Area) -> impl Iterator<Item = &Skipped> {
        self.skipped
            .iter()
            .filter(move |skipped| skipped.area == area)
    }

    /// The areas from which something is missing.
    pub fn incomplete_areas(&self) -> impl Iterator<Item = Area> {
        self.counts.keys().copied()
    }
}
