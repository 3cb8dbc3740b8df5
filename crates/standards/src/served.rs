//! What a source file declares about the clauses it serves, as the build-time scan found it.

use std::fmt;

/// What kind of thing serves a clause; the folder of the file decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Code that enforces a clause while the product runs.
    Code,
    /// A file below a folder named `probes`: attacks a running deployment.
    Probe,
    /// A file below a folder named `checks`: judges a build.
    Check,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Code, Self::Probe, Self::Check];

    /// The name, as `reasons.toml` calls its tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Probe => "probe",
            Self::Check => "check",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One source file and the clauses its header cites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The package, such as `hefu-gateway`.
    pub krate: &'static str,
    /// The module below the crate root, such as `guards::replay`; `crate` for the root itself.
    pub module: &'static str,
    /// The file, relative to the repository, with forward slashes.
    pub file: &'static str,
    /// What the file is.
    pub kind: Kind,
    /// The cited clause ids, in the order of the header. The scan proved that each one exists.
    pub clauses: &'static [&'static str],
}

/// The clause ids that `module` cites in `registry`; empty when it cites none.
///
/// `module` is either a path below the crate root (`guards::replay`) or what `module_path!()`
/// gives (`hefu_gateway::guards::replay`). The function is `const`, so that a guard can hold its
/// ids in a constant; [`clauses!`](crate::clauses) does that for the module it stands in.
///
/// ```
/// use hefu_standards::{Kind, Served, clauses_of};
///
/// static REGISTRY: &[Served] = &[Served {
///     krate: "hefu-gateway",
///     module: "guards::replay",
///     file: "crates/gateway/src/guards/replay.rs",
///     kind: Kind::Code,
///     clauses: &["CJ-6.3.d.4", "AN-1"],
/// }];
/// const CLAUSES: &[&str] = clauses_of(REGISTRY, "hefu_gateway::guards::replay");
///
/// assert_eq!(CLAUSES, ["CJ-6.3.d.4", "AN-1"]);
/// assert!(clauses_of(REGISTRY, "guards::session").is_empty());
/// ```
#[must_use]
pub const fn clauses_of(registry: &[Served], module: &str) -> &'static [&'static str] {
    let mut rest = registry;
    while let [served, tail @ ..] = rest {
        if names_module(served, module.as_bytes()) {
            return served.clauses;
        }
        rest = tail;
    }
    &[]
}

/// Whether `path` is the module of `served`, with or without the crate's name in front.
const fn names_module(served: &Served, path: &[u8]) -> bool {
    let module = served.module.as_bytes();
    if same(path, module) {
        return true;
    }
    match strip_crate(path, served.krate.as_bytes()) {
        Some([]) => same(module, b"crate"),
        Some([b':', b':', below @ ..]) => same(below, module),
        _ => false,
    }
}

const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let ([a, left_tail @ ..], [b, right_tail @ ..]) = (left, right) {
        if *a != *b {
            return false;
        }
        left = left_tail;
        right = right_tail;
    }
    left.is_empty() && right.is_empty()
}

/// What follows the crate's name; a package `hefu-gm` is the crate `hefu_gm`.
const fn strip_crate<'path>(mut path: &'path [u8], mut package: &[u8]) -> Option<&'path [u8]> {
    while let [expected, package_tail @ ..] = package {
        let expected = if *expected == b'-' { b'_' } else { *expected };
        let [found, path_tail @ ..] = path else {
            return None;
        };
        if *found != expected {
            return None;
        }
        path = path_tail;
        package = package_tail;
    }
    Some(path)
}

/// Includes what [`scan::emit`](crate::scan::emit) wrote: the crate's `pub static REGISTRY`.
///
/// Stands once, in `lib.rs`.
#[macro_export]
macro_rules! registry {
    () => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/registry.rs"));
    };
}

/// Includes what [`scan::emit_folder`](crate::scan::emit_folder) wrote for a folder: its modules,
/// and the list of the item each of them holds.
///
/// Stands in the folder's own `mod.rs`: `hefu_standards::folder!("probes");`.
#[macro_export]
macro_rules! folder {
    ($folder:literal) => {
        ::core::include!(::core::concat!(
            ::core::env!("OUT_DIR"),
            "/",
            $folder,
            ".rs"
        ));
    };
}

/// The clause ids that the header of this very file cites, as a `&'static [&'static str]`.
///
/// Needs `crate::REGISTRY`, that is `hefu_standards::registry!()` in `lib.rs`. A file without a
/// `//! Clauses:` line does not compile with it.
#[macro_export]
#[expect(
    clippy::crate_in_macro_def,
    reason = "the registry is the calling crate's own"
)]
macro_rules! clauses {
    () => {
        const {
            let clauses = $crate::clauses_of(crate::REGISTRY, ::core::module_path!());
            ::core::assert!(
                !clauses.is_empty(),
                "this file has no `//! Clauses: ….` header line"
            );
            clauses
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    static REGISTRY: &[Served] = &[
        Served {
            krate: "hefu-gm",
            module: "crate",
            file: "crates/gm/src/lib.rs",
            kind: Kind::Code,
            clauses: &["CJ-4.2.2.b"],
        },
        Served {
            krate: "hefu-gm",
            module: "keys",
            file: "crates/gm/src/keys.rs",
            kind: Kind::Code,
            clauses: &["JR-6.1.4.b", "JR-6.1.4.c"],
        },
    ];

    #[test]
    fn a_module_is_found_with_and_without_the_crates_name() {
        assert_eq!(clauses_of(REGISTRY, "keys"), ["JR-6.1.4.b", "JR-6.1.4.c"]);
        assert_eq!(
            clauses_of(REGISTRY, "hefu_gm::keys"),
            ["JR-6.1.4.b", "JR-6.1.4.c"]
        );
        assert_eq!(clauses_of(REGISTRY, "hefu_gm"), ["CJ-4.2.2.b"]);
    }

    #[test]
    fn a_module_that_only_looks_alike_is_not_found() {
        for other in [
            "key",
            "keyss",
            "hefu_gm::key",
            "hefu_gmkeys",
            "hefu_gm::keys::tests",
            "other::keys",
            "",
        ] {
            assert!(clauses_of(REGISTRY, other).is_empty(), "{other}");
        }
    }
}
