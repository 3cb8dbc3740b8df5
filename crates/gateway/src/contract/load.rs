//! From the document to its functions.
//!
//! All faults are collected: an operator corrects a document once, not once for each.
//!
//! Clauses: CJ-6.4.4, JR-6.3.2.a.

mod owner;
mod request;
mod response;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    DataClass, Function, Method, PathTemplate,
    document::{self, Place},
    error::{Fault, FaultKind, Faults, nearest},
    extension::{self, Extension, FunctionExtension},
    path::Overlap,
    schema::{
        Direction, Schemas, Version,
        compile::{Compiled, Form, compile},
        keywords::{EXTENSIONS, listed},
        lint::lint,
    },
};

const JSON: &str = "application/json";

/// Reads a document's functions, by path and method.
pub(super) fn load(bytes: &[u8]) -> Result<Vec<Function>, Vec<Fault>> {
    let root = document::read(bytes).map_err(|fault| vec![fault])?;
    let root = Place::root(&root);
    let version = version(&root).map_err(|fault| vec![fault])?;
    let mut loader = Loader {
        schemas: Schemas {
            root: root.clone(),
            version,
        },
        faults: Faults::default(),
        numbers: HashMap::new(),
        operation_ids: HashSet::new(),
    };
    let Some(paths) = root
        .member("paths")
        .filter(|paths| paths.node.map().is_some())
    else {
        let advice = "a document without operations protects nothing";
        return Err(vec![root.fault(FaultKind::Missing {
            member: "paths",
            advice,
        })]);
    };
    loader.strays(&root);
    let operations = loader.operations(&paths);
    let mut functions: Vec<_> = operations
        .iter()
        .filter_map(|operation| loader.function(operation, &operations))
        .collect();
    loader.conflicts(&operations, &mut functions);
    if loader.faults.count() > 0 {
        return Err(loader.faults.into_sorted());
    }
    Ok(functions)
}

fn version(root: &Place<'_>) -> Result<Version, Fault> {
    let place = root.member("openapi");
    match place.as_ref().and_then(|place| place.node.text()) {
        Some(text) if text.starts_with("3.0.") => Ok(Version::V3_0),
        Some(text) if text.starts_with("3.1.") => Ok(Version::V3_1),
        _ => Err(place.as_ref().unwrap_or(root).fault(FaultKind::Version)),
    }
}

/// An operation of the document.
struct Operation<'doc> {
    place: Place<'doc>,
    path_item: Place<'doc>,
    template: PathTemplate,
    method: Method,
}

struct Loader<'doc> {
    schemas: Schemas<'doc>,
    faults: Faults,
    /// Function numbers and the operation that has each.
    numbers: HashMap<String, String>,
    operation_ids: HashSet<String>,
}

impl<'doc> Loader<'doc> {
    /// Extensions where nothing reads them, and references out of the document, wherever they are.
    fn strays(&mut self, root: &Place<'doc>) {
        let mut waiting = vec![root.clone()];
        while let Some(place) = waiting.pop() {
            for (name, member) in place.members() {
                if name == "$ref" && member.node.text().is_some_and(|to| !to.starts_with('#')) {
                    self.faults.add(&member, FaultKind::RemoteReference);
                }
                if name.starts_with("x-hefu") {
                    self.stray(&place, name, &member);
                } else if !matches!(name, "example" | "examples" | "default" | "enum" | "const") {
                    waiting.push(member);
                }
            }
            waiting.extend(place.items());
        }
    }

    fn stray(&mut self, holder: &Place<'doc>, name: &str, member: &Place<'doc>) {
        let tokens: Vec<&str> = holder.pointer.split('/').skip(1).collect();
        let is_operation = matches!(&*tokens, ["paths", _, _]);
        // Property names are no keywords; a schema named like an extension is nobody's.
        let in_schema = matches!(&*tokens, ["components", "schemas", _, ..])
            || tokens
                .iter()
                .any(|token| matches!(*token, "schema" | "$defs"));
        let place = match name {
            "x-hefu" if is_operation => return,
            "x-hefu" => "outside an operation",
            _ if EXTENSIONS.contains(&name) && in_schema => return,
            _ if EXTENSIONS.contains(&name) => "outside a schema: put it beside `type`",
            _ => {
                let kind = FaultKind::UnknownMember {
                    name: name.to_owned(),
                    suggestion: nearest(name, EXTENSIONS),
                    known: listed(EXTENSIONS),
                };
                return self.faults.add(member, kind);
            }
        };
        let extension = name.to_owned();
        self.faults
            .add(member, FaultKind::MisplacedExtension { extension, place });
    }

    fn operations(&mut self, paths: &Place<'doc>) -> Vec<Operation<'doc>> {
        let mut operations = Vec::new();
        for (path, item) in paths.members().filter(|(path, _)| !path.starts_with("x-")) {
            match PathTemplate::parse(path) {
                Ok(template) => self.path_item(&item, &template, &mut operations),
                Err(kind) => self.faults.add(&item, kind),
            }
        }
        operations
    }

    fn path_item(
        &mut self,
        item: &Place<'doc>,
        template: &PathTemplate,
        operations: &mut Vec<Operation<'doc>>,
    ) {
        for (name, place) in item.members() {
            let method = match name {
                "get" => Method::Get,
                "head" => Method::Head,
                "post" => Method::Post,
                "put" => Method::Put,
                "patch" => Method::Patch,
                "delete" => Method::Delete,
                "options" | "trace" => {
                    let method = name.to_ascii_uppercase();
                    self.faults.add(&place, FaultKind::Method { method });
                    continue;
                }
                "$ref" => {
                    let what = "operations of the path";
                    self.faults
                        .add(&place, FaultKind::MisplacedReference { what });
                    continue;
                }
                "summary" | "description" | "parameters" | "servers" => continue,
                _ if name.starts_with("x-") => continue,
                _ => {
                    let known = "get, head, post, put, patch, delete, parameters".to_owned();
                    let name = name.to_owned();
                    let kind = FaultKind::UnknownMember {
                        name,
                        suggestion: None,
                        known,
                    };
                    self.faults.add(&place, kind);
                    continue;
                }
            };
            let (path_item, template) = (item.clone(), template.clone());
            operations.push(Operation {
                place,
                path_item,
                template,
                method,
            });
        }
    }

    fn function(
        &mut self,
        operation: &Operation<'doc>,
        all: &[Operation<'doc>],
    ) -> Option<Function> {
        let function = match extension::read(&operation.place, operation.method, &mut self.faults)?
        {
            Extension::Internal => return None,
            Extension::Function(function) => function,
        };
        let id = self.operation_id(&operation.place);
        self.unique_number(operation, &function);
        let mut class = DataClass::C1;
        let request = self.request(operation, &mut class);
        let response = self.responses(operation, &mut class);
        // An owner rule reads the request, so it is held to a request without faults.
        let request = request?;
        let owner = match &function.owner {
            Some(owner) => Some(self.owner(owner, operation, all)?),
            None => None,
        };
        let response = response?;
        let requires_key = request
            .fields
            .iter()
            .any(|field| field.name == "idempotency-key" && field.required);
        Some(Function {
            no: function.no,
            operation: id?,
            method: operation.method,
            path: operation.template.clone(),
            class: function.class,
            data_class: class,
            key_business: function.key_business,
            auth: function.auth,
            window_s: function.window_s,
            rates: function.rates,
            body_bytes_max: function.body_bytes_max,
            idempotent: requires_key || matches!(operation.method, Method::Get | Method::Head),
            owner,
            request,
            response,
            shadows: Vec::new(),
        })
    }

    fn operation_id(&mut self, operation: &Place<'doc>) -> Option<String> {
        let Some(place) = operation.member("operationId") else {
            let advice = "logs and evidence name the operation by it";
            self.faults.add(
                operation,
                FaultKind::Missing {
                    member: "operationId",
                    advice,
                },
            );
            return None;
        };
        let Some(id) = place
            .node
            .text()
            .filter(|id| !id.is_empty() && id.len() <= 100)
        else {
            let expected = "text of at most 100 characters";
            self.faults.add(&place, FaultKind::Expected { expected });
            return None;
        };
        if !self.operation_ids.insert(id.to_owned()) {
            self.faults
                .add(&place, FaultKind::DuplicateOperation { id: id.to_owned() });
        }
        Some(id.to_owned())
    }

    fn unique_number(&mut self, operation: &Operation<'doc>, function: &FunctionExtension<'doc>) {
        let (method, path) = (operation.method.as_str(), operation.template.as_str());
        let own = format!("{method} {path}");
        let no = function.no.as_str().to_owned();
        if let Some(other) = self.numbers.get(&no).cloned() {
            let place = operation
                .place
                .member("x-hefu")
                .and_then(|x| x.member("function"));
            let place = place.as_ref().unwrap_or(&operation.place);
            self.faults
                .add(place, FaultKind::DuplicateFunction { no, other });
        } else {
            self.numbers.insert(no, own);
        }
    }

    /// Tells each function which of its paths another operation of the same method would take.
    /// Internal operations count: nobody reaches them by the number of another.
    fn conflicts(&mut self, operations: &[Operation<'doc>], functions: &mut [Function]) {
        let mut by_shape: BTreeMap<(&str, usize), Vec<&Operation<'doc>>> = BTreeMap::new();
        for operation in operations {
            let shape = (
                operation.method.as_str(),
                operation.template.as_str().split('/').count(),
            );
            by_shape.entry(shape).or_default().push(operation);
        }
        for group in by_shape.values() {
            for (index, one) in group.iter().enumerate() {
                for other in group.iter().skip(index + 1) {
                    let overlap = one.template.overlap(&other.template);
                    if matches!(overlap, Overlap::Same | Overlap::Ambiguous) {
                        let other = other.template.as_str().to_owned();
                        self.faults
                            .add(&one.path_item, FaultKind::PathConflict { other });
                    }
                }
            }
        }
        for function in functions {
            let rivals = operations.iter().filter(|other| {
                other.method == function.method
                    && function.path.overlap(&other.template) == Overlap::OtherIsNarrower
            });
            function.shadows = rivals.map(|other| other.template.clone()).collect();
        }
    }

    /// Lints and compiles a schema without marks.
    fn compiled(
        &mut self,
        schema: &Place<'doc>,
        direction: Direction,
        class: &mut DataClass,
    ) -> Option<Compiled> {
        let before = self.faults.count();
        *class = (*class).max(lint(&self.schemas, direction, schema, &mut self.faults));
        if self.faults.count() > before {
            return None;
        }
        let compiled = compile(&self.schemas, direction, Form::Plain, schema);
        self.kept(compiled)
    }

    fn kept<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.faults.push(fault)).ok()
    }

    /// The schema of the one media type under `content`.
    fn json_schema(&mut self, place: &Place<'doc>) -> Option<Place<'doc>> {
        let content = place.member("content");
        for (media_type, at) in content.iter().flat_map(Place::members) {
            if media_type != JSON {
                let media_type = media_type.to_owned();
                self.faults.add(&at, FaultKind::MediaType { media_type });
            }
        }
        let json = content.and_then(|content| content.member(JSON));
        let Some(json) = json else {
            let advice = "`application/json` with a schema";
            self.faults.add(
                place,
                FaultKind::Missing {
                    member: "content",
                    advice,
                },
            );
            return None;
        };
        let schema = json.member("schema");
        if schema.is_none() {
            let advice = "without a schema nothing can be checked";
            self.faults.add(
                &json,
                FaultKind::Missing {
                    member: "schema",
                    advice,
                },
            );
        }
        schema
    }
}
