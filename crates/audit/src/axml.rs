//! Binary XML, as the build tools compile manifests, layouts and other XML resources to.
//!
//! Read as leniently as the platform does, because that is what runs: chunks of unknown types are
//! stepped over, attributes are found by resource id. What another tool would stumble over is
//! listed in [`Document::oddities`].

use std::sync::Arc;

use crate::attributes;
use crate::bytes::{Truncated, saturating_u32, u8_at, u16_at, u32_at};
use crate::limits::Limits;
use crate::pool::StringPool;
use crate::xml::{Attribute, Builder, Document, Encoding, Oddity, TreeError, Value};

/// Why bytes cannot be read as binary XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AxmlError {
    /// Longer than [`Limits::xml_bytes_max`].
    #[error("the document is longer than the limit")]
    TooLong,
    /// Cut short.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// A chunk is smaller than its own header.
    #[error("the chunk at byte {offset} has an impossible size")]
    BadChunk {
        /// Where, in bytes.
        offset: u32,
    },
    /// More strings than [`Limits::pool_strings_max`].
    #[error("more strings than the limit")]
    TooManyStrings,
    /// The tree cannot be built.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// The type in the head of binary XML.
const FILE: u16 = 0x0003;

/// Whether `bytes` look like binary XML.
#[must_use]
pub fn is_binary_xml(bytes: &[u8]) -> bool {
    u16_at(bytes, 0) == Ok(FILE) && u16_at(bytes, 2) == Ok(8)
}

/// Reads binary XML.
///
/// # Errors
///
/// Documents that the platform would refuse as well, and documents over a limit.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Document, AxmlError> {
    if bytes.len() > limits.xml_bytes_max {
        return Err(AxmlError::TooLong);
    }
    let (kind, header, size) = chunk_head(bytes, 0)?;
    let mut reader = Reader {
        bytes,
        builder: Builder::new(Encoding::Binary, limits),
        pool: StringPool::default(),
        ids: (0, 0),
        names: Vec::new(),
    };
    if kind != FILE {
        reader.builder.odd(Oddity::WrongFileType { found: kind });
    }
    let end = size as usize;
    if end > bytes.len() {
        // The platform refuses it too; what is left could look like a whole document.
        return Err(Truncated.into());
    }
    if end < bytes.len() {
        let count = saturating_u32(bytes.len() - end);
        reader.builder.odd(Oddity::TrailingBytes { count });
    }
    let mut at = usize::from(header.max(8));
    while at + 8 <= end {
        let (kind, header, size) = chunk_head(bytes, at)?;
        let bad = AxmlError::BadChunk {
            offset: saturating_u32(at),
        };
        if size < 8 || u32::from(header) > size {
            return Err(bad);
        }
        let chunk_end = at
            .checked_add(size as usize)
            .filter(|next| *next <= end)
            .ok_or(bad)?;
        reader.chunk(kind, at, usize::from(header), chunk_end, limits)?;
        at = chunk_end;
    }
    Ok(reader.builder.finish()?)
}

fn chunk_head(bytes: &[u8], at: usize) -> Result<(u16, u16, u32), Truncated> {
    Ok((
        u16_at(bytes, at)?,
        u16_at(bytes, at + 2)?,
        u32_at(bytes, at + 4)?,
    ))
}

struct Reader<'a, 'l> {
    bytes: &'a [u8],
    builder: Builder<'l>,
    pool: StringPool,
    /// Range of the table of resource ids by string index.
    ids: (usize, usize),
    /// Strings handed out so far, by index, so that names are shared.
    names: Vec<Option<Arc<str>>>,
}

impl Reader<'_, '_> {
    fn chunk(
        &mut self,
        kind: u16,
        at: usize,
        header: usize,
        end: usize,
        limits: &Limits,
    ) -> Result<(), AxmlError> {
        match kind {
            // Of several pools the first counts; the platform keeps it too.
            StringPool::CHUNK if self.pool.count == 0 => {
                self.pool = StringPool::read(self.bytes, at, end)?;
                if self.pool.count as usize > limits.pool_strings_max {
                    return Err(AxmlError::TooManyStrings);
                }
                self.names = vec![None; self.pool.count as usize];
            }
            StringPool::CHUNK => {}
            0x0180 => self.ids = (at + header, end),
            // Namespaces: attributes carry the URI, prefixes are not needed.
            0x0100 | 0x0101 => {}
            0x0102 => self.start(at, header, end)?,
            0x0103 => self.builder.end()?,
            0x0104 => {
                let index = u32_at(self.bytes, at + header)?;
                if let Some(text) = self.string(index, at) {
                    self.builder.text(&text);
                }
            }
            _ => self.builder.odd(Oddity::UnknownChunk {
                offset: saturating_u32(at),
            }),
        }
        Ok(())
    }

    fn start(&mut self, at: usize, header: usize, end: usize) -> Result<(), AxmlError> {
        let line = u32_at(self.bytes, at + 8)?;
        let extension = at + header;
        let namespace = self.optional(u32_at(self.bytes, extension)?, at);
        let name = self.optional(u32_at(self.bytes, extension + 4)?, at);
        let first = extension + usize::from(u16_at(self.bytes, extension + 8)?);
        let size = usize::from(u16_at(self.bytes, extension + 10)?);
        let count = usize::from(u16_at(self.bytes, extension + 12)?);
        self.builder
            .start(namespace, name.unwrap_or_default(), line)?;
        if count > 0 && size != 20 {
            self.builder.odd(Oddity::AttributeSize {
                offset: saturating_u32(at),
            });
        }
        if count > 0 && (size < 20 || first + count * size > end) {
            return Err(AxmlError::BadChunk {
                offset: saturating_u32(at),
            });
        }
        for number in 0..count {
            let attribute = self.attribute(first + number * size)?;
            self.builder.attribute(attribute)?;
        }
        Ok(())
    }

    fn attribute(&mut self, at: usize) -> Result<Attribute, AxmlError> {
        let namespace = self.optional(u32_at(self.bytes, at)?, at);
        let name_index = u32_at(self.bytes, at + 4)?;
        let raw = u32_at(self.bytes, at + 8)?;
        let kind = u8_at(self.bytes, at + 15)?;
        let data = u32_at(self.bytes, at + 16)?;
        let id = self.id_of(name_index);
        let name = self.string(name_index, at).filter(|name| !name.is_empty());
        let name = name.or_else(|| id.and_then(attributes::name_of).map(Arc::from));
        let value = match (kind, Value::from_res_value(kind, data)) {
            (0x03, _) => self.string(data, at).map(Value::Text),
            (0x00, _) if raw != u32::MAX => self.string(raw, at).map(Value::Text),
            (_, value) => value,
        };
        Ok(Attribute {
            namespace,
            name: name.unwrap_or_default(),
            id,
            value: value.unwrap_or(Value::Null),
        })
    }

    /// The resource id that belongs to the name at `index`.
    fn id_of(&self, index: u32) -> Option<u32> {
        let at = self.ids.0.checked_add((index as usize).checked_mul(4)?)?;
        if at + 4 > self.ids.1 {
            return None;
        }
        u32_at(self.bytes, at).ok().filter(|id| *id != 0)
    }

    /// A string that may be absent.
    fn optional(&mut self, index: u32, at: usize) -> Option<Arc<str>> {
        if index == u32::MAX {
            return None;
        }
        self.string(index, at)
    }

    fn string(&mut self, index: u32, at: usize) -> Option<Arc<str>> {
        match self.names.get_mut(index as usize) {
            Some(Some(known)) => return Some(Arc::clone(known)),
            Some(slot) => {
                if let Some(text) = self.pool.string(self.bytes, index) {
                    let text: Arc<str> = Arc::from(&*text);
                    *slot = Some(Arc::clone(&text));
                    return Some(text);
                }
            }
            None => {}
        }
        self.builder.odd(Oddity::MissingString {
            offset: saturating_u32(at),
        });
        None
    }
}
