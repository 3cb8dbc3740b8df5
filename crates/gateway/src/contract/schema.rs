//! The document's schemas: checked for what they leave open, then compiled.
//!
//! A schema is looked at in three passes. [`lint`] refuses what would let a stranger's value
//! through unchecked or a customer's data out unmasked; [`compile`] turns the schema into a
//! validator; [`marks`] finds the places that are masked or sealed.

pub(super) mod compile;
pub(super) mod keywords;
pub(super) mod lint;
pub(super) mod marks;
pub(super) mod text;

use super::{document::Place, error::FaultKind};

/// References followed, or compositions entered, one inside another. Stops: chains that overflow
/// the stack.
const COMPOSITION_DEPTH_MAX: usize = 32;

/// Which dialect a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// OpenAPI 3.0: `nullable`, boolean `exclusiveMinimum`, nothing beside `$ref`.
    V3_0,
    /// OpenAPI 3.1: JSON Schema 2020-12.
    V3_1,
}

/// Which way the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Request,
    Response,
}

/// A type of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    pub(super) const NAMES: &'static [&'static str] = &[
        "null", "boolean", "integer", "number", "string", "array", "object",
    ];

    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }
}

/// The target of a schema's own `$ref`.
pub(super) fn reference<'doc>(schema: &Place<'doc>) -> Option<&'doc str> {
    schema.node.member("$ref")?.text()
}

/// The types that a schema's own `type` names; none when it has none.
pub(super) fn own_types(schema: &Place<'_>) -> Vec<Type> {
    let Some(node) = schema.node.member("type") else {
        return Vec::new();
    };
    let names = node
        .text()
        .into_iter()
        .chain(node.list().iter().filter_map(super::document::Node::text));
    let mut types: Vec<Type> = names.filter_map(Type::parse).collect();
    if schema
        .node
        .member("nullable")
        .and_then(super::document::Node::bool)
        == Some(true)
    {
        types.push(Type::Null);
    }
    types
}

/// The schemas that a composition's keyword holds.
pub(super) fn parts<'doc>(
    schema: &Place<'doc>,
    keyword: &str,
) -> impl Iterator<Item = Place<'doc>> + use<'doc> {
    let place = schema.member(keyword);
    let items: Vec<_> = place.iter().flat_map(Place::items).collect();
    items.into_iter()
}

/// The document's references.
#[derive(Clone, Debug)]
pub(super) struct Schemas<'doc> {
    pub(super) root: Place<'doc>,
    pub(super) version: Version,
}

impl<'doc> Schemas<'doc> {
    /// The target of one reference.
    pub(super) fn follow(&self, reference: &str) -> Result<Place<'doc>, FaultKind> {
        self.root.follow(reference)
    }

    /// A value itself, or what its chain of references leads to.
    pub(super) fn resolve(&self, place: &Place<'doc>) -> Result<Place<'doc>, FaultKind> {
        let mut place = place.clone();
        for _ in 0..COMPOSITION_DEPTH_MAX {
            let Some(reference) = reference(&place) else {
                return Ok(place);
            };
            place = self.follow(reference)?;
        }
        Err(FaultKind::CircularReference)
    }

    /// The schema itself and all that apply to the same value: targets of references, members of
    /// `allOf`, and of `anyOf` and `oneOf` when `alternatives`. Broken references are left out:
    /// the lint lists them.
    pub(super) fn applied(&self, schema: &Place<'doc>, alternatives: bool) -> Vec<Place<'doc>> {
        let mut found: Vec<Place<'doc>> = vec![schema.clone()];
        let mut next = 0;
        while let Some(place) = found.get(next).cloned() {
            next += 1;
            let target = reference(&place).and_then(|reference| self.follow(reference).ok());
            let mut more: Vec<_> = target.into_iter().chain(parts(&place, "allOf")).collect();
            if alternatives {
                more.extend(parts(&place, "anyOf").chain(parts(&place, "oneOf")));
            }
            for place in more {
                if found.iter().all(|known| known.pointer != place.pointer) {
                    found.push(place);
                }
            }
        }
        found
    }

    /// The types that a schema's value certainly has one of.
    pub(super) fn types(&self, schema: &Place<'doc>) -> Vec<Type> {
        let applied = self.applied(schema, false);
        applied
            .iter()
            .map(own_types)
            .find(|types| !types.is_empty())
            .unwrap_or_default()
    }

    /// The schema of a body's field, where it is sure to be one: by properties alone.
    pub(super) fn locate(&self, schema: &Place<'doc>, pointer: &str) -> Option<Located<'doc>> {
        let mut place = schema.clone();
        let mut required = true;
        for token in pointer.strip_prefix('/')?.split('/') {
            let name = super::document::unescape_token(token);
            let applied = self.applied(&place, false);
            let requires = |schema: &Place<'_>| {
                let names = schema.node.member("required").map(|node| node.list());
                names
                    .unwrap_or_default()
                    .iter()
                    .any(|node| node.text() == Some(&name))
            };
            required &= applied.iter().any(requires);
            place = applied
                .iter()
                .find_map(|schema| schema.member("properties")?.member(&name))?;
        }
        Some(Located {
            schema: place,
            required,
        })
    }
}

/// A field that [`Schemas::locate`] found.
#[derive(Debug)]
pub(super) struct Located<'doc> {
    pub(super) schema: Place<'doc>,
    /// It and everything around it has to be there.
    pub(super) required: bool,
}
