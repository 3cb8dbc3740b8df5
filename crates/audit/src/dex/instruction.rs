//! The Dalvik instruction decoder: every format of the instruction set.

use crate::bytes::{Truncated, u16_at, u32_at, u64_at};

/// Encodings of Dalvik instructions, named as in the format description: the digit counts code
/// units, the next one registers, the letter says what else is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are the documentation: they are the format ids"
)]
pub enum Format {
    F10x,
    F12x,
    F11n,
    F11x,
    F10t,
    F20t,
    F22x,
    F21t,
    F21s,
    F21h,
    F21c,
    F23x,
    F22b,
    F22t,
    F22s,
    F22c,
    F32x,
    F30t,
    F31t,
    F31i,
    F31c,
    F35c,
    F3rc,
    F45cc,
    F4rcc,
    F51l,
    /// Not an instruction: the data of a `packed-switch`.
    PackedSwitch,
    /// Not an instruction: the data of a `sparse-switch`.
    SparseSwitch,
    /// Not an instruction: the data of a `fill-array-data`.
    ArrayData,
}

impl Format {
    /// The format of `opcode`, or `None` where the instruction set has no such opcode.
    const fn of(opcode: u8) -> Option<Self> {
        Some(match opcode {
            0x00 | 0x0e => Self::F10x,
            0x01 | 0x04 | 0x07 | 0x21 | 0x7b..=0x8f | 0xb0..=0xcf => Self::F12x,
            0x02 | 0x05 | 0x08 => Self::F22x,
            0x03 | 0x06 | 0x09 => Self::F32x,
            0x0a..=0x0d | 0x0f..=0x11 | 0x1d | 0x1e | 0x27 => Self::F11x,
            0x12 => Self::F11n,
            0x13 | 0x16 => Self::F21s,
            0x14 | 0x17 => Self::F31i,
            0x15 | 0x19 => Self::F21h,
            0x18 => Self::F51l,
            0x1a | 0x1c | 0x1f | 0x22 | 0x60..=0x6d | 0xfe | 0xff => Self::F21c,
            0x1b => Self::F31c,
            0x20 | 0x23 | 0x52..=0x5f => Self::F22c,
            0x24 | 0x6e..=0x72 | 0xfc => Self::F35c,
            0x25 | 0x74..=0x78 | 0xfd => Self::F3rc,
            0x26 | 0x2b | 0x2c => Self::F31t,
            0x28 => Self::F10t,
            0x29 => Self::F20t,
            0x2a => Self::F30t,
            0x2d..=0x31 | 0x44..=0x51 | 0x90..=0xaf => Self::F23x,
            0x32..=0x37 => Self::F22t,
            0x38..=0x3d => Self::F21t,
            0xd0..=0xd7 => Self::F22s,
            0xd8..=0xe2 => Self::F22b,
            0xfa => Self::F45cc,
            0xfb => Self::F4rcc,
            _ => return None,
        })
    }

    /// Length in code units; data payloads know their own.
    const fn units(self) -> u32 {
        match self {
            Self::F10x | Self::F12x | Self::F11n | Self::F11x | Self::F10t => 1,
            Self::F20t
            | Self::F22x
            | Self::F21t
            | Self::F21s
            | Self::F21h
            | Self::F21c
            | Self::F23x
            | Self::F22b
            | Self::F22t
            | Self::F22s
            | Self::F22c => 2,
            Self::F32x
            | Self::F30t
            | Self::F31t
            | Self::F31i
            | Self::F31c
            | Self::F35c
            | Self::F3rc => 3,
            Self::F45cc | Self::F4rcc => 4,
            Self::F51l => 5,
            Self::PackedSwitch | Self::SparseSwitch | Self::ArrayData => 0,
        }
    }
}

/// The argument registers of an `invoke-*` or `filled-new-array`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registers {
    /// Up to five registers, listed.
    List {
        /// The registers; only the first `count` count.
        registers: [u8; 5],
        /// How many there are.
        count: u8,
    },
    /// `count` registers from `first` on.
    Range {
        /// The first register.
        first: u16,
        /// How many there are.
        count: u8,
    },
}

impl Registers {
    const NONE: Self = Self::List {
        registers: [0; 5],
        count: 0,
    };

    /// The registers in order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        let count = match self {
            Self::List { count, .. } | Self::Range { count, .. } => count,
        };
        (0..count).map(move |position| match self {
            Self::List { registers, .. } => {
                u32::from(registers.get(usize::from(position)).copied().unwrap_or(0))
            }
            Self::Range { first, .. } => u32::from(first) + u32::from(position),
        })
    }
}

/// One decoded instruction, or the data payload of one.
///
/// Fields that a format does not have are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Offset in the method, in code units, as disassemblers print it.
    pub offset: u32,
    /// Length in code units.
    pub units: u32,
    /// The opcode; 0 for payloads.
    pub opcode: u8,
    /// The format.
    pub format: Format,
    /// First register operand.
    pub a: u32,
    /// Second register operand.
    pub b: u32,
    /// Third register operand.
    pub c: u32,
    /// Constant operand, sign-extended and already shifted for the `high16` forms; for
    /// [`Format::ArrayData`] the number of elements.
    pub literal: i64,
    /// Index into the constant pool that the opcode calls for: string, type, field, method, …
    pub index: u32,
    /// Branch or payload target as an offset relative to this instruction, in code units.
    pub branch: i32,
    /// Registers of `invoke-*` and `filled-new-array`.
    pub registers: Registers,
}

/// Why code cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The instruction set has no such opcode.
    #[error("unknown opcode {opcode:#04x} at code unit {offset}")]
    UnknownOpcode {
        /// The opcode.
        opcode: u8,
        /// Where, in code units.
        offset: u32,
    },
    /// The last instruction or payload runs past the end of the code.
    #[error("the code ends inside an instruction")]
    Truncated,
    /// More than five registers in a format that has room for five.
    #[error("an instruction lists more than five registers")]
    TooManyRegisters,
}

impl From<Truncated> for DecodeError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

/// Decodes the instruction at `offset` (code units) of `code` (the bytes of `insns`).
///
/// # Errors
///
/// Unknown opcodes and code that ends inside the instruction.
pub fn decode(code: &[u8], offset: u32) -> Result<Instruction, DecodeError> {
    let at = offset as usize * 2;
    let unit = u16_at(code, at)?;
    let opcode = (unit & 0xff) as u8;
    if opcode == 0 && unit != 0 {
        return nop_or_payload(code, offset, unit);
    }
    let format = Format::of(opcode).ok_or(DecodeError::UnknownOpcode { opcode, offset })?;
    let mut instruction = Instruction {
        offset,
        units: format.units(),
        opcode,
        format,
        a: 0,
        b: 0,
        c: 0,
        literal: 0,
        index: 0,
        branch: 0,
        registers: Registers::NONE,
    };
    operands(&mut instruction, code, at, unit)?;
    Ok(instruction)
}

/// Fills in the operands by format.
fn operands(
    instruction: &mut Instruction,
    code: &[u8],
    at: usize,
    unit: u16,
) -> Result<(), DecodeError> {
    let high = u32::from(unit >> 8);
    let (nibble_a, nibble_b) = (u32::from(unit >> 8 & 0xf), u32::from(unit >> 12));
    let second = || u16_at(code, at + 2);
    let second_signed = || Ok::<_, Truncated>(i32::from(second()?.cast_signed()));
    let wide_signed = || Ok::<_, Truncated>(u32_at(code, at + 2)?.cast_signed());
    match instruction.format {
        Format::F10x | Format::PackedSwitch | Format::SparseSwitch | Format::ArrayData => {}
        Format::F12x | Format::F22t | Format::F22s | Format::F22c => {
            (instruction.a, instruction.b) = (nibble_a, nibble_b);
        }
        Format::F11n => {
            instruction.a = nibble_a;
            instruction.literal = i64::from(((unit >> 8) as u8).cast_signed() >> 4);
        }
        Format::F10t => instruction.branch = i32::from(((unit >> 8) as u8).cast_signed()),
        Format::F20t => instruction.branch = second_signed()?,
        Format::F22x => (instruction.a, instruction.b) = (high, u32::from(second()?)),
        Format::F23x | Format::F22b => {
            let word = second()?;
            instruction.a = high;
            instruction.b = u32::from(word & 0xff);
            instruction.c = u32::from(word >> 8);
            instruction.literal = i64::from(((word >> 8) as u8).cast_signed());
        }
        Format::F32x => {
            instruction.a = u32::from(second()?);
            instruction.b = u32::from(u16_at(code, at + 4)?);
        }
        Format::F30t => instruction.branch = wide_signed()?,
        Format::F35c | Format::F3rc | Format::F45cc | Format::F4rcc => {
            instruction.index = u32::from(second()?);
            instruction.registers = registers(instruction.format, unit, u16_at(code, at + 4)?)?;
            if matches!(instruction.format, Format::F45cc | Format::F4rcc) {
                u16_at(code, at + 6)?;
            }
        }
        _ => instruction.a = high,
    }
    // What stands beside the registers.
    match instruction.format {
        Format::F22t | Format::F21t => instruction.branch = second_signed()?,
        Format::F22s | Format::F21s => instruction.literal = i64::from(second_signed()?),
        Format::F22c | Format::F21c => instruction.index = u32::from(second()?),
        Format::F21h => {
            let shift = if instruction.opcode == 0x19 { 48 } else { 16 };
            instruction.literal = i64::from(second_signed()?) << shift;
        }
        Format::F31t => instruction.branch = wide_signed()?,
        Format::F31i => instruction.literal = i64::from(wide_signed()?),
        Format::F31c => instruction.index = u32_at(code, at + 2)?,
        Format::F51l => instruction.literal = u64_at(code, at + 2)?.cast_signed(),
        _ => {}
    }
    Ok(())
}

/// The register list (`A|G` in the first unit, `F|E|D|C` in the third) or range.
fn registers(format: Format, first: u16, third: u16) -> Result<Registers, DecodeError> {
    if matches!(format, Format::F3rc | Format::F4rcc) {
        return Ok(Registers::Range {
            first: third,
            count: (first >> 8) as u8,
        });
    }
    let count = (first >> 12) as u8;
    if count > 5 {
        return Err(DecodeError::TooManyRegisters);
    }
    let nibble = |shift: u32| (third >> shift & 0xf) as u8;
    let last = (first >> 8 & 0xf) as u8;
    Ok(Registers::List {
        registers: [nibble(0), nibble(4), nibble(8), nibble(12), last],
        count,
    })
}

/// A `packed-switch`, `sparse-switch` or `fill-array-data` payload, told from a nop by its high byte.
fn nop_or_payload(code: &[u8], offset: u32, ident: u16) -> Result<Instruction, DecodeError> {
    let at = offset as usize * 2;
    let (format, units, literal) = match ident {
        0x0100 => {
            let size = u32::from(u16_at(code, at + 2)?);
            (
                Format::PackedSwitch,
                u64::from(size) * 2 + 4,
                i64::from(size),
            )
        }
        0x0200 => {
            let size = u32::from(u16_at(code, at + 2)?);
            (
                Format::SparseSwitch,
                u64::from(size) * 4 + 2,
                i64::from(size),
            )
        }
        0x0300 => {
            let width = u64::from(u16_at(code, at + 2)?);
            let size = u32_at(code, at + 4)?;
            (
                Format::ArrayData,
                (width * u64::from(size)).div_ceil(2) + 4,
                i64::from(size),
            )
        }
        // The runtime takes any other high byte as a plain nop.
        _ => (Format::F10x, 1, 0),
    };
    let end = u64::from(offset) + units;
    if end * 2 > code.len() as u64 {
        return Err(DecodeError::Truncated);
    }
    let units = u32::try_from(units).map_err(|_| DecodeError::Truncated)?;
    Ok(Instruction {
        offset,
        units,
        opcode: 0,
        format,
        a: 0,
        b: 0,
        c: 0,
        literal,
        index: 0,
        branch: 0,
        registers: Registers::NONE,
    })
}

/// Branch offsets (relative to the switch instruction) of the switch payload at `offset`.
pub(crate) fn switch_branches(code: &[u8], offset: u32) -> impl Iterator<Item = i32> {
    let at = offset as usize * 2;
    let (first, count) = match decode(code, offset) {
        Ok(Instruction {
            format: Format::PackedSwitch,
            literal,
            ..
        }) => (at + 8, literal),
        Ok(Instruction {
            format: Format::SparseSwitch,
            literal,
            ..
        }) => (at + 4 + usize::try_from(literal).unwrap_or(0) * 4, literal),
        _ => (at, 0),
    };
    (0..usize::try_from(count).unwrap_or(0))
        .map_while(move |n| u32_at(code, first + n * 4).ok().map(u32::cast_signed))
}

/// Width of an element and the raw element bytes of the `fill-array-data` payload at `offset`.
pub(crate) fn array_data(code: &[u8], offset: u32) -> Option<(usize, &[u8])> {
    let payload = decode(code, offset)
        .ok()
        .filter(|found| found.format == Format::ArrayData)?;
    let at = offset as usize * 2;
    let width = usize::from(u16_at(code, at + 2).ok()?);
    let length = usize::try_from(payload.literal).ok()?.checked_mul(width)?;
    Some((width, crate::bytes::slice_at(code, at + 8, length).ok()?))
}

/// The mnemonic of `opcode`, as disassemblers print it; `"unused"` where there is none.
#[must_use]
pub fn mnemonic(opcode: u8) -> &'static str {
    MNEMONICS
        .get(usize::from(opcode))
        .copied()
        .unwrap_or("unused")
}

#[rustfmt::skip]
const MNEMONICS: [&str; 256] = [
    "nop", "move", "move/from16", "move/16", "move-wide", "move-wide/from16", "move-wide/16",
    "move-object", "move-object/from16", "move-object/16", "move-result", "move-result-wide",
    "move-result-object", "move-exception", "return-void", "return", "return-wide",
    "return-object", "const/4", "const/16", "const", "const/high16", "const-wide/16",
    "const-wide/32", "const-wide", "const-wide/high16", "const-string", "const-string/jumbo",
    "const-class", "monitor-enter", "monitor-exit", "check-cast", "instance-of", "array-length",
    "new-instance", "new-array", "filled-new-array", "filled-new-array/range", "fill-array-data",
    "throw", "goto", "goto/16", "goto/32", "packed-switch", "sparse-switch", "cmpl-float",
    "cmpg-float", "cmpl-double", "cmpg-double", "cmp-long", "if-eq", "if-ne", "if-lt", "if-ge",
    "if-gt", "if-le", "if-eqz", "if-nez", "if-ltz", "if-gez", "if-gtz", "if-lez",
    "unused", "unused", "unused", "unused", "unused", "unused", "aget", "aget-wide",
    "aget-object", "aget-boolean", "aget-byte", "aget-char", "aget-short", "aput", "aput-wide",
    "aput-object", "aput-boolean", "aput-byte", "aput-char", "aput-short", "iget", "iget-wide",
    "iget-object", "iget-boolean", "iget-byte", "iget-char", "iget-short", "iput", "iput-wide",
    "iput-object", "iput-boolean", "iput-byte", "iput-char", "iput-short", "sget", "sget-wide",
    "sget-object", "sget-boolean", "sget-byte", "sget-char", "sget-short", "sput", "sput-wide",
    "sput-object", "sput-boolean", "sput-byte", "sput-char", "sput-short", "invoke-virtual",
    "invoke-super", "invoke-direct", "invoke-static", "invoke-interface", "unused",
    "invoke-virtual/range", "invoke-super/range", "invoke-direct/range", "invoke-static/range",
    "invoke-interface/range", "unused", "unused", "neg-int", "not-int", "neg-long", "not-long",
    "neg-float", "neg-double", "int-to-long", "int-to-float", "int-to-double", "long-to-int",
    "long-to-float", "long-to-double", "float-to-int", "float-to-long", "float-to-double",
    "double-to-int", "double-to-long", "double-to-float", "int-to-byte", "int-to-char",
    "int-to-short", "add-int", "sub-int", "mul-int", "div-int", "rem-int", "and-int", "or-int",
    "xor-int", "shl-int", "shr-int", "ushr-int", "add-long", "sub-long", "mul-long", "div-long",
    "rem-long", "and-long", "or-long", "xor-long", "shl-long", "shr-long", "ushr-long",
    "add-float", "sub-float", "mul-float", "div-float", "rem-float", "add-double", "sub-double",
    "mul-double", "div-double", "rem-double", "add-int/2addr", "sub-int/2addr", "mul-int/2addr",
    "div-int/2addr", "rem-int/2addr", "and-int/2addr", "or-int/2addr", "xor-int/2addr",
    "shl-int/2addr", "shr-int/2addr", "ushr-int/2addr", "add-long/2addr", "sub-long/2addr",
    "mul-long/2addr", "div-long/2addr", "rem-long/2addr", "and-long/2addr", "or-long/2addr",
    "xor-long/2addr", "shl-long/2addr", "shr-long/2addr", "ushr-long/2addr", "add-float/2addr",
    "sub-float/2addr", "mul-float/2addr", "div-float/2addr", "rem-float/2addr",
    "add-double/2addr", "sub-double/2addr", "mul-double/2addr", "div-double/2addr",
    "rem-double/2addr", "add-int/lit16", "rsub-int", "mul-int/lit16", "div-int/lit16",
    "rem-int/lit16", "and-int/lit16", "or-int/lit16", "xor-int/lit16", "add-int/lit8",
    "rsub-int/lit8", "mul-int/lit8", "div-int/lit8", "rem-int/lit8", "and-int/lit8",
    "or-int/lit8", "xor-int/lit8", "shl-int/lit8", "shr-int/lit8", "ushr-int/lit8",
    "unused", "unused", "unused", "unused", "unused", "unused", "unused", "unused", "unused",
    "unused", "unused", "unused", "unused", "unused", "unused", "unused", "unused", "unused",
    "unused", "unused", "unused", "unused", "unused", "invoke-polymorphic",
    "invoke-polymorphic/range", "invoke-custom", "invoke-custom/range", "const-method-handle",
    "const-method-type",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of code units.
    fn code(units: &[u16]) -> Vec<u8> {
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    fn one(units: &[u16]) -> Instruction {
        decode(&code(units), 0).unwrap()
    }

    #[test]
    fn mnemonics_and_formats_agree_on_which_opcodes_exist() {
        for opcode in 0..=u8::MAX {
            assert_eq!(
                Format::of(opcode).is_none(),
                mnemonic(opcode) == "unused",
                "{opcode:#x}"
            );
        }
        assert_eq!(mnemonic(0x6e), "invoke-virtual");
        assert_eq!(mnemonic(0x90), "add-int");
        assert_eq!(mnemonic(0xe2), "ushr-int/lit8");
        assert_eq!(mnemonic(0xff), "const-method-type");
    }

    #[test]
    fn operands_of_every_format() {
        // Byte sequences as a disassembler prints them, low byte first in each unit.
        let found = one(&[0x2112]); // const/4 v1, #2
        assert_eq!((found.a, found.literal), (1, 2));
        assert_eq!(one(&[0xf012]).literal, -1); // const/4 v0, #-1
        let found = one(&[0x0113, 0x8000]); // const/16 v1, #-32768
        assert_eq!((found.a, found.literal), (1, -32_768));
        assert_eq!(one(&[0x0015, 0x7f05]).literal, 0x7f05_0000); // const/high16
        assert_eq!(one(&[0x0019, 0x4000]).literal, 0x4000_0000_0000_0000);
        let found = one(&[0x0118, 1, 2, 3, 0x8000]); // const-wide
        assert_eq!(
            (found.units, found.literal as u64),
            (5, 0x8000_0003_0002_0001)
        );
        let found = one(&[0x051b, 0x0001, 0x0002]); // const-string/jumbo v5
        assert_eq!((found.a, found.index), (5, 0x2_0001));
        let found = one(&[0x0190, 0x0302]); // add-int v1, v2, v3
        assert_eq!((found.a, found.b, found.c), (1, 2, 3));
        let found = one(&[0x01dd, 0xff02]); // and-int/lit8 v1, v2, #-1
        assert_eq!((found.b, found.literal), (2, -1));
        let found = one(&[0x2133, 0xfffe]); // if-ne v1, v2, -2
        assert_eq!((found.a, found.b, found.branch), (1, 2, -2));
        assert_eq!(one(&[0xff28]).branch, -1); // goto -1
        assert_eq!(one(&[0x002a, 0x0000, 0xffff]).branch, -0x1_0000); // goto/32
        let found = one(&[0x0003, 0x0100, 0x0200]); // move/16 v256, v512
        assert_eq!((found.a, found.b), (256, 512));
    }

    #[test]
    fn invocations_list_or_range_their_registers() {
        // invoke-virtual {v1, v2, v3, v4, v5}, method 7
        let found = one(&[0x556e, 7, 0x4321]);
        assert_eq!(found.index, 7);
        assert_eq!(found.registers.iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        // invoke-static/range {v16 .. v18}, method 9
        let found = one(&[0x0377, 9, 16]);
        assert_eq!(found.registers.iter().collect::<Vec<_>>(), [16, 17, 18]);
        // invoke-polymorphic {v1}, method 2, proto 3
        assert_eq!(one(&[0x10fa, 2, 1, 3]).units, 4);
        assert_eq!(
            decode(&code(&[0x606e, 7, 0]), 0),
            Err(DecodeError::TooManyRegisters)
        );
    }

    #[test]
    fn payloads_are_measured_and_read() {
        let packed = code(&[0x0100, 2, 0xa, 0, 0x10, 0, 0x20, 0]);
        assert_eq!(decode(&packed, 0).unwrap().units, 8);
        assert_eq!(
            switch_branches(&packed, 0).collect::<Vec<_>>(),
            [0x10, 0x20]
        );
        let sparse = code(&[0x0200, 1, 5, 0, 0xfffe, 0xffff]);
        assert_eq!(switch_branches(&sparse, 0).collect::<Vec<_>>(), [-2]);
        let data = code(&[0x0300, 1, 3, 0, 0x0201, 0x0003]);
        assert_eq!(decode(&data, 0).unwrap().units, 6);
        assert_eq!(array_data(&data, 0), Some((1, &[1, 2, 3][..])));
        // A payload whose size runs past the code is refused, not clipped.
        assert_eq!(
            decode(&code(&[0x0300, 8, 0xffff, 0xffff]), 0),
            Err(DecodeError::Truncated)
        );
    }

    #[test]
    fn unknown_opcodes_and_cut_code_are_named() {
        assert_eq!(
            decode(&code(&[0x003e]), 0),
            Err(DecodeError::UnknownOpcode {
                opcode: 0x3e,
                offset: 0
            })
        );
        assert_eq!(decode(&code(&[0x006e, 1]), 0), Err(DecodeError::Truncated));
        assert_eq!(decode(&[], 0), Err(DecodeError::Truncated));
    }
}
