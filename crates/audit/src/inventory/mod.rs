//! Which third-party code is in a package, in which version, and how one can tell.
//!
//! Build tools leave names and versions behind (`META-INF/*.version`, `pom.properties`, lock
//! files); where they do not, a table of well-known SDKs tells by packages of classes, by files
//! and by strings that survive renaming.
//!
//! ```
//! # fn list(facts: &hefu_audit::Facts) {
//! for sdk in hefu_audit::inventory::inventory(facts) {
//!     println!("{} {}", sdk.name, sdk.version.as_deref().unwrap_or("?"));
//! }
//! # }
//! ```

mod declared;
mod known;
mod native;

use std::collections::BTreeMap;

use crate::check::{Evidence, Words, words};
use crate::facts::Facts;
use crate::facts::code::Code;

use self::known::{Known, known};

pub use self::known::Purpose;

/// A piece of third-party code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdk {
    /// Its usual name; else its coordinates, `group:name`.
    pub name: String,
    /// Who makes it, if that is known.
    pub vendor: Option<&'static str>,
    /// What it is for, if that is known.
    pub purpose: Option<Purpose>,
    /// Its version, if the package tells.
    pub version: Option<String>,
    /// Package URL (`pkg:maven/com.squareup.okhttp3/okhttp`), without the version.
    pub purl: Option<String>,
    /// Packages of its classes.
    pub packages: Vec<&'static str>,
    /// Classes of it that the package contains.
    pub classes: usize,
    /// Where it shows.
    pub evidence: Vec<Evidence>,
}

impl Sdk {
    /// The package URL with the version, where that is known.
    #[must_use]
    pub fn versioned_purl(&self) -> Option<String> {
        let purl = self.purl.as_deref()?;
        Some(match &self.version {
            Some(version) => format!("{purl}@{version}"),
            None => purl.to_owned(),
        })
    }

    /// Name and version, as people write them.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The third-party code of a package, by name. Worked out once for each [`Facts`].
#[must_use]
pub fn inventory(facts: &Facts) -> &[Sdk] {
    facts.derived.inventory.get_or_init(|| take(facts))
}

/// The name of the well-known SDK that a class is of, unless the app itself has that name.
pub(crate) fn library_of(facts: &Facts, class: &str) -> Option<&'static str> {
    let own = facts.application_id().unwrap_or_default();
    let is_own = !own.is_empty()
        && class
            .strip_prefix(own)
            .is_some_and(|rest| rest.starts_with('.'));
    (!is_own)
        .then(|| known().of_class(class))
        .flatten()
        .map(|sdk| sdk.name)
}

/// Pieces of evidence kept for one SDK.
const EVIDENCE_MAX: usize = 8;
/// SDKs listed. A package can be made to declare any number.
const SDKS_MAX: usize = 4_096;

/// The inventory under construction, by name.
#[derive(Default)]
struct Found {
    sdks: BTreeMap<String, Sdk>,
}

impl Found {
    fn known(&mut self, known: &'static Known) -> &mut Sdk {
        self.sdks
            .entry(known.name.to_owned())
            .or_insert_with(|| Sdk {
                name: known.name.to_owned(),
                vendor: Some(known.vendor),
                purpose: Some(known.purpose),
                version: None,
                purl: known.purl.map(str::to_owned),
                packages: known.packages.clone(),
                classes: 0,
                evidence: Vec::new(),
            })
    }

    /// Something with coordinates that a file states.
    fn stated(&mut self, purl: Option<String>, name: String, version: &str, evidence: Evidence) {
        if self.sdks.len() >= SDKS_MAX {
            return;
        }
        let known = purl.as_deref().and_then(|purl| known().of_purl(purl));
        let sdk = match known {
            Some(known) => self.known(known),
            None => self.sdks.entry(name.clone()).or_insert_with(|| Sdk {
                name,
                vendor: None,
                purpose: None,
                version: None,
                purl,
                packages: Vec::new(),
                classes: 0,
                evidence: Vec::new(),
            }),
        };
        sdk.version.get_or_insert_with(|| version.to_owned());
        show(sdk, evidence);
    }
}

fn show(sdk: &mut Sdk, evidence: Evidence) {
    if sdk.evidence.len() < EVIDENCE_MAX && !sdk.evidence.contains(&evidence) {
        sdk.evidence.push(evidence);
    }
}

const BY_VERSION_FILE: Words = words("a file states its version", "文件标明其版本");
const BY_CLASSES: Words = words("its classes are in the code", "代码中含其类");
const BY_LIBRARY: Words = words("its native library is packaged", "包内含其原生库");
const BY_TEXT: Words = words("a string of it is in the code", "代码中含其特征字符串");
const BY_BUNDLE: Words = words("its framework is packaged", "包内含其框架");
const BY_OBJC: Words = words("its classes are in the program", "程序中含其类");
const BY_VERSION_FIELD: Words = words("a constant states its version", "常量标明其版本");

fn take(facts: &Facts) -> Vec<Sdk> {
    let mut found = Found::default();
    for library in &facts.library_versions {
        let evidence = Evidence::in_file(BY_VERSION_FILE, &library.file).string(&library.version);
        let (purl, name) = declared::coordinates(&library.group, &library.name);
        found.stated(purl, name, &library.version, evidence);
    }
    declared::dependencies(facts, &mut found);
    classes(facts, &mut found);
    fingerprints(&facts.code, &mut found);
    native::libraries(facts, &mut found);
    native::frameworks(facts, &mut found);
    found.sdks.into_values().collect()
}

fn classes(facts: &Facts, found: &mut Found) {
    let mut counts: BTreeMap<&'static str, (&'static Known, usize, Evidence)> = BTreeMap::new();
    // Classes lie sorted by name, so that those of a package follow each other.
    let mut last: (String, Option<&'static Known>) = (String::new(), None);
    for class in facts.code.classes() {
        let name = class.name();
        let package = name.rsplit_once('.').map_or("", |(package, _)| package);
        if last.0 != package || last.0.is_empty() {
            let library = library_of(facts, &name);
            let known = library.and_then(|library| known().of_name(library));
            last = (package.to_owned(), known);
        }
        if let Some(sdk) = last.1 {
            counts
                .entry(sdk.name)
                .or_insert_with(|| {
                    let evidence = Evidence::in_file(BY_CLASSES, class.file());
                    (sdk, 0, evidence.class(name.as_ref()))
                })
                .1 += 1;
        }
    }
    drop_remnants(&mut counts);
    for (known, count, evidence) in counts.into_values() {
        let version = version_in_code(&facts.code, known);
        let sdk = found.known(known);
        sdk.classes = count;
        show(sdk, evidence);
        if let Some((version, class)) = version {
            show(
                sdk,
                Evidence::new(BY_VERSION_FIELD)
                    .class(class)
                    .string(&version),
            );
            sdk.version.get_or_insert(version);
        }
    }
}

/// AndroidX kept some classes of the old support library under their old names, and the last
/// versions of that had some of AndroidX already.
fn drop_remnants<T>(counts: &mut BTreeMap<&'static str, (&'static Known, usize, T)>) {
    /// Either library by itself has hundreds.
    const REMNANTS_MAX: usize = 60;
    let (new, old) = ("AndroidX", "Android Support Library");
    let count = |name| counts.get(name).map_or(0, |(_, count, _)| *count);
    let (of_new, of_old) = (count(new), count(old));
    if of_new > of_old && of_old <= REMNANTS_MAX {
        counts.remove(old);
    } else if of_old > of_new && of_new <= REMNANTS_MAX {
        counts.remove(new);
    }
}

/// Strings that stay when names are obfuscated.
fn fingerprints(code: &Code, found: &mut Found) {
    for known in known().all().filter(|known| !known.texts.is_empty()) {
        let uses = known.texts.iter().flat_map(|text| code.uses_of_text(text));
        if let Some(found_use) = uses.into_iter().next() {
            let evidence = Evidence::at(BY_TEXT, &found_use.site());
            show(found.known(known), evidence.string(found_use.value()));
        }
    }
}

/// The version that a constant of an SDK states, and the class that has it.
fn version_in_code(code: &Code, known: &Known) -> Option<(String, String)> {
    known.version_members.iter().find_map(|member| {
        let (class, name) = member.rsplit_once('.')?;
        let text = match name.strip_suffix("()") {
            Some(method) => {
                let method = code.method(class, method)?;
                method.returns().flatten().find_map(|value| value.text())
            }
            None => {
                let field = code
                    .class(class)?
                    .fields()
                    .find(|field| field.name() == name)?;
                let initial = field.initial_value().and_then(|value| value.text());
                initial.or_else(|| {
                    let written = code.accesses_to(class, name).into_iter();
                    written
                        .filter_map(|access| access.value())
                        .find_map(|value| value.text())
                })
            }
        };
        Some((version_in(&text?)?.to_owned(), class.to_owned()))
    })
}

/// The first version number in a text: `okhttp/3.12.1` → `3.12.1`.
fn version_in(text: &str) -> Option<&str> {
    let is_version = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
    let starts = text
        .char_indices()
        .filter(|(at, char)| {
            let before = text
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            char.is_ascii_digit()
                && !before.is_some_and(|before| before.is_ascii_digit() || before == '.')
        })
        .map(|(at, _)| at);
    starts
        .filter_map(|at| text.get(at..))
        .map(|rest| rest.split(|char| !is_version(char)).next().unwrap_or(rest))
        .find(|version| {
            let major = version.split('.').next().unwrap_or_default();
            version.len() < 32
                && version.contains('.')
                && major.bytes().all(|byte| byte.is_ascii_digit())
                && version
                    .get(major.len() + 1..)
                    .is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
        })
}

#[cfg(test)]
mod tests;
