//! `resources.arsc`, the compiled table of APKs.

use super::{ArscError, BagItem, Builder, Config, Entry, Key, Pool, Stored, Table};
use crate::bytes::{Truncated, saturating_u32, slice_at, u8_at, u16_at, u32_at};
use crate::limits::Limits;
use crate::pool::StringPool;

const TABLE: u16 = 0x0002;
const PACKAGE: u16 = 0x0200;
const TYPE: u16 = 0x0201;
const NO_ENTRY: u32 = u32::MAX;

/// Reads a resource table. Chunks of unknown types are stepped over.
///
/// # Errors
///
/// Tables that are damaged or over a limit.
pub fn parse(bytes: impl Into<Vec<u8>>, limits: &Limits) -> Result<Table, ArscError> {
    let bytes = bytes.into();
    if u16_at(&bytes, 0)? != TABLE {
        return Err(ArscError::NotATable);
    }
    let header = usize::from(u16_at(&bytes, 2)?);
    let end = (u32_at(&bytes, 4)? as usize).min(bytes.len());
    let mut values = None;
    let mut packages = Vec::new();
    for chunk in chunks(&bytes, header, end) {
        let chunk = chunk?;
        match chunk.kind {
            StringPool::CHUNK if values.is_none() => {
                values = Some(StringPool::read(&bytes, chunk.at, chunk.end)?);
            }
            PACKAGE => packages.push(chunk),
            _ => {}
        }
    }
    let values = values.unwrap_or_default();
    if values.count as usize > limits.pool_strings_max {
        return Err(ArscError::TooManyStrings);
    }
    let mut reader = Reader {
        builder: Builder::new(Vec::new(), Pool::InPlace(values), limits),
    };
    for chunk in packages {
        reader.package(&bytes, &chunk)?;
    }
    let mut table = reader.builder.finish();
    table.bytes = bytes;
    Ok(table)
}

#[derive(Clone, Copy)]
struct Chunk {
    kind: u16,
    at: usize,
    header: usize,
    end: usize,
}

/// The chunks from `at` to `end`.
fn chunks(
    bytes: &[u8],
    mut at: usize,
    end: usize,
) -> impl Iterator<Item = Result<Chunk, ArscError>> {
    std::iter::from_fn(move || {
        if at.checked_add(8)? > end {
            return None;
        }
        let found = chunk(bytes, at, end);
        at = found.as_ref().map_or(usize::MAX, |chunk| chunk.end);
        Some(found)
    })
}

fn chunk(bytes: &[u8], at: usize, end: usize) -> Result<Chunk, ArscError> {
    let header = usize::from(u16_at(bytes, at + 2)?);
    let size = u32_at(bytes, at + 4)? as usize;
    let chunk_end = at.checked_add(size).filter(|next| *next <= end);
    match chunk_end {
        Some(chunk_end) if header >= 8 && header <= size => Ok(Chunk {
            kind: u16_at(bytes, at)?,
            at,
            header,
            end: chunk_end,
        }),
        _ => Err(ArscError::BadChunk {
            offset: saturating_u32(at),
        }),
    }
}

struct Reader<'l> {
    builder: Builder<'l>,
}

impl Reader<'_> {
    fn package(&mut self, bytes: &[u8], package: &Chunk) -> Result<(), ArscError> {
        let at = package.at;
        let id = (u32_at(bytes, at + 8)? & 0xff) as u8;
        let name = slice_at(bytes, at + 12, 256)?;
        let units = name.chunks_exact(2).filter_map(|pair| u16_at(pair, 0).ok());
        let name: String = char::decode_utf16(units.take_while(|unit| *unit != 0))
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.builder.table.packages.push((id, name));
        let type_names = at + u32_at(bytes, at + 268)? as usize;
        let key_names = at + u32_at(bytes, at + 276)? as usize;
        let type_names = StringPool::read(bytes, type_names, package.end)?;
        let key_names = StringPool::read(bytes, key_names, package.end)?;
        let keys = saturating_u32(self.builder.table.pools.len());
        self.builder.table.pools.push(Pool::InPlace(key_names));
        for type_number in 1..=u8::MAX {
            let index = u32::from(type_number) - 1;
            let Some(name) = type_names.string(bytes, index) else {
                break;
            };
            let upper = u16::from(id) << 8 | u16::from(type_number);
            self.builder.table.types.insert(upper, name.into_owned());
        }
        for chunk in chunks(bytes, at + package.header, package.end) {
            let chunk = chunk?;
            if chunk.kind == TYPE {
                self.values(bytes, &chunk, id, keys)?;
            }
        }
        Ok(())
    }

    /// The values of one type in one configuration.
    fn values(
        &mut self,
        bytes: &[u8],
        chunk: &Chunk,
        package: u8,
        keys: u32,
    ) -> Result<(), ArscError> {
        let at = chunk.at;
        let type_number = u8_at(bytes, at + 8)?;
        let flags = u8_at(bytes, at + 9)?;
        let count = u32_at(bytes, at + 12)?;
        let first = at + u32_at(bytes, at + 16)? as usize;
        let config = self
            .builder
            .config(config(bytes, at + 20, at + chunk.header)?);
        let upper = u32::from(package) << 24 | u32::from(type_number) << 16;
        let offsets = at + chunk.header;
        for position in 0..count {
            let (index, offset) = entry_offset(bytes, offsets, flags, position)?;
            if offset == NO_ENTRY {
                continue;
            }
            let id = upper | (index & 0xffff);
            let entry_at = first.checked_add(offset as usize).ok_or(Truncated)?;
            if entry_at >= chunk.end {
                return Err(ArscError::BadChunk {
                    offset: saturating_u32(at),
                });
            }
            let (key, value) = self.entry(bytes, entry_at)?;
            let key = Key {
                pool: keys,
                index: key,
            };
            self.builder.entry(Entry {
                id,
                config,
                key,
                value,
            })?;
        }
        Ok(())
    }

    fn entry(&mut self, bytes: &[u8], at: usize) -> Result<(u32, Stored), ArscError> {
        const COMPLEX: u16 = 0x0001;
        const COMPACT: u16 = 0x0008;
        let size = u16_at(bytes, at)?;
        let flags = u16_at(bytes, at + 2)?;
        let key = u32_at(bytes, at + 4)?;
        if flags & COMPACT != 0 {
            let kind = (flags >> 8) as u8;
            return Ok((u32::from(size), Stored::Plain { kind, data: key }));
        }
        if flags & COMPLEX == 0 {
            let value = at + usize::from(size);
            let (kind, data) = (u8_at(bytes, value + 3)?, u32_at(bytes, value + 4)?);
            return Ok((key, Stored::Plain { kind, data }));
        }
        let parent = u32_at(bytes, at + 8)?;
        let count = u32_at(bytes, at + 12)?;
        let from = self.builder.bag_end();
        let mut item = at + usize::from(size);
        for _ in 0..count {
            let name = u32_at(bytes, item)?;
            let (kind, data) = (u8_at(bytes, item + 7)?, u32_at(bytes, item + 8)?);
            self.builder.bag_item(BagItem { name, kind, data })?;
            item += 12;
        }
        Ok((
            key,
            Stored::Bag {
                from,
                to: self.builder.bag_end(),
                parent,
            },
        ))
    }
}

/// Entry index and offset at `position` of the table of offsets, in its three forms.
fn entry_offset(
    bytes: &[u8],
    offsets: usize,
    flags: u8,
    position: u32,
) -> Result<(u32, u32), Truncated> {
    const SPARSE: u8 = 0x01;
    const SHORT: u8 = 0x02;
    let position_bytes = position as usize;
    if flags & SPARSE != 0 {
        let at = offsets + position_bytes * 4;
        return Ok((
            u32::from(u16_at(bytes, at)?),
            u32::from(u16_at(bytes, at + 2)?) * 4,
        ));
    }
    if flags & SHORT != 0 {
        let offset = u16_at(bytes, offsets + position_bytes * 2)?;
        let offset = if offset == u16::MAX {
            NO_ENTRY
        } else {
            u32::from(offset) * 4
        };
        return Ok((position, offset));
    }
    Ok((position, u32_at(bytes, offsets + position_bytes * 4)?))
}

/// `ResTable_config`, of which older tools write less.
fn config(bytes: &[u8], at: usize, header_end: usize) -> Result<Config, Truncated> {
    let size = (u32_at(bytes, at)? as usize).min(header_end.saturating_sub(at));
    let fields = slice_at(bytes, at, size)?;
    let short = |offset: usize| u16_at(fields, offset).unwrap_or(0);
    let byte = |offset: usize| u8_at(fields, offset).unwrap_or(0);
    Ok(Config {
        locale: locale(fields),
        density: short(14),
        night: byte(29) & 0x30 == 0x20,
        sdk: short(24),
        is_default: fields.iter().skip(4).all(|byte| *byte == 0),
    })
}

/// The locale qualifier: language, region, script and variant.
fn locale(fields: &[u8]) -> String {
    let text = |offset: usize, length: usize| {
        let bytes = slice_at(fields, offset, length).unwrap_or_default();
        let end = bytes
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(bytes.len());
        String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
    };
    let language = packed(fields, 8, b'a');
    if language.is_empty() {
        return language;
    }
    let region = packed(fields, 10, b'0');
    let (script, variant) = (text(36, 4), text(40, 8));
    // Tools note the script that a language has anyway; only what is said goes into a qualifier.
    let computed = u8_at(fields, 52).unwrap_or(0) != 0;
    let script = if computed { String::new() } else { script };
    match (region.as_str(), script.as_str(), variant.as_str()) {
        ("", "", "") => language,
        (region, "", "") => format!("{language}-r{region}"),
        (region, script, variant) => {
            let parts = [language.as_str(), script, region, variant];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            format!("b+{}", parts.join("+"))
        }
    }
}

/// Two letters, or three letters packed into 15 bits with the top bit set.
fn packed(fields: &[u8], offset: usize, base: u8) -> String {
    let (first, second) = (
        u8_at(fields, offset).unwrap_or(0),
        u8_at(fields, offset + 1).unwrap_or(0),
    );
    if first == 0 {
        return String::new();
    }
    let letters = if first & 0x80 == 0 {
        vec![first, second]
    } else {
        let letter = |bits: u8| (bits & 0x1f).saturating_add(base);
        vec![
            letter(second),
            letter(second >> 5 | first << 3),
            letter(first >> 2),
        ]
    };
    letters.into_iter().map(char::from).collect()
}
