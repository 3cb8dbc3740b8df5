//! The document as it was written: values that know their line and their place.
//!
//! YAML and JSON become the same tree. The document is the operator's own, yet it may have come
//! from a generator or a pull request, so its reader is bounded too.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    str,
};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use super::{
    error::{Fault, FaultKind},
    json::{self, JsonLimits, Scalar, Tree},
};

/// Bytes of a document.
pub(super) const DOCUMENT_BYTES_MAX: usize = 4 << 20;
/// Values inside each other. Stops: a stack overflowed by nesting.
const DEPTH_MAX: usize = 64;
/// Values in a document, each alias counted as what it stands for. Stops: "a billion laughs",
/// aliases of aliases that grow exponentially.
const NODES_MAX: usize = 400_000;

const JSON_LIMITS: JsonLimits = JsonLimits {
    depth_max: DEPTH_MAX,
    string_bytes_max: DOCUMENT_BYTES_MAX,
    name_bytes_max: 4 << 10,
    number_bytes_max: 64,
    digits_max: 64,
    exponent_digits_max: 3,
};

/// A value of the document.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// From 1; in YAML a member's line is that of its name.
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(BTreeMap<String, Node>),
}

impl Node {
    pub(super) const fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    pub(super) const fn bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match &self.kind {
            Kind::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    pub(super) const fn map(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.kind {
            Kind::Map(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        self.map()?.get(name)
    }

    /// For a message: the text, or the beginning of the value as JSON.
    pub(super) fn shown(&self) -> String {
        let whole = self
            .text()
            .map_or_else(|| self.value().to_string(), str::to_owned);
        if whole.chars().count() <= 60 {
            return whole;
        }
        whole.chars().take(59).chain(['…']).collect()
    }

    /// The same value without lines.
    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => Value::Number(value.clone()),
            Kind::Text(value) => Value::String(value.clone()),
            Kind::List(items) => items.iter().map(Self::value).collect(),
            Kind::Map(members) => {
                let members = members
                    .iter()
                    .map(|(name, node)| (name.clone(), node.value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Place<'doc> {
    pub(super) node: &'doc Node,
    /// JSON pointer (RFC 6901) from the document's root.
    pub(super) pointer: String,
}

impl<'doc> Place<'doc> {
    pub(super) const fn root(node: &'doc Node) -> Self {
        Self {
            node,
            pointer: String::new(),
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<Self> {
        self.node.member(name).map(|node| self.inside(name, node))
    }

    /// Members by name; none when it is no object.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'doc str, Self)> {
        let members = self.node.map().into_iter().flatten();
        members.map(|(name, node)| (name.as_str(), self.inside(name, node)))
    }

    /// Items in order; none when it is no array.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        let items = self.node.list().iter().enumerate();
        items.map(|(index, node)| self.inside(&index.to_string(), node))
    }

    fn inside(&self, name: &str, node: &'doc Node) -> Self {
        Self {
            node,
            pointer: format!("{}/{}", self.pointer, escape_token(name)),
        }
    }

    pub(super) fn fault(&self, kind: FaultKind) -> Fault {
        Fault {
            pointer: self.pointer.clone(),
            line: Some(self.node.line),
            kind,
        }
    }

    /// Where a local reference (`#/components/schemas/Account`) leads.
    pub(super) fn follow(&self, reference: &str) -> Result<Self, FaultKind> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(FaultKind::RemoteReference);
        };
        let missing = || FaultKind::DanglingReference {
            reference: reference.to_owned(),
        };
        let mut place = Self::root(self.node);
        if pointer.is_empty() {
            return Ok(place);
        }
        for token in pointer.strip_prefix('/').ok_or_else(missing)?.split('/') {
            let token = percent_decode(token).ok_or_else(missing)?;
            let token = unescape_token(&token);
            place = match &place.node.kind {
                Kind::Map(_) => place.member(&token),
                Kind::List(items) => token
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|node| place.inside(&token, node)),
                _ => None,
            }
            .ok_or_else(missing)?;
        }
        Ok(place)
    }
}

/// A member's name as a token of a JSON pointer.
pub(super) fn escape_token(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The member's name that a token of a JSON pointer stands for.
pub(super) fn unescape_token(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// Decodes `%XX`; `None` when one is cut short or the result is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let (digits, behind) = behind.split_at_checked(2)?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
            rest = behind;
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Reads a document, JSON when it begins with a brace, else YAML.
pub(super) fn read(bytes: &[u8]) -> Result<Node, Fault> {
    let whole = |line, kind| Fault {
        pointer: String::new(),
        line,
        kind,
    };
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(whole(None, FaultKind::DocumentTooLarge));
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        whole(Some(line_of(before)), FaultKind::NotUtf8)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        let node: Offset = json::read(text.as_bytes(), &JSON_LIMITS).map_err(|fault| {
            let before = text.as_bytes().get(..fault.at).unwrap_or_default();
            whole(Some(line_of(before)), FaultKind::Json(fault.kind))
        })?;
        let mut node = node.0;
        Lines::new(text).apply(&mut node);
        return Ok(node);
    }
    Yaml::default().read(text)
}

fn line_of(before: &[u8]) -> usize {
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// A node whose `line` is still a byte offset.
struct Offset(Node);

impl<'text> Tree<'text> for Offset {
    fn scalar(scalar: Scalar<'text>, at: usize) -> Self {
        let kind = match scalar {
            Scalar::Null => Kind::Null,
            Scalar::Bool(value) => Kind::Bool(value),
            Scalar::Number(value) => Kind::Number(value),
            Scalar::Text(value) => Kind::Text(value.into_owned()),
        };
        Self(Node { line: at, kind })
    }

    fn list(items: Vec<Self>, at: usize) -> Self {
        let items = items.into_iter().map(|Self(node)| node).collect();
        Self(Node {
            line: at,
            kind: Kind::List(items),
        })
    }

    fn map(members: Vec<(Cow<'text, str>, Self)>, at: usize) -> Self {
        let members = members
            .into_iter()
            .map(|(name, Self(node))| (name.into_owned(), node));
        Self(Node {
            line: at,
            kind: Kind::Map(members.collect()),
        })
    }
}

/// Where each line of a text begins.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(memchr::memchr_iter(b'\n', text.as_bytes()).collect())
    }

    fn apply(&self, node: &mut Node) {
        node.line = 1 + self.0.partition_point(|end| *end < node.line);
        match &mut node.kind {
            Kind::List(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Kind::Map(members) => members.values_mut().for_each(|member| self.apply(member)),
            _ => {}
        }
    }
}

/// Builds the tree from the events of a YAML parser.
#[derive(Default)]
struct Yaml {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Measured>,
    nodes: usize,
}

/// A finished node and what it costs.
#[derive(Clone)]
struct Measured {
    node: Node,
    /// How many nodes it is, itself included.
    nodes: usize,
    /// How many arrays and objects stand inside each other in it, itself included.
    height: usize,
}

/// An array or object whose end has not come yet.
struct Open {
    line: usize,
    anchor: usize,
    nodes_before: usize,
    /// Of the highest of its parts.
    height: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Map {
        members: BTreeMap<String, Node>,
        name: Option<(String, usize)>,
    },
}

impl Yaml {
    fn read(mut self, text: &str) -> Result<Node, Fault> {
        let mut parser = Parser::new_from_str(text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| Fault {
                pointer: String::new(),
                line: Some(error.marker().line()),
                kind: FaultKind::Yaml {
                    reason: error.info().to_owned(),
                },
            })?;
            if matches!(event, Event::DocumentStart(_)) {
                documents += 1;
            }
            if documents > 1 {
                return Err(self.fault(&span, FaultKind::SeveralDocuments));
            }
            self.event(event, &span)
                .map_err(|kind| self.fault(&span, kind))?;
        }
        self.root.ok_or(Fault {
            pointer: String::new(),
            line: None,
            kind: FaultKind::EmptyDocument,
        })
    }

    fn fault(&self, span: &Span, kind: FaultKind) -> Fault {
        let mut pointer = String::new();
        for open in &self.open {
            match &open.parts {
                Parts::List(items) => pointer.push_str(&format!("/{}", items.len())),
                Parts::Map {
                    name: Some((name, _)),
                    ..
                } => {
                    pointer.push_str(&format!("/{}", escape_token(name)));
                }
                Parts::Map { name: None, .. } => {}
            }
        }
        Fault {
            pointer,
            line: Some(span.start.line()),
            kind,
        }
    }

    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), FaultKind> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return Err(FaultKind::YamlTag);
                }
                let kind = match style {
                    ScalarStyle::Plain if !self.awaits_name() => plain_scalar(&text),
                    _ => Kind::Text(text.into_owned()),
                };
                self.complete(
                    Measured {
                        node: Node { line, kind },
                        nodes: 1,
                        height: 0,
                    },
                    anchor,
                )
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(line, anchor, tag.is_some(), Parts::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                let parts = Parts::Map {
                    members: BTreeMap::new(),
                    name: None,
                };
                self.open(line, anchor, tag.is_some(), parts)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else {
                    return Ok(());
                };
                let kind = match open.parts {
                    Parts::List(items) => Kind::List(items),
                    Parts::Map { members, .. } => Kind::Map(members),
                };
                let done = Measured {
                    node: Node {
                        line: open.line,
                        kind,
                    },
                    nodes: 1 + self.nodes - open.nodes_before,
                    height: 1 + open.height,
                };
                self.complete(done, open.anchor)
            }
            Event::Alias(anchor) => {
                let alias = self.anchors.get(&anchor).ok_or(FaultKind::YamlAlias)?;
                self.nodes += alias.nodes;
                // Before the copy is made, not after.
                if self.nodes > NODES_MAX {
                    return Err(FaultKind::DocumentNodes);
                }
                let alias = alias.clone();
                self.complete(alias, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn awaits_name(&self) -> bool {
        let last = self.open.last().map(|open| &open.parts);
        matches!(last, Some(Parts::Map { name: None, .. }))
    }

    fn open(
        &mut self,
        line: usize,
        anchor: usize,
        tagged: bool,
        parts: Parts,
    ) -> Result<(), FaultKind> {
        if tagged {
            return Err(FaultKind::YamlTag);
        }
        if self.awaits_name() {
            return Err(FaultKind::YamlKey);
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(FaultKind::DocumentDepth);
        }
        self.open.push(Open {
            line,
            anchor,
            nodes_before: self.nodes,
            height: 0,
            parts,
        });
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn complete(&mut self, done: Measured, anchor: usize) -> Result<(), FaultKind> {
        if self.open.len() + done.height > DEPTH_MAX {
            return Err(FaultKind::DocumentDepth);
        }
        self.nodes += 1;
        if anchor > 0 {
            // The copy kept for aliases is memory too.
            self.nodes += done.nodes;
        }
        if self.nodes > NODES_MAX {
            return Err(FaultKind::DocumentNodes);
        }
        if anchor > 0 {
            self.anchors.insert(anchor, done.clone());
        }
        let Measured { node, height, .. } = done;
        if let Some(open) = self.open.last_mut() {
            open.height = open.height.max(height);
        }
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Map { members, name }) => match name.take() {
                None => {
                    let Kind::Text(text) = node.kind else {
                        return Err(FaultKind::YamlKey);
                    };
                    if text == "<<" {
                        return Err(FaultKind::YamlMerge);
                    }
                    if members.contains_key(&text) {
                        return Err(FaultKind::DuplicateName { name: text });
                    }
                    *name = Some((text, node.line));
                }
                Some((text, line)) => {
                    members.insert(
                        text,
                        Node {
                            line,
                            kind: node.kind,
                        },
                    );
                }
            },
        }
        Ok(())
    }
}

/// YAML 1.2 core schema, as far as JSON has the same values; the rest is text. So `no`, `on` and
/// `12:30` are what they look like.
fn plain_scalar(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => json::read_number(text, &JSON_LIMITS)
            .map_or_else(|| Kind::Text(text.to_owned()), Kind::Number),
    }
}
