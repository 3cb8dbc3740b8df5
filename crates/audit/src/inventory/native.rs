//! Native libraries and frameworks.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::check::Evidence;
use crate::facts::Facts;
use crate::facts::ios::BundleKind;
use crate::strings::Strings;

use super::{BY_BUNDLE, BY_LIBRARY, BY_OBJC, BY_VERSION_FIELD, Found, known, show, version_in};

/// What a library that is linked in says about its version: the text that the version follows,
/// and the name of the library.
const BANNERS: &[(&str, &str)] = &[
    ("OpenSSL ", "OpenSSL"),
    ("libcurl/", "libcurl"),
    ("deflate ", "zlib"),
    ("libpng version ", "libpng"),
    ("FFmpeg version ", "FFmpeg"),
    ("mbed TLS ", "Mbed TLS"),
    ("wolfSSL ", "wolfSSL"),
];

static ANY_BANNER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(BANNERS.iter().map(|(banner, _)| banner)).ok());

pub(super) fn libraries(facts: &Facts, found: &mut Found) {
    for library in &facts.libraries {
        let file = library.path.rsplit('/').next().unwrap_or(&library.path);
        let named = known().of_library(file);
        let soname = || known().of_library(library.elf.soname.as_deref()?);
        if let Some(known) = named.or_else(soname) {
            let evidence = Evidence::in_file(BY_LIBRARY, &library.path);
            show(found.known(known), evidence);
        }
        banners(&library.path, &library.elf.strings, found);
    }
    for file in &facts.macho_files {
        for slice in &file.slices {
            banners(&file.path, &slice.strings, found);
        }
    }
    for bundle in facts.ios.iter().flat_map(|ios| &ios.bundles) {
        let path = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        for slice in &bundle.slices {
            banners(path, &slice.strings, found);
        }
    }
}

fn banners(file: &str, strings: &Strings, found: &mut Found) {
    let Some(any) = ANY_BANNER.as_ref() else {
        return;
    };
    for (offset, text) in strings.iter() {
        let Some(which) = any.find(text) else {
            continue;
        };
        let Some((_, name)) = BANNERS.get(which.pattern().as_usize()) else {
            continue;
        };
        let (before, rest) = (text.get(..which.start()), text.get(which.end()..));
        let (Some(before), Some(rest)) = (before, rest) else {
            continue;
        };
        // The version is what follows at once; sentences about a library are no banners.
        let plain = before.trim().is_empty() || before.ends_with(char::is_whitespace);
        let at_once = rest.starts_with(|char: char| char.is_ascii_digit());
        let Some(version) = version_in(rest).filter(|_| plain && at_once) else {
            continue;
        };
        let evidence = Evidence::in_file(BY_VERSION_FIELD, file)
            .offset(u64::from(offset))
            .string(text);
        let purl = format!("pkg:generic/{}", name.to_ascii_lowercase().replace(' ', ""));
        let purl = purl.replace("libcurl", "curl");
        let version = version.trim_end_matches('-');
        found.stated(Some(purl), (*name).to_owned(), version, evidence);
    }
}

pub(super) fn frameworks(facts: &Facts, found: &mut Found) {
    let Some(ios) = &facts.ios else { return };
    for bundle in &ios.bundles {
        let name = bundle.path.trim_end_matches('/').rsplit('/').next();
        let name = name
            .and_then(|name| name.split('.').next())
            .unwrap_or_default();
        if bundle.kind == BundleKind::Framework {
            let info = bundle.info.as_ref();
            let version = info.and_then(|info| info.text("CFBundleShortVersionString"));
            let evidence = Evidence::in_file(BY_BUNDLE, &bundle.path);
            if let Some(known) = known().of_ios(name) {
                let sdk = found.known(known);
                show(sdk, evidence);
                if let Some(version) = version {
                    sdk.version.get_or_insert_with(|| version.to_owned());
                }
            } else if let Some(version) = version.filter(|_| !name.starts_with("libswift")) {
                let purl = format!("pkg:cocoapods/{name}");
                found.stated(Some(purl), name.to_owned(), version, evidence);
            }
        }
        let path = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        for class in bundle.slices.iter().flat_map(|slice| &slice.objc_classes) {
            if let Some(known) = known().of_ios(&class.name) {
                let evidence = Evidence::in_file(BY_OBJC, path).class(class.name.as_str());
                show(found.known(known), evidence);
            }
        }
    }
}
