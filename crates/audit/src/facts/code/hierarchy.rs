//! Which class of which dex file a type is, and what it descends from.

use std::collections::HashSet;
use std::ops::Range;

use rayon::prelude::*;

use crate::bytes::saturating_u32;
use crate::dex::{self, ClassDef, Dex, TypeId};

use super::names::descriptor_of;
use super::{DexFile, java_name};

/// A type among all that the package names. Those of the classes that it defines come first.
pub(super) type ClassNumber = u32;

const NONE: ClassNumber = u32::MAX;

/// The classes of all dex files, with the links between them resolved once.
#[derive(Debug, Default)]
pub(super) struct Hierarchy {
    /// File and position of each class. Of several with the same name only the first is here: the
    /// runtime loads no other.
    classes: Vec<(u32, u32)>,
    /// File and type of each type that the package only names, once for each name.
    platform: Vec<(u32, TypeId)>,
    /// For each file the number of each type.
    of_type: Vec<Vec<ClassNumber>>,
    /// The superclass of each class, where the package defines it.
    superclasses: Vec<ClassNumber>,
    /// Where each class stands in a walk down from superclasses, and where those below it end.
    tour: Vec<(u32, u32)>,
    /// For each file its types in the order of the walk: those below a class are one run. Types
    /// that the package only names follow.
    toured: Vec<Vec<(u32, TypeId)>>,
}

impl Hierarchy {
    pub(super) fn new(files: &[DexFile]) -> Self {
        let descriptor = |class| descriptor_of_class(files, class);
        let all = files.iter().zip(0..).flat_map(|(file, number)| {
            (0..saturating_u32(file.dex.classes.len())).map(move |class| (number, class))
        });
        let mut classes: Vec<(u32, u32)> = all.collect();
        classes.sort_by(|left, right| descriptor(*left).cmp(descriptor(*right)));
        // The sort is stable, so that the first of the same name stays in front.
        classes.dedup_by(|later, first| descriptor(*later) == descriptor(*first));
        let find = |wanted: &[u8]| find_class(files, &classes, wanted).map_or(NONE, saturating_u32);
        let mut of_type: Vec<Vec<ClassNumber>> = files
            .par_iter()
            .map(|file| {
                let tables = &file.dex.tables;
                (0..tables.types.count)
                    .map(|id| find(tables.descriptor(TypeId(id))))
                    .collect()
            })
            .collect();
        let platform = number_platform(files, saturating_u32(classes.len()), &mut of_type);
        let mut hierarchy = Self {
            classes,
            platform,
            of_type,
            ..Self::default()
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
        hierarchy.tour = tour(&hierarchy.superclasses);
        hierarchy.toured = hierarchy
            .of_type
            .iter()
            .map(|types| {
                let places = types.iter().zip(0..);
                let mut places: Vec<_> = places
                    .map(|(number, id)| (hierarchy.places_below(*number).start, TypeId(id)))
                    .collect();
                places.sort_unstable();
                places
            })
            .collect();
        hierarchy
    }

    /// File and position of a class.
    pub(super) fn place(&self, class: ClassNumber) -> Option<(u32, u32)> {
        self.classes.get(class as usize).copied()
    }

    /// The places of a class and of those that have it among their superclasses.
    fn places_below(&self, class: ClassNumber) -> Range<u32> {
        match self.tour.get(class as usize) {
            Some((place, end)) => *place..*end,
            // What the package only names has its number as its place.
            None => class..class.saturating_add(1),
        }
    }

    /// Whether a class is `top` or has it among its superclasses.
    pub(super) fn is_below(&self, class: ClassNumber, top: ClassNumber) -> bool {
        let place = self.places_below(class).start;
        self.places_below(top).contains(&place)
    }

    /// The types of a file that are this class.
    pub(super) fn types_of(&self, file: u32, class: ClassNumber) -> impl Iterator<Item = TypeId> {
        let place = self.places_below(class).start;
        self.types_at(file, place..place.saturating_add(1))
    }

    /// The types of a file that are this class or have it among their superclasses.
    pub(super) fn types_below(
        &self,
        file: u32,
        class: ClassNumber,
    ) -> impl Iterator<Item = TypeId> {
        self.types_at(file, self.places_below(class))
    }

    fn types_at(&self, file: u32, places: Range<u32>) -> impl Iterator<Item = TypeId> {
        let toured = self
            .toured
            .get(file as usize)
            .map_or(&[][..], Vec::as_slice);
        let from = toured.partition_point(|(place, _)| *place < places.start);
        let types = toured.get(from..).unwrap_or_default().iter();
        types
            .take_while(move |(place, _)| *place < places.end)
            .map(|(_, id)| *id)
    }

    /// The class that a type of a file is, if the package defines it.
    pub(super) fn class_of_type(&self, file: u32, id: TypeId) -> Option<ClassNumber> {
        self.number_of_type(file, id)
            .filter(|class| (*class as usize) < self.classes.len())
    }

    /// The number of a type of a file.
    pub(super) fn number_of_type(&self, file: u32, id: TypeId) -> Option<ClassNumber> {
        let types = self.of_type.get(file as usize)?;
        types.get(id.0 as usize).copied()
    }

    /// The number of a type, if the package names it.
    pub(super) fn number(&self, files: &[DexFile], descriptor: &[u8]) -> Option<ClassNumber> {
        let number = find_class(files, &self.classes, descriptor).or_else(|| {
            let named = self
                .platform
                .binary_search_by(|named| descriptor_of_type(files, *named).cmp(descriptor));
            Some(self.classes.len() + named.ok()?)
        });
        number.map(saturating_u32)
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

    /// A type and everything that it extends or implements, as far as the package names it.
    pub(super) fn ancestors(
        &self,
        files: &[DexFile],
        file: u32,
        id: TypeId,
    ) -> HashSet<ClassNumber> {
        let mut found = HashSet::new();
        let mut queue = vec![(file, id)];
        while let Some((file, id)) = queue.pop() {
            let Some(number) = self.number_of_type(file, id) else {
                continue;
            };
            if !found.insert(number) {
                continue;
            }
            if self.class_of_type(file, id).is_some() {
                queue.extend(self.parents(files, number));
            } else {
                let name = java_name(descriptor_of_type(files, (file, id)));
                let above = std::iter::successors(dex::superclass_of(&name), |class| {
                    dex::superclass_of(class)
                });
                found.extend(
                    above.filter_map(|class| self.number(files, descriptor_of(class).as_bytes())),
                );
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

/// Where a class stands among those of a package, which are in the order of their descriptors.
fn find_class(files: &[DexFile], classes: &[(u32, u32)], wanted: &[u8]) -> Option<usize> {
    let found = classes.binary_search_by(|class| descriptor_of_class(files, *class).cmp(wanted));
    found.ok()
}

/// The descriptor of a class by file and position.
fn descriptor_of_class(files: &[DexFile], (file, class): (u32, u32)) -> &[u8] {
    let dex = files.get(file as usize).map(|file| &file.dex);
    let class = dex.and_then(|dex| dex.classes.get(class as usize));
    class.map_or(&[], |class| descriptor_of_type(files, (file, class.type_)))
}

/// The descriptor of a type of a file.
fn descriptor_of_type(files: &[DexFile], (file, id): (u32, TypeId)) -> &[u8] {
    files
        .get(file as usize)
        .map_or(&[], |file| file.dex.tables.descriptor(id))
}

/// Numbers the types that have no number yet, from `first` on, and gives one of each in the order
/// of their numbers, which is that of their descriptors.
fn number_platform(
    files: &[DexFile],
    first: ClassNumber,
    of_type: &mut [Vec<ClassNumber>],
) -> Vec<(u32, TypeId)> {
    let types = of_type.iter().zip(0..).flat_map(|(types, file)| {
        let types = types.iter().zip(0..);
        let unnumbered = types.filter(|(number, _)| **number == NONE);
        unnumbered.map(move |(_, id)| (file, TypeId(id)))
    });
    let mut types: Vec<(u32, TypeId)> = types.collect();
    types.sort_by(|left, right| {
        descriptor_of_type(files, *left).cmp(descriptor_of_type(files, *right))
    });
    let mut platform: Vec<(u32, TypeId)> = Vec::new();
    for (file, id) in types {
        let known = platform.last().map(|last| descriptor_of_type(files, *last));
        if known != Some(descriptor_of_type(files, (file, id))) {
            platform.push((file, id));
        }
        let numbers = of_type.get_mut(file as usize);
        if let Some(number) = numbers.and_then(|numbers| numbers.get_mut(id.0 as usize)) {
            *number = first.saturating_add(saturating_u32(platform.len() - 1));
        }
    }
    platform
}

/// Walks down from the classes without a superclass in the package: for each class its place in the
/// walk, and the place behind the last one below it.
fn tour(superclasses: &[ClassNumber]) -> Vec<(u32, u32)> {
    let numbers = || 0..saturating_u32(superclasses.len());
    let superclass = |class: ClassNumber| superclasses.get(class as usize).copied().unwrap_or(NONE);
    let mut by_superclass: Vec<ClassNumber> = numbers().collect();
    by_superclass.sort_by_key(|class| superclass(*class));
    let below = |class: ClassNumber| {
        let from = by_superclass.partition_point(|other| superclass(*other) < class);
        let rest = by_superclass
            .get(from..)
            .unwrap_or_default()
            .iter()
            .copied();
        rest.take_while(move |other| superclass(*other) == class)
    };
    const UNSEEN: (u32, u32) = (u32::MAX, 0);
    let mut tour = vec![UNSEEN; superclasses.len()];
    let mut next = 0;
    // Those without a superclass come last in the order, and are the first to walk from. Hostile
    // files have cycles, which are walked from wherever they are met.
    let starts = below(NONE).chain(numbers()).collect::<Vec<_>>();
    let mut stack = Vec::new();
    for start in starts {
        stack.push((start, false));
        while let Some((class, is_left)) = stack.pop() {
            let Some(place) = tour.get_mut(class as usize) else {
                continue;
            };
            if is_left {
                place.1 = next;
            } else if *place == UNSEEN {
                place.0 = next;
                next += 1;
                stack.push((class, true));
                stack.extend(below(class).map(|class| (class, false)));
            }
        }
    }
    tour
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
