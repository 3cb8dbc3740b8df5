//! Reading class definitions, and the names in debug information.

use crate::bytes::{Cursor, Truncated, saturating_u32};

use super::annotations::Annotations;
use super::flow::{CodeError, Shape};
use super::tables::{Tables, code_units};
use super::value::{Initial, encoded_value};
use super::{
    ClassDef, ClassError, DebugNames, FieldDef, FieldId, MethodDef, MethodId, StringId, TypeId,
    Value,
};

/// Reads class definitions one after the other, within budgets that real files stay far below.
pub(super) struct ClassReader<'a> {
    tables: &'a Tables,
    pub(super) classes: Vec<ClassDef>,
    pub(super) fields: Vec<FieldDef>,
    pub(super) methods: Vec<MethodDef>,
    pub(super) annotations: Annotations,
    pub(super) longs: Vec<i64>,
    pub(super) errors: Vec<(TypeId, ClassError)>,
    /// Members may each be defined once.
    members_left: u64,
    /// Methods may share bodies, within reason.
    code_units_left: u64,
    /// The same for static values and annotations.
    data_bytes_left: usize,
}

impl<'a> ClassReader<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        let file_bytes = tables.file_bytes as usize;
        Self {
            tables,
            classes: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            annotations: Annotations::default(),
            longs: Vec::new(),
            errors: Vec::new(),
            members_left: u64::from(tables.fields.count) + u64::from(tables.methods.count),
            code_units_left: file_bytes as u64 * 8,
            data_bytes_left: file_bytes.saturating_mul(4),
        }
    }

    /// Reads class definition `number`.
    pub(super) fn class(&mut self, number: u32) {
        let Some(words) = self.tables.class_def(number) else {
            return;
        };
        let [
            type_,
            access,
            superclass,
            interfaces_offset,
            source,
            annotations,
            data,
            values,
        ] = words;
        let optional = |index: u32, count: u32| (index < count).then_some(index);
        let type_ = TypeId(type_);
        let first_error = self.errors.len();
        let fields_from = saturating_u32(self.fields.len());
        let methods_from = saturating_u32(self.methods.len());
        if type_.0 >= self.tables.types.count || self.tables.type_list(interfaces_offset).is_err() {
            self.errors.push((type_, ClassError::BadIndex));
        }
        if data != 0
            && let Err(error) = self.class_data(number, data)
        {
            self.errors.push((type_, error));
        }
        if values != 0
            && let Err(error) = self.static_values(fields_from, values)
        {
            self.errors.push((type_, ClassError::StaticValues(error)));
        }
        if annotations != 0
            && let Err(error) = self.annotations.read(
                self.tables.bytes(),
                type_,
                annotations,
                &mut self.data_bytes_left,
            )
        {
            self.errors.push((type_, ClassError::Annotations(error)));
        }
        self.classes.push(ClassDef {
            type_,
            access,
            superclass: optional(superclass, self.tables.types.count).map(TypeId),
            interfaces_offset,
            source_file: optional(source, self.tables.strings.count).map(StringId),
            fields: (fields_from, saturating_u32(self.fields.len())),
            methods: (methods_from, saturating_u32(self.methods.len())),
            analysed: self.errors.len() == first_error,
        });
    }

    fn class_data(&mut self, class: u32, offset: u32) -> Result<(), ClassError> {
        let mut cursor = Cursor::new(self.tables.bytes(), offset as usize);
        let mut read = || cursor.uleb128().map_err(ClassError::Data);
        let counts = [read()?, read()?, read()?, read()?];
        let members: u64 = counts.iter().copied().map(u64::from).sum();
        self.members_left = self
            .members_left
            .checked_sub(members)
            .ok_or(ClassError::TooManyMembers)?;
        let [
            static_fields,
            instance_fields,
            direct_methods,
            virtual_methods,
        ] = counts;
        for count in [static_fields, instance_fields] {
            let mut id = 0_u32;
            for _ in 0..count {
                id = id.checked_add(read()?).ok_or(ClassError::BadIndex)?;
                let access = read()?;
                if id >= self.tables.fields.count {
                    return Err(ClassError::BadIndex);
                }
                self.fields.push(FieldDef {
                    id: FieldId(id),
                    access,
                    class,
                    initial: None,
                });
            }
        }
        for count in [direct_methods, virtual_methods] {
            let mut id = 0_u32;
            for _ in 0..count {
                id = id.checked_add(read()?).ok_or(ClassError::BadIndex)?;
                let (access, code_offset) = (read()?, read()?);
                if id >= self.tables.methods.count {
                    return Err(ClassError::BadIndex);
                }
                let error = self.charge(code_offset).err();
                self.methods.push(MethodDef {
                    id: MethodId(id),
                    access,
                    class,
                    code_offset,
                    shape: Shape::default(),
                    debug: DebugNames::default(),
                    error,
                });
            }
        }
        Ok(())
    }

    /// Takes the code at `offset` from the budget for code.
    fn charge(&mut self, offset: u32) -> Result<(), CodeError> {
        if offset == 0 {
            return Ok(());
        }
        let units = code_units(self.tables.bytes(), offset).map_err(|_| CodeError::OutsideFile)?;
        self.code_units_left = self
            .code_units_left
            .checked_sub(u64::from(units))
            .ok_or(CodeError::SharedTooOften)?;
        Ok(())
    }

    /// Initial values of the static fields from `fields_from` on, in order.
    fn static_values(&mut self, fields_from: u32, offset: u32) -> Result<(), Truncated> {
        let mut cursor = Cursor::new(self.tables.bytes(), offset as usize);
        let count = cursor.uleb128()?;
        for field in self
            .fields
            .iter_mut()
            .skip(fields_from as usize)
            .take(count as usize)
        {
            let from = cursor.position();
            field.initial = Some(match encoded_value(&mut cursor, 0)? {
                Initial::Value(value) => value,
                Initial::Long(value) => {
                    self.longs.push(value);
                    Value::Long(saturating_u32(self.longs.len() - 1))
                }
            });
            let read = cursor.position() - from;
            self.data_bytes_left = self.data_bytes_left.checked_sub(read).ok_or(Truncated)?;
        }
        Ok(())
    }
}

/// Which names the debug information still has. Damaged debug information has none: the runtime
/// ignores it as well.
pub(super) fn debug_names(bytes: &[u8], offset: u32) -> DebugNames {
    /// Bytes looked at for names of local variables; methods that keep them name one early.
    const LOCALS_WINDOW: usize = 256;
    let mut names = DebugNames::default();
    if offset == 0 {
        return names;
    }
    let mut cursor = Cursor::new(bytes, offset as usize);
    let mut read = || -> Result<(), Truncated> {
        cursor.uleb128()?;
        names.lines = true;
        for _ in 0..cursor.uleb128()?.min(255) {
            names.parameters |= cursor.uleb128()? != 0;
        }
        let end = cursor.position() + LOCALS_WINDOW;
        while cursor.position() < end {
            match cursor.u8()? {
                0 => break,
                // Start of a local: register, name, type, and a signature in the extended form.
                opcode @ (3 | 4) => {
                    cursor.uleb128()?;
                    names.locals |= cursor.uleb128()? != 0;
                    cursor.uleb128()?;
                    if opcode == 4 {
                        cursor.uleb128()?;
                    }
                }
                1 | 5 | 6 | 9 => {
                    cursor.uleb128()?;
                }
                2 => {
                    cursor.sleb128()?;
                }
                _ => {}
            }
        }
        Ok(())
    };
    // Whatever was found before the damage is true.
    let _: Result<(), Truncated> = read();
    names
}
