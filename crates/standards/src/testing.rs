//! A catalogue small enough to look at whole.

use crate::{Catalogue, Kind, Served};

pub(crate) const SMALL: &str = r#"
[document]
prefix = "AN"
title = { en = "A small document", zh = "小文件" }
issuer = { en = "Somebody", zh = "某人" }
year = 2026
language = "en"

[[clause]]
id = "AN-1"
how = "E"
home = "signing"
en = "The first, enforced"
zh = "第一条"

[[clause]]
id = "AN-2"
how = "E+C"
home = "harden"
en = "The second, enforced and checked"
zh = "第二条"

[[clause]]
id = "AN-3"
how = "E+A"
home = "release"
en = "The third, enforced and attested"
zh = "第三条"

[[clause]]
id = "AN-4"
how = "A"
home = "governance"
en = "The fourth, attested"
zh = "第四条"

[[clause]]
id = "AN-5"
how = "C"
home = "audit"
en = "The fifth, checked | with a bar"
zh = "第五条"

[[clause]]
id = "AN-6"
how = "E"
home = "vault"
en = "The sixth, enforced"
zh = "第六条"
"#;

pub(crate) fn small() -> Catalogue {
    Catalogue::parse(&[SMALL]).unwrap()
}

pub(crate) const fn served(
    kind: Kind,
    file: &'static str,
    clauses: &'static [&'static str],
) -> Served {
    Served {
        krate: "hefu-bank",
        module: "some::module",
        file,
        kind,
        clauses,
    }
}
