//! Why a document is refused: where, what is wrong, and what to do.

use std::{collections::HashSet, fmt};

use super::{document::Place, json::JsonFaultKind};

/// Faults that are listed; a document with more is no better described by them.
const FAULTS_MAX: usize = 100;

/// Why there is no contract.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// The file cannot be read.
    #[error("{file}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The document has faults.
    #[error("{}", Listed { file, faults })]
    Broken {
        /// The file.
        file: String,
        /// In the document's order; the first hundred.
        faults: Vec<Fault>,
    },
}

/// One fault of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer of the place; empty for the document as a whole.
    pub pointer: String,
    /// Line of the place, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub kind: FaultKind,
}

struct Listed<'error> {
    file: &'error str,
    faults: &'error [Fault],
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        write!(
            f,
            "{}: {count} {}",
            self.file,
            if count == 1 { "fault" } else { "faults" }
        )?;
        for Fault {
            pointer,
            line,
            kind,
        } in self.faults
        {
            write!(f, "\n{}", self.file)?;
            if let Some(line) = line {
                write!(f, ":{line}")?;
            }
            write!(
                f,
                ": {}\n    {kind}",
                if pointer.is_empty() { "/" } else { pointer }
            )?;
        }
        Ok(())
    }
}

/// What is wrong with a place of a document; the text says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultKind {
    // The document as a text.
    /// Over 4 MiB.
    #[error("the document is over 4 MiB: split the service into several")]
    DocumentTooLarge,
    /// Not UTF-8.
    #[error("the document is not UTF-8: save it as UTF-8")]
    NotUtf8,
    /// Nothing in it.
    #[error("the document is empty: it has to be an OpenAPI 3.0 or 3.1 document")]
    EmptyDocument,
    /// Not YAML.
    #[error("not YAML: {reason}")]
    Yaml {
        /// The parser's words.
        reason: String,
    },
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(JsonFaultKind),
    /// A second YAML document.
    #[error("a second YAML document begins here: keep one document in a file")]
    SeveralDocuments,
    /// A YAML tag.
    #[error("YAML tags (`!…`) are not read: write the plain value")]
    YamlTag,
    /// An alias without its anchor before it.
    #[error("this alias stands inside or before what it repeats: write the value out, or use $ref")]
    YamlAlias,
    /// A key that is no text.
    #[error("a key has to be plain text")]
    YamlKey,
    /// A merge key.
    #[error("merge keys (`<<`) are not part of YAML 1.2: use $ref or allOf")]
    YamlMerge,
    /// A name twice.
    #[error("`{name}` stands here twice: keep one")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// Nested too deeply.
    #[error("nested more than 64 levels deep: move parts to components and use $ref")]
    DocumentDepth,
    /// Too many values.
    #[error("more than 400,000 values, aliases counted in full: use $ref in place of aliases")]
    DocumentNodes,

    // The document as OpenAPI.
    /// No version that is read.
    #[error("`openapi` has to be \"3.0.x\" or \"3.1.x\", in quotes")]
    Version,
    /// A member is missing.
    #[error("`{member}` is missing: {advice}")]
    Missing {
        /// The member.
        member: &'static str,
        /// What to write.
        advice: &'static str,
    },
    /// A member of the wrong type.
    #[error("this has to be {expected}")]
    Expected {
        /// What it has to be.
        expected: &'static str,
    },
    /// A reference to elsewhere.
    #[error(
        "references to other files or hosts are not followed: move the schema into this document's \
         components and refer to it as #/components/…"
    )]
    RemoteReference,
    /// A reference to nothing.
    #[error("`{reference}` leads nowhere: correct it, or add what it names")]
    DanglingReference {
        /// The reference.
        reference: String,
    },
    /// A reference to itself.
    #[error("this reference leads back to itself without a schema on the way: break the circle")]
    CircularReference,
    /// A reference where none is read.
    #[error("a $ref is not read here: write the {what} out")]
    MisplacedReference {
        /// What stands here.
        what: &'static str,
    },
    /// A path that is no template.
    #[error(
        "`{path}` is no path template: segments are plain text or one whole {{parameter}}, each \
         parameter once, no empty or encoded segments, no trailing slash"
    )]
    PathTemplate {
        /// The path.
        path: String,
    },
    /// A path that another one contests.
    #[error(
        "`{other}` matches some of the same paths for the same method, and routers differ on which \
         one wins: make one of them more specific than the other in every segment"
    )]
    PathConflict {
        /// The other path.
        other: String,
    },
    /// A method that is never forwarded.
    #[error("{method} is never forwarded: remove the operation")]
    Method {
        /// The method.
        method: String,
    },
    /// An operation without anything to say.
    #[error(
        "the operation has no `x-hefu`: give it a function number and a class, or \
         `x-hefu: {{ internal: \"why\" }}` when phones never call it"
    )]
    NoExtension,
    /// A number that is none.
    #[error(
        "`{no}` is no function number: 1 to 32 of A–Z a–z 0–9 . _ -, and not beginning with `hefu.`"
    )]
    FunctionNumber {
        /// What is written.
        no: String,
    },
    /// A number twice.
    #[error("function {no} is already {other}: numbers are unique in a document")]
    DuplicateFunction {
        /// The number.
        no: String,
        /// The first operation.
        other: String,
    },
    /// An `operationId` twice.
    #[error("operationId `{id}` stands in the document already: identifiers are unique")]
    DuplicateOperation {
        /// The identifier.
        id: String,
    },
    /// A member of `x-hefu` that does not exist.
    #[error("`{name}` is not known here{} Known are {known}", hint(*suggestion))]
    UnknownMember {
        /// The name.
        name: String,
        /// The nearest that is known.
        suggestion: Option<&'static str>,
        /// All that are known.
        known: String,
    },
    /// A value outside its list.
    #[error("`{value}` is not one of {known}")]
    UnknownValue {
        /// The value.
        value: String,
        /// All that are known.
        known: String,
    },
    /// A number outside its range.
    #[error("{value} is outside {min} to {max}{}", if advice.is_empty() { String::new() } else { format!(": {advice}") })]
    Range {
        /// The value.
        value: i64,
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
        /// Why.
        advice: &'static str,
    },
    /// A reason too short to be one.
    #[error("a reason is 10 to 500 characters: say why, for whoever audits this")]
    Reason,
    /// Key business without a user.
    #[error("key business is signed by the device and done by a user: it needs `auth: session`")]
    KeyBusinessAuth,
    /// An owner rule where there is no user.
    #[error(
        "there is no user whose objects could be told from others' under `auth: device`: remove the owner rule, or use `auth: session`"
    )]
    OwnerWithoutUser,
    /// An owner rule that names nothing.
    #[error("the owner rule names {place} `{name}`, which the operation does not have")]
    OwnerSource {
        /// Path parameter, query parameter or body field.
        place: &'static str,
        /// Its name or pointer.
        name: String,
    },
    /// An owner rule on something that may be absent.
    #[error("the owner rule reads `{name}`, which a request may leave out: make it required")]
    OwnerOptional {
        /// Its name or pointer.
        name: String,
    },
    /// An owner rule on something that is no identifier.
    #[error("the owner rule reads `{name}`, which is neither text nor an integer")]
    OwnerType {
        /// Its name or pointer.
        name: String,
    },
    /// An owner rule on a sealed field.
    #[error(
        "the owner rule reads a sealed field, but owners are checked before fields are opened: name the object by a field that is not sealed"
    )]
    OwnerSealed,
    /// A look-up that the service does not have.
    #[error(
        "no GET operation of this document has the path `{path}` with one parameter: describe the \
         look-up here too (`x-hefu: {{ internal: … }}` when phones never call it)"
    )]
    OwnerLookup {
        /// The path.
        path: String,
    },
    /// A look-up whose answer has no such text.
    #[error("the 200 response of `{path}` has no required text at `{pointer}`")]
    OwnerPointer {
        /// The look-up's path.
        path: String,
        /// The pointer.
        pointer: String,
    },

    // Parameters, bodies, responses.
    /// A parameter of the template that is not described.
    #[error(
        "the path has the parameter {{{name}}}: describe it under `parameters` with `in: path`"
    )]
    PathParameterMissing {
        /// The parameter.
        name: String,
    },
    /// A path parameter that the template does not have.
    #[error("the path has no {{{name}}}: correct the name, or remove the parameter")]
    PathParameterUnknown {
        /// The parameter.
        name: String,
    },
    /// A parameter described twice.
    #[error("the parameter `{name}` is described twice: keep one")]
    DuplicateParameter {
        /// The parameter.
        name: String,
    },
    /// A path parameter that is not required.
    #[error("a path parameter is always there: write `required: true`")]
    PathParameterOptional,
    /// A parameter of a kind that is not passed on.
    #[error("{0}")]
    Parameter(ParameterFault),
    /// A body for a method that has none.
    #[error("{method} has no body: remove `requestBody`, or use another method")]
    BodyMethod {
        /// The method.
        method: &'static str,
    },
    /// A media type that is not checked.
    #[error("only `application/json` can be checked: remove `{media_type}`")]
    MediaType {
        /// The media type.
        media_type: String,
    },
    /// A status that is none.
    #[error("`{status}` is no status: write three digits, `2XX` or `4XX`")]
    Status {
        /// What is written.
        status: String,
    },
    /// A redirect.
    #[error("a {status} response is never passed on: answer with 2xx and let the app decide")]
    Redirect {
        /// The status.
        status: String,
    },
    /// No success.
    #[error("no 2xx response is described: without one every answer is a breach of contract")]
    NoSuccess,

    // Schemas.
    /// Not a schema.
    #[error("a schema has to be an object")]
    NotASchema,
    /// A keyword that does not exist.
    #[error("`{keyword}` is no schema keyword{} If it is an extension, begin its name with `x-`", hint(*suggestion))]
    UnknownKeyword {
        /// The keyword.
        keyword: String,
        /// The nearest that is known.
        suggestion: Option<&'static str>,
    },
    /// A keyword that is not supported.
    #[error("`{keyword}` is not supported: {advice}")]
    UnsupportedKeyword {
        /// The keyword.
        keyword: String,
        /// What to write in its place.
        advice: &'static str,
    },
    /// Members beside a reference.
    #[error(
        "in OpenAPI 3.0 everything beside a $ref is ignored: write `allOf: [{{ $ref: … }}]` and put `{keyword}` beside the allOf"
    )]
    BesideReference {
        /// What stands beside it.
        keyword: String,
    },
    /// A schema that says nothing.
    #[error("this allows any value: give it a `type`")]
    Untyped,
    /// A schema composed too deeply.
    #[error("composed of more than 32 schemas one inside another: flatten it")]
    Composition,
    /// More schemas than are compiled for one body.
    #[error("this refers to more than 300 schemas: split the operation")]
    TooManySchemas,
    /// Any member allowed.
    #[error(
        "additional properties of any kind let anything through: list the properties, or give \
         `additionalProperties` a schema"
    )]
    OpenObject,
    /// An object without properties.
    #[error("an object needs `properties`, or `additionalProperties` with a schema")]
    EmptyObject,
    /// A map without a rule for its keys.
    #[error(
        "the names of additional properties come from strangers: add `maxProperties`, and `propertyNames` with a `maxLength` and a `pattern` or an `enum`"
    )]
    MapNames,
    /// A required property that is not described.
    #[error("`{name}` is required and not described: correct the name, or add it to `properties`")]
    RequiredUnknown {
        /// The property.
        name: String,
    },
    /// An array without items.
    #[error("an array needs `items`")]
    NoItems,
    /// An array without a limit.
    #[error("an array in a request needs `maxItems`")]
    NoItemsMax,
    /// A string without a length.
    #[error("a string in a request needs `maxLength`")]
    NoLengthMax,
    /// A string without a form.
    #[error(
        "a string in a request needs a form: a `pattern` (`^…$`), an `enum`, one of the formats \
         {formats}, or `x-hefu-free-text: true` for what people write"
    )]
    NoForm {
        /// The formats that say enough.
        formats: String,
    },
    /// A number without a range.
    #[error("a number in a request needs `minimum` and `maximum` (or `format: int32`)")]
    NoRange,
    /// A pattern without ends.
    #[error(
        "the pattern matches anywhere inside a string: write `^…$`, round brackets around alternatives"
    )]
    PatternAnchors,
    /// A pattern that needs a backtracking engine.
    #[error(
        "the pattern cannot be matched in linear time (look-around and back-references cannot), is \
         too large, or is no regular expression: simplify it"
    )]
    Pattern,
    /// A format that is not checked.
    #[error("the format `{format}` is not checked{} Use a `pattern`, or one of {known}", hint(*suggestion))]
    Format {
        /// The format.
        format: String,
        /// The nearest that is known.
        suggestion: Option<&'static str>,
        /// All that are known.
        known: String,
    },
    /// A schema that the validator refuses.
    #[error("JSON Schema refuses this by its own rule `{rule}`: correct the value")]
    Schema {
        /// The keyword of the meta-schema.
        rule: String,
    },
    /// `nullable` without a type.
    #[error("`nullable` has an effect only beside `type`: add the type")]
    Nullable,
    /// An extension in a place where it has no meaning.
    #[error("`{extension}` has no meaning {place}")]
    MisplacedExtension {
        /// The extension.
        extension: String,
        /// Where it stands.
        place: &'static str,
    },
    /// A mask on something else than text.
    #[error(
        "`x-hefu-mask: {mask}` hides characters, so it needs `type: string`; `never` hides a value of any type"
    )]
    MaskType {
        /// The mask.
        mask: String,
    },
    /// Two masks for one place.
    #[error("two different masks apply to this place: keep one")]
    MaskConflict,
    /// A mask and a reason for none.
    #[error("`x-hefu-mask` and `x-hefu-unmasked` contradict each other: keep one")]
    MaskedAndUnmasked,
    /// Personal data in the clear.
    #[error(
        "{class} data in a response needs `x-hefu-mask`, or `x-hefu-unmasked` with the reason why \
         the app has to show it in full"
    )]
    NoMask {
        /// Its class.
        class: &'static str,
    },
    /// Authentication data in a response.
    #[error("C3 data never leaves in the clear: mask it, or `x-hefu-mask: never`")]
    UnmaskedC3,
    /// Authentication data in the clear in a request.
    #[error("C3 data in a request needs `x-hefu-sealed: true`, in the body")]
    UnsealedC3,
    /// Sealed, but not where sealing works.
    #[error(
        "a sealed field has to be a property or an array item of a request body, described in one place: not inside oneOf, anyOf, not, additionalProperties or another sealed field, and not the whole body"
    )]
    SealedShape,
    /// Sealed in a response.
    #[error(
        "fields are sealed in requests only: use a schema of its own for the response, with a mask"
    )]
    SealedResponse,
    /// More marked places than are compiled.
    #[error(
        "this schema has too many combinations of masked and sealed places: simplify its oneOf, anyOf and allOf"
    )]
    TooManyMarks,
}

/// A parameter of a kind that is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterFault {
    /// A cookie.
    #[error("cookies are never forwarded: use the path, the query or a header")]
    Cookie,
    /// A header that the gateway keeps to itself.
    #[error(
        "this header is not forwarded: Idempotency-Key, Accept-Language, If-Match, If-None-Match and \
         the service's own X-… headers are (not those that rewrite method, target or peer)"
    )]
    Header,
    /// Described by `content`.
    #[error("describe the parameter by `schema`, not by `content`")]
    Content,
    /// A serialisation of its own.
    #[error("only the default `style` and `explode` are read: remove them")]
    Style,
    /// More than one type, or none that fits.
    #[error(
        "a parameter is one of string, integer, number and boolean; a query parameter may be an array of them"
    )]
    Type,
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Vec<Fault>,
    seen: HashSet<(String, String)>,
    raised: usize,
}

impl Faults {
    pub(super) fn add(&mut self, place: &Place<'_>, kind: FaultKind) {
        self.push(place.fault(kind));
    }

    pub(super) fn push(&mut self, fault: Fault) {
        self.raised += 1;
        // Shared schemas are looked at once for each use; a fault of theirs is listed once.
        if self
            .seen
            .insert((fault.pointer.clone(), fault.kind.to_string()))
        {
            self.list.push(fault);
        }
    }

    /// How many were raised, those included that are listed already.
    pub(super) const fn count(&self) -> usize {
        self.raised
    }

    /// In the document's order.
    pub(super) fn into_sorted(mut self) -> Vec<Fault> {
        self.list
            .sort_by(|one, other| (one.line, &one.pointer).cmp(&(other.line, &other.pointer)));
        self.list.truncate(FAULTS_MAX);
        self.list
    }
}

/// What follows a word that is not known.
fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(
        || ".".to_owned(),
        |near| format!("; did you mean `{near}`?"),
    )
}

/// The candidate nearest to a word, when it is near enough to be meant.
pub(super) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let distances = known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate));
    let (distance, candidate) = distances.min()?;
    (distance <= 2 && distance < word.chars().count()).then_some(candidate)
}

/// Levenshtein distance; case, and `-` for `_`, do not count.
fn distance(one: &str, other: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars()
            .take(64)
            .map(|c| {
                if c == '-' {
                    '_'
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect()
    };
    let (one, other) = (letters(one), letters(other));
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        for (cell, column) in row.iter_mut().skip(1).zip(&other) {
            let cost = (diagonal + usize::from(letter != column))
                .min(left + 1)
                .min(*cell + 1);
            diagonal = *cell;
            *cell = cost;
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["maxLength", "minLength", "pattern", "function"];
        assert_eq!(nearest("maxLenght", &known), Some("maxLength"));
        assert_eq!(nearest("max-length", &known), Some("maxLength"));
        assert_eq!(nearest("patern", &known), Some("pattern"));
        assert_eq!(nearest("Function", &known), Some("function"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
