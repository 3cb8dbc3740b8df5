//! Where a value comes from.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::{
    Array, Call, Code, FieldAccess, FieldReference, Method, NewObject, Parameter, java_name,
};
use crate::dex::{FieldId, Value};

/// Where a value comes from, as far as the method it is seen in tells.
///
/// [`Origin::resolve`] goes further: through fields, parameters and returned values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin<'a> {
    /// Not known.
    Unknown,
    /// An integer, boolean (0 or 1), character, null (0), or the bits of a float.
    Int(i64),
    /// A string constant.
    Text(Cow<'a, str>),
    /// A class constant: its Java name.
    Class(Cow<'a, str>),
    /// An array made in the same method.
    Array(Array<'a>),
    /// An object made in the same method.
    New(NewObject<'a>),
    /// What a call in the same method returned.
    Result(Call<'a>),
    /// What the caller passed.
    Parameter(Parameter<'a>),
    /// What a field held.
    Field(FieldReference<'a>),
    /// One of several, depending on the path.
    OneOf(Vec<Origin<'a>>),
}

impl<'a> Origin<'a> {
    /// The readable form of a value seen in `method`.
    pub(super) fn of(method: Method<'a>, value: Value) -> Self {
        let (code, file) = (method.code, method.file);
        match value {
            Value::New(offset) => Self::New(NewObject::new(method, offset)),
            Value::Array(offset) => Self::Array(Array::new(method, offset)),
            Value::Result(offset) => method.call_at(offset).map_or(Self::Unknown, Self::Result),
            Value::Param(number) => Self::Parameter(Parameter::new(method, number)),
            Value::Field(id) => Self::Field(FieldReference { code, file, id }),
            Value::OneOf(index) => {
                let values = code
                    .file(file)
                    .map_or(&[][..], |file| file.dex.one_of(index));
                // A set holds no sets; were it otherwise, they would end here.
                let flat = values
                    .iter()
                    .filter(|value| !matches!(value, Value::OneOf(_)));
                Self::OneOf(flat.map(|value| Self::of(method, *value)).collect())
            }
            constant => Self::constant(code, file, constant),
        }
    }

    /// The readable form of a value that needs no method to be understood.
    pub(super) fn constant(code: &'a Code, file: u32, value: Value) -> Self {
        let Some(dex) = code.file(file).map(|file| &file.dex) else {
            return Self::Unknown;
        };
        match value {
            Value::Int(value) => Self::Int(i64::from(value)),
            Value::Long(index) => dex.long(index).map_or(Self::Unknown, Self::Int),
            Value::Text(id) => Self::Text(dex.string(id)),
            Value::Class(id) => Self::Class(java_name(dex.tables.descriptor(id))),
            Value::Field(id) => Self::Field(FieldReference {
                code,
                file,
                id: FieldId(id.0),
            }),
            _ => Self::Unknown,
        }
    }

    /// The string, if it is a string constant.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The integer, if it is an integer constant.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether the value is written down in the package: a constant, or an array of constants.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self {
            Self::Int(_) | Self::Text(_) | Self::Class(_) => true,
            Self::Array(array) => array
                .elements()
                .is_some_and(|elements| elements.iter().all(|element| element.int().is_some())),
            Self::OneOf(alternatives) => alternatives.iter().all(Self::is_constant),
            _ => false,
        }
    }

    /// Everything that the value can be, through joined paths, fields of the package (initial
    /// value and every write), parameters (every caller), and methods of the package (every
    /// return). Conversions that keep the content, such as `String.getBytes`, are looked through.
    ///
    /// What cannot be followed stays as it is: a parameter of a method that only the platform
    /// calls, the result of a platform method, a platform field. The search is bounded; if it
    /// ends early, [`Origin::Unknown`] is among the results.
    #[must_use]
    pub fn resolve(&self) -> Vec<Origin<'a>> {
        let mut search = Search {
            found: Vec::new(),
            seen: HashSet::new(),
            steps_left: STEPS_MAX,
        };
        search.visit(self, 0);
        search.found
    }

    /// Where the value comes from directly: the alternatives of joined paths, what is written to a
    /// field of the package, what a method of the package returns, what a conversion was made from.
    /// Parameters stay as they are; who calls is told by [`Method::callers`].
    #[must_use]
    pub fn before(&self) -> Vec<Origin<'a>> {
        match self {
            Self::OneOf(alternatives) => alternatives.clone(),
            Self::Field(field) => field_values(field),
            Self::Result(call) => result_values(call),
            _ => Vec::new(),
        }
    }

    /// The pieces that a string is put together from, in order, where it is built with
    /// `StringBuilder`, `StringBuffer` or `String.concat` in the same method; else the value alone.
    #[must_use]
    pub fn parts(&self) -> Vec<Origin<'a>> {
        let Self::Result(call) = self else {
            return vec![self.clone()];
        };
        let target = call.target();
        let class = target.class_name();
        match target.name().as_ref() {
            "toString" if is_builder(&class) => {}
            "concat" if class == "java.lang.String" => {
                return call
                    .receiver()
                    .into_iter()
                    .chain(call.argument(0))
                    .collect();
            }
            _ => return vec![self.clone()],
        }
        let Some(receiver) = call.receiver() else {
            return vec![self.clone()];
        };
        let parts: Vec<_> = receiver
            .calls_on()
            .into_iter()
            .filter(|other| other.offset() < call.offset())
            .filter(|other| matches!(other.target().name().as_ref(), "append" | "<init>"))
            .filter_map(|other| other.argument(0))
            .collect();
        if parts.is_empty() {
            vec![self.clone()]
        } else {
            parts
        }
    }

    /// The calls of the same method on this object, in the order of the code. A call that returns
    /// its own receiver's type, as builders do, counts as that object again.
    #[must_use]
    pub fn calls_on(&self) -> Vec<Call<'a>> {
        let method = match self {
            Self::New(object) => object.method,
            Self::Result(call) => call.method(),
            Self::Parameter(parameter) => parameter.method(),
            _ => return Vec::new(),
        };
        let root = self.chain_root();
        let mut same: HashSet<u32> = HashSet::new();
        let mut calls = Vec::new();
        for call in method.calls() {
            let Some(receiver) = call.receiver() else {
                continue;
            };
            let chained = matches!(&receiver, Self::Result(of) if same.contains(&of.offset()));
            if receiver == root || chained {
                if returns_receiver(&call) {
                    same.insert(call.offset());
                }
                calls.push(call);
            }
        }
        calls
    }

    /// The object that a chain of calls started from.
    fn chain_root(&self) -> Self {
        /// Longest chain followed; generated ones end here.
        const CHAIN_MAX: usize = 1_024;
        let mut root = self.clone();
        for _ in 0..CHAIN_MAX {
            match &root {
                Self::Result(call) if returns_receiver(call) => match call.receiver() {
                    Some(receiver) => root = receiver,
                    None => break,
                },
                _ => break,
            }
        }
        root
    }
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => formatter.write_str("?"),
            Self::Int(value) => write!(formatter, "{value}"),
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Class(class) => write!(formatter, "{class}.class"),
            Self::Array(array) => write!(formatter, "new {}", array.type_name()),
            Self::New(object) => write!(formatter, "new {}", object.class_name()),
            Self::Result(call) => write!(formatter, "{}()", call.target().name()),
            Self::Parameter(parameter) => write!(formatter, "parameter {}", parameter.number()),
            Self::Field(field) => write!(formatter, "{}", field.qualified_name()),
            Self::OneOf(alternatives) => {
                for (number, alternative) in alternatives.iter().enumerate() {
                    write!(
                        formatter,
                        "{}{alternative}",
                        if number > 0 { " | " } else { "" }
                    )?;
                }
                Ok(())
            }
        }
    }
}

fn is_builder(class: &str) -> bool {
    matches!(class, "java.lang.StringBuilder" | "java.lang.StringBuffer")
}

/// Whether a call returns the object it is made on, to go by its types.
fn returns_receiver(call: &Call<'_>) -> bool {
    let target = call.target();
    call.has_receiver() && target.return_type() == target.class_name()
}

/// Steps of one search; each looks at one value.
const STEPS_MAX: usize = 256;
/// Results of one search.
const FOUND_MAX: usize = 64;
/// Fields, calls and returns followed one after the other.
const DEPTH_MAX: usize = 8;

struct Search<'a> {
    found: Vec<Origin<'a>>,
    seen: HashSet<Origin<'a>>,
    steps_left: usize,
}

impl<'a> Search<'a> {
    fn keep(&mut self, origin: Origin<'a>) {
        if !self.found.contains(&origin) {
            self.found.push(origin);
        }
    }

    fn visit(&mut self, origin: &Origin<'a>, depth: usize) {
        if self.steps_left == 0 || self.found.len() >= FOUND_MAX || depth > DEPTH_MAX {
            self.keep(Origin::Unknown);
            return;
        }
        self.steps_left -= 1;
        if !self.seen.insert(origin.clone()) {
            return;
        }
        let next = match origin {
            Origin::OneOf(alternatives) => alternatives.clone(),
            Origin::Field(field) => field_values(field),
            Origin::Parameter(parameter) => parameter_values(parameter, self.steps_left),
            Origin::Result(call) => result_values(call),
            _ => Vec::new(),
        };
        if next.is_empty() {
            self.keep(origin.clone());
        }
        for value in next {
            self.visit(&value, depth + 1);
        }
    }
}

/// Everything that is written to a field of the package.
fn field_values<'a>(field: &FieldReference<'a>) -> Vec<Origin<'a>> {
    let Some(definition) = field.definition() else {
        return Vec::new();
    };
    let accesses = definition.accesses();
    let written = accesses.iter().filter_map(FieldAccess::value);
    definition
        .initial_value()
        .into_iter()
        .chain(written)
        .collect()
}

/// What the callers pass, if the package calls the method at all.
fn parameter_values<'a>(parameter: &Parameter<'a>, calls_max: usize) -> Vec<Origin<'a>> {
    if parameter.is_this() {
        return Vec::new();
    }
    let mut callers = parameter.method().callers();
    let mut passed: Vec<_> = callers
        .by_ref()
        .take(calls_max)
        .map(|call| {
            call.counted_argument(parameter.number())
                .unwrap_or(Origin::Unknown)
        })
        .collect();
    if callers.next().is_some() {
        passed.push(Origin::Unknown);
    }
    passed
}

/// What a method of the package returns, or what a conversion was made from.
fn result_values<'a>(call: &Call<'a>) -> Vec<Origin<'a>> {
    let target = call.target();
    if let Some(method) = target.definition() {
        if method.instruction_count() == 0 {
            return Vec::new();
        }
        let returned = method.returns().map(|value| match value {
            // The method returns what this very call passed, not what any caller did.
            Some(Origin::Parameter(parameter)) => call
                .counted_argument(parameter.number())
                .unwrap_or(Origin::Unknown),
            Some(value) => value,
            None => Origin::Unknown,
        });
        return returned.collect();
    }
    let (class, name) = (target.class_name(), target.name());
    let kept = CONVERSIONS
        .iter()
        .any(|(of, names)| *of == class && names.contains(&name.as_ref()));
    match kept {
        true => call
            .receiver()
            .or_else(|| call.argument(0))
            .into_iter()
            .collect(),
        false => Vec::new(),
    }
}

/// Platform methods whose result has the content of their receiver or first argument.
const CONVERSIONS: &[(&str, &[&str])] = &[
    (
        "java.lang.String",
        &[
            "getBytes",
            "intern",
            "toCharArray",
            "toString",
            "trim",
            "valueOf",
            "copyValueOf",
        ],
    ),
    ("java.lang.Object", &["toString", "clone"]),
    ("java.lang.CharSequence", &["toString"]),
    ("java.lang.Integer", &["valueOf", "intValue"]),
    ("java.lang.Long", &["valueOf", "longValue"]),
    ("java.lang.Boolean", &["valueOf", "booleanValue"]),
    ("java.util.Arrays", &["copyOf", "copyOfRange"]),
    ("java.util.Objects", &["requireNonNull"]),
    (
        "android.util.Base64",
        &["decode", "encode", "encodeToString"],
    ),
    ("kotlin.text.StringsKt", &["trim"]),
];
