//! The instructions of a method, cut into basic blocks and joined by edges.

use super::super::instruction::{DecodeError, Format, Instruction, decode, switch_branches};
use super::super::tables::{CodeItem, Tables};
use super::CodeError;
use crate::bytes::saturating_u32;
use crate::limits::Limits;

pub(super) struct Block {
    /// Range of instructions.
    pub(super) first: u32,
    pub(super) end: u32,
    /// Range in `Graph::edges`.
    pub(super) edges: (u32, u32),
    /// Range in `Graph::handlers`.
    pub(super) handlers: (u32, u32),
    pub(super) reached: bool,
}

/// The control flow of one method; its buffers are reused from method to method.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) instructions: Vec<Instruction>,
    /// Instruction number by code unit, [`NO_INSTRUCTION`] inside of instructions.
    number_at: Vec<u32>,
    leaders: Vec<bool>,
    pub(super) blocks: Vec<Block>,
    /// Block number by instruction number.
    block_of: Vec<u32>,
    pub(super) edges: Vec<u32>,
    pub(super) handlers: Vec<u32>,
}

const NO_INSTRUCTION: u32 = u32::MAX;

impl Graph {
    /// Decodes the code and finds its blocks.
    pub(super) fn build(
        &mut self,
        tables: &Tables,
        item: &CodeItem<'_>,
        limits: &Limits,
    ) -> Result<(), CodeError> {
        self.decode(item, limits)?;
        self.check_indices(tables)?;
        self.find_blocks(item)
    }

    /// Linear sweep, as the runtime's verifier does it.
    fn decode(&mut self, item: &CodeItem<'_>, limits: &Limits) -> Result<(), CodeError> {
        self.instructions.clear();
        self.number_at.clear();
        let units = item.code.len() / 2;
        if units > limits.method_code_units_max {
            return Err(CodeError::TooLong);
        }
        self.number_at.resize(units, NO_INSTRUCTION);
        let mut offset = 0_u32;
        while (offset as usize) < units {
            let instruction = decode(item.code, offset)?;
            if let Some(slot) = self.number_at.get_mut(offset as usize) {
                *slot = saturating_u32(self.instructions.len());
            }
            self.instructions.push(instruction);
            offset = offset.saturating_add(instruction.units.max(1));
        }
        if offset as usize > units {
            return Err(DecodeError::Truncated.into());
        }
        Ok(())
    }

    /// Every index into a constant pool must lead somewhere; afterwards look-ups cannot fail.
    fn check_indices(&self, tables: &Tables) -> Result<(), CodeError> {
        let bad = self.instructions.iter().find(|found| {
            let count = match found.opcode {
                0x1a | 0x1b => tables.strings.count,
                0x1c | 0x1f | 0x20 | 0x22..=0x25 => tables.types.count,
                0x52..=0x6d => tables.fields.count,
                0x6e..=0x72 | 0x74..=0x78 | 0xfa | 0xfb => tables.methods.count,
                _ => return false,
            };
            found.index >= count
        });
        bad.map_or(Ok(()), |found| {
            Err(CodeError::BadIndex {
                offset: found.offset,
            })
        })
    }

    /// The instruction that `branch`, relative to `from`, leads to.
    fn target(&self, from: &Instruction, branch: i32) -> Result<u32, CodeError> {
        let bad = CodeError::BadBranch {
            offset: from.offset,
        };
        let offset = i64::from(from.offset) + i64::from(branch);
        let at = usize::try_from(offset).map_err(|_| bad)?;
        match self.number_at.get(at) {
            Some(&number) if number != NO_INSTRUCTION => Ok(number),
            _ => Err(bad),
        }
    }

    fn lead(&mut self, instruction: u32) {
        if let Some(leader) = self.leaders.get_mut(instruction as usize) {
            *leader = true;
        }
    }

    /// The instruction at code unit `offset`, or the next one if that is inside of one.
    fn number_at_or_after(&self, offset: u32) -> Option<u32> {
        /// Units of the longest instruction. Behind a payload, which may be longer, a block starts
        /// in any case.
        const LONGEST: usize = 5;
        let rest = self.number_at.get(offset as usize..)?;
        rest.iter()
            .take(LONGEST)
            .find(|number| **number != NO_INSTRUCTION)
            .copied()
    }

    /// Cuts the code into basic blocks and joins them with edges.
    fn find_blocks(&mut self, item: &CodeItem<'_>) -> Result<(), CodeError> {
        self.mark_leaders(item)?;
        self.blocks.clear();
        self.block_of.clear();
        for (number, leader) in self.leaders.iter().enumerate() {
            let number = saturating_u32(number);
            if *leader {
                if let Some(last) = self.blocks.last_mut() {
                    last.end = number;
                }
                let end = saturating_u32(self.leaders.len());
                self.blocks.push(Block {
                    first: number,
                    end,
                    edges: (0, 0),
                    handlers: (0, 0),
                    reached: false,
                });
            }
            self.block_of
                .push(saturating_u32(self.blocks.len().saturating_sub(1)));
        }
        self.edges.clear();
        self.handlers.clear();
        for number in 0..self.blocks.len() {
            self.connect(number, item)?;
        }
        Ok(())
    }

    fn mark_leaders(&mut self, item: &CodeItem<'_>) -> Result<(), CodeError> {
        self.leaders.clear();
        self.leaders.resize(self.instructions.len(), false);
        self.lead(0);
        // A case takes two units of its own table at least.
        let mut room = item.code.len();
        for number in 0..self.instructions.len() {
            let Some(found) = self.instructions.get(number).copied() else {
                break;
            };
            let next = saturating_u32(number + 1);
            match flow_of(found.opcode, found.format) {
                Flow::Next => continue,
                Flow::Branch | Flow::Goto => {
                    let target = self.target(&found, found.branch)?;
                    self.lead(target);
                }
                Flow::Switch => {
                    self.target(&found, found.branch)?;
                    for branch in switch_targets(item.code, &found) {
                        room = room.checked_sub(1).ok_or(CodeError::TooManyBranches)?;
                        let target = self.target(&found, branch)?;
                        self.lead(target);
                    }
                }
                Flow::End => {}
            }
            self.lead(next);
        }
        for range in &item.tries {
            for boundary in [range.start, range.end] {
                if let Some(number) = self.number_at_or_after(boundary) {
                    self.lead(number);
                }
            }
            for handler in item.handlers(range) {
                match self.number_at.get(*handler as usize) {
                    Some(&number) if number != NO_INSTRUCTION => self.lead(number),
                    _ => {
                        return Err(CodeError::BadBranch {
                            offset: range.start,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the edges that leave block `number`.
    fn connect(&mut self, number: usize, item: &CodeItem<'_>) -> Result<(), CodeError> {
        let edges_from = saturating_u32(self.edges.len());
        let handlers_from = saturating_u32(self.handlers.len());
        let Some((first, end)) = self
            .blocks
            .get(number)
            .map(|block| (block.first, block.end))
        else {
            return Ok(());
        };
        let last = end
            .checked_sub(1)
            .and_then(|last| self.instructions.get(last as usize));
        if let Some(last) = last.copied() {
            let flow = flow_of(last.opcode, last.format);
            if matches!(flow, Flow::Next | Flow::Branch | Flow::Switch)
                && (end as usize) < self.instructions.len()
            {
                self.edges.push(self.block_number(end));
            }
            if matches!(flow, Flow::Branch | Flow::Goto) {
                let target = self.target(&last, last.branch)?;
                self.edges.push(self.block_number(target));
            }
            if flow == Flow::Switch {
                for branch in switch_targets(item.code, &last) {
                    let target = self.target(&last, branch)?;
                    self.edges.push(self.block_number(target));
                }
            }
        }
        let offset = self
            .instructions
            .get(first as usize)
            .map_or(0, |found| found.offset);
        // Try ranges are sorted and do not overlap, so one of them at most covers the block.
        let covering = item.tries.partition_point(|range| range.end <= offset);
        if let Some(range) = item
            .tries
            .get(covering)
            .filter(|range| range.start <= offset)
        {
            for handler in item.handlers(range) {
                if let Some(&target) = self.number_at.get(*handler as usize) {
                    self.handlers.push(self.block_number(target));
                }
            }
        }
        let edges_end = saturating_u32(self.edges.len());
        let handlers_end = saturating_u32(self.handlers.len());
        if let Some(block) = self.blocks.get_mut(number) {
            block.edges = (edges_from, edges_end);
            block.handlers = (handlers_from, handlers_end);
        }
        Ok(())
    }

    fn block_number(&self, instruction: u32) -> u32 {
        self.block_of
            .get(instruction as usize)
            .copied()
            .unwrap_or(0)
    }

    /// Whether block `number` has an entry state.
    pub(super) fn is_reached(&self, number: u32) -> bool {
        self.blocks
            .get(number as usize)
            .is_some_and(|block| block.reached)
    }

    /// Makes all blocks unreached again.
    pub(super) fn forget_states(&mut self) {
        for block in &mut self.blocks {
            block.reached = false;
        }
    }

    /// The instructions of block `number`.
    pub(super) fn block_instructions(&self, number: u32) -> &[Instruction] {
        let block = self.blocks.get(number as usize);
        let range = block.map_or(0..0, |block| block.first as usize..block.end as usize);
        self.instructions.get(range).unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Branch,
    Goto,
    Switch,
    End,
}

fn flow_of(opcode: u8, format: Format) -> Flow {
    match opcode {
        0x0e..=0x11 | 0x27 => Flow::End,
        0x28..=0x2a => Flow::Goto,
        0x2b | 0x2c => Flow::Switch,
        0x32..=0x3d => Flow::Branch,
        _ if matches!(
            format,
            Format::PackedSwitch | Format::SparseSwitch | Format::ArrayData
        ) =>
        {
            Flow::End
        }
        _ => Flow::Next,
    }
}

fn switch_targets(code: &[u8], switch: &Instruction) -> impl Iterator<Item = i32> {
    let payload = i64::from(switch.offset) + i64::from(switch.branch);
    switch_branches(code, u32::try_from(payload).unwrap_or(u32::MAX))
}

/// The registers that an instruction writes: none, one, or two for 64-bit values.
pub(super) fn written_registers(found: &Instruction) -> impl Iterator<Item = u32> + use<> {
    let count = match found.opcode {
        0x01..=0x03
        | 0x07..=0x0a
        | 0x0c
        | 0x0d
        | 0x12..=0x15
        | 0x1a..=0x1c
        | 0x20..=0x23
        | 0x2d..=0x31
        | 0x44
        | 0x46..=0x4a
        | 0x52
        | 0x54..=0x58
        | 0x60
        | 0x62..=0x66
        | 0x7b
        | 0x7c
        | 0x7f
        | 0x82
        | 0x84
        | 0x85
        | 0x87
        | 0x8a
        | 0x8c..=0x9a
        | 0xa6..=0xaa
        | 0xb0..=0xba
        | 0xc6..=0xca
        | 0xd0..=0xe2
        | 0xfe
        | 0xff => 1,
        0x04..=0x06
        | 0x0b
        | 0x16..=0x19
        | 0x45
        | 0x53
        | 0x61
        | 0x7d
        | 0x7e
        | 0x80
        | 0x81
        | 0x83
        | 0x86
        | 0x88
        | 0x89
        | 0x8b
        | 0x9b..=0xa5
        | 0xab..=0xaf
        | 0xbb..=0xc5
        | 0xcb..=0xcf => 2,
        _ => 0,
    };
    let first = found.a;
    (0..count).map(move |ahead| first.saturating_add(ahead))
}
