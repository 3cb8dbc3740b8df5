//! As much of the 64-bit ARM instruction set as it takes to follow constants to calls: what moves,
//! adds, loads and stores values exactly, where control goes, and of everything else only which
//! registers it writes.

/// A general register by its number.
pub(super) type Register = usize;

/// The stack pointer.
pub(super) const STACK: Register = 31;
/// The register that reads as zero and ignores writes.
pub(super) const ZERO: Register = 32;
/// How many registers there are to keep track of.
pub(super) const REGISTERS: usize = 33;

/// What an instruction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instruction {
    /// A register is set to a number.
    Constant { to: Register, value: u64 },
    /// A register is set to an address, counted from that of the instruction.
    Address { to: Register, value: u64 },
    /// Sixteen bits of a register are replaced.
    Patch { to: Register, bits: u64, shift: u32 },
    /// A register is copied; of `half` only the low 32 bits.
    Move {
        to: Register,
        from: Register,
        half: bool,
    },
    /// A number is added to a register.
    Add {
        to: Register,
        from: Register,
        amount: i64,
    },
    /// Two registers are added.
    Sum {
        to: Register,
        left: Register,
        right: Register,
    },
    /// Memory is read or written.
    Access(Access),
    /// A function is called, whose address is known or not.
    Call(Option<u64>),
    /// Control goes on elsewhere, or may.
    Jump { target: u64, always: bool },
    /// Control does not go on here.
    End,
    /// Registers are set to what is not followed, one bit a register.
    Writes(u32),
}

/// A load or store of one or two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Access {
    /// Whether registers are read from memory.
    pub(super) load: bool,
    /// The registers; the second lies eight bytes behind the first.
    pub(super) registers: (Register, Option<Register>),
    /// Where.
    pub(super) place: Place,
    /// How much is read or written.
    pub(super) width: Width,
    /// What is added to the base register afterwards.
    pub(super) step: i64,
}

/// Where memory is read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At an address.
    Literal(u64),
    /// So many bytes behind what a register points to.
    Offset { base: Register, offset: i64 },
    /// As far behind it as another register says.
    Indexed { base: Register, index: Register },
}

/// How much of a register is read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Width {
    /// All 64 bits.
    Whole,
    /// 32 bits, extended by their sign.
    SignedWord,
    /// Less, or a register of another kind.
    Other,
}

/// What the instruction `word` at `address` does. Every word means something: what is not known
/// writes the register that its lowest bits name.
pub(super) fn decode(word: u32, address: u64) -> Instruction {
    match word >> 25 & 0xf {
        // The word 0 and its neighbours are undefined on purpose.
        0 if word >> 16 == 0 => Instruction::End,
        0b1000 | 0b1001 => immediate(word, address),
        0b1010 | 0b1011 => control(word, address),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => memory(word, address),
        0b0101 | 0b1101 => between_registers(word),
        0b0111 | 0b1111 => floating_point(word),
        _ => writes(low(word)),
    }
}

/// The register in the five lowest bits, where 31 is the stack pointer.
const fn low(word: u32) -> Register {
    (word & 31) as Register
}

/// The register in bits 5 to 9, where 31 is the stack pointer.
const fn middle(word: u32) -> Register {
    (word >> 5 & 31) as Register
}

/// The register in bits 16 to 20.
const fn high(word: u32) -> Register {
    zero_for_31((word >> 16 & 31) as Register)
}

/// The register where 31 is that which reads as zero.
const fn zero_for_31(register: Register) -> Register {
    if register == STACK { ZERO } else { register }
}

/// Whether a bit is set.
const fn bit(word: u32, number: u32) -> bool {
    word >> number & 1 == 1
}

/// `bits` bits of `word` from `from` on, as a number with a sign.
const fn signed(word: u32, from: u32, bits: u32) -> i64 {
    ((word << (32 - from - bits)).cast_signed() >> (32 - bits)) as i64
}

const fn writes(register: Register) -> Instruction {
    Instruction::Writes(match register {
        STACK | ZERO => 0,
        _ => 1 << register,
    })
}

/// Data processing with a constant.
fn immediate(word: u32, address: u64) -> Instruction {
    let (to, is_64_bit) = (low(word), bit(word, 31));
    match word >> 23 & 7 {
        // ADR, ADRP.
        0 | 1 => {
            let distance = signed(word, 5, 19) << 2 | i64::from(word >> 29 & 3);
            let value = match is_64_bit {
                true => (address & !0xfff).wrapping_add_signed(distance << 12),
                false => address.wrapping_add_signed(distance),
            };
            Instruction::Address {
                to: zero_for_31(to),
                value,
            }
        }
        // ADD, SUB; those that set flags compare.
        2 if is_64_bit && !bit(word, 29) => {
            let amount = i64::from(word >> 10 & 0xfff) << if bit(word, 22) { 12 } else { 0 };
            Instruction::Add {
                to,
                from: middle(word),
                amount: if bit(word, 30) { -amount } else { amount },
            }
        }
        // ORR with nothing: a constant of repeated bits.
        4 if word >> 29 & 3 == 1 && middle(word) == 31 => match repeated_bits(word) {
            Some(value) => Instruction::Constant { to, value },
            None => writes(to),
        },
        // MOVN, MOVZ, MOVK.
        5 => {
            let shift = 16 * (word >> 21 & 3);
            let bits = u64::from(word >> 5 & 0xffff) << shift;
            let keep = if is_64_bit { u64::MAX } else { 0xffff_ffff };
            let to = zero_for_31(to);
            match word >> 29 & 3 {
                0 => Instruction::Constant {
                    to,
                    value: !bits & keep,
                },
                2 => Instruction::Constant { to, value: bits },
                3 => Instruction::Patch { to, bits, shift },
                _ => writes(to),
            }
        }
        _ => writes(to),
    }
}

/// The constant of a logical instruction: a run of ones, rotated, repeated over the register.
fn repeated_bits(word: u32) -> Option<u64> {
    let (high_bit, rotation, ones) = (word >> 22 & 1, word >> 16 & 63, word >> 10 & 63);
    // The size of the repeated part stands in the highest bit of this that is set.
    let size_bits = high_bit << 6 | (!ones & 63);
    let length = size_bits.checked_ilog2().filter(|length| *length > 0)?;
    let size = 1_u32 << length;
    let (ones, rotation) = (ones & (size - 1), rotation & (size - 1));
    if ones == size - 1 {
        return None;
    }
    let run = (1_u64 << (ones + 1)) - 1;
    let mask = u64::MAX >> (64 - size);
    let rotated = (run >> rotation | run.checked_shl(size - rotation).unwrap_or(0)) & mask;
    let width = if bit(word, 31) { 64 } else { 32 };
    let whole = (0..width)
        .step_by(size as usize)
        .fold(0, |value, at| value | rotated << at);
    (size <= width).then_some(whole)
}

/// Branches, calls, and what speaks to the system.
fn control(word: u32, address: u64) -> Instruction {
    let target = |from, bits| address.wrapping_add_signed(signed(word, from, bits) << 2);
    let maybe = |target| Instruction::Jump {
        target,
        always: false,
    };
    match word >> 24 {
        // BL, B.
        0x94..=0x97 => Instruction::Call(Some(target(0, 26))),
        0x14..=0x17 => Instruction::Jump {
            target: target(0, 26),
            always: true,
        },
        // B.cond; CBZ, CBNZ; TBZ, TBNZ.
        0x54 | 0x34 | 0x35 | 0xb4 | 0xb5 => maybe(target(5, 19)),
        0x36 | 0x37 | 0xb6 | 0xb7 => maybe(target(5, 14)),
        // BLR; BR, RET.
        0xd6 | 0xd7 if word >> 21 & 3 == 1 => Instruction::Call(None),
        0xd6 | 0xd7 => Instruction::End,
        // BRK ends; a call to the system changes what a call changes.
        0xd4 if word >> 21 & 7 == 1 => Instruction::End,
        0xd4 => Instruction::Call(None),
        // MRS and its like read a register of the system.
        0xd5 if bit(word, 21) => writes(low(word)),
        0xd5 => Instruction::Writes(0),
        _ => writes(low(word)),
    }
}

/// Loads and stores.
fn memory(word: u32, address: u64) -> Instruction {
    let size = word >> 30;
    let is_vector = bit(word, 26);
    let register = zero_for_31(low(word));
    let base = middle(word);
    match word >> 27 & 7 {
        // LDR, LDRSW of a place near by.
        3 if !bit(word, 24) => Instruction::Access(Access {
            load: true,
            registers: (register, None),
            place: Place::Literal(address.wrapping_add_signed(signed(word, 5, 19) << 2)),
            width: match size {
                _ if is_vector => Width::Other,
                1 => Width::Whole,
                2 => Width::SignedWord,
                _ => Width::Other,
            },
            step: 0,
        })
        .without_vectors(is_vector),
        5 => pair(word, register, base),
        7 => single(word, register, base),
        // Exclusive and structured accesses: whatever they may write.
        _ if is_vector => writes(base),
        _ => Instruction::Writes(
            [low(word), word as usize >> 10 & 31, high(word)]
                .into_iter()
                .filter(|register| *register < STACK)
                .fold(0, |mask, register| mask | 1 << register),
        ),
    }
}

/// LDP, STP.
fn pair(word: u32, register: Register, base: Register) -> Instruction {
    let is_vector = bit(word, 26);
    let scale = match (word >> 30, is_vector) {
        (size, true) => 2 + size,
        (size, false) => 2 + (size >> 1),
    };
    let distance = signed(word, 15, 7) << scale;
    // Behind the access, before it, or not at all.
    let (offset, step) = match word >> 23 & 3 {
        1 => (0, distance),
        3 => (distance, distance),
        _ => (distance, 0),
    };
    let second = zero_for_31(word as usize >> 10 & 31);
    Instruction::Access(Access {
        load: bit(word, 22),
        registers: (register, Some(second)),
        place: Place::Offset { base, offset },
        width: match word >> 30 {
            2 if !is_vector => Width::Whole,
            _ => Width::Other,
        },
        step,
    })
    .without_vectors(is_vector)
}

/// LDR, STR and their kin.
fn single(word: u32, register: Register, base: Register) -> Instruction {
    let (size, operation, is_vector) = (word >> 30, word >> 22 & 3, bit(word, 26));
    let (place, step) = if bit(word, 24) {
        let scale = match is_vector && operation > 1 {
            true => 4,
            false => size,
        };
        let offset = i64::from(word >> 10 & 0xfff) << scale;
        (Place::Offset { base, offset }, 0)
    } else if !bit(word, 21) {
        let distance = signed(word, 12, 9);
        let (offset, step) = match word >> 10 & 3 {
            1 => (0, distance),
            3 => (distance, distance),
            _ => (distance, 0),
        };
        (Place::Offset { base, offset }, step)
    } else if word >> 10 & 3 == 2 {
        let index = high(word);
        // Only an index that counts in bytes leads where two registers add up to.
        if bit(word, 12) {
            return match is_vector || operation == 0 {
                true => Instruction::Writes(0),
                false => writes(register),
            };
        }
        (Place::Indexed { base, index }, 0)
    } else {
        // Atomic accesses, and those of signed pointers.
        return Instruction::Writes(
            [register, base]
                .into_iter()
                .filter(|register| *register < STACK)
                .fold(0, |mask, register| mask | 1 << register),
        );
    };
    Instruction::Access(Access {
        load: match is_vector {
            true => operation & 1 == 1,
            false => operation != 0,
        },
        registers: (register, None),
        place,
        width: match (size, operation) {
            _ if is_vector => Width::Other,
            (3, 0 | 1) => Width::Whole,
            (2, 2) => Width::SignedWord,
            _ => Width::Other,
        },
        step,
    })
    .without_vectors(is_vector)
}

impl Instruction {
    /// The same access as it touches general registers, if those that it names are others.
    fn without_vectors(self, is_vector: bool) -> Self {
        match self {
            Self::Access(mut access) if is_vector => {
                access.registers = (ZERO, access.registers.1.map(|_| ZERO));
                Self::Access(access)
            }
            other => other,
        }
    }
}

/// Data processing between registers.
fn between_registers(word: u32) -> Instruction {
    let to = zero_for_31(low(word));
    let is_64_bit = bit(word, 31);
    match word >> 21 & 0xff {
        // ORR with nothing, not shifted: a copy.
        0x50 if word >> 29 & 3 == 1 && middle(word) == 31 && word >> 10 & 63 == 0 => {
            Instruction::Move {
                to,
                from: high(word),
                half: !is_64_bit,
            }
        }
        // ADD, not shifted.
        0x58 if is_64_bit && word >> 29 & 3 == 0 && word >> 10 & 63 == 0 => Instruction::Sum {
            to,
            left: zero_for_31(middle(word)),
            right: high(word),
        },
        // ADD of a register that is extended to 64 bits, not shifted.
        0x59 if is_64_bit && word >> 29 & 3 == 0 && word >> 10 & 7 == 0 && bit(word, 14) => {
            Instruction::Sum {
                to: low(word),
                left: middle(word),
                right: high(word),
            }
        }
        // Conditional comparisons have flags where others have a register.
        0xd2 => Instruction::Writes(0),
        _ => writes(to),
    }
}

/// Floating point and vectors: only what ends in a general register.
fn floating_point(word: u32) -> Instruction {
    let converts = word >> 24 & 0x1f == 0x1e && (!bit(word, 21) || word >> 10 & 63 == 0);
    let copies = word >> 21 & 0xff == 0x70 && bit(word, 10) && !bit(word, 15);
    match converts || copies {
        true => writes(low(word)),
        false => Instruction::Writes(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: u64 = 0x1_0000_4000;

    /// Each word with what llvm-objdump prints for it.
    fn agree(expected: &[(u32, &str, Instruction)]) {
        for (word, printed, expected) in expected {
            assert_eq!(decode(*word, HERE), *expected, "{printed}");
        }
    }

    #[test]
    fn constants() {
        let constant = |to, value| Instruction::Constant { to, value };
        let address = |to, value| Instruction::Address { to, value };
        agree(&[
            (0xb000_0048, "adrp x8, 9", address(8, 0x1_0000_d000)),
            (0x1003_e542, "adr x2, #31912", address(2, HERE + 31_912)),
            (0x3200_03e2, "orr w2, wzr, #0x1", constant(2, 1)),
            (0xd280_0006, "mov x6, #0", constant(6, 0)),
            (0x5280_0022, "mov w2, #1", constant(2, 1)),
            (0x1280_0000, "mov w0, #-1", constant(0, 0xffff_ffff)),
            (0x9280_0000, "mov x0, #-1", constant(0, u64::MAX)),
        ]);
    }

    #[test]
    fn moves_and_sums() {
        let moved = |to, from, half| Instruction::Move { to, from, half };
        let add = |to, from, amount| Instruction::Add { to, from, amount };
        let sum = |to, left, right| Instruction::Sum { to, left, right };
        agree(&[
            (0xaa00_03f3, "mov x19, x0", moved(19, 0, false)),
            (0x2a15_03e2, "mov w2, w21", moved(2, 21, true)),
            (0x9100_83fd, "add x29, sp, #32", add(29, STACK, 32)),
            (0xd100_83bf, "sub sp, x29, #32", add(STACK, 29, -32)),
            (0x8b08_0000, "add x0, x0, x8", sum(0, 0, 8)),
        ]);
    }

    #[test]
    fn loads_and_stores() {
        let access = |load, registers, place, step| {
            Instruction::Access(Access {
                load,
                registers,
                place,
                width: Width::Whole,
                step,
            })
        };
        let at = |base, offset| Place::Offset { base, offset };
        let indexed = Place::Indexed { base: 0, index: 8 };
        let literal = Place::Literal(HERE + 36_752);
        let pair = (22, Some(21));
        agree(&[
            (
                0x5804_7c88,
                "ldr x8, #36752",
                access(true, (8, None), literal, 0),
            ),
            (
                0xf941_0101,
                "ldr x1, [x8, #512]",
                access(true, (1, None), at(8, 512), 0),
            ),
            (
                0xf81f_0ff3,
                "str x19, [sp, #-16]!",
                access(false, (19, None), at(STACK, -16), -16),
            ),
            (
                0xa9bd_57f6,
                "stp x22, x21, [sp, #-48]!",
                access(false, pair, at(STACK, -48), -48),
            ),
            (
                0xa8c3_57f6,
                "ldp x22, x21, [sp], #48",
                access(true, pair, at(STACK, 0), 48),
            ),
            (
                0xf868_6800,
                "ldr x0, [x0, x8]",
                access(true, (0, None), indexed, 0),
            ),
        ]);
    }

    #[test]
    fn branches_and_what_only_writes() {
        let jump = |target, always| Instruction::Jump { target, always };
        let call = Instruction::Call(Some(HERE + 4 * 0x4_1fff));
        agree(&[
            (0x9404_1fff, "bl #1081340", call),
            (0x3400_00d8, "cbz w24, #24", jump(HERE + 24, false)),
            (0x17ff_ffff, "b #-4", jump(HERE - 4, true)),
            (0xd65f_03c0, "ret", Instruction::End),
            (0xd63f_0100, "blr x8", Instruction::Call(None)),
            (0xd503_201f, "nop", Instruction::Writes(0)),
            (0xeb08_001f, "cmp x0, x8", Instruction::Writes(0)),
            (0x1e60_2020, "fcmp d1, d0", Instruction::Writes(0)),
            (0x9e66_0003, "fmov x3, d0", Instruction::Writes(1 << 3)),
            (0x4a08_0004, "eor w4, w0, w8", Instruction::Writes(1 << 4)),
        ]);
    }

    #[test]
    fn narrow_accesses_are_told_apart() {
        let width = |word| match decode(word, HERE) {
            Instruction::Access(access) => (access.load, access.registers, access.width),
            other => panic!("{other:?}"),
        };
        // ldrsw x8, #36076
        assert_eq!(width(0x9804_6328), (true, (8, None), Width::SignedWord));
        // strb w0, [x19, #1]
        assert_eq!(width(0x3900_0660), (false, (0, None), Width::Other));
        // ldr d0, [x0]
        assert_eq!(width(0xfd40_0000), (true, (ZERO, None), Width::Other));
        // str q0, [sp, #16]
        assert_eq!(width(0x3d80_07e0), (false, (ZERO, None), Width::Other));
    }

    #[test]
    fn every_word_means_something() {
        let mut word = 1_u32;
        for _ in 0..200_000 {
            word ^= word << 13;
            word ^= word >> 17;
            word ^= word << 5;
            let _ = decode(word, u64::MAX - 3);
        }
    }

    #[test]
    fn repeated_bits_as_the_manual_has_them() {
        // orr x0, xzr, #0x5555555555555555; #0xff; #0xff00ff00ff00ff00; w: #0xfffffffe
        for (word, value) in [
            (0xb200_f3e0, 0x5555_5555_5555_5555),
            (0xb240_1fe0, 0xff),
            (0xb208_9fe0, 0xff00_ff00_ff00_ff00),
            (0x321f_7be0, 0xffff_fffe),
        ] {
            assert_eq!(decode(word, 0), Instruction::Constant { to: 0, value });
        }
    }
}
