//! What is known where paths meet, and integer arithmetic on what is known.

use super::super::uses::Uses;
use super::super::value::{Value, ValueSet};
use crate::bytes::saturating_u32;

/// The alternatives that `value` stands for.
pub(super) fn alternatives(value: Value, sets: &[ValueSet]) -> ValueSet {
    match value {
        Value::OneOf(index) => sets
            .get(index as usize)
            .copied()
            .unwrap_or(ValueSet::only(value)),
        _ => ValueSet::only(value),
    }
}

/// What is known where two paths meet.
pub(super) fn join(left: Value, right: Value, uses: &mut Uses, sets_from: usize) -> Value {
    if left == right {
        return left;
    }
    let known = left;
    let (left, right) = (
        alternatives(left, &uses.sets),
        alternatives(right, &uses.sets),
    );
    // The common case once a loop has settled.
    let mut new = right.as_slice().iter();
    if new.all(|value| left.as_slice().contains(value)) {
        return known;
    }
    let set = ValueSet::of(left.as_slice().iter().chain(right.as_slice()).copied());
    one_of(set, uses, sets_from)
}

/// Interns a set among those of the current method.
pub(super) fn one_of(set: Option<ValueSet>, uses: &mut Uses, sets_from: usize) -> Value {
    /// Sets of one method; with more, further joins are unknown, which bounds the search below.
    const SETS_MAX: usize = 64;
    let Some(set) = set else {
        return Value::Unknown;
    };
    match set.as_slice() {
        [] => return Value::Unknown,
        [only] => return *only,
        values if values.contains(&Value::Unknown) => return Value::Unknown,
        _ => {}
    }
    let known = uses.sets.get(sets_from..).unwrap_or_default();
    // Order of discovery does not matter for equality, or loops would never settle.
    let same = known.iter().position(|other| {
        other.as_slice().len() == set.as_slice().len()
            && other
                .as_slice()
                .iter()
                .all(|value| set.as_slice().contains(value))
    });
    match same {
        Some(position) => Value::OneOf(saturating_u32(sets_from + position)),
        None if known.len() >= SETS_MAX => Value::Unknown,
        None => {
            uses.sets.push(set);
            Value::OneOf(saturating_u32(uses.sets.len() - 1))
        }
    }
}

/// Applies integer arithmetic to every alternative of `value`.
pub(super) fn map_int(
    value: Value,
    operation: impl Fn(i32) -> Option<i32>,
    uses: &mut Uses,
    sets_from: usize,
) -> Value {
    let operands = alternatives(value, &uses.sets);
    let set = ValueSet::of(operands.as_slice().iter().map(|operand| match operand {
        Value::Int(operand) => operation(*operand).map_or(Value::Unknown, Value::Int),
        _ => Value::Unknown,
    }));
    one_of(set, uses, sets_from)
}

pub(super) fn unary(opcode: u8, value: i32) -> Option<i32> {
    match opcode {
        0x7b => Some(value.wrapping_neg()),
        0x7c => Some(!value),
        0x8d => Some(i32::from((value & 0xff) as u8 as i8)),
        0x8e => Some(value & 0xffff),
        0x8f => Some(i32::from((value & 0xffff) as u16 as i16)),
        _ => None,
    }
}

/// `add sub mul div rem and or xor shl shr ushr`, numbered as the instruction set orders them.
pub(super) fn arithmetic(operation: u8, left: i32, right: i32) -> Option<i32> {
    let shift = right.cast_unsigned() & 31;
    match operation {
        0 => Some(left.wrapping_add(right)),
        1 => Some(left.wrapping_sub(right)),
        2 => Some(left.wrapping_mul(right)),
        3 if right != 0 => Some(left.wrapping_div(right)),
        4 if right != 0 => Some(left.wrapping_rem(right)),
        5 => Some(left & right),
        6 => Some(left | right),
        7 => Some(left ^ right),
        8 => Some(left.wrapping_shl(shift)),
        9 => Some(left.wrapping_shr(shift)),
        10 => Some((left.cast_unsigned().wrapping_shr(shift)).cast_signed()),
        _ => None,
    }
}
