//! What code uses: calls with their arguments, strings, fields, arrays, returned values.

use super::value::ValueSet;
use super::{FieldId, MethodId, StringId, Value};
use crate::bytes::saturating_u32;

/// How a call chooses its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// `invoke-virtual`.
    Virtual,
    /// `invoke-super`.
    Super,
    /// `invoke-direct`: constructors and private methods.
    Direct,
    /// `invoke-static`.
    Static,
    /// `invoke-interface`.
    Interface,
    /// `invoke-polymorphic`: method handles.
    Polymorphic,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct CallUse {
    pub(crate) method: u32,
    pub(crate) offset: u32,
    pub(crate) target: MethodId,
    pub(crate) arguments: u32,
    pub(crate) argument_count: u8,
    pub(crate) kind: CallKind,
    pub(crate) result_used: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct TextUse {
    pub(crate) method: u32,
    pub(crate) offset: u32,
    pub(crate) text: StringId,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldUse {
    pub(crate) method: u32,
    pub(crate) offset: u32,
    pub(crate) field: FieldId,
    /// The value written; unknown for reads.
    pub(crate) value: Value,
    pub(crate) write: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ArrayUse {
    pub(crate) offset: u32,
    /// Index into the type table.
    pub(crate) array_type: u32,
    pub(crate) length: Option<u32>,
    /// Code offset of the `fill-array-data` payload.
    pub(crate) fill: Option<u32>,
    /// Something was written at an index or with a value that is not known.
    pub(crate) dynamic: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ArrayStore {
    /// Offset of the instruction that made the array.
    pub(crate) array: u32,
    pub(crate) index: u32,
    pub(crate) value: Value,
}

/// Where the uses of one method begin in the tables of [`Uses`]; they end where the next begin.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UsesStart {
    pub(crate) calls: u32,
    pub(crate) texts: u32,
    pub(crate) fields: u32,
    pub(crate) returns: u32,
    pub(crate) arrays: u32,
    pub(crate) stores: u32,
}

/// Everything found in a run of methods, in the order of methods and offsets.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub(crate) calls: Vec<CallUse>,
    pub(crate) arguments: Vec<Value>,
    pub(crate) texts: Vec<TextUse>,
    pub(crate) fields: Vec<FieldUse>,
    /// What is returned; `None` for `return-void`.
    pub(crate) returns: Vec<Option<Value>>,
    pub(crate) arrays: Vec<ArrayUse>,
    pub(crate) stores: Vec<ArrayStore>,
    pub(crate) sets: Vec<ValueSet>,
    pub(crate) longs: Vec<i64>,
    pub(crate) starts: Vec<UsesStart>,
}

impl Uses {
    fn start(&self) -> UsesStart {
        UsesStart {
            calls: saturating_u32(self.calls.len()),
            texts: saturating_u32(self.texts.len()),
            fields: saturating_u32(self.fields.len()),
            returns: saturating_u32(self.returns.len()),
            arrays: saturating_u32(self.arrays.len()),
            stores: saturating_u32(self.stores.len()),
        }
    }

    /// Appends the uses of the methods that follow.
    pub(crate) fn append(&mut self, mut next: Self) {
        let (sets, longs) = (
            saturating_u32(self.sets.len()),
            saturating_u32(self.longs.len()),
        );
        let rebase = |value: &mut Value| match value {
            Value::OneOf(index) => *index += sets,
            Value::Long(index) => *index += longs,
            _ => {}
        };
        next.arguments.iter_mut().for_each(rebase);
        next.fields
            .iter_mut()
            .for_each(|found| rebase(&mut found.value));
        next.returns.iter_mut().flatten().for_each(rebase);
        next.stores
            .iter_mut()
            .for_each(|found| rebase(&mut found.value));
        next.sets
            .iter_mut()
            .flat_map(|set| set.as_mut_slice())
            .for_each(rebase);
        let arguments = saturating_u32(self.arguments.len());
        next.calls
            .iter_mut()
            .for_each(|call| call.arguments += arguments);
        let base = self.start();
        self.starts
            .extend(next.starts.iter().map(|start| UsesStart {
                calls: start.calls + base.calls,
                texts: start.texts + base.texts,
                fields: start.fields + base.fields,
                returns: start.returns + base.returns,
                arrays: start.arrays + base.arrays,
                stores: start.stores + base.stores,
            }));
        self.calls.append(&mut next.calls);
        self.arguments.append(&mut next.arguments);
        self.texts.append(&mut next.texts);
        self.fields.append(&mut next.fields);
        self.returns.append(&mut next.returns);
        self.arrays.append(&mut next.arrays);
        self.stores.append(&mut next.stores);
        self.sets.append(&mut next.sets);
        self.longs.append(&mut next.longs);
    }

    /// Closes the last method, so that every method has an end.
    pub(crate) fn finish(&mut self) {
        let end = self.start();
        self.starts.push(end);
    }

    /// Opens the next method.
    pub(crate) fn open_method(&mut self) {
        let start = self.start();
        self.starts.push(start);
    }

    /// Forgets what an unfinished method left behind.
    pub(crate) fn abandon_method(&mut self) {
        if let Some(start) = self.starts.last() {
            self.calls.truncate(start.calls as usize);
            self.texts.truncate(start.texts as usize);
            self.fields.truncate(start.fields as usize);
            self.returns.truncate(start.returns as usize);
            self.arrays.truncate(start.arrays as usize);
            self.stores.truncate(start.stores as usize);
        }
    }
}

/// The array of the current method that was made at `offset`.
pub(crate) fn array_mut(uses: &mut Uses, arrays_from: usize, offset: u32) -> Option<&mut ArrayUse> {
    let arrays = uses.arrays.get_mut(arrays_from..)?;
    let position = arrays
        .binary_search_by_key(&offset, |array| array.offset)
        .ok()?;
    arrays.get_mut(position)
}
