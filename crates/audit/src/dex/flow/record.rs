//! Recording what an instruction uses, once what is known about the registers has settled.

use super::super::instruction::{Instruction, array_data};
use super::super::tables::Tables;
use super::super::uses::{ArrayStore, CallKind, CallUse, FieldUse, TextUse, Uses, array_mut};
use super::super::{FieldId, MethodId, StringId, Value};
use super::lattice::alternatives;
use crate::bytes::saturating_u32;
use crate::limits::Limits;

/// What stays the same while one method is walked.
pub(super) struct Walk<'a, 'u> {
    pub(super) tables: &'a Tables,
    pub(super) code: &'a [u8],
    pub(super) number: u32,
    pub(super) uses: &'u mut Uses,
    pub(super) limits: &'a Limits,
}

impl Walk<'_, '_> {
    /// Records what one instruction uses, before it takes effect.
    pub(super) fn record(
        &mut self,
        found: &Instruction,
        state: &[Value],
        used: bool,
        arrays_from: usize,
    ) {
        let get = |register: u32| {
            state
                .get(register as usize)
                .copied()
                .unwrap_or(Value::Unknown)
        };
        let (method, offset) = (self.number, found.offset);
        match found.opcode {
            0x0e => self.uses.returns.push(None),
            0x0f..=0x11 => self.uses.returns.push(Some(get(found.a))),
            0x1a | 0x1b => {
                self.uses.texts.push(TextUse {
                    method,
                    offset,
                    text: StringId(found.index),
                });
            }
            0x23 => {
                if let Some(array) = array_mut(self.uses, arrays_from, offset)
                    && let Value::Int(length) = get(found.b)
                {
                    array.length = u32::try_from(length).ok();
                }
            }
            0x24 | 0x25 => self.filled_array(found, state, arrays_from),
            0x26 => self.array_data(found, get(found.a), arrays_from),
            0x4b..=0x51 => {
                self.store(get(found.b), get(found.c), get(found.a), arrays_from);
            }
            0x52..=0x6d => {
                let write = matches!(found.opcode, 0x59..=0x5f | 0x67..=0x6d);
                let value = if write { get(found.a) } else { Value::Unknown };
                let field = FieldId(found.index);
                self.uses.fields.push(FieldUse {
                    method,
                    offset,
                    field,
                    value,
                    write,
                });
            }
            0x6e..=0x72 | 0x74..=0x78 | 0xfa | 0xfb => self.call(found, state, used),
            _ => {}
        }
    }

    fn call(&mut self, found: &Instruction, state: &[Value], result_used: bool) {
        let kind = match found.opcode {
            0x6e | 0x74 => CallKind::Virtual,
            0x6f | 0x75 => CallKind::Super,
            0x70 | 0x76 => CallKind::Direct,
            0x71 | 0x77 => CallKind::Static,
            0x72 | 0x78 => CallKind::Interface,
            _ => CallKind::Polymorphic,
        };
        let target = MethodId(found.index);
        let arguments = saturating_u32(self.uses.arguments.len());
        let shorty = match kind {
            // The real signature of a polymorphic call stands at the call, not at the method.
            CallKind::Polymorphic => &[],
            _ => self.tables.shorty(target),
        };
        let mut widths = shorty.iter().skip(1);
        let mut registers = found.registers.iter();
        let mut receiver = kind != CallKind::Static;
        let mut argument_count = 0_u8;
        while let Some(register) = registers.next() {
            self.uses.arguments.push(
                state
                    .get(register as usize)
                    .copied()
                    .unwrap_or(Value::Unknown),
            );
            argument_count = argument_count.saturating_add(1);
            let wide = if std::mem::take(&mut receiver) {
                false
            } else {
                matches!(widths.next(), Some(b'J' | b'D'))
            };
            if wide {
                registers.next();
            }
        }
        self.uses.calls.push(CallUse {
            method: self.number,
            offset: found.offset,
            target,
            arguments,
            argument_count,
            kind,
            result_used,
        });
    }

    fn filled_array(&mut self, found: &Instruction, state: &[Value], arrays_from: usize) {
        let mut count = 0_u32;
        for (index, register) in (0_u32..).zip(found.registers.iter()) {
            let value = state
                .get(register as usize)
                .copied()
                .unwrap_or(Value::Unknown);
            self.uses.stores.push(ArrayStore {
                array: found.offset,
                index,
                value,
            });
            count += 1;
        }
        if let Some(array) = array_mut(self.uses, arrays_from, found.offset) {
            array.length = Some(count);
        }
    }

    fn array_data(&mut self, found: &Instruction, target: Value, arrays_from: usize) {
        let payload = u32::try_from(i64::from(found.offset) + i64::from(found.branch)).ok();
        let known = payload.filter(|at| array_data(self.code, *at).is_some());
        let targets = alternatives(target, &self.uses.sets);
        for value in targets.as_slice() {
            if let Value::Array(offset) = *value
                && let Some(array) = array_mut(self.uses, arrays_from, offset)
            {
                // Filled twice, or filled on one of several paths: not a constant.
                array.dynamic |= array.fill.is_some() || known.is_none() || target != *value;
                array.fill = known;
            }
        }
    }

    fn store(&mut self, target: Value, index: Value, value: Value, arrays_from: usize) {
        let start = self
            .uses
            .starts
            .last()
            .map_or(0, |start| start.stores as usize);
        let room = self.uses.stores.len() - start < self.limits.array_stores_max;
        let index = match index {
            Value::Int(index) => u32::try_from(index).ok(),
            _ => None,
        };
        let targets = alternatives(target, &self.uses.sets);
        for made in targets.as_slice() {
            let Value::Array(offset) = *made else {
                continue;
            };
            let Some(array) = array_mut(self.uses, arrays_from, offset) else {
                continue;
            };
            match index {
                Some(index) if *made == target && room => {
                    self.uses.stores.push(ArrayStore {
                        array: offset,
                        index,
                        value,
                    });
                }
                _ => array.dynamic = true,
            }
        }
    }
}
