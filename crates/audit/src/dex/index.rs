//! From a string, field, method or type to where it is used or defined.

use super::tables::Tables;
use super::uses::Uses;
use super::{FieldId, MethodDef, MethodId, StringId};
use crate::bytes::saturating_u32;

/// Positions in a table of uses, grouped by what is used.
#[derive(Debug, Default)]
struct Groups {
    /// Where the group of each key starts; one more entry than keys.
    starts: Vec<u32>,
    positions: Vec<u32>,
}

impl Groups {
    /// A counting sort: stable and linear.
    fn build(keys: u32, of: impl Iterator<Item = u32> + Clone) -> Self {
        let mut starts = vec![0_u32; keys as usize + 2];
        for key in of.clone() {
            if let Some(count) = starts.get_mut(key as usize + 2) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut positions = vec![0; total as usize];
        for (position, key) in of.enumerate() {
            if let Some(next) = starts.get_mut(key as usize + 1)
                && let Some(slot) = positions.get_mut(*next as usize)
            {
                *slot = saturating_u32(position);
                *next += 1;
            }
        }
        starts.pop();
        Self { starts, positions }
    }

    fn of(&self, key: u32) -> &[u32] {
        let start = self.starts.get(key as usize).copied().unwrap_or(0) as usize;
        let end = self.starts.get(key as usize + 1).copied().unwrap_or(0) as usize;
        self.positions.get(start..end).unwrap_or_default()
    }
}

/// The look-ups of one dex file.
#[derive(Debug, Default)]
pub(crate) struct Index {
    calls: Groups,
    texts: Groups,
    fields: Groups,
    methods: Groups,
}

impl Index {
    pub(crate) fn build(tables: &Tables, methods: &[MethodDef], uses: &Uses) -> Self {
        Self {
            calls: Groups::build(
                tables.methods.count,
                uses.calls.iter().map(|call| call.target.0),
            ),
            texts: Groups::build(
                tables.strings.count,
                uses.texts.iter().map(|text| text.text.0),
            ),
            fields: Groups::build(
                tables.fields.count,
                uses.fields.iter().map(|use_| use_.field.0),
            ),
            methods: Groups::build(
                tables.methods.count,
                methods.iter().map(|method| method.id.0),
            ),
        }
    }

    /// Positions in `Uses::calls` of the calls to `method`.
    pub(crate) fn calls_to(&self, method: MethodId) -> &[u32] {
        self.calls.of(method.0)
    }

    /// Positions in `Uses::texts` of the uses of `text`.
    pub(crate) fn uses_of(&self, text: StringId) -> &[u32] {
        self.texts.of(text.0)
    }

    /// Positions in `Uses::fields` of reads and writes of `field`.
    pub(crate) fn uses_of_field(&self, field: FieldId) -> &[u32] {
        self.fields.of(field.0)
    }

    /// The definition of `method`; the first if there are several.
    pub(crate) fn method(&self, method: MethodId) -> Option<u32> {
        self.methods.of(method.0).first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Groups;

    #[test]
    fn groups_keep_the_order_of_positions() {
        let groups = Groups::build(4, [2, 0, 2, 3, 2].into_iter());
        assert_eq!(groups.of(0), [1]);
        assert_eq!(groups.of(1), [] as [u32; 0]);
        assert_eq!(groups.of(2), [0, 2, 4]);
        assert_eq!(groups.of(3), [3]);
        assert_eq!(groups.of(4), [] as [u32; 0]);
        // Keys outside the range, which a checked file does not have, are left out.
        assert_eq!(Groups::build(1, [7, 0].into_iter()).of(0), [1]);
    }
}
