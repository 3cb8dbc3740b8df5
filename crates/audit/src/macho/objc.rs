//! Classes and methods that the Objective-C runtime keeps in a program.

use std::sync::Arc;

use crate::bytes::{Cursor, c_string_at, slice_at, u32_at, u64_at};

use super::Layout;
use super::calls::Call;

/// A class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjcClass {
    /// Its name.
    pub name: String,
    /// Its instance methods.
    pub methods: Vec<ObjcMethod>,
    /// Its class methods.
    pub class_methods: Vec<ObjcMethod>,
    /// Its instance variables and properties.
    pub fields: Vec<ObjcField>,
}

impl ObjcClass {
    /// Its methods, those of instances first.
    pub fn all_methods(&self) -> impl Iterator<Item = &ObjcMethod> {
        self.methods.iter().chain(&self.class_methods)
    }
}

/// An instance variable or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjcField {
    /// Its name; those of variables mostly start with `_`.
    pub name: String,
    /// The class of what it holds, if it holds an object of a known class.
    pub class: Option<String>,
    /// Of a variable the address where the program keeps how far into the object it lies.
    pub distance_at: Option<u64>,
}

/// A method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjcMethod {
    /// The selector: `application:openURL:options:`.
    pub selector: String,
    /// Address of the code.
    pub implementation: u64,
    /// What it calls, in the order of its code, shared with methods of the same code; empty unless [`Slice::calls_read`] says that
    /// calls were read.
    ///
    /// [`Slice::calls_read`]: crate::macho::Slice::calls_read
    pub calls: Arc<[Call]>,
}

/// Bounds of hostile metadata: real programs stay far below.
const CLASSES_MAX: u64 = 100_000;
const METHODS_MAX: usize = 10_000;
const METHODS_TOTAL_MAX: usize = 1_000_000;
const FIELDS_MAX: u32 = 10_000;
const FIELDS_TOTAL_MAX: u32 = 1_000_000;
const NAME_BYTES_MAX: usize = 4_096;

/// A program as it is laid out in memory.
pub(super) struct Image<'a> {
    bytes: &'a [u8],
    segments: &'a [(u64, u64, u64)],
    pointer_bytes: u64,
    /// Address of the first segment that has content, which the linker counts from.
    base: u64,
}

impl<'a> Image<'a> {
    pub(super) fn new(bytes: &'a [u8], segments: &'a [(u64, u64, u64)], is_64_bit: bool) -> Self {
        let header = segments
            .iter()
            .find(|(_, size, offset)| *size > 0 && *offset == 0);
        Self {
            bytes,
            segments,
            pointer_bytes: if is_64_bit { 8 } else { 4 },
            base: header.map_or(0, |(address, ..)| *address),
        }
    }

    /// The file offset of an address.
    fn offset(&self, address: u64) -> Option<usize> {
        let (start, _, offset) = self.segment(address)?;
        usize::try_from((address - start).checked_add(*offset)?).ok()
    }

    /// The segment that an address is in.
    fn segment(&self, address: u64) -> Option<&'a (u64, u64, u64)> {
        let holds =
            |(start, size, _): &&(u64, u64, u64)| address >= *start && address - start < *size;
        self.segments.iter().find(holds)
    }

    fn word(&self, address: u64) -> Option<u32> {
        u32_at(self.bytes, self.offset(address)?).ok()
    }

    /// The words of code from `address` on, to the end of its segment.
    pub(super) fn code(&self, address: u64) -> impl Iterator<Item = u32> {
        let segment = self.segment(address);
        let code = segment.and_then(|(start, size, offset)| {
            let from = usize::try_from((address - start).checked_add(*offset)?).ok()?;
            let to = usize::try_from(size.checked_add(*offset)?).ok()?;
            self.bytes.get(from..to.min(self.bytes.len()))
        });
        let (words, _) = code.unwrap_or_default().as_chunks();
        words.iter().map(|word| u32::from_le_bytes(*word))
    }

    /// The pointer at `address`: as it stands, or as the newer linkers encode it, with a target
    /// in the low bits (of the address, or counted from the start) and a chain to the next one
    /// above.
    pub(super) fn pointer(&self, address: u64) -> Option<u64> {
        let at = self.offset(address)?;
        if self.pointer_bytes == 4 {
            return u32_at(self.bytes, at)
                .ok()
                .map(u64::from)
                .filter(|target| *target != 0);
        }
        let raw = u64_at(self.bytes, at).ok().filter(|raw| *raw != 0)?;
        let masks = [u64::MAX, 0xf_ffff_ffff, 0x7ff_ffff_ffff, 0xffff_ffff];
        let candidates = masks.iter().flat_map(|mask| {
            let target = raw & mask;
            [Some(target), target.checked_add(self.base)]
        });
        candidates
            .flatten()
            .find(|target| self.offset(*target).is_some())
    }

    /// The text at `address`, up to a NUL.
    pub(super) fn text(&self, address: u64) -> Option<String> {
        let text = c_string_at(self.bytes, self.offset(address)?).ok()?;
        (text.len() <= NAME_BYTES_MAX).then(|| String::from_utf8_lossy(text).into_owned())
    }

    /// The text of the constant object at `address`, whose structure has a class, flags, a pointer
    /// to the characters and their number.
    pub(super) fn text_object(&self, address: u64) -> Option<String> {
        const FLAGS_OF_UTF_16: u32 = 0x7d0;
        let flags = self.word(self.member(address, 1)?)?;
        let characters = self.pointer(self.member(address, 2)?)?;
        if flags != FLAGS_OF_UTF_16 {
            return self.text(characters);
        }
        let count = self.word(self.member(address, 3)?)? as usize;
        let bytes = slice_at(
            self.bytes,
            self.offset(characters)?,
            count.min(NAME_BYTES_MAX).checked_mul(2)?,
        );
        let (units, _) = bytes.ok()?.as_chunks();
        let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
        Some(
            char::decode_utf16(units)
                .map(|char| char.unwrap_or('\u{fffd}'))
                .collect(),
        )
    }

    /// The addresses where functions start, from the table of the linker: each is counted from
    /// the one before.
    pub(super) fn function_starts(&self, table: Option<(u32, u32)>) -> Vec<u64> {
        let (offset, size) = table.unwrap_or_default();
        let table = slice_at(self.bytes, offset as usize, size as usize).unwrap_or_default();
        let mut cursor = Cursor::new(table, 0);
        let mut address = Some(self.base);
        let next = || {
            let distance = cursor.varint().ok().filter(|distance| *distance != 0)?;
            address = address?.checked_add(distance);
            address
        };
        std::iter::from_fn(next).collect()
    }

    /// The symbol at a position of the indirect table, which tells what stubs lead to.
    pub(super) fn indirect_symbol(&self, layout: &Layout, position: u32) -> Option<String> {
        const SYMBOL_BYTES: u64 = 16;
        let (table, count) = layout.indirect_symbols?;
        let (symbols, symbols_count, names) = layout.symbols?;
        if position >= count || !layout.is_64_bit {
            return None;
        }
        let at = u64::from(table) + 4 * u64::from(position);
        let number = u32_at(self.bytes, usize::try_from(at).ok()?).ok()?;
        if number >= symbols_count {
            return None;
        }
        let at = u64::from(symbols) + SYMBOL_BYTES * u64::from(number);
        let name = u32_at(self.bytes, usize::try_from(at).ok()?).ok()?;
        let name = c_string_at(self.bytes, (names as usize).checked_add(name as usize)?).ok()?;
        (name.len() <= NAME_BYTES_MAX).then(|| String::from_utf8_lossy(name).into_owned())
    }

    /// The classes in the list of pointers at `address`. What is damaged is left out.
    pub(super) fn classes(&self, address: u64, size: u64) -> Vec<ObjcClass> {
        let count = (size / self.pointer_bytes).min(CLASSES_MAX);
        let mut left = Left {
            methods: METHODS_TOTAL_MAX,
            fields: FIELDS_TOTAL_MAX,
        };
        (0..count)
            .filter_map(|number| {
                let class = self.pointer(address.checked_add(number * self.pointer_bytes)?)?;
                let data = self.class_data(class)?;
                let metaclass = self.pointer(class).and_then(|class| self.class_data(class));
                Some(ObjcClass {
                    name: self.class_name(class)?,
                    methods: self.methods_of(data, &mut left),
                    class_methods: metaclass
                        .map(|data| self.methods_of(data, &mut left))
                        .unwrap_or_default(),
                    fields: self.fields_of(data, &mut left),
                })
            })
            .collect()
    }

    /// The name of the class whose structure is at `address`.
    pub(super) fn class_name(&self, address: u64) -> Option<String> {
        self.text(self.pointer(self.member(self.class_data(address)?, 1)?)?)
    }

    /// Where the pointers in the description of the class at `address` start: to its layout, its
    /// name, methods, protocols, variables, another layout, properties.
    fn class_data(&self, address: u64) -> Option<u64> {
        // isa, superclass, cache, cache mask, data; the low bits of data are flags.
        let flags = self.pointer_bytes - 1;
        let data = self.pointer(self.member(address, 4)?)? & !flags;
        // Flags, start, size (and padding) stand before.
        data.checked_add(if self.pointer_bytes == 8 { 16 } else { 12 })
    }

    /// The address of a pointer in a structure of pointers.
    fn member(&self, structure: u64, number: u64) -> Option<u64> {
        structure.checked_add(number * self.pointer_bytes)
    }

    fn methods_of(&self, data: u64, left: &mut Left) -> Vec<ObjcMethod> {
        let list = self.member(data, 2).and_then(|at| self.pointer(at));
        list.and_then(|list| self.methods(list, &mut left.methods))
            .unwrap_or_default()
    }

    /// The instance variables, then the properties.
    fn fields_of(&self, data: u64, left: &mut Left) -> Vec<ObjcField> {
        let mut fields = Vec::new();
        for (list, is_variable) in [(4, true), (6, false)] {
            let list = self.member(data, list).and_then(|at| self.pointer(at));
            if let Some(list) = list {
                let found = self.fields(list, is_variable, &mut left.fields);
                fields.extend(found.unwrap_or_default());
            }
        }
        fields
    }

    /// The variables or properties in the list at `address`.
    fn fields(&self, list: u64, is_variable: bool, left: &mut u32) -> Option<Vec<ObjcField>> {
        let size = u64::from(self.word(list)?);
        let count = self.word(list.checked_add(4)?)?.min(FIELDS_MAX);
        *left = left.checked_sub(count)?;
        let first = list.checked_add(8)?;
        let field = |number: u32| -> Option<ObjcField> {
            let at = first.checked_add(size.checked_mul(number.into())?)?;
            // Of variables, a pointer to the distance stands before name and type.
            let name = if is_variable { 1 } else { 0 };
            let kind = self.pointer(self.member(at, name + 1)?);
            let kind = kind.and_then(|at| self.text(at)).unwrap_or_default();
            Some(ObjcField {
                name: self.text(self.pointer(self.member(at, name)?)?)?,
                class: class_in(&kind).map(str::to_owned),
                distance_at: self.pointer(at).filter(|_| is_variable),
            })
        };
        Some((0..count).filter_map(field).collect())
    }

    fn methods(&self, list: u64, methods_left: &mut usize) -> Option<Vec<ObjcMethod>> {
        const RELATIVE: u32 = 0x8000_0000;
        const DIRECT_SELECTORS: u32 = 0x4000_0000;
        let flags = self.word(list)?;
        let count = (self.word(list.checked_add(4)?)? as usize).min(METHODS_MAX);
        *methods_left = methods_left.checked_sub(count)?;
        let size = u64::from(flags & 0xfffc);
        let first = list.checked_add(8)?;
        let method = |number: usize| -> Option<ObjcMethod> {
            let at = first.checked_add(size.checked_mul(number as u64)?)?;
            let (selector, implementation) = if flags & RELATIVE != 0 {
                let target = self.relative(at)?;
                let selector = if flags & DIRECT_SELECTORS != 0 {
                    target
                } else {
                    self.pointer(target)?
                };
                (selector, self.relative(at.checked_add(8)?)?)
            } else {
                (
                    self.pointer(at)?,
                    self.pointer(at.checked_add(2 * self.pointer_bytes)?)?,
                )
            };
            // Bit 0 of 32-bit addresses selects the instruction set.
            let thumb = if self.pointer_bytes == 4 { 1 } else { 0 };
            Some(ObjcMethod {
                selector: self.text(selector)?,
                implementation: implementation & !thumb,
                calls: Arc::default(),
            })
        };
        Some((0..count).filter_map(method).collect())
    }

    /// The address that the signed offset at `at` leads to.
    fn relative(&self, at: u64) -> Option<u64> {
        at.checked_add_signed(i64::from(self.word(at)?.cast_signed()))
    }
}

/// What is left of the bounds on all classes together.
struct Left {
    methods: usize,
    fields: u32,
}

/// The class in the encoding of a type, `@"UILabel"`, or in the attributes of a property,
/// `T@"UILabel",W,N`.
fn class_in(encoding: &str) -> Option<&str> {
    let (_, rest) = encoding.split_once("@\"")?;
    let (class, _) = rest.split_once('"')?;
    // A protocol in angle brackets may stand behind, or alone.
    class.split('<').next().filter(|class| !class.is_empty())
}
