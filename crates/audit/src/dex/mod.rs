//! Dex files: classes, methods, fields, code, and what the code uses.
//!
//! [`parse`] checks every pool once, decodes every method, propagates constants and keeps compact
//! tables of uses. Checks do not read these tables; they ask [`Code`](crate::facts::Code).

mod annotations;
mod classes;
mod flow;
mod framework;
mod index;
pub mod instruction;
mod mutf8;
mod tables;
mod uses;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;

use crate::bytes::{Truncated, saturating_u32};
use crate::limits::Limits;

use self::classes::{ClassReader, debug_names};
pub use self::flow::CodeError;
use self::flow::{Analyser, Shape};
pub(crate) use self::framework::superclass_of;
use self::index::Index;
pub use self::mutf8::decode as decode_mutf8;
use self::tables::{CodeItem, Tables};
pub use self::uses::CallKind;
use self::uses::Uses;
pub(crate) use self::uses::{ArrayUse, CallUse, FieldUse, TextUse, UsesStart};
pub use self::value::Value;

/// Number of a string in its dex file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StringId(pub u32);

/// Number of a type in its dex file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// Number of a prototype in its dex file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtoId(pub u32);

/// Number of a field reference in its dex file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u32);

/// Number of a method reference in its dex file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MethodId(pub u32);

/// Why a dex file cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DexError {
    /// There is no dex magic number.
    #[error("not a dex file")]
    NotDex,
    /// A version that this reader does not understand.
    #[error("dex version {version} is not understood")]
    UnknownVersion {
        /// The version in the magic number.
        version: u16,
    },
    /// Big-endian, or damaged.
    #[error("the byte order mark is wrong")]
    WrongByteOrder,
    /// An offset or count points outside the file.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// A pool entry refers to another one that does not exist.
    #[error("a pool entry refers to one that does not exist")]
    BadIndex,
    /// More strings than [`Limits::pool_strings_max`].
    #[error("more strings than the limit")]
    TooManyStrings,
    /// Items overlap so much that reading them would cost the square of the file.
    #[error("items overlap on purpose")]
    SharedTooOften,
}

/// Why a class was not (fully) analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassError {
    /// Its fields and methods cannot be read.
    #[error("the class data cannot be read: {0}")]
    Data(Truncated),
    /// It defines a member that does not exist.
    #[error("the class defines a member that is not in the pools")]
    BadIndex,
    /// Classes together define more members than the pools hold.
    #[error("the classes define more members than the file has")]
    TooManyMembers,
    /// The initial values of its static fields cannot be read.
    #[error("the initial values of static fields cannot be read: {0}")]
    StaticValues(Truncated),
    /// Its annotations cannot be read.
    #[error("the annotations cannot be read: {0}")]
    Annotations(Truncated),
    /// The code of one of its methods cannot be analysed.
    #[error("{error}")]
    Code {
        /// The method.
        method: MethodId,
        /// What is wrong with it.
        #[source]
        error: CodeError,
    },
}

/// A class definition.
#[derive(Debug)]
pub(crate) struct ClassDef {
    pub(crate) type_: TypeId,
    pub(crate) access: u32,
    pub(crate) superclass: Option<TypeId>,
    interfaces_offset: u32,
    pub(crate) source_file: Option<StringId>,
    /// Ranges in `Dex::fields` and `Dex::methods`.
    pub(crate) fields: (u32, u32),
    pub(crate) methods: (u32, u32),
    pub(crate) analysed: bool,
}

/// A field definition.
#[derive(Debug)]
pub(crate) struct FieldDef {
    pub(crate) id: FieldId,
    pub(crate) access: u32,
    pub(crate) class: u32,
    /// Explicit initial value of a static field.
    pub(crate) initial: Option<Value>,
}

/// Names that the debug information of a method still carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DebugNames {
    /// Line numbers.
    pub lines: bool,
    /// Names of parameters.
    pub parameters: bool,
    /// Names of local variables.
    pub locals: bool,
}

/// A method definition.
#[derive(Debug)]
pub(crate) struct MethodDef {
    pub(crate) id: MethodId,
    pub(crate) access: u32,
    pub(crate) class: u32,
    code_offset: u32,
    pub(crate) shape: Shape,
    pub(crate) debug: DebugNames,
    pub(crate) error: Option<CodeError>,
}

impl MethodDef {
    pub(crate) fn has_code(&self) -> bool {
        self.code_offset != 0
    }
}

/// One dex file, analysed.
#[derive(Debug)]
pub struct Dex {
    pub(crate) tables: Tables,
    pub(crate) classes: Vec<ClassDef>,
    pub(crate) fields: Vec<FieldDef>,
    pub(crate) methods: Vec<MethodDef>,
    annotations: annotations::Annotations,
    pub(crate) uses: Uses,
    pub(crate) index: Index,
    /// Strings that static fields start with, sorted.
    initial_texts: Vec<StringId>,
    errors: Vec<(TypeId, ClassError)>,
}

/// Reads and analyses a dex file; from version 41 on, one file may contain several.
///
/// Methods are analysed in parallel; the result does not depend on that.
///
/// # Errors
///
/// A file whose header or pools are damaged. Damage to single classes or methods is in
/// [`Dex::errors`].
pub fn parse(bytes: impl Into<Vec<u8>>, limits: &Limits) -> Result<Vec<Dex>, DexError> {
    let bytes = Arc::new(bytes.into());
    let mut parsed = Vec::new();
    let mut at = 0;
    loop {
        let tables = Tables::read(Arc::clone(&bytes), at, limits)?;
        let next = at + tables.file_bytes as usize;
        let is_container = tables.version >= 41 && next > at && next < bytes.len();
        parsed.push(Dex::analyse(tables, limits));
        if !is_container || parsed.len() >= limits.dex_files_max {
            return Ok(parsed);
        }
        at = next;
    }
}

impl Dex {
    fn analyse(tables: Tables, limits: &Limits) -> Self {
        let mut reader = ClassReader::new(&tables);
        for number in 0..tables.class_defs.count {
            reader.class(number);
        }
        let ClassReader {
            classes,
            fields,
            methods,
            annotations,
            longs,
            errors,
            ..
        } = reader;
        let mut initial_texts: Vec<StringId> = fields
            .iter()
            .filter_map(|field| match field.initial {
                Some(Value::Text(id)) => Some(id),
                _ => None,
            })
            .collect();
        initial_texts.sort_unstable();
        let mut dex = Self {
            tables,
            classes,
            fields,
            methods,
            annotations,
            uses: Uses {
                longs,
                ..Uses::default()
            },
            index: Index::default(),
            initial_texts,
            errors,
        };
        dex.annotations.sort();
        dex.analyse_methods(limits);
        dex.index = Index::build(&dex.tables, &dex.methods, &dex.uses);
        dex
    }

    /// Decodes and propagates, in parallel over runs of methods.
    fn analyse_methods(&mut self, limits: &Limits) {
        /// Methods of one unit of parallel work.
        const RUN: usize = 1_024;
        let tables = &self.tables;
        let runs: Vec<Uses> = self
            .methods
            .par_chunks_mut(RUN)
            .enumerate()
            .map_init(Analyser::default, |analyser, (run, methods)| {
                let mut uses = Uses::default();
                analyser.begin_run();
                for (number, method) in (saturating_u32(run * RUN)..).zip(methods) {
                    uses.open_method();
                    if method.code_offset == 0 || method.error.is_some() {
                        continue;
                    }
                    match analyse_method(analyser, tables, number, method, limits, &mut uses) {
                        Ok(shape) => method.shape = shape,
                        Err(error) => {
                            uses.abandon_method();
                            method.error = Some(error);
                        }
                    }
                }
                uses
            })
            .collect();
        for run in runs {
            self.uses.append(run);
        }
        self.uses.finish();
        for method in &self.methods {
            if let Some(error) = method.error
                && let Some(class) = self.classes.get_mut(method.class as usize)
            {
                class.analysed = false;
                self.errors.push((
                    class.type_,
                    ClassError::Code {
                        method: method.id,
                        error,
                    },
                ));
            }
        }
    }

    /// Version in the magic number: 35 to 41.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.tables.version
    }

    /// Class definitions in the file.
    #[must_use]
    pub fn classes_total(&self) -> usize {
        self.tables.class_defs.count as usize
    }

    /// Classes of which everything was analysed.
    #[must_use]
    pub fn classes_analysed(&self) -> usize {
        self.classes.iter().filter(|class| class.analysed).count()
    }

    /// What could not be analysed, in file order: descriptor of the class and reason.
    pub fn errors(&self) -> impl Iterator<Item = (Cow<'_, str>, ClassError)> {
        self.errors
            .iter()
            .map(|(class, error)| (self.descriptor(*class), *error))
    }

    /// A string of the pool; empty if there is none of this number.
    #[must_use]
    pub fn string(&self, id: StringId) -> Cow<'_, str> {
        mutf8::decode(self.tables.string_bytes(id))
    }

    /// Strings in the pool.
    #[must_use]
    pub fn string_count(&self) -> usize {
        self.tables.strings.count as usize
    }

    /// The descriptor of a type, as `Ljava/lang/String;`.
    #[must_use]
    pub fn descriptor(&self, id: TypeId) -> Cow<'_, str> {
        mutf8::decode(self.tables.descriptor(id))
    }

    /// The name of a method.
    #[must_use]
    pub fn method_name(&self, id: MethodId) -> Cow<'_, str> {
        self.string(self.tables.method(id).name)
    }

    /// A constant of 64 bits, by the number in [`Value::Long`].
    #[must_use]
    pub fn long(&self, index: u32) -> Option<i64> {
        self.uses.longs.get(index as usize).copied()
    }

    /// The alternatives of a [`Value::OneOf`], by its number.
    #[must_use]
    pub fn one_of(&self, index: u32) -> &[Value] {
        self.uses
            .sets
            .get(index as usize)
            .map(value::ValueSet::as_slice)
            .unwrap_or_default()
    }

    /// Whether a static field starts with this string.
    pub(crate) fn is_initial_text(&self, id: StringId) -> bool {
        self.initial_texts.binary_search(&id).is_ok()
    }

    pub(crate) fn interfaces(&self, class: &ClassDef) -> impl Iterator<Item = TypeId> {
        self.tables
            .type_list(class.interfaces_offset)
            .into_iter()
            .flatten()
    }

    pub(crate) fn class_annotations(&self, class: TypeId) -> impl Iterator<Item = TypeId> {
        self.annotations.of_class(class)
    }

    pub(crate) fn method_annotations(&self, method: MethodId) -> impl Iterator<Item = TypeId> {
        self.annotations.of_method(method)
    }

    /// The bytes of a method's instructions; empty for abstract and native methods.
    pub(crate) fn code(&self, method: &MethodDef) -> &[u8] {
        if method.code_offset == 0 {
            return &[];
        }
        CodeItem::read(self.tables.bytes(), method.code_offset).map_or(&[], |item| item.code)
    }
}

/// Analyses the code of one method and looks at its debug information.
fn analyse_method(
    analyser: &mut Analyser,
    tables: &Tables,
    number: u32,
    method: &mut MethodDef,
    limits: &Limits,
    uses: &mut Uses,
) -> Result<Shape, CodeError> {
    let item = CodeItem::read(tables.bytes(), method.code_offset)?;
    method.debug = debug_names(tables.bytes(), item.debug_offset);
    let is_static = method.access & access::STATIC != 0;
    let widths = tables.argument_widths(method.id, is_static);
    analyser.method(tables, number, &item, &widths, limits, uses)
}

/// Access flags of classes, fields and methods.
pub mod access {
    /// Visible everywhere.
    pub const PUBLIC: u32 = 0x1;
    /// Visible in the class only.
    pub const PRIVATE: u32 = 0x2;
    /// Of the class, not of an instance.
    pub const STATIC: u32 = 0x8;
    /// Cannot be changed or overridden.
    pub const FINAL: u32 = 0x10;
    /// Implemented in a native library.
    pub const NATIVE: u32 = 0x100;
    /// An interface.
    pub const INTERFACE: u32 = 0x200;
    /// Without an implementation.
    pub const ABSTRACT: u32 = 0x400;
    /// Made by the compiler.
    pub const SYNTHETIC: u32 = 0x1000;
}
