//! One walk through the code of a method, in the order of addresses.
//!
//! What is known where paths meet is what all of them agree on. Of a path that leads back, the
//! registers that the loop writes are forgotten where it starts. So every instruction is looked at
//! once, and the cost is linear in the length of the method.

use std::collections::{BTreeMap, HashMap};

use crate::macho::arm64::{Access, Instruction, Place, REGISTERS, Register, STACK, Width, ZERO};

use super::link::{Function, Linked, Loaded};
use super::{Call, Callee, NameId, Operand};

/// What a register or a place on the stack holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// A value as calls show it.
    Value(Operand),
    /// A number.
    Number(u64),
    /// An address of the program.
    Address(u64),
    /// So far from where the stack pointer was at the start.
    Stack(i64),
    /// How far an instance variable lies in its object.
    Distance(NameId),
    /// Where an instance variable of `self` is.
    FieldOf(NameId),
}

const UNKNOWN: Known = Known::Value(Operand::Unknown);
const UNSET: Known = Known::Value(Operand::Unset);

/// Places on the stack that are kept track of. Stops frames that are filled slot by slot from
/// being copied at every branch.
const SLOTS_MAX: usize = 128;

/// Branches that wait for their place in the code with what is known there. Stops code of nothing
/// but branches from filling the memory: where further ones lead, nothing is known.
const ARRIVING_MAX: usize = 1_024;

/// Registers that hold something else after a call: 0 to 17 and the return address.
const CLOBBERED: u32 = 0x4003_ffff;

/// What is known at one point of the code.
#[derive(Debug, Clone)]
struct State {
    registers: [Known; REGISTERS],
    slots: BTreeMap<i64, Known>,
}

impl State {
    /// Where nothing is known.
    fn unknown() -> Self {
        let mut registers = [UNKNOWN; REGISTERS];
        if let Some(zero) = registers.get_mut(ZERO) {
            *zero = Known::Number(0);
        }
        Self {
            registers,
            slots: BTreeMap::new(),
        }
    }

    /// At the start of a method.
    fn at_entry() -> Self {
        let mut state = Self::unknown();
        for (register, number) in (0..8).zip(0..) {
            state.set(register, Known::Value(Operand::Parameter(number)));
        }
        state.set(STACK, Known::Stack(0));
        state
    }

    fn register(&self, register: Register) -> Known {
        self.registers.get(register).copied().unwrap_or(UNKNOWN)
    }

    fn set(&mut self, register: Register, known: Known) {
        if register != ZERO
            && let Some(place) = self.registers.get_mut(register)
        {
            *place = known;
        }
    }

    fn set_all(&mut self, registers: u32, known: Known) {
        for register in (0..STACK).filter(|register| registers >> register & 1 == 1) {
            self.set(register, known);
        }
    }

    fn slot(&self, at: i64) -> Known {
        self.slots.get(&at).copied().unwrap_or(UNKNOWN)
    }

    fn set_slot(&mut self, at: i64, known: Known) {
        if known == UNKNOWN || known == UNSET || self.slots.len() == SLOTS_MAX {
            self.slots.remove(&at);
        } else {
            self.slots.insert(at, known);
        }
    }

    /// Keeps what both know.
    fn agree_with(&mut self, other: &Self) {
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            if mine != theirs {
                *mine = UNKNOWN;
            }
        }
        self.slots
            .retain(|at, mine| other.slots.get(at) == Some(mine));
    }
}

/// A walk through one method.
pub(super) struct Walk<'w, 'a> {
    linked: &'w mut Linked<'a>,
    start: u64,
    code: &'w [Instruction],
    /// What is known where branches that were taken lead to, if anything is.
    arriving: BTreeMap<usize, Option<Box<State>>>,
    calls: Vec<Call>,
    /// How many there may be, and whether there are more.
    calls_max: usize,
    is_cut: bool,
}

impl<'w, 'a> Walk<'w, 'a> {
    pub(super) fn new(linked: &'w mut Linked<'a>, start: u64, code: &'w [Instruction]) -> Self {
        Self {
            linked,
            start,
            code,
            arriving: BTreeMap::new(),
            calls: Vec::new(),
            calls_max: 0,
            is_cut: false,
        }
    }

    /// The calls of the method, unless there are more than this.
    pub(super) fn calls(mut self, calls_max: usize) -> Option<Vec<Call>> {
        self.calls_max = calls_max;
        let loops = loops(self.start, self.code);
        let mut next = Some(State::at_entry());
        for (at, instruction) in self.code.iter().enumerate() {
            let mut state = match (next.take(), self.arriving.remove(&at)) {
                (Some(mut state), Some(Some(other))) => {
                    state.agree_with(&other);
                    state
                }
                (Some(state), None) => state,
                (None, Some(Some(state))) => *state,
                // Without a branch, only a table of jumps leads here.
                (_, Some(None)) | (None, None) => State::unknown(),
            };
            if let Some(written) = loops.get(&at) {
                state.set_all(*written, UNKNOWN);
                state.slots.clear();
            }
            next = self.step(at, *instruction, state);
            if self.is_cut {
                return None;
            }
        }
        Some(self.calls)
    }

    /// What is known behind an instruction, if control goes on there.
    fn step(&mut self, at: usize, instruction: Instruction, mut state: State) -> Option<State> {
        match instruction {
            Instruction::Constant { to, value } => state.set(to, Known::Number(value)),
            Instruction::Address { to, value } => state.set(to, Known::Address(value)),
            Instruction::Patch { to, bits, shift } => {
                let known = match state.register(to) {
                    Known::Number(value) => Known::Number(value & !(0xffff << shift) | bits),
                    _ => UNKNOWN,
                };
                state.set(to, known);
            }
            Instruction::Move { to, from, half } => {
                let known = match state.register(from) {
                    Known::Number(value) if half => Known::Number(value & 0xffff_ffff),
                    _ if half => UNKNOWN,
                    known => known,
                };
                state.set(to, known);
            }
            Instruction::Add { to, from, amount } => {
                let known = moved(state.register(from), amount);
                state.set(to, known);
            }
            Instruction::Sum { to, left, right } => {
                let known = sum(state.register(left), state.register(right));
                state.set(to, known);
            }
            Instruction::Access(access) => self.access(access, &mut state),
            Instruction::Call(target) => self.call(at, target, &mut state),
            Instruction::Writes(registers) => state.set_all(registers, UNKNOWN),
            Instruction::End => return None,
            Instruction::Jump { target, always } => return self.jump(at, target, always, state),
        }
        Some(state)
    }

    fn jump(&mut self, at: usize, target: u64, always: bool, mut state: State) -> Option<State> {
        match index(self.start, target).filter(|index| *index < self.code.len()) {
            // Where loops start was dealt with.
            Some(to) if to <= at => {}
            Some(to) => {
                let has_room = self.arriving.len() < ARRIVING_MAX;
                match self.arriving.get_mut(&to) {
                    Some(Some(known)) => known.agree_with(&state),
                    Some(None) => {}
                    None => {
                        let known = has_room.then(|| Box::new(state.clone()));
                        self.arriving.insert(to, known);
                    }
                }
            }
            // The last call of a method is a jump.
            None if always => self.call(at, Some(target), &mut state),
            None => {}
        }
        (!always).then_some(state)
    }

    fn access(&mut self, access: Access, state: &mut State) {
        let mut place = match access.place {
            Place::Literal(address) => Known::Address(address),
            Place::Offset { base, offset } => moved(state.register(base), offset),
            Place::Indexed { base, index } => sum(state.register(base), state.register(index)),
        };
        let before = match access.place {
            Place::Offset { base, .. } => Some((base, state.register(base))),
            _ => None,
        };
        let (first, second) = access.registers;
        for register in [Some(first), second].into_iter().flatten() {
            if access.load {
                let known = self.content(place, access.width, state);
                state.set(register, known);
            } else if let Known::Stack(at) = place {
                let known = match access.width {
                    Width::Whole => state.register(register),
                    _ => UNKNOWN,
                };
                state.set_slot(at, known);
            }
            place = moved(place, 8);
        }
        if let Some((base, known)) = before.filter(|_| access.step != 0) {
            state.set(base, moved(known, access.step));
        }
    }

    /// What is at a place.
    fn content(&mut self, place: Known, width: Width, state: &State) -> Known {
        match (place, width) {
            (Known::Address(address), _) => match self.linked.loaded(address, width) {
                Loaded::Value(value) => Known::Value(value),
                Loaded::Address(address) => Known::Address(address),
                Loaded::Distance(field) => Known::Distance(field),
                Loaded::Unknown => UNKNOWN,
            },
            (Known::Stack(at), Width::Whole) => state.slot(at),
            (Known::FieldOf(field), Width::Whole) => Known::Value(Operand::Field(field)),
            _ => UNKNOWN,
        }
    }

    fn call(&mut self, at: usize, target: Option<u64>, state: &mut State) {
        let function = target.map_or(Function::Unknown, |target| self.linked.function(target));
        let given = state.register(0);
        let result = match function {
            Function::Retain => given,
            Function::RetainRegister(register) => state.register(register),
            Function::Release => UNSET,
            Function::LoadWeak => self.content(given, Width::Whole, state),
            Function::Store => {
                let stored = state.register(1);
                if let Known::Stack(at) = given {
                    state.set_slot(at, stored);
                }
                stored
            }
            Function::Unknown => UNKNOWN,
            Function::Message(selector) => {
                let selector = selector.or_else(|| self.selector(state));
                self.record(at, Callee::Message(selector), [0, 2, 3, 4], state)
            }
            Function::Super => {
                let selector = self.selector(state);
                self.record(at, Callee::Super(selector), [ZERO, 2, 3, 4], state)
            }
            Function::Other(callee) => self.record(at, callee, [0, 1, 2, 3], state),
        };
        state.set_all(CLOBBERED, UNSET);
        state.set(0, result);
    }

    fn selector(&self, state: &State) -> Option<NameId> {
        match state.register(1) {
            Known::Value(Operand::Selector(selector)) => Some(selector),
            _ => None,
        }
    }

    /// Adds a call, and gives what its result is known as.
    fn record(
        &mut self,
        at: usize,
        callee: Callee,
        registers: [Register; 4],
        state: &mut State,
    ) -> Known {
        // Whoever is given the address of a place on the stack may write there.
        for register in 0..8 {
            if let Known::Stack(at) = state.register(register) {
                state.slots.remove(&at);
            }
        }
        let arguments = registers.map(|register| match state.register(register) {
            // The receiver of a message to the class above is in memory.
            _ if register == ZERO => Operand::Unknown,
            Known::Value(value) => value,
            Known::Address(address) => self.linked.constant(address),
            Known::Number(number) => {
                u32::try_from(number).map_or(Operand::Unknown, Operand::Number)
            }
            _ => Operand::Unknown,
        });
        self.is_cut = self.calls.len() >= self.calls_max;
        let number = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.push(Call {
            offset: u32::try_from(at * 4).unwrap_or(u32::MAX),
            callee,
            arguments,
        });
        Known::Value(Operand::Result(number))
    }
}

/// So many bytes further.
fn moved(known: Known, amount: i64) -> Known {
    match known {
        Known::Number(number) => Known::Number(number.wrapping_add_signed(amount)),
        Known::Address(address) => Known::Address(address.wrapping_add_signed(amount)),
        Known::Stack(at) => Known::Stack(at.wrapping_add(amount)),
        known if amount == 0 => known,
        _ => UNKNOWN,
    }
}

fn sum(left: Known, right: Known) -> Known {
    match (left, right) {
        (Known::Value(Operand::Parameter(0)), Known::Distance(field))
        | (Known::Distance(field), Known::Value(Operand::Parameter(0))) => Known::FieldOf(field),
        (other, Known::Number(amount)) | (Known::Number(amount), other) => {
            moved(other, amount.cast_signed())
        }
        _ => UNKNOWN,
    }
}

/// The number of the instruction at an address.
fn index(start: u64, address: u64) -> Option<usize> {
    usize::try_from(address.checked_sub(start)? / 4).ok()
}

/// Where loops start, with the registers that are written in them.
fn loops(start: u64, code: &[Instruction]) -> HashMap<usize, u32> {
    let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, instruction) in code.iter().enumerate() {
        if let Instruction::Jump { target, .. } = instruction
            && let Some(to) = index(start, *target).filter(|to| *to <= at)
        {
            // Of several ways back the last one is met last.
            ends.insert(to, at);
        }
    }
    if ends.is_empty() {
        return HashMap::new();
    }
    let mut writes = vec![Vec::new(); STACK];
    for (at, instruction) in code.iter().enumerate() {
        let written = written(*instruction);
        for (register, positions) in writes.iter_mut().enumerate() {
            if written >> register & 1 == 1 {
                positions.push(at);
            }
        }
    }
    let written_between = |from: usize, to: usize| {
        let between = |positions: &Vec<usize>| {
            let next = positions.partition_point(|at| *at < from);
            positions.get(next).is_some_and(|at| *at <= to)
        };
        let registers = writes.iter().enumerate();
        registers
            .filter(|(_, positions)| between(positions))
            .fold(0, |mask, (register, _)| mask | 1 << register)
    };
    ends.into_iter()
        .map(|(from, to)| (from, written_between(from, to)))
        .collect()
}

/// The registers that an instruction writes.
fn written(instruction: Instruction) -> u32 {
    let one = |register: Register| match register {
        STACK | ZERO => 0,
        _ => 1 << register,
    };
    match instruction {
        Instruction::Constant { to, .. }
        | Instruction::Address { to, .. }
        | Instruction::Patch { to, .. }
        | Instruction::Move { to, .. }
        | Instruction::Add { to, .. }
        | Instruction::Sum { to, .. } => one(to),
        Instruction::Access(access) => {
            let (first, second) = access.registers;
            let loaded = match access.load {
                true => one(first) | second.map_or(0, one),
                false => 0,
            };
            match access.place {
                Place::Offset { base, .. } if access.step != 0 => loaded | one(base),
                _ => loaded,
            }
        }
        Instruction::Call(_) => CLOBBERED,
        Instruction::Writes(registers) => registers,
        Instruction::Jump { .. } | Instruction::End => 0,
    }
}
