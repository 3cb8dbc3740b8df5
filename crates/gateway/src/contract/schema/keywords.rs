//! Which keywords a schema may have. A keyword that is not known is refused: a slip of the pen
//! (`maxLenght`) would otherwise take a check away in silence.

use std::fmt::Write as _;

/// Read, and checked by the validator.
pub(crate) const ASSERTIONS: &[&str] = &[
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "format",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "nullable",
];

/// Hold schemas of the same value or its parts.
pub(crate) const APPLICATORS: &[&str] = &[
    "$ref",
    "properties",
    "additionalProperties",
    "unevaluatedProperties",
    "items",
    "allOf",
    "anyOf",
    "oneOf",
];

/// Hold one schema that can only refuse a value, never describe a part of it.
pub(crate) const CONDITIONS: &[&str] = &["not", "if", "then", "else", "contains", "propertyNames"];

/// Say nothing about a value.
pub(crate) const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "example",
    "examples",
    "$comment",
    "$defs",
    "externalDocs",
    "xml",
    "discriminator",
    "summary",
];

/// The extensions of this project.
pub(crate) const EXTENSIONS: &[&str] = &[
    "x-hefu-data",
    "x-hefu-mask",
    "x-hefu-unmasked",
    "x-hefu-sealed",
    "x-hefu-free-text",
    "x-hefu-multiline",
];

/// Known, and not supported, with what to write in their place.
pub(crate) const UNSUPPORTED: &[(&str, &str)] = &[
    (
        "patternProperties",
        "use `additionalProperties` with `propertyNames`",
    ),
    ("prefixItems", "use an object with named properties"),
    ("unevaluatedItems", "use `items`"),
    ("additionalItems", "use `items`"),
    ("dependentSchemas", "use `dependentRequired`, or `oneOf`"),
    ("dependencies", "use `dependentRequired`, or `oneOf`"),
    ("contentEncoding", "use `format: byte` and a `maxLength`"),
    ("contentMediaType", "describe the value itself"),
    ("contentSchema", "describe the value itself"),
    ("definitions", "use #/components/schemas"),
    ("$id", "refer to schemas as #/components/schemas/…"),
    ("id", "refer to schemas as #/components/schemas/…"),
    ("$schema", "the document's version of OpenAPI decides"),
    ("$anchor", "refer to schemas as #/components/schemas/…"),
    (
        "$dynamicAnchor",
        "refer to schemas as #/components/schemas/…",
    ),
    ("$dynamicRef", "refer to schemas as #/components/schemas/…"),
    (
        "$recursiveRef",
        "refer to schemas as #/components/schemas/…",
    ),
    (
        "$recursiveAnchor",
        "refer to schemas as #/components/schemas/…",
    ),
    ("$vocabulary", "the document's version of OpenAPI decides"),
];

/// Everything that may stand in a schema, for suggestions.
pub(crate) fn known() -> Vec<&'static str> {
    [ASSERTIONS, APPLICATORS, CONDITIONS, ANNOTATIONS, EXTENSIONS].concat()
}

/// `a, b and c`
pub(crate) fn listed(names: &[&str]) -> String {
    let mut list = String::new();
    for (index, name) in names.iter().enumerate() {
        let separator = match names.len() - index {
            _ if index == 0 => "",
            1 => " and ",
            _ => ", ",
        };
        let _ = write!(list, "{separator}`{name}`");
    }
    list
}
