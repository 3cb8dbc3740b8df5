//! Which class of which dex file a type is, and what it descends from.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::bytes::saturating_u32;
use crate::dex::{self, ClassDef, Dex, TypeId};

use super::{DexFile, java_name};

/// A class among all that the package defines.
pub(super) type ClassNumber = u32;

const NONE: ClassNumber = u32::MAX;

/// The classes of all dex files, with the links between them resolved once.
#[derive(Debug, Default)]
pub(super) struct Hierarchy {
    /// File and position of each class. Of several with the same name only the first is here: the
    /// runtime loads no other.
    classes: Vec<(u32, u32)>,
    /// For each file the class behind each type.
    of_type: Vec<Vec<ClassNumber>>,
    /// The superclass of each class, where the package defines it.
    superclasses: Vec<ClassNumber>,
}

/// What a class extends or implements, itself included.
#[derive(Debug, Default)]
pub(super) struct Ancestors {
    classes: HashSet<ClassNumber>,
    /// Java names of those that the package does not define.
    platform: HashSet<String>,
}

impl Ancestors {
    /// Whether a type of a file is among them.
    pub(super) fn contains(
        &self,
        hierarchy: &Hierarchy,
        file: u32,
        id: TypeId,
        descriptor: &[u8],
    ) -> bool {
        match hierarchy.class_of_type(file, id) {
            Some(class) => self.classes.contains(&class),
            None => self.platform.contains(java_name(descriptor).as_ref()),
        }
    }
}

impl Hierarchy {
    pub(super) fn new(files: &[DexFile]) -> Self {
        let descriptor = |(file, class): (u32, u32)| -> &[u8] {
            let dex = files.get(file as usize).map(|file| &file.dex);
            dex.and_then(|dex| {
                let class = dex.classes.get(class as usize)?;
                Some(dex.tables.descriptor(class.type_))
            })
            .unwrap_or_default()
        };
        let all = files.iter().zip(0..).flat_map(|(file, number)| {
            (0..saturating_u32(file.dex.classes.len())).map(move |class| (number, class))
        });
        let mut classes: Vec<(u32, u32)> = all.collect();
        classes.sort_by(|left, right| descriptor(*left).cmp(descriptor(*right)));
        // The sort is stable, so that the first of the same name stays in front.
        classes.dedup_by(|later, first| descriptor(*later) == descriptor(*first));
        let find = |wanted: &[u8]| {
            let found = classes.binary_search_by(|class| descriptor(*class).cmp(wanted));
            found.map_or(NONE, saturating_u32)
        };
        let of_type: Vec<Vec<ClassNumber>> = files
            .par_iter()
            .map(|file| {
                let tables = &file.dex.tables;
                (0..tables.types.count)
                    .map(|id| find(tables.descriptor(TypeId(id))))
                    .collect()
            })
            .collect();
        let mut hierarchy = Self {
            classes,
            of_type,
            superclasses: Vec::new(),
        };
        hierarchy.superclasses = hierarchy
            .classes
            .iter()
            .map(|(file, class)| {
                let dex = files.get(*file as usize).map(|file| &file.dex);
                let class = dex.and_then(|dex| dex.classes.get(*class as usize));
                let superclass = class.and_then(|class| class.superclass);
                superclass
                    .and_then(|id| hierarchy.class_of_type(*file, id))
                    .unwrap_or(NONE)
            })
            .collect();
        hierarchy
    }

    /// File and position of a class.
    pub(super) fn place(&self, class: ClassNumber) -> Option<(u32, u32)> {
        self.classes.get(class as usize).copied()
    }

    /// The class that a type of a file is, if the package defines it.
    pub(super) fn class_of_type(&self, file: u32, id: TypeId) -> Option<ClassNumber> {
        let types = self.of_type.get(file as usize)?;
        types
            .get(id.0 as usize)
            .copied()
            .filter(|class| *class != NONE)
    }

    /// The class itself, its superclass, and so on as far as the package defines them.
    pub(super) fn chain(&self, class: ClassNumber) -> impl Iterator<Item = ClassNumber> {
        /// Hostile files have cycles.
        const DEPTH_MAX: usize = 64;
        let superclass = |class: &ClassNumber| {
            let superclass = self.superclasses.get(*class as usize).copied();
            superclass.filter(|class| *class != NONE)
        };
        std::iter::successors(Some(class), superclass).take(DEPTH_MAX)
    }

    /// Whether a type is `ancestor`, given as a descriptor, or extends or implements it.
    pub(super) fn is_a(
        &self,
        files: &[DexFile],
        file: u32,
        id: TypeId,
        ancestor: &[u8],
        seen: &mut HashSet<ClassNumber>,
    ) -> bool {
        let mut queue = vec![(file, id)];
        while let Some((file, id)) = queue.pop() {
            let Some(dex) = files.get(file as usize).map(|file| &file.dex) else {
                continue;
            };
            if dex.tables.descriptor(id) == ancestor {
                return true;
            }
            match self.class_of_type(file, id) {
                Some(class) if seen.insert(class) => {
                    queue.extend(self.parents(files, class));
                }
                Some(_) => {}
                None if is_platform_descendant(dex, id, ancestor) => return true,
                None => {}
            }
        }
        false
    }

    /// Everything that a type extends or implements.
    pub(super) fn ancestors(&self, files: &[DexFile], file: u32, id: TypeId) -> Ancestors {
        let mut found = Ancestors::default();
        let mut queue = vec![(file, id)];
        while let Some((file, id)) = queue.pop() {
            if let Some(class) = self.class_of_type(file, id) {
                if found.classes.insert(class) {
                    queue.extend(self.parents(files, class));
                }
            } else if let Some(file) = files.get(file as usize) {
                let descriptor = file.dex.tables.descriptor(id);
                let name = java_name(descriptor).into_owned();
                let above = std::iter::successors(dex::superclass_of(&name), |class| {
                    dex::superclass_of(class)
                });
                found.platform.extend(above.map(str::to_owned));
                found.platform.insert(name);
            }
        }
        found
    }

    /// The superclass and interfaces that a class names.
    fn parents<'a>(
        &self,
        files: &'a [DexFile],
        class: ClassNumber,
    ) -> impl Iterator<Item = (u32, TypeId)> + use<'a> {
        let found = self.place(class).and_then(|(file, position)| {
            let dex = &files.get(file as usize)?.dex;
            let class: &ClassDef = dex.classes.get(position as usize)?;
            Some((file, dex, class))
        });
        found.into_iter().flat_map(|(file, dex, class)| {
            let interfaces = dex.interfaces(class);
            interfaces.chain(class.superclass).map(move |id| (file, id))
        })
    }

    /// The classes that extend or implement `ancestor`, in file order.
    pub(super) fn descendants(&self, files: &[DexFile], ancestor: &[u8]) -> Vec<(u32, u32)> {
        let mut known: Vec<Option<bool>> = vec![None; self.classes.len()];
        let mut found: Vec<(u32, u32)> = (0..saturating_u32(self.classes.len()))
            .filter(|class| self.descends(files, *class, ancestor, &mut known))
            .filter_map(|class| self.place(class))
            .collect();
        found.sort_unstable();
        found
    }

    /// Whether a parent of `class` is `ancestor` or descends from it. What is found out about
    /// classes on the way is kept, so that all of them together cost one visit each.
    fn descends(
        &self,
        files: &[DexFile],
        class: ClassNumber,
        ancestor: &[u8],
        known: &mut [Option<bool>],
    ) -> bool {
        // Depth first without recursion: a class is answered once all of its parents are.
        let mut stack = vec![class];
        while let Some(&top) = stack.last() {
            let height = stack.len();
            // No, until shown otherwise; that also answers cycles.
            if let Some(slot) = known.get_mut(top as usize) {
                slot.get_or_insert(false);
            }
            let mut answer = known.get(top as usize).copied().flatten() == Some(true);
            let mut waiting = false;
            for (file, id) in self.parents(files, top) {
                let Some(dex) = files.get(file as usize).map(|file| &file.dex) else {
                    continue;
                };
                if dex.tables.descriptor(id) == ancestor {
                    answer = true;
                    break;
                }
                match self.class_of_type(file, id) {
                    Some(parent) => match known.get(parent as usize).copied().flatten() {
                        Some(parent) => answer |= parent,
                        None => {
                            stack.push(parent);
                            waiting = true;
                        }
                    },
                    None => answer |= is_platform_descendant(dex, id, ancestor),
                }
            }
            if answer || !waiting {
                if let Some(slot) = known.get_mut(top as usize) {
                    *slot = Some(answer);
                }
                stack.truncate(height - 1);
            }
        }
        known.get(class as usize).copied().flatten() == Some(true)
    }
}

/// Whether a type that the package does not define descends from `ancestor`, as far as the
/// platform's hierarchy is known.
fn is_platform_descendant(dex: &Dex, id: TypeId, ancestor: &[u8]) -> bool {
    let ancestor = java_name(ancestor);
    let name = java_name(dex.tables.descriptor(id));
    let mut at = dex::superclass_of(&name);
    while let Some(superclass) = at {
        if superclass == ancestor {
            return true;
        }
        at = dex::superclass_of(superclass);
    }
    false
}
