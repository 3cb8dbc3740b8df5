//! Parameters of path, query and header: text that is read as its type before it is checked.
//!
//! Clauses: JR-6.2.4.c, JR-6.2.4.e, AP-4.1.2.

use std::{borrow::Cow, str};

use super::{
    PathParams, RequestFault,
    json::{REQUEST_LIMITS, read_number},
    path::{canonical_decode, is_path_byte},
    schema::{Type, compile::Compiled},
    value::Value,
};

/// Pairs of a query. Stops: thousands of pairs that are compared with every parameter.
const QUERY_PAIRS_MAX: usize = 64;

/// A parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: ScalarType,
    /// Of a query: may come several times, each an item.
    pub(super) is_list: bool,
    pub(super) schema: Compiled,
}

/// What a parameter's text is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarType {
    Text,
    Integer,
    Number,
    Boolean,
}

impl ScalarType {
    pub(super) const fn of(types: &[Type]) -> Option<Self> {
        match types {
            [Type::String] => Some(Self::Text),
            [Type::Integer] => Some(Self::Integer),
            [Type::Number] => Some(Self::Number),
            [Type::Boolean] => Some(Self::Boolean),
            _ => None,
        }
    }

    /// Reads a text in its one spelling: no `+7`, no `007`, no `True`.
    fn read(self, text: &str) -> Option<Value<'_>> {
        match self {
            Self::Text => Some(Value::Text(Cow::Borrowed(text))),
            Self::Boolean => text.parse().ok().map(Value::Bool),
            Self::Number => read_number(text, &REQUEST_LIMITS).map(Value::Number),
            Self::Integer => {
                let number = read_number(text, &REQUEST_LIMITS)?;
                let whole = text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'-');
                (whole && text != "-0").then_some(Value::Number(number))
            }
        }
    }
}

impl Parameter {
    fn check(&self, texts: &[&str]) -> Result<(), RequestFault> {
        let unread = || RequestFault::ParameterType {
            name: self.name.clone(),
        };
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            values.push(self.kind.read(text).ok_or_else(unread)?);
        }
        let value = if self.is_list {
            Some(Value::List(values))
        } else {
            values.pop()
        };
        self.schema
            .check(&value.ok_or_else(unread)?)
            .map_err(|schema| RequestFault::Schema { schema })
    }
}

/// Checks the parameters of a path.
pub(super) fn check_path(parameters: &[Parameter], path: &PathParams) -> Result<(), RequestFault> {
    for parameter in parameters {
        let missing = || RequestFault::ParameterMissing {
            name: parameter.name.clone(),
        };
        parameter.check(&[path.value(&parameter.name).ok_or_else(missing)?])?;
    }
    Ok(())
}

/// A query, split and decoded.
pub(super) type Pairs<'query> = Vec<(Cow<'query, str>, Cow<'query, str>)>;

/// Splits a query in the one way that every reader would.
///
/// A plus sign is refused: some readers take it for a space. So are pairs without `=`, empty
/// pairs, and needless encoding.
pub(super) fn split_query(query: &str) -> Result<Pairs<'_>, RequestFault> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let mut pairs = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').ok_or(RequestFault::Query)?;
        if name.is_empty() || pairs.len() >= QUERY_PAIRS_MAX {
            return Err(RequestFault::Query);
        }
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

fn decode(text: &str) -> Result<Cow<'_, str>, RequestFault> {
    let plain =
        |byte: u8| (is_path_byte(byte) && byte != b'+') || matches!(byte, b'/' | b'?' | b'%');
    if !text.bytes().all(plain) {
        return Err(RequestFault::Query);
    }
    canonical_decode(text).ok_or(RequestFault::Query)
}

/// Checks the parameters of a query; one that is not described is refused.
pub(super) fn check_query(parameters: &[Parameter], pairs: &Pairs<'_>) -> Result<(), RequestFault> {
    let known = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
    if !pairs.iter().all(|(name, _)| known(name)) {
        return Err(RequestFault::ParameterUnknown);
    }
    for parameter in parameters {
        let own = pairs.iter().filter(|(name, _)| *name == parameter.name);
        let values: Vec<&str> = own.map(|(_, value)| &**value).collect();
        check_optional(parameter, &values)?;
    }
    Ok(())
}

/// Checks the described header fields.
pub(super) fn check_fields(
    parameters: &[Parameter],
    fields: &[(&str, &[u8])],
) -> Result<(), RequestFault> {
    for parameter in parameters {
        let mut values = Vec::new();
        for (_, value) in fields.iter().filter(|(name, _)| *name == parameter.name) {
            let text = str::from_utf8(value).ok();
            let text = text.filter(|text| text.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            values.push(text.ok_or_else(|| RequestFault::ParameterType {
                name: parameter.name.clone(),
            })?);
        }
        check_optional(parameter, &values)?;
    }
    Ok(())
}

fn check_optional(parameter: &Parameter, values: &[&str]) -> Result<(), RequestFault> {
    match values {
        [] if parameter.required => Err(RequestFault::ParameterMissing {
            name: parameter.name.clone(),
        }),
        [] => Ok(()),
        [_, _, ..] if !parameter.is_list => Err(RequestFault::ParameterRepeated {
            name: parameter.name.clone(),
        }),
        values => parameter.check(values),
    }
}
