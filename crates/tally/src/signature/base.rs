//! The signature base (RFC 9421 §2.5): the text that is signed.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b, JR-6.1.5.1.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sfv::FieldType as _;

use super::input::{Component, Item, SignatureInput, parse_signature_encoded};
use crate::fields::Fields;

/// Largest base, in bytes. Stops: one field line covered again and again under other parameters.
pub const BASE_BYTES_MAX: usize = 64 * 1024;

/// A request's line as it is signed.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'message> {
    /// `GET`, `POST`, …
    pub method: &'message str,
    /// The absolute URI of the target: scheme, authority, path and query.
    pub target_uri: &'message str,
}

/// The start line of a message.
#[derive(Clone, Copy, Debug)]
pub enum StartLine<'message> {
    /// Of a request.
    Request(RequestLine<'message>),
    /// Of a response.
    Response {
        /// Its status code.
        status: u16,
    },
}

/// A message as it is signed: start line, header fields and trailers.
#[derive(Clone, Copy, Debug)]
pub struct Message<'message, F: ?Sized> {
    /// Its first line.
    pub line: StartLine<'message>,
    /// Its header fields.
    pub fields: &'message F,
    /// Its trailer fields, if the whole message was received with some.
    pub trailers: Option<&'message F>,
}

impl<'message, F: Fields + ?Sized> Message<'message, F> {
    /// A request.
    pub const fn request(
        method: &'message str,
        target_uri: &'message str,
        fields: &'message F,
    ) -> Self {
        Self {
            line: StartLine::Request(RequestLine { method, target_uri }),
            fields,
            trailers: None,
        }
    }

    /// A response.
    pub const fn response(status: u16, fields: &'message F) -> Self {
        Self {
            line: StartLine::Response { status },
            fields,
            trailers: None,
        }
    }

    /// The same message with trailers, for components with `tr`.
    #[must_use]
    pub const fn with_trailers(mut self, trailers: &'message F) -> Self {
        self.trailers = Some(trailers);
        self
    }
}

/// Why no base can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseError {
    /// A covered field or part is not in the message.
    #[error("a covered component is missing from the message")]
    Missing,
    /// A component that does not exist, or not in this kind of message.
    #[error("a covered component is unknown, or not one of this kind of message")]
    UnknownComponent,
    /// A component has a parameter that it cannot have, alone or beside the others.
    #[error("a covered component has a parameter that it cannot have")]
    UnsupportedParameter,
    /// A field's value is not what the component's parameters need, or not ASCII on one line.
    #[error("a covered field's value cannot be signed")]
    Value,
    /// The target is no absolute URI, or method or target hold more than visible ASCII: a line end
    /// there would write lines of the base.
    #[error("the method or target cannot be signed")]
    Target,
    /// Over 64 KiB.
    #[error("the signature base is larger than its limit")]
    TooLarge,
}

/// Builds the base of a signature over `message`; `request` is what a response answers, for
/// components with `req`.
///
/// # Errors
/// When a component is missing, unknown or cannot be signed.
pub fn build<F, R>(
    input: &SignatureInput<'_>,
    message: &Message<'_, F>,
    request: Option<&Message<'_, R>>,
) -> Result<String, BaseError>
where
    F: Fields + ?Sized,
    R: Fields + ?Sized,
{
    let mut base = String::with_capacity(1_024);
    for component in &input.components {
        component.write_identifier(&mut base);
        base.push_str(": ");
        if component.has("req") {
            let StartLine::Response { .. } = message.line else {
                return Err(BaseError::UnsupportedParameter);
            };
            write_value(component, request.ok_or(BaseError::Missing)?, &mut base)?;
        } else {
            write_value(component, message, &mut base)?;
        }
        base.push('\n');
        if base.len() > BASE_BYTES_MAX {
            return Err(BaseError::TooLarge);
        }
    }
    base.push_str("\"@signature-params\": ");
    input.write_signature_params(&mut base);
    Ok(base)
}

fn write_value<F: Fields + ?Sized>(
    component: &Component<'_>,
    message: &Message<'_, F>,
    out: &mut String,
) -> Result<(), BaseError> {
    if component.name.starts_with('@') {
        write_derived(component, message.line, out)
    } else if component.has("tr") {
        write_field(component, message.trailers.ok_or(BaseError::Missing)?, out)
    } else {
        write_field(component, message.fields, out)
    }
}

fn write_derived(
    component: &Component<'_>,
    line: StartLine<'_>,
    out: &mut String,
) -> Result<(), BaseError> {
    let name: &str = &component.name;
    let allowed = |(key, item): &(&str, Item<'_>)| match *key {
        "req" => *item == Item::Boolean(true),
        "name" => name == "@query-param",
        _ => false,
    };
    if !component.parameters.iter().all(allowed) {
        return Err(BaseError::UnsupportedParameter);
    }
    let request = match (line, name) {
        (StartLine::Response { status }, "@status") => {
            let _ = write!(out, "{status}");
            return Ok(());
        }
        (StartLine::Request(request), _) => request,
        (StartLine::Response { .. }, _) => return Err(BaseError::UnknownComponent),
    };
    let is_visible = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if !is_visible(request.method) || !is_visible(request.target_uri) {
        return Err(BaseError::Target);
    }
    match name {
        "@method" => out.push_str(request.method),
        "@target-uri" => out.push_str(request.target_uri),
        "@scheme" => out.push_str(&Target::of(request)?.scheme.to_ascii_lowercase()),
        "@authority" => Target::of(request)?.write_authority(out),
        "@request-target" => out.push_str(Target::of(request)?.path_and_query()),
        "@path" => out.push_str(Target::of(request)?.path()),
        "@query" => {
            out.push('?');
            out.push_str(Target::of(request)?.query.unwrap_or_default());
        }
        "@query-param" => {
            let wanted = component
                .parameter("name")
                .and_then(Item::as_str)
                .ok_or(BaseError::Missing)?;
            write_query_parameter(Target::of(request)?.query.unwrap_or_default(), wanted, out)?;
        }
        _ => return Err(BaseError::UnknownComponent),
    }
    Ok(())
}

fn write_field<F: Fields + ?Sized>(
    component: &Component<'_>,
    fields: &F,
    out: &mut String,
) -> Result<(), BaseError> {
    let name: &str = &component.name;
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(BaseError::UnknownComponent);
    }
    let mut key = None;
    let mut form = Form::Plain;
    for (parameter, value) in &component.parameters {
        match (*parameter, value) {
            ("req" | "tr", Item::Boolean(true)) => {}
            ("bs", Item::Boolean(true)) if form == Form::Plain && key.is_none() => {
                form = Form::Bytes
            }
            ("sf", Item::Boolean(true)) if form == Form::Plain => form = Form::Structured,
            ("key", Item::String(member)) if form != Form::Bytes => key = Some(member.as_ref()),
            _ => return Err(BaseError::UnsupportedParameter),
        }
    }
    if form == Form::Bytes {
        return write_byte_sequences(fields.values(name), out);
    }
    if let ("signature", Some(label)) = (name, key) {
        return write_signature_member(fields, label, out);
    }
    let start = out.len();
    write_combined(fields.values(name), out)?;
    if key.is_some() || form == Form::Structured {
        let combined = out.split_off(start);
        out.push_str(&structured(&combined, key)?);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Structured,
    Bytes,
}

/// RFC 9421 §2.1: each line trimmed, joined by a comma and a space.
fn write_combined<'fields>(
    values: impl Iterator<Item = &'fields [u8]>,
    out: &mut String,
) -> Result<(), BaseError> {
    let mut missing = true;
    for value in values {
        let text = std::str::from_utf8(value).map_err(|_| BaseError::Value)?;
        let text = text.trim_matches([' ', '\t']);
        if !text
            .bytes()
            .all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte))
        {
            return Err(BaseError::Value);
        }
        if !missing {
            out.push_str(", ");
        }
        missing = false;
        out.push_str(text);
    }
    if missing {
        Err(BaseError::Missing)
    } else {
        Ok(())
    }
}

/// RFC 9421 §2.1.3: each line as a byte sequence.
fn write_byte_sequences<'fields>(
    values: impl Iterator<Item = &'fields [u8]>,
    out: &mut String,
) -> Result<(), BaseError> {
    let mut missing = true;
    for value in values {
        if !missing {
            out.push_str(", ");
        }
        missing = false;
        out.push(':');
        STANDARD.encode_string(value.trim_ascii(), out);
        out.push(':');
    }
    if missing {
        Err(BaseError::Missing)
    } else {
        Ok(())
    }
}

/// `"signature";key="label"`, which every signed response covers, without the detour through a
/// general parser.
fn write_signature_member<F: Fields + ?Sized>(
    fields: &F,
    label: &str,
    out: &mut String,
) -> Result<(), BaseError> {
    let field = crate::fields::single(fields, "signature")
        .map_err(|_| BaseError::Value)?
        .ok_or(BaseError::Missing)?;
    let encoded = parse_signature_encoded(field, label).map_err(|_| BaseError::Value)?;
    out.push(':');
    out.push_str(encoded);
    out.push(':');
    Ok(())
}

/// RFC 9421 §2.1.1 and §2.1.2: the field, or one member of it, serialised strictly.
fn structured(combined: &str, key: Option<&str>) -> Result<String, BaseError> {
    let dictionary: Result<sfv::Dictionary, _> = sfv::Parser::new(combined).parse();
    match (dictionary, key) {
        (Ok(dictionary), Some(key)) => match dictionary.get(key).ok_or(BaseError::Missing)? {
            sfv::ListEntry::Item(item) => Ok(item.serialize()),
            sfv::ListEntry::InnerList(list) => {
                let list = vec![sfv::ListEntry::InnerList(list.clone())];
                list.serialize().ok_or(BaseError::Value)
            }
        },
        (Ok(dictionary), None) => dictionary.serialize().ok_or(BaseError::Value),
        (Err(_), _) => Err(BaseError::Value),
    }
}

/// An absolute URI in its parts.
struct Target<'uri> {
    scheme: &'uri str,
    authority: &'uri str,
    /// From the first slash, query included; empty when there is no path.
    rest: &'uri str,
    query: Option<&'uri str>,
}

impl<'uri> Target<'uri> {
    fn of(request: RequestLine<'uri>) -> Result<Self, BaseError> {
        let (scheme, rest) = request
            .target_uri
            .split_once("://")
            .ok_or(BaseError::Target)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).ok_or(BaseError::Target)?;
        if authority.is_empty() || rest.contains('#') {
            return Err(BaseError::Target);
        }
        let query = rest.split_once('?').map(|(_, query)| query);
        Ok(Self {
            scheme,
            authority,
            rest,
            query,
        })
    }

    fn path(&self) -> &'uri str {
        let path = self.rest.split('?').next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    fn path_and_query(&self) -> &'uri str {
        if self.rest.is_empty() { "/" } else { self.rest }
    }

    /// RFC 9421 §2.2.3: in lower case, without the scheme's default port.
    fn write_authority(&self, out: &mut String) {
        let default = if self.scheme.eq_ignore_ascii_case("https") {
            ":443"
        } else {
            ":80"
        };
        let authority = self
            .authority
            .strip_suffix(default)
            .unwrap_or(self.authority);
        out.push_str(&authority.to_ascii_lowercase());
    }
}

/// RFC 9421 §2.2.8: the one parameter of that name, decoded and encoded again.
fn write_query_parameter(query: &str, wanted: &str, out: &mut String) -> Result<(), BaseError> {
    let mut found = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if form_encode(&form_decode(name)) == wanted && found.replace(value).is_some() {
            return Err(BaseError::Value);
        }
    }
    out.push_str(&form_encode(&form_decode(found.ok_or(BaseError::Missing)?)));
    Ok(())
}

fn form_decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => digit(*high).zip(digit(*low)),
            _ => None,
        };
        let decoded_byte = match (byte, escaped) {
            (_, Some((high, low))) => u8::try_from(high * 16 + low).unwrap_or_default(),
            (b'+', None) => b' ',
            (byte, None) => *byte,
        };
        decoded.push(decoded_byte);
        rest = if escaped.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    decoded
}

fn form_encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_') {
            encoded.push(char::from(*byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
