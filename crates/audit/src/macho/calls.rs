//! What methods written in Objective-C call, and with what, as their machine code says.
//!
//! This reads code for 64-bit ARM. It follows constants, the method's own parameters, what fields
//! hold and what earlier calls gave, through registers and the stack, along every path; where
//! paths disagree, nothing is known. Managing of memory (retain, release) is seen through.

mod link;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;

use crate::limits::Limits;

use self::link::Linked;
use self::walk::Walk;
use super::arm64::Instruction;
use super::objc::{Image, ObjcClass};
use super::{Layout, Slice};

/// A text in the [`Names`] of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameId(u32);

/// Texts that calls refer to: selectors, functions, classes, fields, constants.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<Box<str>>);

impl Names {
    /// The text.
    #[must_use]
    pub fn text(&self, id: NameId) -> &str {
        self.0.get(id.0 as usize).map_or("", |text| text)
    }
}

/// A call in a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Where in the method, in bytes.
    pub offset: u32,
    /// What is called.
    pub callee: Callee,
    /// With what: of a message the receiver and its first arguments, else the first arguments.
    pub arguments: [Operand; 4],
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// The method of this selector, if it is known, of the receiver (`objc_msgSend`).
    Message(Option<NameId>),
    /// The same of the class above (`objc_msgSendSuper2`).
    Super(Option<NameId>),
    /// A function of another library, by its symbol: `_strcmp`.
    Function(NameId),
    /// A function of this program, by its address.
    Own(u64),
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Nothing.
    Unknown,
    /// Nothing was put there since the call before, so that this is no argument.
    Unset,
    /// A number.
    Number(u32),
    /// A constant object of text (`@"text"`).
    Text(NameId),
    /// A constant of characters (`"text"`).
    Characters(NameId),
    /// A class of this program.
    Class(NameId),
    /// A selector.
    Selector(NameId),
    /// A parameter of the method: 0 is `self`, 2 the first behind the selector.
    Parameter(u8),
    /// What an instance variable of `self` holds.
    Field(NameId),
    /// What an earlier call of the method gave, by its position.
    Result(u32),
}

/// Reads the calls of every method of the classes.
pub(super) fn read(image: &Image<'_>, slice: &mut Slice, layout: &Layout, limits: &Limits) {
    let mut linked = Linked::new(image, layout, &slice.objc_classes, limits);
    let starts = starts(image, layout, &slice.objc_classes);
    let mut budget = Budget {
        instructions: limits.objc_instructions_max,
        calls: limits.objc_calls_max,
    };
    let mut code = Vec::new();
    // Linkers fold methods of the same code; no instruction is walked twice.
    let mut walked: HashMap<u64, Option<Arc<[Call]>>> = HashMap::new();
    for class in &mut slice.objc_classes {
        for method in class.methods.iter_mut().chain(&mut class.class_methods) {
            let start = method.implementation;
            let next = starts.partition_point(|known| *known <= start);
            let bound = starts.get(next).copied();
            let length_max = limits.objc_method_instructions_max;
            let calls = walked.entry(start).or_insert_with(|| {
                let whole = read_code(image, start, bound, length_max, &mut code);
                let is_paid = whole && budget.pay(code.len());
                is_paid.then_some(())?;
                let calls = Walk::new(&mut linked, start, &code).calls(budget.calls)?;
                budget.calls = budget.calls.saturating_sub(calls.len());
                Some(calls.into())
            });
            match calls {
                Some(calls) => method.calls = Arc::clone(calls),
                None => slice.methods_unread += 1,
            }
        }
    }
    slice.methods_unread += usize::from(linked.is_full());
    slice.calls_read = true;
    slice.names = linked.into_names();
}

/// What is left of the bounds on all methods together.
struct Budget {
    instructions: usize,
    calls: usize,
}

impl Budget {
    fn pay(&mut self, instructions: usize) -> bool {
        let left = self.instructions.checked_sub(instructions);
        self.instructions = left.unwrap_or(0);
        left.is_some()
    }
}

/// Where functions start, as far as the program says, and where there are no more.
fn starts(image: &Image<'_>, layout: &Layout, classes: &[ObjcClass]) -> Vec<u64> {
    let methods = classes.iter().flat_map(ObjcClass::all_methods);
    let mut starts: Vec<u64> = methods.map(|method| method.implementation).collect();
    starts.extend(image.function_starts(layout.function_starts));
    let sections = layout.sections.iter();
    let code = sections.filter(|section| section.name == "__text");
    starts.extend(code.filter_map(|section| section.address.checked_add(section.size)));
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Decodes a method: up to where control never goes on, or to the next function. Whether that is
/// all of it.
fn read_code(
    image: &Image<'_>,
    start: u64,
    bound: Option<u64>,
    length_max: usize,
    code: &mut Vec<Instruction>,
) -> bool {
    code.clear();
    let mut furthest = start;
    let mut at = start;
    for word in image.code(start) {
        if bound.is_some_and(|bound| at >= bound) {
            break;
        }
        if code.len() == length_max {
            return false;
        }
        let instruction = super::arm64::decode(word, at);
        code.push(instruction);
        let ends = match instruction {
            Instruction::Jump { target, always } => {
                if target > start && bound.is_none_or(|bound| target < bound) {
                    furthest = furthest.max(target);
                }
                always
            }
            Instruction::End => true,
            _ => false,
        };
        at = at.saturating_add(4);
        if ends && at > furthest {
            break;
        }
    }
    true
}

/// Texts while they are collected: each once.
#[derive(Debug)]
struct Collected {
    names: Names,
    ids: HashMap<Box<str>, NameId>,
    bytes_left: usize,
    is_full: bool,
}

impl Collected {
    fn new(bytes_max: usize) -> Self {
        Self {
            names: Names::default(),
            ids: HashMap::new(),
            bytes_left: bytes_max,
            is_full: false,
        }
    }

    fn id(&mut self, text: &str) -> Option<NameId> {
        if let Some(id) = self.ids.get(text) {
            return Some(*id);
        }
        let Some(left) = self.bytes_left.checked_sub(text.len() + 1) else {
            self.is_full = true;
            return None;
        };
        self.bytes_left = left;
        let id = NameId(u32::try_from(self.names.0.len()).ok()?);
        self.names.0.push(text.into());
        self.ids.insert(text.into(), id);
        Some(id)
    }
}

#[cfg(test)]
mod tests;
