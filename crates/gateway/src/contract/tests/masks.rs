//! The walk over the text masks what the walk over the tree masks, on any text.

use std::{fmt::Write as _, sync::LazyLock};

use jsonschema::json::Node as _;
use proptest::prelude::*;
use serde_json::Value;

use super::super::{
    document::{self, Place},
    json::{self, RESPONSE_LIMITS},
    mask,
    schema::{
        Direction, Schemas, Version,
        marks::{self, Marks},
    },
    value,
};

const SCHEMAS: &[&str] = &[
    "{ type: string, x-hefu-mask: name }",
    "{ type: array, items: { type: string, x-hefu-mask: phone } }",
    "{ type: object, properties: { a: { type: string, x-hefu-mask: card }, \
       \"b/~\\\"\\\\é\": { type: string, x-hefu-mask: email }, \
       c: { type: object, properties: { a: { type: string, x-hefu-mask: never } } }, \
       d: { type: array, items: { type: array, items: { type: object, \
            properties: { a: { type: string, x-hefu-mask: address } } } } } } }",
    "{ type: object, properties: { c: { type: boolean } }, \
       additionalProperties: { type: object, properties: { a: { type: string, x-hefu-mask: name } } } }",
    "{ $ref: '#/defs/Tree' }",
    "{ anyOf: [{ allOf: [{ type: object, properties: { a: { type: string, x-hefu-mask: name } } }, \
       { properties: { c: { $ref: '#/defs/Tree' } } }] }, \
       { type: array, items: { $ref: '#/defs/Tree' } }] }",
    "{ type: object, properties: { a: { type: string } } }",
];

fn marks() -> &'static [Marks] {
    static MARKS: LazyLock<Vec<Marks>> = LazyLock::new(find_marks);
    &MARKS
}

fn find_marks() -> Vec<Marks> {
    let find = |schema: &&str| {
        let text = format!(
            "schema: {schema}\ndefs: {{ Tree: {{ type: object, properties: {{ \
             a: {{ type: string, x-hefu-mask: id-number }}, \
             d: {{ type: array, items: {{ $ref: '#/defs/Tree' }} }} }} }} }}\n"
        );
        let node = document::read(text.as_bytes()).unwrap();
        let root = Place::root(&node);
        let schemas = Schemas {
            root: root.clone(),
            version: Version::V3_1,
        };
        let schema = root.member("schema").unwrap();
        marks::find(&schemas, Direction::Response, &schema)
            .unwrap()
            .0
    };
    SCHEMAS.iter().map(find).collect()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a"),
        Just("b/~\"\\é"),
        Just("c"),
        Just("d"),
        Just("zz")
    ]
    .prop_map(str::to_owned)
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => "[a-z0-9@.\"\\\\/{}\\[\\],: 中é]{0,24}".prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(name(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Writes a value with the spaces and escapes that `style` chooses.
fn write(value: &Value, style: &mut impl Iterator<Item = u8>, out: &mut String) {
    let mut space = |out: &mut String| {
        out.push_str(
            ["", "", "", " ", "\n", "\t ", "", " \r\n"][usize::from(style.next().unwrap_or(0) % 8)],
        );
    };
    space(out);
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write(item, style, out);
            }
            if items.is_empty() {
                out.push_str([" ", ""][usize::from(style.next().unwrap_or(0) % 2)]);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                string(name, style, out);
                out.push(':');
                write(member, style, out);
            }
            out.push('}');
        }
        Value::String(text) => string(text, style, out),
        other => write!(out, "{other}").unwrap(),
    }
    out.push_str(["", " "][usize::from(style.next().unwrap_or(0) % 2)]);
}

fn string(text: &str, style: &mut impl Iterator<Item = u8>, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let escape = style.next().unwrap_or(0).is_multiple_of(4)
            || matches!(character, '"' | '\\')
            || character < ' ';
        match character {
            '"' | '\\' | '/' if style.next().unwrap_or(0).is_multiple_of(2) => {
                out.push('\\');
                out.push(character);
            }
            _ if escape => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn both_ways_lead_to_the_same_end(
        value in json(), style in proptest::collection::vec(any::<u8>(), 1..64),
    ) {
        let mut text = String::new();
        write(&value, &mut style.into_iter().cycle().take(10_000), &mut text);
        prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value);
        for marks in marks() {
            let mut tree: value::Value<'_> = json::read(text.as_bytes(), &RESPONSE_LIMITS).unwrap();
            match (mask::by_walk(&text, marks), mask::by_tree(&mut tree, marks)) {
                (Ok(walked), Ok(())) => {
                    let walked: Value = serde_json::from_slice(&walked).unwrap();
                    prop_assert_eq!(&walked, &*(&tree).to_value());
                }
                (walked, by_tree) => prop_assert!(walked.is_err() && by_tree.is_err()),
            }
        }
    }

    #[test]
    fn no_text_breaks_the_walk(text in "[\\[\\]{}:,\"a\\\\u0-9 ntc]{0,60}|\\PC{0,40}") {
        for marks in marks() {
            let _ = mask::by_walk(&text, marks);
        }
    }
}

#[test]
fn marked_places_are_listed_and_the_rest_is_passed_over() {
    let pointers = |index: usize| {
        let found = marks()[index].pointers();
        found
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect::<Vec<_>>()
    };
    assert_eq!(pointers(0), [""]);
    assert_eq!(pointers(1), ["/*"]);
    assert_eq!(pointers(2), ["/a", "/b~1~0\"\\é", "/c/a", "/d/*/*/a"]);
    assert_eq!(pointers(3), ["/*/a"]);
    // What a circular schema repeats is left out.
    assert_eq!(pointers(4), ["/a", "/d/*/a"]);
    assert_eq!(pointers(5), ["/*/a", "/*/d/*/a", "/a", "/c/a", "/c/d/*/a"]);
    assert!(marks()[6].is_empty());
}
