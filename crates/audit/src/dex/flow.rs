//! Constant propagation inside one method, and the uses it finds.
//!
//! An abstract interpretation over the basic blocks of a method. The state of a register is a
//! [`Value`]; where paths join, up to four alternatives are kept, more become
//! [`Value::Unknown`]. Loops are iterated to a fixed point, so what is reported as a constant is
//! constant on every path. Work is bounded: a method over the budget is walked once, every block
//! from an unknown state, which loses constants but never invents one.

mod graph;
mod lattice;
mod record;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::instruction::{DecodeError, Instruction};
use super::tables::{CodeItem, Tables};
use super::uses::{ArrayUse, Uses};
use super::{FieldId, StringId, TypeId, Value};
use crate::bytes::saturating_u32;
use crate::limits::Limits;
use graph::{Graph, written_registers};
use lattice::{arithmetic, join, map_int, unary};
use record::Walk;

/// Why the code of a method was not analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The code item points outside the file.
    #[error("the code item lies outside the file")]
    OutsideFile,
    /// An instruction cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A branch, switch or exception handler leads to no instruction.
    #[error("a branch at code unit {offset} leads to no instruction")]
    BadBranch {
        /// Where the branch is, in code units.
        offset: u32,
    },
    /// An instruction refers to a string, field or method that does not exist.
    #[error("an instruction at code unit {offset} refers to an entry that does not exist")]
    BadIndex {
        /// Where the instruction is, in code units.
        offset: u32,
    },
    /// Switches share one table so often that the branches outnumber the code.
    #[error("there are more branches than the code has room for")]
    TooManyBranches,
    /// The method has more than [`Limits::method_code_units_max`] code units.
    #[error("the method has more code units than the limit")]
    TooLong,
    /// All methods together have several times more code than the file has bytes, which only
    /// happens when they share one body on purpose.
    #[error("the methods share more code than the file holds")]
    SharedTooOften,
}

/// What the code of a method does, beyond its [`Uses`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    pub(crate) instructions: u32,
    pub(crate) throws: bool,
    pub(crate) branches: bool,
    /// Constants were propagated block by block only.
    pub(crate) approximated: bool,
}

/// Analyses methods one after the other; its buffers are reused.
#[derive(Default)]
pub(crate) struct Analyser {
    graph: Graph,
    /// Entry states, `registers` values a block.
    entries: Vec<Value>,
    /// The state that is carried along.
    state: Vec<Value>,
    queue: BinaryHeap<Reverse<u32>>,
    queued: Vec<bool>,
    known_longs: HashMap<i64, u32>,
    /// Sets below this index belong to earlier methods; the same for arrays.
    sets_from: usize,
    arrays_from: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Propagate,
    Record,
}

impl Analyser {
    /// Starts a run of methods whose uses go to a fresh [`Uses`].
    pub(crate) fn begin_run(&mut self) {
        self.known_longs.clear();
    }

    /// Analyses the method `number`, whose code is `item`, and adds what it uses to `uses`.
    pub(crate) fn method(
        &mut self,
        tables: &Tables,
        number: u32,
        item: &CodeItem<'_>,
        parameters: &[ParameterWidth],
        limits: &Limits,
        uses: &mut Uses,
    ) -> Result<Shape, CodeError> {
        self.graph.build(tables, item, limits)?;
        self.sets_from = uses.sets.len();
        self.arrays_from = uses.arrays.len();
        self.announce_arrays(uses);
        let registers = usize::from(item.registers);
        let blocks = self.graph.blocks.len();
        let entry = initial_state(registers, usize::from(item.ins), parameters);
        let mut walk = Walk {
            tables,
            code: item.code,
            number,
            uses,
            limits,
        };
        let exact = blocks == 1
            || (registers.saturating_mul(blocks) <= limits.method_states_max
                && self.fixed_point(&mut walk, &entry));
        if blocks == 1 || !exact {
            self.entries.clear();
            self.graph.forget_states();
        }
        self.record(&mut walk, &entry);
        let instructions = &self.graph.instructions;
        Ok(Shape {
            instructions: saturating_u32(instructions.len()),
            throws: instructions.iter().any(|found| found.opcode == 0x27),
            branches: blocks > 1,
            approximated: !exact,
        })
    }

    /// Lists the arrays of the method up front, so that stores in any order find them.
    fn announce_arrays(&self, uses: &mut Uses) {
        for found in &self.graph.instructions {
            if matches!(found.opcode, 0x23..=0x25) {
                uses.arrays.push(ArrayUse {
                    offset: found.offset,
                    array_type: found.index,
                    length: None,
                    fill: None,
                    dynamic: false,
                });
            }
        }
    }

    /// Iterates entry states until nothing changes. `false` if the budget ran out first.
    fn fixed_point(&mut self, walk: &mut Walk<'_, '_>, entry: &[Value]) -> bool {
        let registers = entry.len();
        let blocks = self.graph.blocks.len();
        self.entries.clear();
        self.entries.resize(registers * blocks, Value::Unknown);
        self.queue.clear();
        self.queued.clear();
        self.queued.resize(blocks, false);
        // Generous for real code, which settles in two or three rounds; linear in the input.
        let mut budget = 100_000
            + self.graph.instructions.len().saturating_mul(64)
            + registers.saturating_mul(blocks).saturating_mul(16);
        self.merge_into(0, entry, walk.uses);
        while let Some(Reverse(number)) = self.queue.pop() {
            if let Some(flag) = self.queued.get_mut(number as usize) {
                *flag = false;
            }
            let Some(block) = self.graph.blocks.get(number as usize) else {
                continue;
            };
            let (edges, handlers) = (block.edges, block.handlers);
            let leaving = (edges.1 - edges.0 + handlers.1 - handlers.0) as usize;
            let span = (block.end - block.first) as usize;
            let cost = span + registers.saturating_mul(leaving + 1);
            let Some(left) = budget.checked_sub(cost) else {
                return false;
            };
            budget = left;
            self.spread_to_handlers(number, handlers, walk.uses);
            let state = self.run_block(number, walk, Pass::Propagate);
            for index in edges.0..edges.1 {
                if let Some(&target) = self.graph.edges.get(index as usize) {
                    self.merge_into(target, &state, walk.uses);
                }
            }
            self.state = state;
        }
        true
    }

    /// An exception can leave a block anywhere: its handlers see the entry state, with everything
    /// that the block writes unknown.
    fn spread_to_handlers(&mut self, number: u32, handlers: (u32, u32), uses: &mut Uses) {
        if handlers.0 == handlers.1 {
            return;
        }
        let mut state = std::mem::take(&mut self.state);
        self.load_entry(number, &mut state);
        for found in self.graph.block_instructions(number) {
            for register in written_registers(found) {
                if let Some(slot) = state.get_mut(register as usize) {
                    *slot = Value::Unknown;
                }
            }
        }
        for index in handlers.0..handlers.1 {
            if let Some(&target) = self.graph.handlers.get(index as usize) {
                self.merge_into(target, &state, uses);
            }
        }
        self.state = state;
    }

    fn load_entry(&self, number: u32, state: &mut Vec<Value>) {
        let registers = self.entries.len() / self.graph.blocks.len().max(1);
        let from = number as usize * registers;
        let entry = self.entries.get(from..from + registers);
        state.clear();
        state.extend_from_slice(entry.unwrap_or_default());
    }

    /// Merges `state` into the entry state of `target`, which is queued if that changes it.
    fn merge_into(&mut self, target: u32, state: &[Value], uses: &mut Uses) {
        let from = target as usize * state.len();
        let block = self.graph.blocks.get_mut(target as usize);
        let entry = self.entries.get_mut(from..from + state.len());
        let (Some(block), Some(entry)) = (block, entry) else {
            return;
        };
        let mut changed = !std::mem::replace(&mut block.reached, true);
        if changed {
            entry.copy_from_slice(state);
        } else {
            for (known, new) in entry.iter_mut().zip(state) {
                if *known != *new && *known != Value::Unknown {
                    let merged = join(*known, *new, uses, self.sets_from);
                    changed |= merged != *known;
                    *known = merged;
                }
            }
        }
        if let Some(queued) = self.queued.get_mut(target as usize)
            && changed
            && !*queued
        {
            *queued = true;
            self.queue.push(Reverse(target));
        }
    }

    /// Walks every block once from its final entry state and records what it uses. Where there is
    /// no entry state, the first block starts from the parameters, and the others (code that
    /// nothing leads to, and every block when approximating) from nothing.
    fn record(&mut self, walk: &mut Walk<'_, '_>, entry: &[Value]) {
        for number in 0..saturating_u32(self.graph.blocks.len()) {
            if !self.graph.is_reached(number) {
                self.state.clear();
                self.state.extend_from_slice(entry);
                if number > 0 {
                    self.state.fill(Value::Unknown);
                }
            }
            self.state = self.run_block(number, walk, Pass::Record);
        }
    }

    /// Executes block `number` from its entry state, or from the state carried along if it has
    /// none; returns the state at its end.
    fn run_block(&mut self, number: u32, walk: &mut Walk<'_, '_>, pass: Pass) -> Vec<Value> {
        let mut state = std::mem::take(&mut self.state);
        if self.graph.is_reached(number) {
            self.load_entry(number, &mut state);
        }
        let mut result = Value::Unknown;
        let instructions = self.graph.block_instructions(number);
        for (position, found) in instructions.iter().enumerate() {
            if pass == Pass::Record {
                let next = instructions.get(position + 1);
                let result_used = next.is_some_and(|next| matches!(next.opcode, 0x0a..=0x0c));
                walk.record(found, &state, result_used, self.arrays_from);
            }
            let context = Step {
                uses: walk.uses,
                known_longs: &mut self.known_longs,
                sets_from: self.sets_from,
            };
            result = context.step(found, &mut state, result);
        }
        state
    }
}

/// What executing one instruction may touch besides the registers.
struct Step<'a> {
    uses: &'a mut Uses,
    known_longs: &'a mut HashMap<i64, u32>,
    sets_from: usize,
}

fn register(state: &[Value], number: u32) -> Value {
    state
        .get(number as usize)
        .copied()
        .unwrap_or(Value::Unknown)
}

impl Step<'_> {
    /// The effect of one instruction on the registers. Returns what a following `move-result`
    /// would read.
    fn step(mut self, found: &Instruction, state: &mut [Value], result: Value) -> Value {
        let value = self.value(found, state, result);
        let mut written = written_registers(found);
        if let Some(first) = written.next()
            && let Some(slot) = state.get_mut(first as usize)
        {
            *slot = value;
        }
        for second in written {
            if let Some(slot) = state.get_mut(second as usize) {
                *slot = Value::Unknown;
            }
        }
        match found.opcode {
            0x6e..=0x72 | 0x74..=0x78 | 0xfa..=0xfd => Value::Result(found.offset),
            0x24 | 0x25 => Value::Array(found.offset),
            _ => Value::Unknown,
        }
    }

    /// The value that the instruction writes.
    fn value(&mut self, found: &Instruction, state: &[Value], result: Value) -> Value {
        match found.opcode {
            0x01..=0x09 => register(state, found.b),
            0x0a..=0x0c => result,
            0x12..=0x15 => i32::try_from(found.literal).map_or(Value::Unknown, Value::Int),
            0x16..=0x19 => self.long(found.literal),
            0x1a | 0x1b => Value::Text(StringId(found.index)),
            0x1c => Value::Class(TypeId(found.index)),
            0x22 => Value::New(found.offset),
            0x23 => Value::Array(found.offset),
            0x52..=0x58 | 0x60..=0x66 => Value::Field(FieldId(found.index)),
            0x81 => match register(state, found.b) {
                Value::Int(value) => self.long(i64::from(value)),
                _ => Value::Unknown,
            },
            0x7b | 0x7c | 0x8d..=0x8f => {
                let operand = register(state, found.b);
                let operation = |value| unary(found.opcode, value);
                map_int(operand, operation, self.uses, self.sets_from)
            }
            0x90..=0x9a | 0xb0..=0xba | 0xd0..=0xe2 => self.binary(found, state),
            _ => Value::Unknown,
        }
    }

    /// Integer arithmetic where it can be computed.
    fn binary(&mut self, found: &Instruction, state: &[Value]) -> Value {
        let literal = i32::try_from(found.literal).unwrap_or(0);
        let (operation, left, right) = match found.opcode {
            opcode @ 0x90..=0x9a => (
                opcode - 0x90,
                register(state, found.b),
                register(state, found.c),
            ),
            opcode @ 0xb0..=0xba => (
                opcode - 0xb0,
                register(state, found.a),
                register(state, found.b),
            ),
            // rsub-int: the literal minus the register.
            0xd1 | 0xd9 => (1, Value::Int(literal), register(state, found.b)),
            opcode @ 0xd0..=0xd7 => (opcode - 0xd0, register(state, found.b), Value::Int(literal)),
            opcode => (
                opcode.saturating_sub(0xd8),
                register(state, found.b),
                Value::Int(literal),
            ),
        };
        match (left, right) {
            (_, Value::Int(right)) => {
                let operation = |left| arithmetic(operation, left, right);
                map_int(left, operation, self.uses, self.sets_from)
            }
            (Value::Int(left), _) => {
                let operation = |right| arithmetic(operation, left, right);
                map_int(right, operation, self.uses, self.sets_from)
            }
            _ => Value::Unknown,
        }
    }

    fn long(&mut self, value: i64) -> Value {
        let next = saturating_u32(self.uses.longs.len());
        let index = *self.known_longs.entry(value).or_insert(next);
        if index == next {
            self.uses.longs.push(value);
        }
        Value::Long(index)
    }
}

/// Registers that one parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterWidth {
    Single,
    Double,
}

/// Parameters arrive in the last `ins` registers.
fn initial_state(registers: usize, ins: usize, parameters: &[ParameterWidth]) -> Vec<Value> {
    let mut state = vec![Value::Unknown; registers];
    let mut register = registers.saturating_sub(ins);
    for (number, width) in (0_u16..).zip(parameters) {
        if let Some(slot) = state.get_mut(register) {
            *slot = Value::Param(number);
        }
        register += if *width == ParameterWidth::Double {
            2
        } else {
            1
        };
    }
    state
}
