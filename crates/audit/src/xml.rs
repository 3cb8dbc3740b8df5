//! XML documents as trees, whatever they were read from: binary XML, the protocol buffers of app
//! bundles, or text.

use std::fmt;
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::attributes;
use crate::limits::Limits;

/// The namespace of platform attributes.
pub const ANDROID_NAMESPACE: &str = "http://schemas.android.com/apk/res/android";

/// A value with its type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No value; `@null` and `@empty`.
    Null,
    /// A string.
    Text(Arc<str>),
    /// A resource, by id.
    Reference(u32),
    /// An attribute of the theme, by id.
    ThemeAttribute(u32),
    /// A boolean.
    Bool(bool),
    /// An integer, also as flags and enumerations.
    Int(i32),
    /// A floating-point number.
    Float(f32),
    /// A dimension.
    Dimension(Dimension),
    /// A fraction: 1.0 is all.
    Fraction(f32),
    /// A colour as `0xAARRGGBB`.
    Color(u32),
}

/// A length with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimension {
    /// In `unit`.
    pub length: f32,
    /// The unit.
    pub unit: DimensionUnit,
}

/// Units of lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DimensionUnit {
    /// Pixels.
    Px,
    /// Density-independent pixels.
    Dp,
    /// Pixels that grow with the user's font size.
    Sp,
    /// Points.
    Pt,
    /// Inches.
    In,
    /// Millimetres.
    Mm,
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value: a boolean, a non-zero integer, or the text `true`, as the platform reads.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Int(value) => Some(*value != 0),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// The integer, also from a text of digits.
    #[must_use]
    pub fn int(&self) -> Option<i32> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Text(text) => match text.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16).ok().map(u32::cast_signed),
                None => text.parse().ok(),
            },
            _ => None,
        }
    }

    /// The typed value behind `Res_value`, except strings, which need the string pool.
    #[must_use]
    pub(crate) fn from_res_value(kind: u8, data: u32) -> Option<Self> {
        Some(match kind {
            0x00 => Self::Null,
            0x01 | 0x07 => Self::Reference(data),
            0x02 | 0x08 => Self::ThemeAttribute(data),
            0x04 => Self::Float(f32::from_bits(data)),
            0x05 => Self::Dimension(Dimension {
                length: complex(data),
                unit: match data & 0xf {
                    1 => DimensionUnit::Dp,
                    2 => DimensionUnit::Sp,
                    3 => DimensionUnit::Pt,
                    4 => DimensionUnit::In,
                    5 => DimensionUnit::Mm,
                    _ => DimensionUnit::Px,
                },
            }),
            0x06 => Self::Fraction(complex(data)),
            0x12 => Self::Bool(data != 0),
            0x10 | 0x11 | 0x13..=0x1b => Self::Int(data.cast_signed()),
            0x1c..=0x1f => Self::Color(data),
            _ => return None,
        })
    }
}

/// A 24-bit mantissa with one of four radix points.
fn complex(data: u32) -> f32 {
    const RADIX: [f32; 4] = [
        1.0 / 256.0,
        1.0 / (256.0 * 128.0),
        1.0 / (256.0 * 32_768.0),
        1.0 / 2_147_483_648.0,
    ];
    let radix = RADIX.get((data >> 4 & 3) as usize).copied().unwrap_or(1.0);
    (data & 0xffff_ff00).cast_signed() as f32 * radix
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("@null"),
            Self::Text(text) => formatter.write_str(text),
            Self::Reference(id) => write!(formatter, "@{id:#010x}"),
            Self::ThemeAttribute(id) => write!(formatter, "?{id:#010x}"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Int(value) => write!(formatter, "{value}"),
            Self::Float(value) => write!(formatter, "{value}"),
            Self::Dimension(dimension) => {
                write!(formatter, "{}{:?}", dimension.length, dimension.unit)
            }
            Self::Fraction(value) => write!(formatter, "{}%", value * 100.0),
            Self::Color(argb) => write!(formatter, "#{argb:08x}"),
        }
    }
}

/// An attribute of an element.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The namespace's URI; `None` for plain attributes.
    pub namespace: Option<Arc<str>>,
    /// The local name.
    pub name: Arc<str>,
    /// The resource id that the platform looks it up by; for texts, from the known platform names.
    pub id: Option<u32>,
    /// The value.
    pub value: Value,
}

#[derive(Debug)]
struct Element {
    parent: Option<u32>,
    /// One past the last element below this one.
    end: u32,
    namespace: Option<Arc<str>>,
    name: Arc<str>,
    line: u32,
    attributes: (u32, u32),
    text: String,
}

/// What a document was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Binary XML, as in APKs.
    Binary,
    /// Protocol buffers, as in app bundles.
    Protobuf,
    /// Text.
    Text,
}

/// An XML document.
#[derive(Debug)]
pub struct Document {
    encoding: Encoding,
    elements: Vec<Element>,
    attributes: Vec<Attribute>,
    oddities: Vec<Oddity>,
}

/// Something that the platform reads past but other tools stumble over, or that hides something
/// from one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// The type in the head of the file is not that of binary XML.
    WrongFileType {
        /// The type found.
        found: u16,
    },
    /// A chunk of a type that binary XML does not have.
    UnknownChunk {
        /// Where, in bytes.
        offset: u32,
    },
    /// A string index that leads nowhere.
    MissingString {
        /// Where, in bytes.
        offset: u32,
    },
    /// Attributes are not as long as they should be.
    AttributeSize {
        /// Where, in bytes.
        offset: u32,
    },
    /// Bytes follow the document.
    TrailingBytes {
        /// How many.
        count: u32,
    },
    /// Elements were left open.
    Unclosed,
}

impl Document {
    /// What it was read from.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What was odd about it, in the order found.
    #[must_use]
    pub fn oddities(&self) -> &[Oddity] {
        &self.oddities
    }

    /// The outermost element.
    #[must_use]
    pub fn root(&self) -> Option<Node<'_>> {
        (!self.elements.is_empty()).then_some(Node {
            document: self,
            index: 0,
        })
    }

    /// The ids of the resources that attributes refer to, in order, with repetition.
    pub fn references(&self) -> impl Iterator<Item = u32> {
        self.attributes
            .iter()
            .filter_map(|attribute| match attribute.value {
                Value::Reference(id) | Value::ThemeAttribute(id) => Some(id),
                _ => None,
            })
    }

    /// All elements in document order.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..).take(self.elements.len()).map(move |index| Node {
            document: self,
            index,
        })
    }
}

/// An element in its document.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    document: &'a Document,
    index: u32,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl Eq for Node<'_> {}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Node({})", self.path())
    }
}

impl<'a> Node<'a> {
    fn element(&self) -> Option<&'a Element> {
        self.document.elements.get(self.index as usize)
    }

    /// The local name. A prefix that is not a declared namespace is part of it.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.element().map_or("", |element| &element.name)
    }

    /// The namespace's URI.
    #[must_use]
    pub fn namespace(&self) -> Option<&'a str> {
        self.element()
            .and_then(|element| element.namespace.as_deref())
    }

    /// The line in the source, as the build tool noted it.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.element().map_or(0, |element| element.line)
    }

    /// The text directly inside.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.element().map_or("", |element| element.text.trim())
    }

    /// The element around this one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let index = self.element()?.parent?;
        Some(Self {
            document: self.document,
            index,
        })
    }

    /// The elements directly inside.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        let document = self.document;
        let end = self.element().map_or(0, |element| element.end);
        let mut next = self.index + 1;
        std::iter::from_fn(move || {
            let child = (next < end).then_some(Self {
                document,
                index: next,
            })?;
            next = child.element()?.end;
            Some(child)
        })
    }

    /// The elements directly inside that have this local name. The platform does not look at
    /// their namespace either.
    pub fn children_named(&self, name: &'a str) -> impl Iterator<Item = Self> + use<'a> {
        self.children().filter(move |child| child.name() == name)
    }

    /// All elements inside, in document order.
    pub fn descendants(&self) -> impl Iterator<Item = Self> + use<'a> {
        let document = self.document;
        let end = self.element().map_or(0, |element| element.end);
        (self.index + 1..end).map(move |index| Self { document, index })
    }

    /// The attributes in order.
    #[must_use]
    pub fn attributes(&self) -> &'a [Attribute] {
        let (from, to) = self.element().map_or((0, 0), |element| element.attributes);
        self.document
            .attributes
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }

    /// The value of a platform attribute, by its id (see [`attributes`]).
    #[must_use]
    pub fn platform(&self, id: u32) -> Option<&'a Value> {
        self.attributes()
            .iter()
            .find(|found| found.id == Some(id))
            .map(|found| &found.value)
    }

    /// The value of an attribute without namespace.
    #[must_use]
    pub fn plain(&self, name: &str) -> Option<&'a Value> {
        self.attributes()
            .iter()
            .find(|found| found.namespace.is_none() && *found.name == *name)
            .map(|found| &found.value)
    }

    /// The value of the first attribute of this local name, whatever the namespace: libraries
    /// repeat platform attributes in their own.
    #[must_use]
    pub fn any(&self, name: &str) -> Option<&'a Value> {
        self.attributes()
            .iter()
            .find(|found| *found.name == *name)
            .map(|found| &found.value)
    }

    /// Where the element is: `/manifest/application/activity[2]`, counted from 1 among siblings
    /// of the same name; the number is left out where there is one only.
    #[must_use]
    pub fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut at = Some(*self);
        while let Some(node) = at {
            let mut step = format!("/{}", node.name());
            if let Some(parent) = node.parent() {
                let mut position = 0_usize;
                let mut siblings = 0_usize;
                for sibling in parent.children_named(node.name()) {
                    siblings += 1;
                    if sibling.index == node.index {
                        position = siblings;
                    }
                }
                if siblings > 1 {
                    step.push_str(&format!("[{position}]"));
                }
            }
            steps.push(step);
            at = node.parent();
        }
        steps.into_iter().rev().collect()
    }
}

/// Why a document cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// More nesting than [`Limits::xml_depth_max`].
    #[error("elements are nested deeper than the limit")]
    TooDeep,
    /// More elements than [`Limits::xml_elements_max`].
    #[error("more elements than the limit")]
    TooManyElements,
    /// More attributes than [`Limits::xml_attributes_max`].
    #[error("more attributes than the limit")]
    TooManyAttributes,
    /// An element ends that was not open.
    #[error("an element ends that was not open")]
    Unbalanced,
    /// There is no element at all.
    #[error("the document has no element")]
    Empty,
}

/// Builds a document from events, within the limits.
pub(crate) struct Builder<'l> {
    limits: &'l Limits,
    document: Document,
    open: Vec<u32>,
}

impl<'l> Builder<'l> {
    pub(crate) fn new(encoding: Encoding, limits: &'l Limits) -> Self {
        let document = Document {
            encoding,
            elements: Vec::new(),
            attributes: Vec::new(),
            oddities: Vec::new(),
        };
        Self {
            limits,
            document,
            open: Vec::new(),
        }
    }

    pub(crate) fn odd(&mut self, oddity: Oddity) {
        /// Kept per document: enough to see the pattern.
        const ODDITIES_MAX: usize = 64;
        if self.document.oddities.len() < ODDITIES_MAX {
            self.document.oddities.push(oddity);
        }
    }

    pub(crate) fn start(
        &mut self,
        namespace: Option<Arc<str>>,
        name: Arc<str>,
        line: u32,
    ) -> Result<(), TreeError> {
        if self.open.len() >= self.limits.xml_depth_max {
            return Err(TreeError::TooDeep);
        }
        if self.document.elements.len() >= self.limits.xml_elements_max {
            return Err(TreeError::TooManyElements);
        }
        let index = crate::bytes::saturating_u32(self.document.elements.len());
        let attributes = crate::bytes::saturating_u32(self.document.attributes.len());
        self.document.elements.push(Element {
            parent: self.open.last().copied(),
            end: index + 1,
            namespace,
            name,
            line,
            attributes: (attributes, attributes),
            text: String::new(),
        });
        self.open.push(index);
        Ok(())
    }

    /// Adds an attribute to the element that was started last.
    pub(crate) fn attribute(&mut self, attribute: Attribute) -> Result<(), TreeError> {
        let Some(element) = self.document.elements.last_mut() else {
            return Ok(());
        };
        let (from, to) = element.attributes;
        if (to - from) as usize >= self.limits.xml_attributes_max {
            return Err(TreeError::TooManyAttributes);
        }
        element.attributes = (from, to + 1);
        self.document.attributes.push(attribute);
        Ok(())
    }

    pub(crate) fn text(&mut self, text: &str) {
        let open = self.open.last().and_then(|index| {
            let index = *index as usize;
            self.document.elements.get_mut(index)
        });
        if let Some(element) = open {
            element.text.push_str(text);
        }
    }

    pub(crate) fn end(&mut self) -> Result<(), TreeError> {
        let index = self.open.pop().ok_or(TreeError::Unbalanced)?;
        let end = crate::bytes::saturating_u32(self.document.elements.len());
        if let Some(element) = self.document.elements.get_mut(index as usize) {
            element.end = end;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Document, TreeError> {
        if !self.open.is_empty() {
            self.odd(Oddity::Unclosed);
            while self.end().is_ok() {}
        }
        if self.document.elements.is_empty() {
            return Err(TreeError::Empty);
        }
        Ok(self.document)
    }
}

/// Why a text cannot be read as XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextXmlError {
    /// Longer than [`Limits::xml_bytes_max`].
    #[error("the document is longer than the limit")]
    TooLong,
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// Not well-formed.
    #[error("not well-formed at byte {offset}")]
    Malformed {
        /// Where.
        offset: u64,
    },
    /// The tree cannot be built.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Reads XML text. Entities other than the five predefined ones stay as they are: nothing is
/// expanded, nothing is fetched.
///
/// # Errors
///
/// Text that is not well-formed UTF-8, or over a limit.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Document, TextXmlError> {
    if bytes.len() > limits.xml_bytes_max {
        return Err(TextXmlError::TooLong);
    }
    let text = str::from_utf8(bytes).map_err(|_| TextXmlError::NotUtf8)?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = quick_xml::Reader::from_str(text);
    let mut builder = Builder::new(Encoding::Text, limits);
    let mut namespaces = Vec::new();
    let mut lines = Lines {
        text: text.as_bytes(),
        counted_to: 0,
        line: 1,
    };
    loop {
        let malformed = |offset| TextXmlError::Malformed { offset };
        match reader
            .read_event()
            .map_err(|_| malformed(reader.error_position()))?
        {
            Event::Start(start) => {
                let line = lines.at(reader.buffer_position());
                text_element(&mut builder, &start, &mut namespaces, line)?;
            }
            Event::Empty(start) => {
                let line = lines.at(reader.buffer_position());
                text_element(&mut builder, &start, &mut namespaces, line)?;
                builder.end()?;
            }
            Event::End(_) => builder.end()?,
            Event::Text(text) => builder.text(&text.xml10_content()),
            Event::CData(text) => builder.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let known = quick_xml::escape::resolve_predefined_entity(&reference);
                match (reference.resolve_char_ref(), known) {
                    (Ok(Some(character)), _) => builder.text(character.encode_utf8(&mut [0; 4])),
                    (_, Some(text)) => builder.text(text),
                    _ => builder.text(&format!("&{};", &*reference)),
                }
            }
            Event::Eof => return Ok(builder.finish()?),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// Line numbers, counted as reading moves forward.
struct Lines<'a> {
    text: &'a [u8],
    counted_to: usize,
    line: u32,
}

impl Lines<'_> {
    fn at(&mut self, position: u64) -> u32 {
        let to = usize::try_from(position)
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        let new = self.text.get(self.counted_to..to).unwrap_or_default();
        self.line += crate::bytes::saturating_u32(memchr::memchr_iter(b'\n', new).count());
        self.counted_to = to;
        self.line
    }
}

/// Starts an element with its attributes. Prefixes are looked up among all declared so far: real
/// documents do not redeclare them.
fn text_element(
    builder: &mut Builder<'_>,
    start: &BytesStart<'_>,
    namespaces: &mut Vec<(String, Arc<str>)>,
    line: u32,
) -> Result<(), TextXmlError> {
    /// Prefixes of one document; more would make look-ups quadratic.
    const NAMESPACES_MAX: usize = 64;
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| TextXmlError::Malformed {
            offset: u64::from(line),
        })?;
        let value = attribute
            .normalized_value(XmlVersion::Explicit1_0)
            .unwrap_or_else(|_| attribute.value.clone());
        let key = attribute.key.into_inner();
        match key.strip_prefix("xmlns:") {
            Some(prefix) if namespaces.len() < NAMESPACES_MAX => {
                namespaces.push((prefix.to_owned(), Arc::from(&*value)));
            }
            Some(_) => {}
            None if key == "xmlns" => {}
            None => attributes.push((key, value)),
        }
    }
    let resolve = |name: &str| match name.split_once(':') {
        Some((prefix, local)) => {
            let found = namespaces.iter().rev().find(|(known, _)| known == prefix);
            match found {
                Some((_, uri)) => (Some(Arc::clone(uri)), Arc::from(local)),
                None => (None, Arc::from(name)),
            }
        }
        None => (None, Arc::from(name)),
    };
    let (namespace, name) = resolve(start.name().into_inner());
    builder.start(namespace, name, line)?;
    for (key, value) in attributes {
        let (namespace, name) = resolve(key);
        let is_platform = namespace.as_deref() == Some(ANDROID_NAMESPACE);
        let id = is_platform.then(|| attributes::id_of(&name)).flatten();
        builder.attribute(Attribute {
            namespace,
            name,
            id,
            value: Value::Text(Arc::from(&*value)),
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &[u8] = br#"<?xml version="1.0"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="a.b">
  <!-- two of a kind -->
  <application android:debuggable="true">
    <activity android:name=".One"/>
    <activity android:name=".Two">&lt;x&#65;</activity>
  </application>
</manifest>"#;

    #[test]
    fn text_becomes_a_tree() {
        let document = parse(MANIFEST, &Limits::default()).unwrap();
        let root = document.root().unwrap();
        assert_eq!(root.name(), "manifest");
        assert_eq!(root.plain("package").and_then(Value::text), Some("a.b"));
        let application = root.children().next().unwrap();
        assert_eq!(
            application
                .platform(attributes::DEBUGGABLE)
                .and_then(Value::bool),
            Some(true)
        );
        let activities: Vec<_> = application.children_named("activity").collect();
        assert_eq!(activities.len(), 2);
        assert_eq!(activities[1].path(), "/manifest/application/activity[2]");
        assert_eq!(activities[1].text(), "<xA");
        assert_eq!(activities[1].line(), 6);
        assert_eq!(root.descendants().count(), 3);
    }

    #[test]
    fn limits_hold_and_the_twin_within_them_passes() {
        let nested = |depth: usize| [b"<a>".repeat(depth), b"</a>".repeat(depth)].concat();
        let limits = Limits {
            xml_depth_max: 10,
            ..Limits::default()
        };
        assert!(parse(&nested(10), &limits).is_ok());
        assert_eq!(
            parse(&nested(11), &limits).unwrap_err(),
            TextXmlError::Tree(TreeError::TooDeep)
        );
        let wide =
            |count: usize| [b"<a>".to_vec(), b"<b/>".repeat(count), b"</a>".to_vec()].concat();
        let limits = Limits {
            xml_elements_max: 10,
            ..Limits::default()
        };
        assert!(parse(&wide(9), &limits).is_ok());
        assert_eq!(
            parse(&wide(10), &limits).unwrap_err(),
            TextXmlError::Tree(TreeError::TooManyElements)
        );
    }

    #[test]
    fn entities_are_not_expanded() {
        let bomb =
            br#"<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;">]><a x="&c;">&c;</a>"#;
        let document = parse(bomb, &Limits::default()).unwrap();
        let root = document.root().unwrap();
        assert_eq!(root.text(), "&c;");
        assert_eq!(root.plain("x").and_then(Value::text), Some("&c;"));
    }

    #[test]
    fn dimensions_have_length_and_unit() {
        let dimension = |data| match Value::from_res_value(5, data) {
            Some(Value::Dimension(dimension)) => dimension,
            other => panic!("{other:?}"),
        };
        // 16dp and 14.5sp, as the build tools encode them.
        assert_eq!(
            dimension(0x0000_1001),
            Dimension {
                length: 16.0,
                unit: DimensionUnit::Dp
            }
        );
        assert_eq!(
            dimension(0x0007_4012 | 0x10),
            Dimension {
                length: 14.5,
                unit: DimensionUnit::Sp
            }
        );
    }
}
