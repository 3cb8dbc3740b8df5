//! Questions about native libraries and programs (ELF).

use crate::check::{Evidence, Findings, Outcome, Subject, Words, words};
use crate::facts::NativeLibrary;

/// Judges one native library or program after the other.
///
/// A package without any has nothing to be judged.
pub(crate) fn each(
    subject: &Subject<'_>,
    judge: impl Fn(&NativeLibrary, &mut Findings),
) -> Outcome {
    let libraries = &subject.facts.libraries;
    if libraries.is_empty() {
        return Outcome::NotApplicable(words("there is no native code", "没有本机代码"));
    }
    let mut findings = Findings::new();
    for library in libraries {
        judge(library, &mut findings);
    }
    findings.into()
}

/// Evidence about a library as a whole.
pub(crate) fn about(what: Words, library: &NativeLibrary) -> Evidence {
    Evidence::in_file(what, library.location())
}

/// What a package with this one library of 64-bit ARM is, for fixtures.
#[cfg(test)]
pub(crate) fn sample(library: &crate::fixture::native::Elf) -> crate::judgement::fixtures::Sample {
    crate::judgement::fixtures::Sample::apk("<application/>")
        .file("lib/arm64-v8a/libpay.so", library.build())
}

/// The same with a library that cannot be read.
#[cfg(test)]
pub(crate) fn damaged() -> crate::judgement::fixtures::Sample {
    let mut library = crate::fixture::native::Elf::default().build();
    library.truncate(100);
    crate::judgement::fixtures::Sample::apk("<application/>")
        .file("lib/arm64-v8a/libpay.so", library)
}
