//! What addresses of a program stand for: stubs, selectors, classes, fields, constant texts.

use std::collections::HashMap;

use crate::limits::Limits;
use crate::macho::arm64::{self, Access, Instruction, Place, Width};
use crate::macho::objc::{Image, ObjcClass};
use crate::macho::{Layout, Section};

use super::{Callee, Collected, NameId, Names, Operand};

/// A program with what its addresses stand for.
pub(super) struct Linked<'a> {
    image: &'a Image<'a>,
    layout: &'a Layout,
    regions: Vec<Region>,
    /// Names of instance variables by where the program keeps their distance.
    fields: HashMap<u64, NameId>,
    names: Collected,
    functions: HashMap<u64, Function>,
    loads: HashMap<(u64, Width), Loaded>,
    constants: HashMap<u64, Operand>,
}

/// What a called address is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    /// Gives back what it is given.
    Retain,
    /// The same with what this register holds.
    RetainRegister(arm64::Register),
    /// Gives nothing back.
    Release,
    /// Puts its second argument where its first points to.
    Store,
    /// Gives back what is where its argument points to.
    LoadWeak,
    /// `objc_msgSend`: the selector is in a register, or known already.
    Message(Option<NameId>),
    /// `objc_msgSendSuper2`.
    Super,
    /// Any other.
    Other(Callee),
    /// Nothing that is known.
    Unknown,
}

/// What a load gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Loaded {
    /// A value.
    Value(Operand),
    /// An address.
    Address(u64),
    /// How far an instance variable lies in its object.
    Distance(NameId),
    /// Nothing that is known.
    Unknown,
}

/// A section that gives addresses a meaning.
#[derive(Debug, Clone, Copy)]
struct Region {
    start: u64,
    end: u64,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Code,
    /// Stubs of so many bytes, whose symbols are in the indirect table from an index on.
    Stubs {
        bytes: u32,
        first: u32,
    },
    MessageStubs,
    Selectors,
    Classes,
    Distances,
    Constants,
    TextObjects,
    Characters,
}

/// Sections looked at; programs have one of each kind. Every address is looked up among them.
const REGIONS_MAX: usize = 32;

/// Addresses of each kind whose meaning is remembered. Stops code that names a new address in
/// every instruction from filling memory.
const REMEMBERED_MAX: usize = 1 << 20;

impl<'a> Linked<'a> {
    pub(super) fn new(
        image: &'a Image<'a>,
        layout: &'a Layout,
        classes: &[ObjcClass],
        limits: &Limits,
    ) -> Self {
        let regions = layout.sections.iter().filter_map(|section| {
            Some(Region {
                start: section.address,
                end: section.address.checked_add(section.size)?,
                role: role(section)?,
            })
        });
        let mut names = Collected::new(limits.objc_name_bytes_max);
        let all_fields = classes.iter().flat_map(|class| &class.fields);
        let fields = all_fields
            .filter_map(|field| Some((field.distance_at?, names.id(&field.name)?)))
            .collect();
        Self {
            image,
            layout,
            regions: regions.take(REGIONS_MAX).collect(),
            fields,
            names,
            functions: HashMap::new(),
            loads: HashMap::new(),
            constants: HashMap::new(),
        }
    }

    /// Whether texts were left out because there were too many.
    pub(super) fn is_full(&self) -> bool {
        self.names.is_full
    }

    pub(super) fn into_names(self) -> Names {
        self.names.names
    }

    fn region(&self, address: u64) -> Option<Region> {
        let holds = |region: &&Region| region.start <= address && address < region.end;
        self.regions.iter().find(holds).copied()
    }

    /// What is called at an address.
    pub(super) fn function(&mut self, address: u64) -> Function {
        if let Some(known) = self.functions.get(&address) {
            return *known;
        }
        let found = self.find_function(address).unwrap_or(Function::Unknown);
        if self.functions.len() < REMEMBERED_MAX {
            self.functions.insert(address, found);
        }
        found
    }

    fn find_function(&mut self, address: u64) -> Option<Function> {
        let region = self.region(address)?;
        Some(match region.role {
            Role::Code => Function::Other(Callee::Own(address)),
            Role::Stubs { bytes, first } => {
                let number = (address - region.start).checked_div(bytes.into())?;
                let index = u32::try_from(number).ok()?.checked_add(first)?;
                let symbol = self.image.indirect_symbol(self.layout, index)?;
                match memory_management(&symbol) {
                    Some(known) => known,
                    None => Function::Other(Callee::Function(self.names.id(&symbol)?)),
                }
            }
            Role::MessageStubs => Function::Message(Some(self.selector_of_stub(address)?)),
            _ => return None,
        })
    }

    /// The selector that a stub for messages loads first of all.
    fn selector_of_stub(&mut self, address: u64) -> Option<NameId> {
        let mut words = self.image.code(address);
        let Instruction::Address { to, value } = arm64::decode(words.next()?, address) else {
            return None;
        };
        let Instruction::Access(Access {
            load: true,
            place: Place::Offset { base, offset },
            width: Width::Whole,
            ..
        }) = arm64::decode(words.next()?, address.checked_add(4)?)
        else {
            return None;
        };
        let at = value.checked_add_signed(offset).filter(|_| base == to)?;
        match self.loaded(at, Width::Whole) {
            Loaded::Value(Operand::Selector(selector)) => Some(selector),
            _ => None,
        }
    }

    /// What a load from an address gives.
    pub(super) fn loaded(&mut self, address: u64, width: Width) -> Loaded {
        if let Some(known) = self.loads.get(&(address, width)) {
            return *known;
        }
        let found = self.find_loaded(address, width).unwrap_or(Loaded::Unknown);
        if self.loads.len() < REMEMBERED_MAX {
            self.loads.insert((address, width), found);
        }
        found
    }

    fn find_loaded(&mut self, address: u64, width: Width) -> Option<Loaded> {
        let region = self.region(address)?;
        let pointer = || self.image.pointer(address);
        Some(match (region.role, width) {
            (Role::Selectors, Width::Whole) => {
                let selector = self.image.text(pointer()?)?;
                Loaded::Value(Operand::Selector(self.names.id(&selector)?))
            }
            (Role::Classes, Width::Whole) => {
                let class = self.image.class_name(pointer()?)?;
                Loaded::Value(Operand::Class(self.names.id(&class)?))
            }
            (Role::Constants, Width::Whole) => Loaded::Address(pointer()?),
            (Role::Distances, Width::SignedWord) => Loaded::Distance(*self.fields.get(&address)?),
            _ => return None,
        })
    }

    /// What an address is as an argument.
    pub(super) fn constant(&mut self, address: u64) -> Operand {
        if let Some(known) = self.constants.get(&address) {
            return *known;
        }
        let found = self.find_constant(address).unwrap_or(Operand::Unknown);
        if self.constants.len() < REMEMBERED_MAX {
            self.constants.insert(address, found);
        }
        found
    }

    fn find_constant(&mut self, address: u64) -> Option<Operand> {
        Some(match self.region(address)?.role {
            Role::TextObjects => {
                let text = self.image.text_object(address)?;
                Operand::Text(self.names.id(&text)?)
            }
            Role::Characters => {
                let text = self.image.text(address)?;
                Operand::Characters(self.names.id(&text)?)
            }
            _ => return None,
        })
    }
}

fn role(section: &Section) -> Option<Role> {
    const KIND: u32 = 0xff;
    const SYMBOL_STUBS: u32 = 8;
    Some(match section.name.as_str() {
        _ if section.flags & KIND == SYMBOL_STUBS => Role::Stubs {
            bytes: section.reserved.1,
            first: section.reserved.0,
        },
        "__text" => Role::Code,
        "__objc_stubs" => Role::MessageStubs,
        "__objc_selrefs" => Role::Selectors,
        "__objc_classrefs" | "__objc_superrefs" => Role::Classes,
        "__objc_ivar" => Role::Distances,
        "__const" => Role::Constants,
        "__cfstring" => Role::TextObjects,
        "__cstring" => Role::Characters,
        _ => return None,
    })
}

/// What the functions do that compilers put between the calls of a programmer.
fn memory_management(symbol: &str) -> Option<Function> {
    Some(match symbol {
        "_objc_msgSend" => Function::Message(None),
        "_objc_msgSendSuper2" | "_objc_msgSendSuper" => Function::Super,
        "_objc_retain"
        | "_objc_retainBlock"
        | "_objc_retainAutorelease"
        | "_objc_retainAutoreleaseReturnValue"
        | "_objc_retainAutoreleasedReturnValue"
        | "_objc_unsafeClaimAutoreleasedReturnValue"
        | "_objc_claimAutoreleasedReturnValue"
        | "_objc_autorelease"
        | "_objc_autoreleaseReturnValue"
        | "_objc_opt_self" => Function::Retain,
        "_objc_storeStrong" | "_objc_storeWeak" | "_objc_initWeak" => Function::Store,
        "_objc_loadWeak" | "_objc_loadWeakRetained" => Function::LoadWeak,
        _ => {
            let register = |prefix| symbol.strip_prefix(prefix)?.parse().ok();
            match register("_objc_retain_x") {
                Some(register) if register < arm64::STACK => Function::RetainRegister(register),
                _ if symbol.starts_with("_objc_release") => Function::Release,
                _ => return None,
            }
        }
    })
}
