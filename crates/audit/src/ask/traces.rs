//! One pass over every string of a package, for all checks that look for secrets and addresses.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::check::{Evidence, Words, words};
use crate::configuration::Declared;
use crate::facts::{Area, Facts, Literal, Place};
use crate::inventory::library_of;

mod address;
mod entropy;
mod formats;

pub(crate) use self::address::addresses;
pub(crate) use self::entropy::is_random;
pub(crate) use self::formats::Format;

/// What was found in a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A secret of a known format.
    Secret(Format),
    /// A private key.
    PrivateKey,
    /// A request that only servers should make, since it carries an AppSecret.
    SecretRequest,
    /// A text that only malware contains, with what it is.
    Malware(Words),
    /// An address with a password in it.
    Credentials,
    /// An address in a private network, or of a host that only developers have.
    InternalHost,
    /// An IPv4 address in the open network.
    Ipv4,
    /// A string that looks like a random one, of code that is not of a known library.
    Random,
}

/// Something found in a string.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// What it is.
    pub(crate) kind: Kind,
    /// The part of the string.
    pub(crate) text: String,
    /// The places, without words.
    pub(crate) places: Vec<Evidence>,
    /// The known library that all of its places are in, if so.
    pub(crate) library: Option<&'static str>,
}

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    found: Vec<Trace>,
}

impl Traces {
    /// What was found of a kind.
    pub(crate) fn of(&self, wanted: impl Fn(&Kind) -> bool) -> impl Iterator<Item = &Trace> {
        self.found.iter().filter(move |trace| wanted(&trace.kind))
    }
}

impl Trace {
    /// Whether it is an address of a host that is declared.
    pub(crate) fn is_of_declared_host(&self, declared: &Declared) -> bool {
        declared.allows_host(&self.text)
            || addresses(&self.text).any(|address| declared.allows_host(address.host))
    }

    /// Evidence about every place.
    pub(crate) fn evidence(&self, what: Words) -> impl Iterator<Item = Evidence> {
        let places = self.places.iter().cloned();
        places.map(move |place| place.saying(what).string(self.text.as_str()))
    }

    /// Evidence about every place, of a secret.
    pub(crate) fn secret_evidence(&self, what: Words) -> impl Iterator<Item = Evidence> {
        let places = self.places.iter().cloned();
        places.map(move |place| place.saying(what).secret(self.text.as_str()))
    }
}

/// Where strings come from.
pub(crate) const AREAS: [Area; 7] = [
    Area::Code,
    Area::Resources,
    Area::Xml,
    Area::Manifest,
    Area::Text,
    Area::Native,
    Area::Ios,
];

/// What the strings of a package hold. Worked out once for each [`Facts`].
pub(crate) fn traces(facts: &Facts) -> &Traces {
    facts.derived.traces.get_or_init(|| pass(facts))
}

/// Things found in one package. One of these is a failure; nobody reads more.
const TRACES_MAX: usize = 4_096;
/// Places named for each.
const PLACES_MAX: usize = 8;
/// Things found in one string.
const IN_STRING_MAX: usize = 64;

/// Texts of which one stands in every string that holds an address or a secret of a known format.
static ANCHORS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let anchors = formats::anchors().chain(["://"]);
    AhoCorasick::new(anchors).ok()
});

fn pass(facts: &Facts) -> Traces {
    let mut traces = Traces::default();
    let fields = LazyCell::new(|| fields(facts));
    for literal in facts.literals() {
        if traces.found.len() >= TRACES_MAX {
            break;
        }
        let found = in_text(&literal);
        if found.is_empty() {
            continue;
        }
        let (places, library) = places(facts, &literal, &fields);
        for (kind, text) in found {
            // Libraries are full of tables that look random.
            if kind == Kind::Random && (library.is_some() || places.is_empty()) {
                continue;
            }
            traces.found.push(Trace {
                kind,
                text,
                places: places.clone(),
                library,
            });
        }
    }
    traces
}

fn in_text(literal: &Literal<'_>) -> Vec<(Kind, String)> {
    let text: &str = &literal.text;
    let mut found = Vec::new();
    if let Some(address) = address::plain(text) {
        found.extend(address.kind().map(|kind| (kind, text.to_owned())));
        return found;
    }
    let Some(anchors) = ANCHORS.as_ref() else {
        return found;
    };
    let anchored = anchors.is_match(text);
    if anchored {
        formats::find(text, &mut found);
        // Elements of XML name their vocabularies by addresses that nobody visits.
        let is_vocabulary = matches!(
            literal.place,
            Place::Xml { attribute: Some(name), .. } if name.starts_with("xmlns")
        );
        if !is_vocabulary {
            for address in addresses(text).take(IN_STRING_MAX) {
                found.extend(address.kind().map(|kind| (kind, address.text.to_owned())));
                if address.has_password() {
                    found.push((Kind::Credentials, address.text.to_owned()));
                }
            }
        }
    }
    if found.is_empty() && matches!(literal.place, Place::Code(_)) && is_random(text) {
        found.push((Kind::Random, text.to_owned()));
    }
    found
}

const NOWHERE: Words = words("here", "此处");

/// The places of a string, and the library that they are all in.
fn places(
    facts: &Facts,
    literal: &Literal<'_>,
    fields: &LazyCell<Fields, impl FnOnce() -> Fields>,
) -> (Vec<Evidence>, Option<&'static str>) {
    match &literal.place {
        Place::Code(text) => {
            let mut libraries = Vec::new();
            let mut places = Vec::new();
            for found in text.uses().take(PLACES_MAX) {
                let site = found.site();
                libraries.push(library_of(facts, &site.class));
                places.push(Evidence::at(NOWHERE, &site));
            }
            if places.is_empty() {
                if let Some((place, library)) = fields.get(literal.text.as_ref()) {
                    libraries.push(*library);
                    places.push(place.clone());
                } else {
                    places.push(Evidence::in_file(NOWHERE, text.file()));
                }
            }
            let first = libraries.first().copied().flatten();
            let all = libraries.iter().all(Option::is_some) && libraries.len() == places.len();
            (places, first.filter(|_| all))
        }
        Place::Resource { index } => {
            let file = "resources.arsc";
            let place = match facts.resource_of(*index) {
                Some(name) => Evidence::in_xml(NOWHERE, file, format!("@{name}")),
                None => Evidence::in_file(NOWHERE, file),
            };
            (vec![place], None)
        }
        Place::Xml {
            file,
            node,
            attribute,
        } => {
            let path = match attribute {
                Some(name) => format!("{}/@{name}", node.path()),
                None => node.path(),
            };
            (vec![Evidence::in_xml(NOWHERE, *file, path)], None)
        }
        Place::Native { file, offset } => {
            let place = Evidence::in_file(NOWHERE, *file).offset(u64::from(*offset));
            (vec![place], None)
        }
        Place::Text { file, line } => {
            let place = Evidence::in_xml(NOWHERE, *file, format!("line {line}"));
            (vec![place], None)
        }
        Place::PropertyList { file, key } => {
            (vec![Evidence::in_xml(NOWHERE, *file, key.clone())], None)
        }
    }
}

/// The static fields that start with a string, by that string: file, class and name, and the
/// library that they are of.
type Fields = HashMap<String, (Evidence, Option<&'static str>)>;

fn fields(facts: &Facts) -> Fields {
    let mut fields = Fields::new();
    for class in facts.code.classes() {
        let mut library = None;
        for field in class.fields() {
            let Some(text) = field.initial_value().and_then(|value| value.text()) else {
                continue;
            };
            let name = class.name();
            let library = *library.get_or_insert_with(|| library_of(facts, &name));
            fields.entry(text.into_owned()).or_insert_with(|| {
                let place = Evidence::in_file(NOWHERE, class.file());
                (place.class(format!("{name}.{}", field.name())), library)
            });
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{Kind, traces};
    use crate::fixture;

    #[test]
    fn a_string_is_found_with_its_place() {
        let facts = fixture::facts_of_code(
            ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
             .field public static final HOST:Ljava/lang/String; = \"http://10.1.2.3/login\"\n\
             .method public static run()V\n.registers 2\n\
             const-string v0, \"mysql://root:hunter2@db.bank.example/main\"\n\
             return-void\n.end method\n",
        );
        let shown = |kind| {
            let found = traces(&facts).of(|other| *other == kind);
            found
                .flat_map(|trace| trace.places.iter().map(ToString::to_string))
                .collect::<Vec<_>>()
        };
        assert!(shown(Kind::InternalHost)[0].contains("com.bank.Main.HOST"));
        assert!(shown(Kind::Credentials)[0].contains("com.bank.Main.run()V"));
    }
}
