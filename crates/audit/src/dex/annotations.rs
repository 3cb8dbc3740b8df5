//! Which annotations classes and methods carry. Their values are not kept.

use crate::bytes::{Cursor, Truncated, u32_at};

use super::{MethodId, TypeId};

/// (class or method, annotation type) pairs, sorted.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    classes: Vec<(TypeId, TypeId)>,
    methods: Vec<(MethodId, TypeId)>,
}

impl Annotations {
    /// Reads the annotations directory of `class` at `offset`, taking what it reads from `room`.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        class: TypeId,
        offset: u32,
        room: &mut usize,
    ) -> Result<(), Truncated> {
        let at = offset as usize;
        let (class_set, fields) = pair_at(bytes, at)?;
        let (methods, _) = pair_at(bytes, at + 8)?;
        if class_set != 0 {
            set(bytes, class_set, room, |type_| {
                self.classes.push((class, type_))
            })?;
        }
        let first = at + 16 + fields as usize * 8;
        for number in 0..methods as usize {
            let (method, annotations) = pair_at(bytes, first + number * 8)?;
            *room = room.checked_sub(8).ok_or(Truncated)?;
            let method = MethodId(method);
            set(bytes, annotations, room, |type_| {
                self.methods.push((method, type_))
            })?;
        }
        Ok(())
    }

    pub(crate) fn sort(&mut self) {
        self.classes.sort_unstable();
        self.methods.sort_unstable();
    }

    pub(crate) fn of_class(&self, class: TypeId) -> impl Iterator<Item = TypeId> {
        annotations_of(&self.classes, class)
    }

    pub(crate) fn of_method(&self, method: MethodId) -> impl Iterator<Item = TypeId> {
        annotations_of(&self.methods, method)
    }
}

fn annotations_of<T: Ord + Copy>(
    pairs: &[(T, TypeId)],
    target: T,
) -> impl Iterator<Item = TypeId> + use<'_, T> {
    let from = pairs.partition_point(|(of, _)| *of < target);
    pairs
        .iter()
        .skip(from)
        .take_while(move |(of, _)| *of == target)
        .map(|(_, type_)| *type_)
}

/// Hands the type of every annotation of the set at `offset` to `found`.
fn set(
    bytes: &[u8],
    offset: u32,
    room: &mut usize,
    mut found: impl FnMut(TypeId),
) -> Result<(), Truncated> {
    let at = offset as usize;
    for number in 0..u32_at(bytes, at)? as usize {
        *room = room.checked_sub(8).ok_or(Truncated)?;
        let item = u32_at(bytes, at + 4 + number * 4)? as usize;
        // One byte of visibility, then the type.
        found(TypeId(Cursor::new(bytes, item + 1).uleb128()?));
    }
    Ok(())
}

/// The offset of an annotation set, read from an item that pairs it with a member.
fn pair_at(bytes: &[u8], at: usize) -> Result<(u32, u32), Truncated> {
    Ok((u32_at(bytes, at)?, u32_at(bytes, at + 4)?))
}
