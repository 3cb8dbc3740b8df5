//! A parsed JSON text that borrows its strings from the text.
//!
//! Most strings of a body are read once, by the validator, and never kept; what a customer sent is
//! not copied about. The validator works on it directly.

use std::{borrow::Cow, slice};

use jsonschema::{
    JsonType,
    json::{Array, Json, Node, NodeIdentity, Object},
};
use serde_json::Number;

use super::{
    document::unescape_token,
    json::{Scalar, Tree, write_string},
};

/// A value. Members keep their order; their names are unique, since the reader holds them to it.
#[derive(Clone, PartialEq)]
pub(super) enum Value<'text> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'text, str>),
    List(Vec<Self>),
    Map(Members<'text>),
}

/// The members of an object.
#[derive(Clone, PartialEq)]
pub(super) struct Members<'text>(pub(super) Vec<(Cow<'text, str>, Value<'text>)>);

impl<'text> Value<'text> {
    /// Where a JSON pointer (RFC 6901) leads.
    pub(super) fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut value = self;
        for token in pointer.split('/').skip(1) {
            let token = unescape_token(token);
            value = match value {
                Self::Map(members) => members.member(&token)?,
                Self::List(items) => items.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// Appends the value as JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Text(text) => write_string(text, out),
            Self::List(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Map(Members(members)) => {
                out.push(b'{');
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    member.write(out);
                }
                out.push(b'}');
            }
        }
    }
}

impl<'text> Members<'text> {
    fn member(&self, name: &str) -> Option<&Value<'text>> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }
}

impl<'text> Tree<'text> for Value<'text> {
    fn scalar(scalar: Scalar<'text>, _: usize) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Number(value) => Self::Number(value),
            Scalar::Text(value) => Self::Text(value),
        }
    }

    fn list(items: Vec<Self>, _: usize) -> Self {
        Self::List(items)
    }

    fn map(members: Vec<(Cow<'text, str>, Self)>, _: usize) -> Self {
        Self::Map(Members(members))
    }
}

/// The representation, as the validator calls it.
pub(super) struct Borrowed;

impl Json for Borrowed {
    type Node<'a> = &'a Value<'a>;
    type PreparedKey = String;
    // Members are looked through one by one, so a pass over few of them is cheaper than look-ups.
    const KEYS_PER_LOOKUP: usize = 2;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Self::Node<'_>) -> T) -> T {
        f(&Value::Text(Cow::Borrowed(string)))
    }
}

impl<'a> Node<'a, Borrowed> for &'a Value<'a> {
    type Object = &'a Members<'a>;
    type Array = &'a [Value<'a>];
    type Number = &'a Number;

    fn as_object(&self) -> Option<&'a Members<'a>> {
        match self {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&'a [Value<'a>]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Value::Null => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Number(_) => JsonType::Number,
            Value::Text(_) => JsonType::String,
            Value::List(_) => JsonType::Array,
            Value::Map(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &serde_json::Value) -> bool {
        match (self, expected) {
            (Value::Text(text), serde_json::Value::String(expected)) => text == expected,
            (Value::Text(_), _) => false,
            _ => jsonschema::json::cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        Cow::Owned(match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::Text(text) => text.as_ref().into(),
            Value::List(items) => items
                .iter()
                .map(|item| item.to_value().into_owned())
                .collect(),
            Value::Map(Members(members)) => members
                .iter()
                .map(|(name, value)| (name.clone().into_owned(), value.to_value().into_owned()))
                .collect(),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(
            std::ptr::from_ref::<Value<'_>>(self).addr(),
        ))
    }
}

/// Passes over an object's members.
pub(super) struct MembersIter<'a>(slice::Iter<'a, (Cow<'a, str>, Value<'a>)>);

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, &'a Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (&**name, value))
    }
}

impl<'a> Object<'a, Borrowed> for &'a Members<'a> {
    type Node = &'a Value<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<&'a Value<'a>> {
        (*self).member(key)
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter(self.0.iter())
    }
}

impl<'a> Array<'a, Borrowed> for &'a [Value<'a>] {
    type Node = &'a Value<'a>;
    type ElementsIter = slice::Iter<'a, Value<'a>>;

    fn len(&self) -> usize {
        <[Value<'_>]>::len(self)
    }

    fn elements(&self) -> slice::Iter<'a, Value<'a>> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use jsonschema::json::conformance;

    use super::{super::json, *};

    #[test]
    fn the_validators_own_rules_for_representations_hold() {
        let text = conformance::document().to_string();
        let value: Value<'_> = json::read(text.as_bytes(), &json::RESPONSE_LIMITS).unwrap();
        conformance::assert_conformance::<Borrowed>(&&value);
    }

    #[test]
    fn pointers_lead_where_they_say() {
        let text = br#"{"a":[{"b/c~":1}],"":{"":2}}"#;
        let value: Value<'_> = json::read(text, &json::REQUEST_LIMITS).unwrap();
        let at = |pointer| {
            value
                .pointer(pointer)
                .map(|value| value.to_value().to_string())
        };
        assert_eq!(at("/a/0/b~1c~0").as_deref(), Some("1"));
        assert_eq!(at("//").as_deref(), Some("2"));
        for nothing in ["/a/1", "/a/x", "/b", "/a/0/b/c~"] {
            assert_eq!(at(nothing), None, "{nothing}");
        }
    }
}
