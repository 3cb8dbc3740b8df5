//! Resources and XML of app bundles, which keep them as protocol buffers (`resources.pb`).

use std::sync::Arc;

use super::{ArscError, BagItem, Builder, Config, Entry, KIND_STRING, Key, Pool, Stored, Table};
use crate::axml::AxmlError;
use crate::bytes::{Truncated, saturating_u32};
use crate::limits::Limits;
use crate::protobuf::{Field, field, fields};
use crate::xml::{self, Attribute, Document, Encoding, Value};

/// Reads `resources.pb`.
///
/// # Errors
///
/// Tables that are damaged or over a limit.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Table, ArscError> {
    let mut reader = Reader {
        builder: Builder::new(Vec::new(), Pool::Owned(Vec::new()), limits),
        limits,
    };
    // One pool for the names of all entries.
    reader.builder.table.pools.push(Pool::Owned(Vec::new()));
    for item in fields(bytes) {
        if let (2, package) = item? {
            reader.package(package.bytes())?;
        }
    }
    Ok(reader.builder.finish())
}

struct Reader<'l> {
    builder: Builder<'l>,
    limits: &'l Limits,
}

impl Reader<'_> {
    fn intern(&mut self, pool: usize, text: &str) -> Result<u32, ArscError> {
        let Some(Pool::Owned(strings)) = self.builder.table.pools.get_mut(pool) else {
            return Ok(0);
        };
        if strings.len() >= self.limits.pool_strings_max {
            return Err(ArscError::TooManyStrings);
        }
        strings.push(text.to_owned());
        Ok(saturating_u32(strings.len() - 1))
    }

    fn package(&mut self, message: &[u8]) -> Result<(), ArscError> {
        let id = id_of(message, 1)?;
        let name = field(message, 2)?.map_or("", Field::text).to_owned();
        self.builder.table.packages.push(((id & 0xff) as u8, name));
        for item in fields(message) {
            if let (3, type_) = item? {
                self.type_(type_.bytes(), id)?;
            }
        }
        Ok(())
    }

    fn type_(&mut self, message: &[u8], package: u32) -> Result<(), ArscError> {
        let upper = (package & 0xff) << 8 | id_of(message, 1)? & 0xff;
        let name = field(message, 2)?.map_or("", Field::text).to_owned();
        self.builder
            .table
            .types
            .insert((upper & 0xffff) as u16, name);
        for item in fields(message) {
            if let (3, entry) = item? {
                self.entry(entry.bytes(), upper << 16)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, message: &[u8], upper: u32) -> Result<(), ArscError> {
        let id = upper | id_of(message, 1)? & 0xffff;
        let name = self.intern(1, field(message, 2)?.map_or("", Field::text))?;
        for item in fields(message) {
            let (6, value) = item? else { continue };
            let config = config(field(value.bytes(), 1)?.map_or(&[][..], Field::bytes))?;
            let config = self.builder.config(config);
            let value = field(value.bytes(), 2)?.map_or(&[][..], Field::bytes);
            let value = self.value(value)?;
            self.builder.entry(Entry {
                id,
                config,
                key: Key {
                    pool: 1,
                    index: name,
                },
                value,
            })?;
        }
        Ok(())
    }

    fn value(&mut self, message: &[u8]) -> Result<Stored, ArscError> {
        if let Some(found) = field(message, 4)? {
            let (kind, data) = self.item(found.bytes())?;
            return Ok(Stored::Plain { kind, data });
        }
        let compound = field(message, 5)?.map_or(&[][..], Field::bytes);
        let from = self.builder.bag_end();
        let mut parent = 0;
        for part in fields(compound) {
            match part? {
                // A style: its parent, then entries of key and item.
                (2, style) => {
                    for part in fields(style.bytes()) {
                        match part? {
                            (1, reference) => parent = reference_id(reference.bytes())?,
                            (3, entry) => self.bag_item(entry.bytes(), Some(3), 4)?,
                            _ => {}
                        }
                    }
                }
                // An array: elements with an item. Plurals: entries with an item.
                (4, array) => self.bag_items(array.bytes(), 3)?,
                (5, plural) => self.bag_items(plural.bytes(), 4)?,
                _ => {}
            }
        }
        Ok(Stored::Bag {
            from,
            to: self.builder.bag_end(),
            parent,
        })
    }

    fn bag_items(&mut self, message: &[u8], item_field: u32) -> Result<(), ArscError> {
        for part in fields(message) {
            if let (1, element) = part? {
                self.bag_item(element.bytes(), None, item_field)?;
            }
        }
        Ok(())
    }

    fn bag_item(
        &mut self,
        message: &[u8],
        key_field: Option<u32>,
        item_field: u32,
    ) -> Result<(), ArscError> {
        let key = key_field
            .map(|number| field(message, number))
            .transpose()?
            .flatten();
        let name = key.map_or(Ok(0), |key| reference_id(key.bytes()))?;
        let item = field(message, item_field)?.map_or(&[][..], Field::bytes);
        let (kind, data) = self.item(item)?;
        self.builder.bag_item(BagItem { name, kind, data })
    }

    /// An `Item` as type and data of a `Res_value`.
    fn item(&mut self, message: &[u8]) -> Result<(u8, u32), ArscError> {
        Ok(match item(message)? {
            Item::Text(text) => (KIND_STRING, self.intern(0, text)?),
            Item::Plain(kind, data) => (kind, data),
        })
    }
}

/// The number inside a `PackageId`, `TypeId` or `EntryId`.
fn id_of(message: &[u8], number: u32) -> Result<u32, Truncated> {
    let id = field(message, number)?.map_or(&[][..], Field::bytes);
    Ok(field(id, 1)?.map_or(0, Field::u32))
}

/// The id in a `Reference`.
fn reference_id(message: &[u8]) -> Result<u32, Truncated> {
    Ok(field(message, 2)?.map_or(0, Field::u32))
}

enum Item<'a> {
    Text(&'a str),
    Plain(u8, u32),
}

fn item(message: &[u8]) -> Result<Item<'_>, Truncated> {
    for found in fields(message) {
        match found? {
            (1, reference) => {
                let is_attribute = field(reference.bytes(), 1)?.map_or(0, Field::u32) == 1;
                let kind = if is_attribute { 0x02 } else { 0x01 };
                return Ok(Item::Plain(kind, reference_id(reference.bytes())?));
            }
            // String, raw string, styled string, file: the text is their first field.
            (2..=5, text) => {
                return Ok(Item::Text(field(text.bytes(), 1)?.map_or("", Field::text)));
            }
            (6, _) => return Ok(Item::Plain(0x12, 0)),
            (7, primitive) => return primitive_value(primitive.bytes()),
            _ => {}
        }
    }
    Ok(Item::Plain(0, 0))
}

fn primitive_value(message: &[u8]) -> Result<Item<'_>, Truncated> {
    let Some((number, value)) = fields(message).next().transpose()? else {
        return Ok(Item::Plain(0, 0));
    };
    let kind = match number {
        3 => 0x04,
        6 => 0x10,
        7 => 0x11,
        8 => 0x12,
        9 => 0x1c,
        10 => 0x1d,
        11 => 0x1e,
        12 => 0x1f,
        13 => 0x05,
        14 => 0x06,
        _ => 0x00,
    };
    Ok(Item::Plain(kind, value.u32()))
}

fn config(message: &[u8]) -> Result<Config, Truncated> {
    let mut config = Config {
        is_default: message.is_empty(),
        ..Config::default()
    };
    for item in fields(message) {
        match item? {
            (3, locale) => config.locale = locale.text().to_owned(),
            (17, night) => config.night = night.u32() == 1,
            (18, density) => config.density = (density.u32() & 0xffff) as u16,
            (24, sdk) => config.sdk = (sdk.u32() & 0xffff) as u16,
            _ => {}
        }
    }
    Ok(config)
}

/// Reads an XML document of an app bundle, such as its manifest.
///
/// # Errors
///
/// Documents that are damaged or over a limit.
pub fn parse_xml(bytes: &[u8], limits: &Limits) -> Result<Document, AxmlError> {
    if bytes.len() > limits.xml_bytes_max {
        return Err(AxmlError::TooLong);
    }
    let mut builder = xml::Builder::new(Encoding::Protobuf, limits);
    node(bytes, &mut builder)?;
    Ok(builder.finish()?)
}

/// One `XmlNode`. Recursion is bounded by the depth that the builder allows.
fn node(message: &[u8], builder: &mut xml::Builder<'_>) -> Result<(), AxmlError> {
    if let Some(text) = field(message, 2)? {
        builder.text(text.text());
        return Ok(());
    }
    let Some(element) = field(message, 1)? else {
        return Ok(());
    };
    let line = field(message, 3)?
        .map_or(Ok(None), |position| field(position.bytes(), 1))?
        .map_or(0, Field::u32);
    let element = element.bytes();
    let optional = |found: Option<Field<'_>>| {
        found
            .map(Field::text)
            .filter(|text| !text.is_empty())
            .map(Arc::from)
    };
    let namespace = optional(field(element, 2)?);
    let name: Arc<str> = Arc::from(field(element, 3)?.map_or("", Field::text));
    builder.start(namespace, name, line)?;
    for item in fields(element) {
        if let (4, found) = item? {
            builder.attribute(attribute(found.bytes())?)?;
        }
    }
    for item in fields(element) {
        if let (5, child) = item? {
            node(child.bytes(), builder)?;
        }
    }
    builder.end()?;
    Ok(())
}

fn attribute(message: &[u8]) -> Result<Attribute, Truncated> {
    let text = |number| Ok::<_, Truncated>(field(message, number)?.map_or("", Field::text));
    let raw = text(3)?;
    let compiled = field(message, 6)?.map_or(&[][..], Field::bytes);
    let value = match compiled {
        [] => Value::Text(Arc::from(raw)),
        compiled => match item(compiled)? {
            Item::Text(text) => Value::Text(Arc::from(text)),
            Item::Plain(kind, data) => Value::from_res_value(kind, data).unwrap_or(Value::Null),
        },
    };
    let namespace = Some(text(1)?).filter(|uri| !uri.is_empty()).map(Arc::from);
    Ok(Attribute {
        namespace,
        name: Arc::from(text(2)?),
        id: field(message, 5)?.map(Field::u32).filter(|id| *id != 0),
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes;
    use crate::protobuf::write::{bytes, number};

    #[test]
    fn xml_nodes_become_a_tree() {
        let exported = [
            bytes(1, xml::ANDROID_NAMESPACE.as_bytes()),
            bytes(2, b"exported"),
            bytes(3, b"true"),
            number(5, u64::from(attributes::EXPORTED)),
            bytes(6, &bytes(7, &number(8, 1))),
        ]
        .concat();
        let child = bytes(1, &[bytes(3, b"activity"), bytes(4, &exported)].concat());
        let root = [
            bytes(1, &[bytes(3, b"manifest"), bytes(5, &child)].concat()),
            bytes(3, &number(1, 7)),
        ]
        .concat();
        let document = parse_xml(&root, &Limits::default()).unwrap();
        let root = document.root().unwrap();
        assert_eq!((root.name(), root.line()), ("manifest", 7));
        let activity = root.children().next().unwrap();
        assert_eq!(
            activity.platform(attributes::EXPORTED),
            Some(&Value::Bool(true))
        );
    }

    #[test]
    fn nesting_is_bounded() {
        let mut message = bytes(1, &bytes(3, b"a"));
        for _ in 0..2_000 {
            message = bytes(1, &[bytes(3, b"a"), bytes(5, &message)].concat());
        }
        assert_eq!(
            parse_xml(&message, &Limits::default()).unwrap_err(),
            AxmlError::Tree(xml::TreeError::TooDeep)
        );
    }

    #[test]
    fn tables_have_names_values_and_locales() {
        let value = |locale: &[u8], text: &[u8]| {
            let config = if locale.is_empty() {
                Vec::new()
            } else {
                bytes(3, locale)
            };
            let item = bytes(4, &bytes(2, &bytes(1, text)));
            bytes(6, &[bytes(1, &config), bytes(2, &item)].concat())
        };
        let entry = [
            bytes(1, &number(1, 5)),
            bytes(2, b"name"),
            value(b"zh", "符".as_bytes()),
            value(b"", b"tally"),
        ];
        let type_ = [
            bytes(1, &number(1, 2)),
            bytes(2, b"string"),
            bytes(3, &entry.concat()),
        ];
        let package = [
            bytes(1, &number(1, 0x7f)),
            bytes(2, b"a.b"),
            bytes(3, &type_.concat()),
        ];
        let table = parse(&bytes(2, &package.concat()), &Limits::default()).unwrap();
        assert_eq!(table.name_of(0x7f02_0005).as_deref(), Some("string/name"));
        let resource = table.named("string", "name").unwrap();
        assert_eq!(resource.text().as_deref(), Some("tally"));
        assert_eq!(resource.texts().len(), 2);
        assert_eq!(table.locales().into_iter().collect::<Vec<_>>(), ["zh"]);
    }
}
