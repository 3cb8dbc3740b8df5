//! From the document's schema to a validator that is compiled once.
//!
//! The schema is rewritten to JSON Schema 2020-12 and closed on the way: an object that does not
//! say otherwise has no other members than those it describes. What OpenAPI 3.0 writes its own way
//! is translated; annotations are dropped; strings of requests get their class of characters. The
//! validator follows no reference out of the document and matches patterns in linear time.
//!
//! Clauses: JR-6.2.4.c, AP-4.1.2.

use std::collections::{BTreeMap, VecDeque};

use jsonschema::{Draft, Keyword, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::{
    Direction, Schemas, Type, Version, keywords, lint, own_types, parts, reference,
    text::{self, CLASS_KEYWORD, Class},
};
use crate::contract::{
    document::{Kind, Node, Place},
    error::{Fault, FaultKind},
    value::{self, Borrowed},
};

/// Schemas that one body may refer to. Stops: documents that compile for minutes, and chains of
/// references that overflow the validator's stack.
const DEFINITIONS_MAX: usize = 300;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Compiled {
    validator: Validator<Borrowed>,
    /// Where the schema stands in the document, and each of the definitions it refers to.
    pointers: Vec<String>,
}

/// Which form of a request's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it travels: sealed fields are sealed strings.
    Sealed,
    /// As the service reads it.
    Plain,
}

impl Compiled {
    /// Checks a value.
    ///
    /// # Errors
    /// With the JSON pointer of the rule in the document.
    pub(crate) fn check<'a>(&self, value: &'a value::Value<'a>) -> Result<(), String> {
        if self.validator.is_valid(value) {
            return Ok(());
        }
        match self.validator.validate(value) {
            // The two agree; a value that only one of them accepts is not accepted.
            Ok(()) => Err(self.in_document("")),
            Err(error) => Err(self.in_document(error.schema_path().as_str())),
        }
    }

    /// The document's pointer for one into the rewritten schema. The rewritten schema keeps the
    /// shape of the original, definitions apart.
    fn in_document(&self, path: &str) -> String {
        in_document(&self.pointers, path)
    }
}

fn in_document(pointers: &[String], path: &str) -> String {
    let (index, rest) = match path.rsplit_once("/$defs/") {
        None => (0, path),
        Some((_, behind)) => {
            let (index, _) = behind.split_once('/').unwrap_or((behind, ""));
            (
                index.parse().unwrap_or(0),
                behind.get(index.len()..).unwrap_or_default(),
            )
        }
    };
    format!("{}{rest}", pointers.get(index).map_or("", String::as_str))
}

/// Compiles a schema that the lint found nothing wrong with.
pub(crate) fn compile<'doc>(
    schemas: &Schemas<'doc>,
    direction: Direction,
    form: Form,
    root: &Place<'doc>,
) -> Result<Compiled, Fault> {
    let mut rewriter = Rewriter {
        schemas,
        direction,
        form,
        indices: BTreeMap::new(),
        waiting: VecDeque::new(),
        pointers: vec![root.pointer.clone()],
    };
    let mut whole = rewriter.schema(root, Closing::Closed);
    let mut definitions = Map::new();
    while let Some((index, place, closing)) = rewriter.waiting.pop_front() {
        if index > DEFINITIONS_MAX {
            return Err(root.fault(FaultKind::TooManySchemas));
        }
        let definition = rewriter.schema(&place, closing);
        definitions.insert(index.to_string(), definition);
    }
    if let Value::Object(members) = &mut whole
        && !definitions.is_empty()
    {
        members.insert("$defs".to_owned(), Value::Object(definitions));
    }
    let pointers = rewriter.pointers;
    match build(&whole) {
        Ok(validator) => Ok(Compiled {
            validator,
            pointers,
        }),
        Err((path, rule)) => {
            // An error of the meta-schema names the place by the instance it refused.
            let pointer = in_document(&pointers, &path);
            let place = schemas
                .follow(&format!("#{pointer}"))
                .unwrap_or_else(|_| root.clone());
            let kind = match pointer.rsplit('/').next() {
                Some("pattern") => FaultKind::Pattern,
                _ => FaultKind::Schema { rule },
            };
            Err(place.fault(kind))
        }
    }
}

fn build(schema: &Value) -> Result<Validator<Borrowed>, (String, String)> {
    let patterns = PatternOptions::regex()
        .size_limit(lint::PATTERN_BYTES_MAX)
        .dfa_size_limit(lint::PATTERN_BYTES_MAX);
    let mut options = jsonschema::options_for::<Borrowed>()
        .with_draft(Draft::Draft202012)
        .offline()
        .with_pattern_options(patterns)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_keyword(CLASS_KEYWORD, text::class_keyword)
        .with_keyword(INTEGER_KEYWORD, |_, _, _| Ok(Box::new(WrittenAsInteger)));
    for (name, check) in text::OWN_FORMATS {
        options = options.with_format(*name, *check);
    }
    options.build(schema).map_err(|error| {
        (
            error.instance_path().as_str().to_owned(),
            error.kind().keyword().to_owned(),
        )
    })
}

/// The keyword for integers of requests.
const INTEGER_KEYWORD: &str = "x-hefu-integer";

/// To JSON Schema `1.0` and `1e2` are integers; to the reader of a service often not.
struct WrittenAsInteger;

impl<'i> Keyword<'i, Borrowed> for WrittenAsInteger {
    fn validate(&self, instance: &'i value::Value<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::is_valid(self, instance) {
            return Ok(());
        }
        Err(ValidationError::custom("not written as an integer"))
    }

    fn is_valid(&self, instance: &'i value::Value<'i>) -> bool {
        !matches!(instance, value::Value::Number(number) if number.is_f64())
    }
}

/// Whether an object schema is closed where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closing {
    /// It describes the value alone: other members are refused.
    Closed,
    /// It is part of a composition: what surrounds it is closed.
    Open,
}

struct Rewriter<'run, 'doc> {
    schemas: &'run Schemas<'doc>,
    direction: Direction,
    form: Form,
    /// Definitions by place and closing.
    indices: BTreeMap<(String, Closing), usize>,
    waiting: VecDeque<(usize, Place<'doc>, Closing)>,
    pointers: Vec<String>,
}

impl<'doc> Rewriter<'_, 'doc> {
    fn schema(&mut self, schema: &Place<'doc>, closing: Closing) -> Value {
        let Some(members) = schema.node.map() else {
            return schema.node.value();
        };
        if self.form == Form::Sealed && members.contains_key("x-hefu-sealed") {
            return json!({ "type": "string", CLASS_KEYWORD: Class::Sealed.as_str() });
        }
        let mut out = Map::new();
        for (keyword, place) in schema.members() {
            if keywords::ASSERTIONS.contains(&keyword) {
                self.assertion(schema, keyword, place.node, &mut out);
            } else if keywords::CONDITIONS.contains(&keyword) {
                out.insert(keyword.to_owned(), condition(place.node));
            } else if keywords::APPLICATORS.contains(&keyword) {
                let value = self.applicator(schema, keyword, &place, closing);
                out.insert(keyword.to_owned(), value);
            }
        }
        self.types(schema, &mut out);
        if closing == Closing::Closed {
            close(schema, &mut out);
        }
        Value::Object(out)
    }

    fn assertion(
        &self,
        schema: &Place<'doc>,
        keyword: &str,
        node: &Node,
        out: &mut Map<String, Value>,
    ) {
        match keyword {
            // Handled with the type.
            "type" | "nullable" => {}
            "exclusiveMinimum" | "exclusiveMaximum" if self.schemas.version == Version::V3_0 => {
                // The boolean moves the bound beside it, which is written when it comes.
            }
            "required" => {
                let hidden = self.hidden_properties(schema);
                let names = node.list().iter().filter_map(Node::text);
                let names: Vec<_> = names.filter(|name| !hidden.contains(name)).collect();
                out.insert(keyword.to_owned(), json!(names));
            }
            // `int64` holds by itself: the reader takes no integer beyond.
            "format" => match node.text() {
                Some("int32") => {
                    out.entry("minimum").or_insert_with(|| json!(i32::MIN));
                    out.entry("maximum").or_insert_with(|| json!(i32::MAX));
                }
                Some("int64" | "float" | "double" | "password") => {}
                _ => {
                    out.insert(keyword.to_owned(), node.value());
                }
            },
            _ => {
                out.insert(keyword.to_owned(), node.value());
            }
        }
    }

    fn types(&self, schema: &Place<'doc>, out: &mut Map<String, Value>) {
        if let Some(node) = schema.node.member("type") {
            let nullable = schema.node.member("nullable").and_then(Node::bool) == Some(true);
            let value = if nullable {
                json!([node.value(), "null"])
            } else {
                node.value()
            };
            out.insert("type".to_owned(), value);
        }
        if self.schemas.version == Version::V3_0 {
            for (exclusive, bound) in [
                ("exclusiveMinimum", "minimum"),
                ("exclusiveMaximum", "maximum"),
            ] {
                if schema.node.member(exclusive).and_then(Node::bool) == Some(true)
                    && let Some(value) = out.remove(bound)
                {
                    out.insert(exclusive.to_owned(), value);
                }
            }
        }
        if self.direction == Direction::Response {
            return;
        }
        let types = own_types(schema);
        if types.contains(&Type::Integer) && !types.contains(&Type::Number) {
            out.insert(INTEGER_KEYWORD.to_owned(), Value::Bool(true));
        }
        if types.contains(&Type::String) {
            let has = |flag: &str| schema.node.member(flag).and_then(Node::bool) == Some(true);
            let class = Class::of(has("x-hefu-free-text"), has("x-hefu-multiline"));
            out.insert(CLASS_KEYWORD.to_owned(), json!(class.as_str()));
        }
    }

    fn applicator(
        &mut self,
        schema: &Place<'doc>,
        keyword: &str,
        place: &Place<'doc>,
        closing: Closing,
    ) -> Value {
        match keyword {
            "$ref" => {
                // With members of its own beside it, the schema is a composition.
                let closing = if is_composition(schema) {
                    Closing::Open
                } else {
                    closing
                };
                reference(schema)
                    .and_then(|reference| self.schemas.follow(reference).ok())
                    .map_or(Value::Bool(false), |target| {
                        json!(format!("#/$defs/{}", self.definition(target, closing)))
                    })
            }
            "properties" => {
                let hidden = self.hidden_properties(schema);
                let shown = place.members().filter(|(name, _)| !hidden.contains(name));
                let shown: Vec<_> = shown.collect();
                let rewritten = shown.into_iter().map(|(name, property)| {
                    (name.to_owned(), self.schema(&property, Closing::Closed))
                });
                Value::Object(rewritten.collect())
            }
            "allOf" | "anyOf" | "oneOf" => {
                let members: Vec<_> = parts(schema, keyword).collect();
                members
                    .iter()
                    .map(|member| self.schema(member, Closing::Open))
                    .collect()
            }
            _ => self.schema(place, Closing::Closed),
        }
    }

    fn definition(&mut self, target: Place<'doc>, closing: Closing) -> usize {
        let key = (target.pointer.clone(), closing);
        if let Some(index) = self.indices.get(&key) {
            return *index;
        }
        let index = self.pointers.len();
        self.pointers.push(target.pointer.clone());
        self.indices.insert(key, index);
        self.waiting.push_back((index, target, closing));
        index
    }

    /// Properties that go the other way only.
    fn hidden_properties(&self, schema: &Place<'doc>) -> Vec<&'doc str> {
        let flag = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let is_hidden = |property: &Place<'doc>| {
            let applied = self.schemas.applied(property, false);
            applied
                .iter()
                .any(|schema| schema.node.member(flag).and_then(Node::bool) == Some(true))
        };
        let properties = schema.member("properties");
        let hidden = properties.iter().flat_map(Place::members);
        hidden
            .filter(|(_, property)| is_hidden(property))
            .map(|(name, _)| name)
            .collect()
    }
}

/// Whether several schemas describe the same value here.
fn is_composition(schema: &Place<'_>) -> bool {
    let has = |keyword: &str| schema.node.member(keyword).is_some();
    ["allOf", "anyOf", "oneOf"].into_iter().any(has)
        || (has("$ref")
            && ["properties", "additionalProperties", "type"]
                .into_iter()
                .any(has))
}

/// Refuses members that nothing describes, unless the schema says itself what becomes of them.
fn close(schema: &Place<'_>, out: &mut Map<String, Value>) {
    if out.contains_key("additionalProperties") || out.contains_key("unevaluatedProperties") {
        return;
    }
    let is_object =
        own_types(schema).contains(&Type::Object) || schema.node.member("properties").is_some();
    if is_composition(schema) {
        out.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    } else if is_object {
        out.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
}

/// A condition as it is, without annotations.
fn condition(node: &Node) -> Value {
    let Kind::Map(members) = &node.kind else {
        return node.value();
    };
    let kept = members.iter().filter(|(keyword, _)| {
        !keywords::ANNOTATIONS.contains(&keyword.as_str()) && !keyword.starts_with("x-")
    });
    Value::Object(
        kept.map(|(keyword, node)| {
            let value = match (keyword.as_str(), &node.kind) {
                ("properties", Kind::Map(properties)) => properties
                    .iter()
                    .map(|(name, node)| (name.clone(), condition(node)))
                    .collect::<Map<_, _>>()
                    .into(),
                ("allOf" | "anyOf" | "oneOf", Kind::List(items)) => {
                    items.iter().map(condition).collect()
                }
                ("items" | "additionalProperties", _) => condition(node),
                _ if keywords::CONDITIONS.contains(&keyword.as_str()) => condition(node),
                _ => node.value(),
            };
            (keyword.clone(), value)
        })
        .collect(),
    )
}
