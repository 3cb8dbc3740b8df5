//! `Signature-Input` and `Signature`: structured fields (RFC 9651) of the shapes that RFC 9421 uses.
//!
//! The reader borrows from the field's bytes: a request's check allocates a list of components and
//! little else. It is strict where the grammar is, and bounded everywhere.
//!
//! Clauses: CJ-6.3.d.3, JR-6.2.4.c.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longest `Signature-Input`, in bytes. Stops: megabytes of parameters to parse before any check.
pub const SIGNATURE_INPUT_BYTES_MAX: usize = 2_048;
/// Longest `Signature`, in bytes.
pub const SIGNATURE_FIELD_BYTES_MAX: usize = 1_024;
/// Most covered components. Stops: a base built from one long body of fields a thousand times.
pub const COMPONENTS_MAX: usize = 32;
/// Most parameters of one component or one signature.
pub const PARAMETERS_MAX: usize = 16;
/// Most signatures in one message.
pub const SIGNATURES_MAX: usize = 8;

/// Why a field cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// Longer than its limit, or more members, components or parameters than allowed.
    #[error("the field is larger than its limit")]
    TooLarge,
    /// Not of the grammar.
    #[error("the field is not a structured field of the expected shape")]
    Syntax,
    /// One label, component or parameter occurs twice.
    #[error("a label, component or parameter occurs twice")]
    Duplicate,
}

/// A bare item of RFC 9651, as far as RFC 9421 needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'field> {
    /// An integer.
    Integer(i64),
    /// A decimal, in thousandths.
    Decimal(i64),
    /// A string, unescaped.
    String(Cow<'field, str>),
    /// A token.
    Token(&'field str),
    /// A byte sequence, still in base64.
    Bytes(&'field str),
    /// A boolean.
    Boolean(bool),
}

impl<'field> Item<'field> {
    /// The string; none for other items.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self {
            Some(text)
        } else {
            None
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Integer(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Decimal(thousandths) => write_decimal(*thousandths, out),
            Self::String(text) => write_string(text, out),
            Self::Token(token) => out.push_str(token),
            Self::Bytes(encoded) => {
                out.push(':');
                out.push_str(encoded);
                out.push(':');
            }
            Self::Boolean(value) => out.push_str(if *value { "?1" } else { "?0" }),
        }
    }
}

/// Parameters in the order given.
pub type Parameters<'field> = Vec<(&'field str, Item<'field>)>;

/// A covered component: its name and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component<'field> {
    /// In lower case, as signed; `@…` for derived components.
    pub name: Cow<'field, str>,
    /// `sf`, `key`, `bs`, `req`, `tr`, `name`.
    pub parameters: Parameters<'field>,
}

impl Component<'_> {
    /// A parameter.
    #[must_use]
    pub fn parameter(&self, key: &str) -> Option<&Item<'_>> {
        self.parameters
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, item)| item)
    }

    /// Whether a boolean parameter is set.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.parameter(key) == Some(&Item::Boolean(true))
    }

    /// Writes the component's identifier: its name in quotes, and its parameters.
    pub fn write_identifier(&self, out: &mut String) {
        write_string(&self.name, out);
        write_parameters(&self.parameters, out);
    }
}

/// One signature's claim: label, covered components and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureInput<'field> {
    /// The label under which `Signature` holds the bytes.
    pub label: &'field str,
    /// What it covers, in the order of its base.
    pub components: Vec<Component<'field>>,
    /// `created`, `expires`, `nonce`, `alg`, `keyid`, `tag`.
    pub parameters: Parameters<'field>,
}

impl SignatureInput<'_> {
    /// A parameter.
    #[must_use]
    pub fn parameter(&self, key: &str) -> Option<&Item<'_>> {
        self.parameters
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, item)| item)
    }

    /// The component with this name and no parameters.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.components
            .iter()
            .any(|component| component.name == name && component.parameters.is_empty())
    }

    /// Writes the value of `@signature-params`: the last line of the base, and what stands behind
    /// the label in `Signature-Input`.
    pub fn write_signature_params(&self, out: &mut String) {
        out.push('(');
        for (index, component) in self.components.iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            component.write_identifier(out);
        }
        out.push(')');
        write_parameters(&self.parameters, out);
    }
}

/// Reads a `Signature-Input` field.
///
/// # Errors
/// When it is over a limit, not of the grammar, or repeats something.
pub fn parse_input(field: &[u8]) -> Result<Vec<SignatureInput<'_>>, InputError> {
    if field.len() > SIGNATURE_INPUT_BYTES_MAX {
        return Err(InputError::TooLarge);
    }
    let mut reader = Reader::over(field)?;
    let mut inputs: Vec<SignatureInput<'_>> = Vec::with_capacity(1);
    reader.members(|reader, label| {
        if inputs.iter().any(|input| input.label == label) {
            return Err(InputError::Duplicate);
        }
        reader.expect(b'=')?;
        let components = reader.components()?;
        let parameters = reader.parameters()?;
        inputs.push(SignatureInput {
            label,
            components,
            parameters,
        });
        if inputs.len() > SIGNATURES_MAX {
            Err(InputError::TooLarge)
        } else {
            Ok(())
        }
    })?;
    Ok(inputs)
}

/// Reads the bytes that a `Signature` field holds under `label`.
///
/// # Errors
/// When the field is over its limit, not a dictionary of byte sequences, or has no such label.
pub fn parse_signature(field: &[u8], label: &str) -> Result<Vec<u8>, InputError> {
    STANDARD
        .decode(parse_signature_encoded(field, label)?)
        .map_err(|_| InputError::Syntax)
}

/// [`parse_signature`], still in base64.
///
/// # Errors
/// As [`parse_signature`].
pub fn parse_signature_encoded<'field>(
    field: &'field [u8],
    label: &str,
) -> Result<&'field str, InputError> {
    if field.len() > SIGNATURE_FIELD_BYTES_MAX {
        return Err(InputError::TooLarge);
    }
    let mut reader = Reader::over(field)?;
    let mut labels = [None; SIGNATURES_MAX];
    let mut count = 0;
    let mut found = None;
    reader.members(|reader, member| {
        if labels.contains(&Some(member)) {
            return Err(InputError::Duplicate);
        }
        *labels.get_mut(count).ok_or(InputError::TooLarge)? = Some(member);
        count += 1;
        reader.expect(b'=')?;
        let Item::Bytes(encoded) = reader.item()? else {
            return Err(InputError::Syntax);
        };
        if !reader.parameters()?.is_empty() {
            return Err(InputError::Syntax);
        }
        if member == label {
            found = Some(encoded);
        }
        Ok(())
    })?;
    found.ok_or(InputError::Syntax)
}

/// Writes a string item: in quotes, with `"` and `\` escaped.
pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    // Nearly always: seen at a glance, where a search for the first costs more than the copy.
    if !text
        .bytes()
        .fold(false, |any, byte| any | matches!(byte, b'"' | b'\\'))
    {
        out.push_str(text);
        rest = "";
    }
    while let Some((plain, special)) = rest
        .find(['"', '\\'])
        .and_then(|at| rest.split_at_checked(at))
    {
        out.push_str(plain);
        out.push('\\');
        let mut after = special.chars();
        out.extend(after.next());
        rest = after.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// At least one digit behind the point, and no zero that could be left out.
fn write_decimal(thousandths: i64, out: &mut String) {
    let sign = if thousandths < 0 { "-" } else { "" };
    let thousandths = thousandths.unsigned_abs();
    let _ = write!(
        out,
        "{sign}{}.{:03}",
        thousandths / 1_000,
        thousandths % 1_000
    );
    while out.ends_with('0') && !out.ends_with(".0") {
        out.pop();
    }
}

fn write_parameters(parameters: &Parameters<'_>, out: &mut String) {
    for (key, item) in parameters {
        out.push(';');
        out.push_str(key);
        if *item != Item::Boolean(true) {
            out.push('=');
            item.write(out);
        }
    }
}

/// Which bytes a string item holds as they are.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would refuse an index beyond the table"
)]
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    while byte < 0x7f {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

/// Which bytes base64 is written with.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would refuse an index beyond the table"
)]
const BASE64: [bool; 256] = {
    let mut base64 = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x7f {
        base64[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        byte += 1;
    }
    base64
};

fn is_one_of(table: &[bool; 256], byte: u8) -> bool {
    table.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Reads structured fields from ASCII text.
struct Reader<'field> {
    rest: &'field str,
}

impl<'field> Reader<'field> {
    fn over(field: &'field [u8]) -> Result<Self, InputError> {
        if !field.is_ascii() {
            return Err(InputError::Syntax);
        }
        let rest = std::str::from_utf8(field).map_err(|_| InputError::Syntax)?;
        Ok(Self {
            rest: rest.trim_matches(' '),
        })
    }

    /// Reads a dictionary, calling `member` behind each key.
    fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, &'field str) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        loop {
            let key = self.key()?;
            member(self, key)?;
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            if self.rest.is_empty() {
                return Ok(());
            }
            self.expect(b',')?;
            self.rest = self.rest.trim_start_matches([' ', '\t']);
        }
    }

    fn components(&mut self) -> Result<Vec<Component<'field>>, InputError> {
        self.expect(b'(')?;
        let mut components: Vec<Component<'field>> = Vec::with_capacity(6);
        loop {
            let trimmed = self.rest.trim_start_matches(' ');
            let spaced = trimmed.len() < self.rest.len();
            self.rest = trimmed;
            if self.take(b')') {
                return Ok(components);
            }
            if !spaced && !components.is_empty() {
                return Err(InputError::Syntax);
            }
            let Item::String(name) = self.item()? else {
                return Err(InputError::Syntax);
            };
            let component = Component {
                name,
                parameters: self.parameters()?,
            };
            // RFC 9421 §2: a component identifier occurs once, whatever its parameters' order.
            let same = |other: &Component<'_>| {
                other.name == component.name
                    && other.parameters.len() == component.parameters.len()
                    && other
                        .parameters
                        .iter()
                        .all(|entry| component.parameters.contains(entry))
            };
            if components.iter().any(same) {
                return Err(InputError::Duplicate);
            }
            components.push(component);
            if components.len() > COMPONENTS_MAX {
                return Err(InputError::TooLarge);
            }
        }
    }

    fn parameters(&mut self) -> Result<Parameters<'field>, InputError> {
        let mut parameters = Vec::new();
        while self.take(b';') {
            self.rest = self.rest.trim_start_matches(' ');
            let key = self.key()?;
            let item = if self.take(b'=') {
                self.item()?
            } else {
                Item::Boolean(true)
            };
            if parameters.iter().any(|(other, _)| *other == key) {
                return Err(InputError::Duplicate);
            }
            if parameters.len() == PARAMETERS_MAX {
                return Err(InputError::TooLarge);
            }
            // Once, and only where there are any: most components have none.
            if parameters.is_empty() {
                parameters.reserve(8);
            }
            parameters.push((key, item));
        }
        Ok(parameters)
    }

    fn key(&mut self) -> Result<&'field str, InputError> {
        let starts = |byte: u8| byte.is_ascii_lowercase() || byte == b'*';
        let goes_on = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'_' | b'-' | b'.' | b'*')
        };
        if !self.peek().is_some_and(starts) {
            return Err(InputError::Syntax);
        }
        self.run(goes_on)
    }

    fn item(&mut self) -> Result<Item<'field>, InputError> {
        match self.peek().ok_or(InputError::Syntax)? {
            b'"' => self.string().map(Item::String),
            b':' => {
                self.expect(b':')?;
                let is_base64 = |byte: u8| is_one_of(&BASE64, byte);
                let encoded = if self.peek() == Some(b':') {
                    ""
                } else {
                    self.run(is_base64)?
                };
                self.expect(b':')?;
                Ok(Item::Bytes(encoded))
            }
            b'?' => {
                self.expect(b'?')?;
                if self.take(b'1') {
                    Ok(Item::Boolean(true))
                } else {
                    self.expect(b'0').map(|()| Item::Boolean(false))
                }
            }
            b'-' | b'0'..=b'9' => self.number(),
            byte if byte.is_ascii_alphabetic() || byte == b'*' => {
                let in_token =
                    |byte: u8| byte.is_ascii_alphanumeric() || b":/!#$%&'*+-.^_`|~".contains(&byte);
                self.run(in_token).map(Item::Token)
            }
            _ => Err(InputError::Syntax),
        }
    }

    /// At most fifteen digits, or twelve and three behind a point: no number is out of range.
    fn number(&mut self) -> Result<Item<'field>, InputError> {
        let sign = if self.take(b'-') { -1 } else { 1 };
        let digits = self.run(|byte| byte.is_ascii_digit())?;
        let whole: i64 = digits.parse().map_err(|_| InputError::Syntax)?;
        if !self.take(b'.') {
            return if digits.len() > 15 {
                Err(InputError::Syntax)
            } else {
                Ok(Item::Integer(sign * whole))
            };
        }
        let fraction = self.run(|byte| byte.is_ascii_digit())?;
        if digits.len() > 12 || fraction.len() > 3 {
            return Err(InputError::Syntax);
        }
        let thousandths = fraction
            .bytes()
            .chain(*b"00")
            .take(3)
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Ok(Item::Decimal(sign * (whole * 1_000 + thousandths)))
    }

    fn string(&mut self) -> Result<Cow<'field, str>, InputError> {
        self.expect(b'"')?;
        let mut escaped: Option<String> = None;
        loop {
            let at = self
                .rest
                .bytes()
                .position(|byte| !is_one_of(&PLAIN, byte))
                .ok_or(InputError::Syntax)?;
            let (plain, rest) = self.rest.split_at_checked(at).ok_or(InputError::Syntax)?;
            self.rest = rest;
            if self.take(b'"') {
                return Ok(match escaped {
                    None => Cow::Borrowed(plain),
                    Some(text) => Cow::Owned(text + plain),
                });
            }
            self.expect(b'\\')?;
            let character = self.peek().filter(|byte| matches!(byte, b'"' | b'\\'));
            let character = character.ok_or(InputError::Syntax)?;
            self.expect(character)?;
            let text = escaped.get_or_insert_default();
            text.push_str(plain);
            text.push(char::from(character));
        }
    }

    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> Result<&'field str, InputError> {
        let end = self
            .rest
            .bytes()
            .position(|byte| !belongs(byte))
            .unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at_checked(end).ok_or(InputError::Syntax)?;
        self.rest = rest;
        if run.is_empty() {
            Err(InputError::Syntax)
        } else {
            Ok(run)
        }
    }

    fn peek(&self) -> Option<u8> {
        self.rest.bytes().next()
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.rest.strip_prefix(char::from(byte)) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), InputError> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(InputError::Syntax)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let field = r#"sig1=("@method" "@target-uri" "cache-control";req "x";key="a\"b\\");created=1618884473;keyid="test-key";alg="ed25519";flag;off=?0;t=tok*/1;b=:AQI=:;e=::;n=-5;d=-0.25;w=7.0"#;
        let inputs = parse_input(field.as_bytes()).unwrap();
        assert_eq!(inputs.len(), 1);
        let mut written = String::from("sig1=");
        inputs[0].write_signature_params(&mut written);
        assert_eq!(written, field);
        assert_eq!(
            inputs[0].parameter("created"),
            Some(&Item::Integer(1_618_884_473))
        );
        assert!(inputs[0].covers("@method") && !inputs[0].covers("cache-control"));
        assert!(inputs[0].components[2].has("req"));
    }

    #[test]
    fn decimals_are_written_as_the_grammar_wants_them() {
        let inputs = parse_input(b"a=();x=01.500;y=-0.050;z=10.0").unwrap();
        let mut written = String::new();
        inputs[0].write_signature_params(&mut written);
        assert_eq!(written, "();x=1.5;y=-0.05;z=10.0");
    }

    #[test]
    fn white_space_is_read_where_the_grammar_allows_it() {
        let inputs = parse_input(b"a=(  \"x\"   \"y\" );created=1 ,\tb=()").unwrap();
        assert_eq!((inputs.len(), inputs[0].components.len()), (2, 2));
    }

    #[test]
    fn what_breaks_the_grammar_or_repeats_is_refused() {
        for wrong in [
            "",
            "sig",
            "sig=",
            "sig=(",
            "sig=(\"a\"",
            "sig=(\"a\"\"b\")",
            "sig=(a)",
            "Sig=()",
            "sig=();",
            "sig=();A=1",
            "sig=() x",
            "sig=(),",
            "sig=(\"\\a\")",
            "sig=(\"a\u{7f}\")",
            "sig=();n=1.",
            "sig=();n=.5",
            "sig=();n=1.5555",
            "sig=();n=1234567890123.5",
            "sig=();n=--1",
            "sig=();n=1234567890123456",
            "sig=();n=?2",
            "sig=\"a\"",
            "sig=(\"é\")",
        ] {
            assert_eq!(
                parse_input(wrong.as_bytes()),
                Err(InputError::Syntax),
                "{wrong}"
            );
        }
        for twice in [
            "a=(),a=()",
            "a=(\"x\" \"x\")",
            "a=();n=1;n=2",
            "a=(\"x\";req;sf \"x\";sf;req)",
        ] {
            assert_eq!(
                parse_input(twice.as_bytes()),
                Err(InputError::Duplicate),
                "{twice}"
            );
        }
        let many = |piece: &str, count| format!("a=({})", [piece].repeat(count).join(" "));
        assert_eq!(
            parse_input(many("\"x\"", 999).as_bytes()),
            Err(InputError::TooLarge)
        );
        let distinct: Vec<_> = (0..33).map(|n| format!("\"x{n}\"")).collect();
        let field = format!("a=({})", distinct.join(" "));
        assert_eq!(parse_input(field.as_bytes()), Err(InputError::TooLarge));
    }

    #[test]
    fn a_signature_is_found_under_its_label_only() {
        let field = b"other=:AAAA:, hefu=:AQID:";
        assert_eq!(parse_signature(field, "hefu"), Ok(vec![1, 2, 3]));
        assert_eq!(parse_signature(field, "missing"), Err(InputError::Syntax));
        assert_eq!(parse_signature(b"hefu=::", "hefu"), Ok(Vec::new()));
        for wrong in ["hefu=AQID", "hefu=:AQI:", "hefu=:AQID:;a", "hefu=:A!ID:"] {
            assert_eq!(
                parse_signature(wrong.as_bytes(), "hefu"),
                Err(InputError::Syntax),
                "{wrong}"
            );
        }
        assert_eq!(
            parse_signature(b"hefu=:AQID:,hefu=:AQID:", "hefu"),
            Err(InputError::Duplicate)
        );
    }
}
