//! Questions about the programs and property lists of an iOS app.

use crate::check::{Evidence, Findings, Outcome, Subject, Words, words};
use crate::facts::Facts;
use crate::facts::ios::{Bundle, BundleKind, InfoPlist};
use crate::macho::{ObjcClass, Slice};
use crate::package::PackageKind;

/// A program or library of the package, for one architecture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    /// Its path.
    pub(crate) file: &'a str,
    /// Its facts.
    pub(crate) slice: &'a Slice,
}

impl<'a> Program<'a> {
    /// Evidence about it as a whole: names its file, where its slice starts and the architecture.
    pub(crate) fn evidence(&self, what: Words) -> Evidence {
        self.evidence_in(what)
            .string(self.slice.architecture.as_str())
    }

    /// Evidence about something in it, with the architecture behind.
    pub(crate) fn evidence_of(&self, what: Words, text: &str) -> Evidence {
        let text = format!("{text} ({})", self.slice.architecture);
        self.evidence_in(what).string(text)
    }

    fn evidence_in(&self, what: Words) -> Evidence {
        Evidence::in_file(what, self.file).offset(u64::from(self.slice.offset))
    }

    /// Whether it is a program, not a library.
    pub(crate) fn is_executable(&self) -> bool {
        self.slice.file_type == crate::macho::FileType::Executable
    }

    /// Which of these symbols it imports.
    pub(crate) fn imports_of(&self, symbols: &[&'static str]) -> Vec<&'static str> {
        let imported = symbols.iter().filter(|symbol| self.slice.imports(symbol));
        imported.copied().collect()
    }

    /// Whether it uses the class of the system.
    pub(crate) fn uses_class(&self, class: &str) -> bool {
        self.slice.imports(&format!("_OBJC_CLASS_$_{class}"))
    }

    /// Whether one of its constants is exactly this text; names of selectors are constants too.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.slice.strings.iter().any(|(_, known)| known == text)
    }

    /// The class that implements the selector.
    pub(crate) fn implements(&self, selector: &str) -> Option<&'a ObjcClass> {
        let implements = |class: &&ObjcClass| {
            let methods = class.methods.iter().chain(&class.class_methods);
            methods
                .into_iter()
                .any(|method| method.selector == selector)
        };
        self.slice.objc_classes.iter().find(implements)
    }
}

/// Every program and library: the app's first, then those of its extensions and frameworks.
pub(crate) fn programs(facts: &Facts) -> Vec<Program<'_>> {
    let bundles = facts.ios.iter().flat_map(|ios| &ios.bundles);
    let of_bundles = bundles.flat_map(|bundle| {
        let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        bundle
            .slices
            .iter()
            .map(move |slice| Program { file, slice })
    });
    let others = facts.macho_files.iter().flat_map(|file| {
        file.slices.iter().map(|slice| Program {
            file: &file.path,
            slice,
        })
    });
    of_bundles.chain(others).collect()
}

/// Judges one program or library after the other.
///
/// A package without any, for instance a source tree, has nothing to be judged.
pub(crate) fn each_program(
    subject: &Subject<'_>,
    judge: impl Fn(&Program<'_>, &mut Findings),
) -> Outcome {
    let programs = programs(subject.facts);
    if programs.is_empty() {
        return NO_PROGRAM;
    }
    let mut findings = Findings::new();
    for program in &programs {
        judge(program, &mut findings);
    }
    findings.into()
}

/// The app and its extensions, whose property lists can be read.
pub(crate) fn applications(facts: &Facts) -> impl Iterator<Item = (&Bundle, &InfoPlist)> {
    let bundles = facts.ios.iter().flat_map(|ios| &ios.bundles);
    bundles
        .filter(|bundle| bundle.kind != BundleKind::Framework)
        .filter_map(|bundle| Some((bundle, bundle.info.as_ref()?)))
}

/// The app and its property list.
pub(crate) fn app(facts: &Facts) -> Option<(&Bundle, &InfoPlist)> {
    applications(facts).find(|(bundle, _)| bundle.kind == BundleKind::App)
}

/// Judges the property list of the app, and those of its extensions.
pub(crate) fn each_application(
    subject: &Subject<'_>,
    judge: impl Fn(&Bundle, &InfoPlist, &mut Findings),
) -> Outcome {
    let mut findings = Findings::new();
    let mut found = false;
    for (bundle, info) in applications(subject.facts) {
        judge(bundle, info, &mut findings);
        found = true;
    }
    if found { findings.into() } else { NO_APP }
}

/// The answer of a check that finds no program.
pub(crate) const NO_PROGRAM: Outcome =
    Outcome::NotApplicable(words("there is no program", "没有可执行程序"));

/// Whether this is a package. In sources, what the build and the signing add is not there yet.
pub(crate) fn is_built(subject: &Subject<'_>) -> bool {
    subject.facts.kind == PackageKind::Ipa
}

/// The answer of a check of what only a package has.
pub(crate) const NOT_BUILT: Outcome = Outcome::NotApplicable(words(
    "only a package has this; the build and the signing add it",
    "仅打包后才有，由构建与签名添加",
));

/// The answer of a check that finds no app.
pub(crate) const NO_APP: Outcome =
    Outcome::NotApplicable(words("there is no app bundle", "没有应用包"));

/// Evidence in a property list: the keys that lead there.
pub(crate) fn in_info(what: Words, info: &InfoPlist, keys: &str) -> Evidence {
    Evidence::in_xml(what, &info.file, keys)
}

/// A version as numbers, so that 10.0 comes after 9.3; what is no number counts as 0.
pub(crate) fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text
        .split('.')
        .map(|part| part.trim().parse().unwrap_or(0))
        .collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

/// An IPA with this in its `Info.plist` and this program, for fixtures.
#[cfg(test)]
pub(crate) fn sample(
    info: &str,
    program: &crate::fixture::native::Macho,
) -> crate::judgement::fixtures::Sample {
    crate::judgement::fixtures::Sample::ipa(info).file("Payload/Bank.app/Bank", program.build())
}

/// The same with a program that cannot be read.
#[cfg(test)]
pub(crate) fn damaged_program() -> crate::judgement::fixtures::Sample {
    sample("", &crate::fixture::native::Macho::default()).damaged("Payload/Bank.app/Bank")
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("10.0") > version("9.3.1"));
        assert_eq!(version("9"), version("9.0.0"));
        assert!(version("9.0.1") > version("9"));
    }
}
