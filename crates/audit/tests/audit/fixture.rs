//! Builds small packages from readable sources, so that every test says what is in its input.
//!
//! - [`smali::assemble`]: dex files from smali.
//! - [`xml::compile`]: binary XML from text.
//! - [`table::Table`]: resource tables.
//! - [`native::Elf`], [`native::Macho`]: native libraries and programs.
//! - [`apk`]: all of it in an archive.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::type_complexity,
    reason = "a fixture that cannot be built should stop its test"
)]

pub(crate) mod native;
pub(crate) mod pool;
pub(crate) mod smali;
pub(crate) mod table;
pub(crate) mod xml;

use hefu_audit::{Facts, Limits, Package};

use crate::archive;

/// The bytes of an APK of these files, with the manifest compiled from text. `manifest` is what
/// stands inside of the `manifest` element.
pub(crate) fn apk(manifest: &str, files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let manifest = format!(
        "<manifest xmlns:android=\"{}\" package=\"com.bank\" android:versionCode=\"7\">{manifest}</manifest>",
        hefu_audit::xml::ANDROID_NAMESPACE
    );
    let mut entries = vec![archive::deflated(
        "AndroidManifest.xml",
        &xml::compile(&manifest),
    )];
    entries.extend(
        files
            .iter()
            .map(|(name, content)| archive::deflated(name, content)),
    );
    archive::build(&entries).bytes
}

/// The facts of a package in memory.
pub(crate) fn facts(name: &str, bytes: Vec<u8>) -> Facts {
    let limits = Limits::default();
    Facts::read(&Package::from_bytes(name, bytes, &limits).unwrap(), &limits)
}

/// The facts of an APK whose only code is this smali.
pub(crate) fn facts_of_code(smali: &str) -> Facts {
    facts(
        "test.apk",
        apk("<application/>", &[("classes.dex", smali::assemble(smali))]),
    )
}
