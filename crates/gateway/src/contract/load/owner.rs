//! Owner rules, held to the operations they name.
//!
//! Clauses: JR-6.3.1.e.

use super::{JSON, Loader, Operation};
use crate::contract::{
    Method, OwnerCheck, OwnerLookup, OwnerRule, OwnerSource, PathTemplate,
    document::{Node, Place},
    error::FaultKind,
    extension::OwnerExtension,
    path::Overlap,
    schema::Type,
};

impl<'doc> Loader<'doc> {
    pub(super) fn owner(
        &mut self,
        owner: &OwnerExtension<'doc>,
        operation: &Operation<'doc>,
        all: &[Operation<'doc>],
    ) -> Option<OwnerRule> {
        self.owner_source(owner, operation)?;
        let check = match &owner.lookup {
            None => OwnerCheck::EqualsSubject,
            Some(lookup) => {
                let template = PathTemplate::parse(&lookup.path).ok();
                let asked = template
                    .filter(|path| path.params().count() == 1)
                    .and_then(|path| {
                        let same = all.iter().find(|other| {
                            other.method == Method::Get
                                && other.template.overlap(&path) == Overlap::Same
                        })?;
                        Some((path, same))
                    });
                let Some((path, asked)) = asked else {
                    let path = lookup.path.clone();
                    self.faults
                        .add(&lookup.place, FaultKind::OwnerLookup { path });
                    return None;
                };
                if !self.answers_text(asked, &lookup.pointer) {
                    let (path, pointer) = (lookup.path.clone(), lookup.pointer.clone());
                    self.faults
                        .add(&lookup.place, FaultKind::OwnerPointer { path, pointer });
                    return None;
                }
                OwnerCheck::Lookup(OwnerLookup {
                    path,
                    pointer: lookup.pointer.clone(),
                })
            }
        };
        Some(OwnerRule {
            source: owner.source.clone(),
            check,
        })
    }

    fn owner_source(
        &mut self,
        owner: &OwnerExtension<'doc>,
        operation: &Operation<'doc>,
    ) -> Option<()> {
        let (place, name) = match &owner.source {
            OwnerSource::Path(name) => ("the path parameter", name),
            OwnerSource::Query(name) => ("the query parameter", name),
            OwnerSource::Body(pointer) => ("the body's field", pointer),
        };
        let found = match &owner.source {
            OwnerSource::Path(name) => self.described(operation, "path", name),
            OwnerSource::Query(name) => self.described(operation, "query", name),
            OwnerSource::Body(pointer) => self.body_field(operation, pointer),
        };
        let name = name.clone();
        let Some((schema, required)) = found else {
            self.faults
                .add(&owner.place, FaultKind::OwnerSource { place, name });
            return None;
        };
        let applied = self.schemas.applied(&schema, false);
        if applied
            .iter()
            .any(|schema| schema.member("x-hefu-sealed").is_some())
        {
            self.faults.add(&owner.place, FaultKind::OwnerSealed);
        } else if !required {
            self.faults
                .add(&owner.place, FaultKind::OwnerOptional { name });
        } else if !matches!(
            &*self.schemas.types(&schema),
            [Type::String] | [Type::Integer]
        ) {
            self.faults.add(&owner.place, FaultKind::OwnerType { name });
        } else {
            return Some(());
        }
        None
    }

    fn described(
        &mut self,
        operation: &Operation<'doc>,
        location: &str,
        name: &str,
    ) -> Option<(Place<'doc>, bool)> {
        self.parameters(operation).into_iter().find_map(|place| {
            let text = |member| place.node.member(member).and_then(Node::text);
            let required = place.node.member("required").and_then(Node::bool) == Some(true);
            (text("in") == Some(location) && text("name") == Some(name))
                .then(|| place.member("schema"))
                .flatten()
                .map(|schema| (schema, required))
        })
    }

    fn body_field(
        &self,
        operation: &Operation<'doc>,
        pointer: &str,
    ) -> Option<(Place<'doc>, bool)> {
        let body = self
            .schemas
            .resolve(&operation.place.member("requestBody")?)
            .ok()?;
        let schema = body.member("content")?.member(JSON)?.member("schema")?;
        let located = self.schemas.locate(&schema, pointer)?;
        let required = body.node.member("required").and_then(Node::bool) == Some(true);
        Some((located.schema, located.required && required))
    }

    fn answers_text(&self, operation: &Operation<'doc>, pointer: &str) -> bool {
        let answer = || {
            let response = operation.place.member("responses")?.member("200")?;
            let response = self.schemas.resolve(&response).ok()?;
            let schema = response.member("content")?.member(JSON)?.member("schema")?;
            let located = self.schemas.locate(&schema, pointer)?;
            Some(located.required && self.schemas.types(&located.schema) == [Type::String])
        };
        answer() == Some(true)
    }
}
