//! The constant pools of a dex file, checked once so that look-ups cannot fail, and code items.

use std::sync::Arc;

use super::flow::{CodeError, ParameterWidth};
use super::{DexError, FieldId, MethodId, ProtoId, StringId, TypeId};
use crate::bytes::{Cursor, Truncated, saturating_u32, slice_at, u16_at, u32_at};
use crate::limits::Limits;

/// An array of fixed-size items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    offset: u32,
    pub(crate) count: u32,
}

impl Table {
    fn read(bytes: &[u8], at: usize, item_bytes: usize) -> Result<Self, DexError> {
        let (count, offset) = (u32_at(bytes, at)?, u32_at(bytes, at + 4)?);
        let length = (count as usize).checked_mul(item_bytes).ok_or(Truncated)?;
        if count > 0 {
            slice_at(bytes, offset as usize, length)?;
        }
        Ok(Self { offset, count })
    }

    fn item(self, index: u32, item_bytes: usize) -> Option<usize> {
        (index < self.count).then(|| self.offset as usize + index as usize * item_bytes)
    }
}

/// A method reference: class, prototype, name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MethodRef {
    pub(crate) class: TypeId,
    pub(crate) proto: ProtoId,
    pub(crate) name: StringId,
}

/// A field reference: class, type, name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldRef {
    pub(crate) class: TypeId,
    pub(crate) type_: TypeId,
    pub(crate) name: StringId,
}

/// The pools of one dex file.
#[derive(Debug)]
pub(crate) struct Tables {
    bytes: Arc<Vec<u8>>,
    /// Bytes of this dex file, within a container or alone; measures what it may ask for.
    pub(crate) file_bytes: u32,
    pub(crate) version: u16,
    pub(crate) strings: Table,
    pub(crate) types: Table,
    pub(crate) protos: Table,
    pub(crate) fields: Table,
    pub(crate) methods: Table,
    pub(crate) class_defs: Table,
    /// Where each string's bytes lie, without the length prefix and the final NUL.
    string_spans: Vec<(u32, u32)>,
    /// String ids in the order of their bytes.
    strings_sorted: Vec<u32>,
    /// Type ids in the order of their descriptor's string id.
    types_sorted: Vec<u32>,
    /// Method and field ids in the order of their name's string id, then of their class.
    methods_sorted: Vec<u32>,
    fields_sorted: Vec<u32>,
}

impl Tables {
    /// Reads and checks the header at `at` and the pools that it names.
    pub(crate) fn read(bytes: Arc<Vec<u8>>, at: usize, limits: &Limits) -> Result<Self, DexError> {
        let version = version(&bytes, at)?;
        if u32_at(&bytes, at + 40)? != 0x1234_5678 {
            return Err(DexError::WrongByteOrder);
        }
        let file_bytes = u32_at(&bytes, at + 32)?;
        slice_at(&bytes, at, file_bytes as usize)?;
        let table = |field: usize, item_bytes| Table::read(&bytes, at + field, item_bytes);
        let mut tables = Self {
            file_bytes,
            version,
            strings: table(56, 4)?,
            types: table(64, 4)?,
            protos: table(72, 12)?,
            fields: table(80, 8)?,
            methods: table(88, 8)?,
            class_defs: table(96, 32)?,
            string_spans: Vec::new(),
            strings_sorted: Vec::new(),
            types_sorted: Vec::new(),
            methods_sorted: Vec::new(),
            fields_sorted: Vec::new(),
            bytes,
        };
        if tables.strings.count as usize > limits.pool_strings_max {
            return Err(DexError::TooManyStrings);
        }
        tables.string_spans = tables.read_string_spans()?;
        tables.check_references()?;
        tables.sort();
        Ok(tables)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn read_string_spans(&self) -> Result<Vec<(u32, u32)>, DexError> {
        // Real files hold each string once. Strings that overlap would make every later pass over
        // them cost the square of the file.
        let mut room = self.bytes.len().saturating_mul(2);
        (0..self.strings.count)
            .map(|index| {
                let at = self.strings.item(index, 4).ok_or(Truncated)?;
                let mut cursor = Cursor::new(&self.bytes, u32_at(&self.bytes, at)? as usize);
                cursor.uleb128()?;
                let start = cursor.position();
                let window = cursor.remaining().min(room.saturating_add(1));
                let window = slice_at(&self.bytes, start, window)?;
                let length = memchr::memchr(0, window).ok_or(if room < cursor.remaining() {
                    DexError::SharedTooOften
                } else {
                    DexError::Truncated(Truncated)
                })?;
                room = room.saturating_sub(length + 1);
                Ok((saturating_u32(start), saturating_u32(length)))
            })
            .collect()
    }

    /// Every id in the pools leads to an existing entry.
    fn check_references(&self) -> Result<(), DexError> {
        let below = |value: u32, table: Table| {
            if value < table.count {
                Ok(())
            } else {
                Err(DexError::BadIndex)
            }
        };
        for index in 0..self.types.count {
            below(self.type_name(TypeId(index)).0, self.strings)?;
        }
        let mut room = self.bytes.len();
        for index in 0..self.protos.count {
            let at = self.protos.item(index, 12).ok_or(Truncated)?;
            below(u32_at(&self.bytes, at)?, self.strings)?;
            below(u32_at(&self.bytes, at + 4)?, self.types)?;
            let parameters = u32_at(&self.bytes, at + 8)?;
            for parameter in self.type_list(parameters)? {
                below(parameter.0, self.types)?;
                room = room.checked_sub(1).ok_or(DexError::SharedTooOften)?;
            }
        }
        for index in 0..self.fields.count {
            let field = self.field(FieldId(index));
            below(field.class.0, self.types)?;
            below(field.type_.0, self.types)?;
            below(field.name.0, self.strings)?;
        }
        for index in 0..self.methods.count {
            let method = self.method(MethodId(index));
            below(method.class.0, self.types)?;
            below(method.proto.0, self.protos)?;
            below(method.name.0, self.strings)?;
        }
        Ok(())
    }

    /// Builds the look-up orders. The format demands most of them; a file that breaks the rule is
    /// still searched correctly.
    fn sort(&mut self) {
        let mut strings: Vec<u32> = (0..self.strings.count).collect();
        strings.sort_by(|left, right| {
            self.string_bytes(StringId(*left))
                .cmp(self.string_bytes(StringId(*right)))
        });
        let mut types: Vec<u32> = (0..self.types.count).collect();
        types.sort_by_key(|index| self.type_name(TypeId(*index)));
        let mut methods: Vec<u32> = (0..self.methods.count).collect();
        methods.sort_by_key(|index| {
            let method = self.method(MethodId(*index));
            (method.name, method.class, *index)
        });
        let mut fields: Vec<u32> = (0..self.fields.count).collect();
        fields.sort_by_key(|index| {
            let field = self.field(FieldId(*index));
            (field.name, field.class, *index)
        });
        self.strings_sorted = strings;
        self.types_sorted = types;
        self.methods_sorted = methods;
        self.fields_sorted = fields;
    }

    /// The modified UTF-8 bytes of a string; empty if there is no such string.
    pub(crate) fn string_bytes(&self, id: StringId) -> &[u8] {
        let span = self
            .string_spans
            .get(id.0 as usize)
            .copied()
            .unwrap_or_default();
        slice_at(&self.bytes, span.0 as usize, span.1 as usize).unwrap_or_default()
    }

    /// The string id of a type's descriptor.
    fn type_name(&self, id: TypeId) -> StringId {
        let at = self.types.item(id.0, 4);
        StringId(
            at.and_then(|at| u32_at(&self.bytes, at).ok())
                .unwrap_or(u32::MAX),
        )
    }

    pub(crate) fn descriptor(&self, id: TypeId) -> &[u8] {
        self.string_bytes(self.type_name(id))
    }

    pub(crate) fn field(&self, id: FieldId) -> FieldRef {
        let [class, type_, name] = self.reference(self.fields, id.0);
        FieldRef {
            class: TypeId(class),
            type_: TypeId(type_),
            name: StringId(name),
        }
    }

    pub(crate) fn method(&self, id: MethodId) -> MethodRef {
        let [class, proto, name] = self.reference(self.methods, id.0);
        MethodRef {
            class: TypeId(class),
            proto: ProtoId(proto),
            name: StringId(name),
        }
    }

    /// Field and method ids share their layout: `u16 u16 u32`.
    fn reference(&self, table: Table, index: u32) -> [u32; 3] {
        let read = |at: usize| {
            Ok::<_, Truncated>([
                u32::from(u16_at(&self.bytes, at)?),
                u32::from(u16_at(&self.bytes, at + 2)?),
                u32_at(&self.bytes, at + 4)?,
            ])
        };
        table
            .item(index, 8)
            .and_then(|at| read(at).ok())
            .unwrap_or([u32::MAX; 3])
    }

    /// Short-form descriptor of a method: return type, then parameters, `L` for any reference.
    pub(crate) fn shorty(&self, id: MethodId) -> &[u8] {
        let proto = self.method(id).proto;
        let at = self.protos.item(proto.0, 12);
        let name = at
            .and_then(|at| u32_at(&self.bytes, at).ok())
            .unwrap_or(u32::MAX);
        self.string_bytes(StringId(name))
    }

    pub(crate) fn return_type(&self, id: ProtoId) -> TypeId {
        let at = self.protos.item(id.0, 12);
        TypeId(
            at.and_then(|at| u32_at(&self.bytes, at + 4).ok())
                .unwrap_or(u32::MAX),
        )
    }

    pub(crate) fn parameters(&self, id: ProtoId) -> impl Iterator<Item = TypeId> {
        let at = self.protos.item(id.0, 12);
        let list = at
            .and_then(|at| u32_at(&self.bytes, at + 8).ok())
            .unwrap_or(0);
        self.type_list(list).into_iter().flatten()
    }

    /// The types of the `type_list` at `offset`; none for offset 0.
    pub(crate) fn type_list(
        &self,
        offset: u32,
    ) -> Result<impl Iterator<Item = TypeId> + use<'_>, Truncated> {
        let (count, first) = match offset {
            0 => (0, 0),
            _ => (u32_at(&self.bytes, offset as usize)?, offset as usize + 4),
        };
        let list = slice_at(
            &self.bytes,
            first,
            (count as usize).checked_mul(2).ok_or(Truncated)?,
        )?;
        Ok(list
            .chunks_exact(2)
            .filter_map(|pair| u16_at(pair, 0).ok())
            .map(|index| TypeId(u32::from(index))))
    }

    pub(crate) fn class_def(&self, index: u32) -> Option<[u32; 8]> {
        let at = self.class_defs.item(index, 32)?;
        let mut words = [0; 8];
        for (number, word) in words.iter_mut().enumerate() {
            *word = u32_at(&self.bytes, at + number * 4).ok()?;
        }
        Some(words)
    }

    pub(crate) fn find_string(&self, bytes: &[u8]) -> Option<StringId> {
        let position = self
            .strings_sorted
            .binary_search_by(|id| self.string_bytes(StringId(*id)).cmp(bytes))
            .ok()?;
        self.strings_sorted.get(position).copied().map(StringId)
    }

    /// The strings that begin like this.
    pub(crate) fn strings_starting(&self, beginning: &[u8]) -> impl Iterator<Item = StringId> {
        let from = self
            .strings_sorted
            .partition_point(|id| self.string_bytes(StringId(*id)) < beginning);
        let rest = self.strings_sorted.get(from..).unwrap_or_default();
        rest.iter()
            .copied()
            .map(StringId)
            .take_while(move |id| self.string_bytes(*id).starts_with(beginning))
    }

    pub(crate) fn find_type(&self, descriptor: &[u8]) -> Option<TypeId> {
        let name = self.find_string(descriptor)?;
        let position = self
            .types_sorted
            .binary_search_by_key(&name, |index| self.type_name(TypeId(*index)))
            .ok()?;
        self.types_sorted.get(position).copied().map(TypeId)
    }

    /// The names of methods that are referred to, each once, in the order of their string ids.
    pub(crate) fn method_names(&self) -> impl Iterator<Item = StringId> {
        let names = self.methods_sorted.iter();
        let mut names = names.map(|id| self.method(MethodId(*id)).name);
        let mut last = None;
        std::iter::from_fn(move || {
            last = names.find(|name| Some(*name) != last);
            last
        })
    }

    /// References to methods of this name, of any class.
    pub(crate) fn methods_named(
        &self,
        name: StringId,
    ) -> impl Iterator<Item = MethodId> + Clone + use<'_> {
        let found = equal_range(&self.methods_sorted, |id| {
            self.method(MethodId(id)).name.cmp(&name)
        });
        found.iter().copied().map(MethodId)
    }

    /// References to methods of this name and class: overloads.
    pub(crate) fn methods_of(
        &self,
        class: TypeId,
        name: StringId,
    ) -> impl Iterator<Item = MethodId> {
        let found = equal_range(&self.methods_sorted, |id| {
            let method = self.method(MethodId(id));
            (method.name, method.class).cmp(&(name, class))
        });
        found.iter().copied().map(MethodId)
    }

    /// References to fields of this name and class: one for each type that they are told to have.
    pub(crate) fn fields_of(&self, class: TypeId, name: StringId) -> impl Iterator<Item = FieldId> {
        let found = equal_range(&self.fields_sorted, |id| {
            let field = self.field(FieldId(id));
            (field.name, field.class).cmp(&(name, class))
        });
        found.iter().copied().map(FieldId)
    }

    /// How many registers each argument takes, `this` included.
    pub(crate) fn argument_widths(&self, id: MethodId, is_static: bool) -> Vec<ParameterWidth> {
        let receiver = (!is_static).then_some(ParameterWidth::Single);
        let parameters = self.shorty(id).iter().skip(1).map(|kind| match kind {
            b'J' | b'D' => ParameterWidth::Double,
            _ => ParameterWidth::Single,
        });
        receiver.into_iter().chain(parameters).collect()
    }
}

/// The items that `order` calls equal, in a slice sorted by it.
fn equal_range(sorted: &[u32], order: impl Fn(u32) -> std::cmp::Ordering) -> &[u32] {
    let from = sorted.partition_point(|id| order(*id).is_lt());
    let rest = sorted.get(from..).unwrap_or_default();
    rest.get(..rest.partition_point(|id| order(*id).is_eq()))
        .unwrap_or_default()
}

/// The version in the magic number, if it is one that is understood.
fn version(bytes: &[u8], at: usize) -> Result<u16, DexError> {
    let magic = slice_at(bytes, at, 8)?;
    match magic {
        [
            b'd',
            b'e',
            b'x',
            b'\n',
            b'0',
            tens @ b'0'..=b'9',
            ones @ b'0'..=b'9',
            0,
        ] => {
            let version = u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
            if (35..=41).contains(&version) {
                Ok(version)
            } else {
                Err(DexError::UnknownVersion { version })
            }
        }
        _ => Err(DexError::NotDex),
    }
}

/// Code units covered by a list of exception handlers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TryRange {
    pub(crate) start: u32,
    pub(crate) end: u32,
    handlers: (u32, u32),
}

/// The code of one method.
#[derive(Debug)]
pub(crate) struct CodeItem<'a> {
    pub(crate) registers: u16,
    pub(crate) ins: u16,
    pub(crate) debug_offset: u32,
    /// The bytes of `insns`.
    pub(crate) code: &'a [u8],
    /// Sorted, not overlapping.
    pub(crate) tries: Vec<TryRange>,
    handlers: Vec<u32>,
}

/// The `insns_size` of the code item at `offset`.
pub(crate) fn code_units(bytes: &[u8], offset: u32) -> Result<u32, Truncated> {
    u32_at(bytes, (offset as usize).saturating_add(12))
}

impl<'a> CodeItem<'a> {
    pub(crate) fn read(bytes: &'a [u8], offset: u32) -> Result<Self, CodeError> {
        Self::read_checked(bytes, offset as usize).map_err(|_| CodeError::OutsideFile)?
    }

    fn read_checked(bytes: &'a [u8], at: usize) -> Result<Result<Self, CodeError>, Truncated> {
        let units = u32_at(bytes, at + 12)? as usize;
        let code = slice_at(bytes, at + 16, units.checked_mul(2).ok_or(Truncated)?)?;
        let mut item = Self {
            registers: u16_at(bytes, at)?,
            ins: u16_at(bytes, at + 2)?,
            debug_offset: u32_at(bytes, at + 8)?,
            code,
            tries: Vec::new(),
            handlers: Vec::new(),
        };
        let tries = usize::from(u16_at(bytes, at + 6)?);
        if tries > 0 {
            let first = at + 16 + units * 2 + (units % 2) * 2;
            if let Err(error) = item.read_tries(bytes, first, tries)? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(item))
    }

    fn read_tries(
        &mut self,
        bytes: &[u8],
        first: usize,
        count: usize,
    ) -> Result<Result<(), CodeError>, Truncated> {
        let lists = first + count * 8;
        // Handlers are shared by ranges, but never so that they outnumber the code.
        let mut room = self.code.len() + 64;
        let mut covered_to = 0;
        for number in 0..count {
            let at = first + number * 8;
            let start = u32_at(bytes, at)?;
            let end = start.saturating_add(u32::from(u16_at(bytes, at + 4)?));
            if start < covered_to || end as usize > self.code.len() / 2 {
                return Ok(Err(CodeError::BadBranch { offset: start }));
            }
            covered_to = end;
            let list = lists + usize::from(u16_at(bytes, at + 6)?);
            let from = saturating_u32(self.handlers.len());
            let mut cursor = Cursor::new(bytes, list);
            let size = cursor.sleb128()?;
            for _ in 0..size.unsigned_abs() {
                let Some(left) = room.checked_sub(1) else {
                    return Ok(Err(CodeError::TooManyBranches));
                };
                room = left;
                cursor.uleb128()?;
                self.handlers.push(cursor.uleb128()?);
            }
            if size <= 0 {
                self.handlers.push(cursor.uleb128()?);
            }
            let to = saturating_u32(self.handlers.len());
            self.tries.push(TryRange {
                start,
                end,
                handlers: (from, to),
            });
        }
        Ok(Ok(()))
    }

    /// Code offsets of the handlers of `range`.
    pub(crate) fn handlers(&self, range: &TryRange) -> &[u32] {
        let (from, to) = range.handlers;
        self.handlers
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }
}
