//! Classes and methods that the Objective-C runtime keeps in a program.

use crate::bytes::{c_string_at, u32_at, u64_at};

/// A class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjcClass {
    /// Its name.
    pub name: String,
    /// Its instance methods.
    pub methods: Vec<ObjcMethod>,
    /// Its class methods.
    pub class_methods: Vec<ObjcMethod>,
}

/// A method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjcMethod {
    /// The selector: `application:openURL:options:`.
    pub selector: String,
    /// Address of the code.
    pub implementation: u64,
}

/// Bounds of hostile metadata: real programs stay far below.
const CLASSES_MAX: u64 = 100_000;
const METHODS_MAX: usize = 10_000;
const METHODS_TOTAL_MAX: usize = 1_000_000;
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
        let (start, _, offset) = self
            .segments
            .iter()
            .find(|(start, size, _)| address >= *start && address - start < *size)?;
        usize::try_from((address - start).checked_add(*offset)?).ok()
    }

    fn word(&self, address: u64) -> Option<u32> {
        u32_at(self.bytes, self.offset(address)?).ok()
    }

    /// The pointer at `address`: as it stands, or as the newer linkers encode it, with a target
    /// in the low bits (of the address, or counted from the start) and a chain to the next one
    /// above.
    fn pointer(&self, address: u64) -> Option<u64> {
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

    fn text(&self, address: u64) -> Option<String> {
        let text = c_string_at(self.bytes, self.offset(address)?).ok()?;
        (text.len() <= NAME_BYTES_MAX).then(|| String::from_utf8_lossy(text).into_owned())
    }

    /// The classes in the list of pointers at `address`. What is damaged is left out.
    pub(super) fn classes(&self, address: u64, size: u64) -> Vec<ObjcClass> {
        let count = (size / self.pointer_bytes).min(CLASSES_MAX);
        let mut methods_left = METHODS_TOTAL_MAX;
        (0..count)
            .filter_map(|number| {
                let class = self.pointer(address.checked_add(number * self.pointer_bytes)?)?;
                let (name, methods) = self.class(class, &mut methods_left)?;
                let metaclass = self.pointer(class);
                let class_methods = metaclass
                    .and_then(|metaclass| self.class(metaclass, &mut methods_left))
                    .map(|(_, methods)| methods);
                Some(ObjcClass {
                    name,
                    methods,
                    class_methods: class_methods.unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Name and methods of the class structure at `address`.
    fn class(&self, address: u64, methods_left: &mut usize) -> Option<(String, Vec<ObjcMethod>)> {
        // isa, superclass, cache, cache mask, data; the low bits of data are flags.
        let flags = self.pointer_bytes - 1;
        let data = self.pointer(address.checked_add(4 * self.pointer_bytes)?)? & !flags;
        // Flags, start, size (and padding), then pointers: layout, name, methods.
        let first = data.checked_add(if self.pointer_bytes == 8 { 16 } else { 12 })?;
        let name = self.text(self.pointer(first.checked_add(self.pointer_bytes)?)?)?;
        let list = self.pointer(first.checked_add(2 * self.pointer_bytes)?);
        let methods = list.and_then(|list| self.methods(list, methods_left));
        Some((name, methods.unwrap_or_default()))
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
            })
        };
        Some((0..count).filter_map(method).collect())
    }

    /// The address that the signed offset at `at` leads to.
    fn relative(&self, at: u64) -> Option<u64> {
        at.checked_add_signed(i64::from(self.word(at)?.cast_signed()))
    }
}
