//! Printable strings inside of binary data, as `strings` finds them.

use crate::bytes::saturating_u32;

/// Strings with where they stand, in one block of memory.
#[derive(Debug, Default, Clone)]
pub struct Strings {
    text: String,
    /// File offset, then range in `text`.
    spans: Vec<(u32, u32, u32)>,
    truncated: bool,
}

impl Strings {
    /// Shortest string that is kept.
    pub const LENGTH_MIN: usize = 4;

    /// The strings with their offsets in the file, in file order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.spans.iter().filter_map(|(offset, from, to)| {
            Some((*offset, self.text.get(*from as usize..*to as usize)?))
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether there were more than the limits allow.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Where `wanted` is part of a string.
    pub fn containing<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = (u32, &'a str)> {
        self.iter().filter(move |(_, text)| text.contains(wanted))
    }

    /// Adds the strings of `data`, which starts at `offset` of the file: runs of at least
    /// [`Self::LENGTH_MIN`] printable characters, ASCII or UTF-8.
    pub(crate) fn scan(&mut self, data: &[u8], offset: usize, count_max: usize, bytes_max: usize) {
        let mut at = offset;
        for chunk in data.utf8_chunks() {
            let mut rest = chunk.valid();
            while !rest.is_empty() {
                let end = rest.find(is_unprintable).unwrap_or(rest.len());
                let (run, after) = rest.split_at(end);
                if run.chars().take(Self::LENGTH_MIN).count() == Self::LENGTH_MIN {
                    if self.spans.len() >= count_max || self.text.len() + run.len() > bytes_max {
                        self.truncated = true;
                        return;
                    }
                    self.push(saturating_u32(at), run);
                }
                at += end;
                let skipped = after.find(|c| !is_unprintable(c)).unwrap_or(after.len());
                at += skipped;
                rest = after.split_at(skipped).1;
            }
            at += chunk.invalid().len();
        }
    }

    fn push(&mut self, offset: u32, text: &str) {
        let from = saturating_u32(self.text.len());
        self.text.push_str(text);
        self.spans
            .push((offset, from, saturating_u32(self.text.len())));
    }
}

fn is_unprintable(character: char) -> bool {
    character.is_control() && character != '\t'
        || character == char::REPLACEMENT_CHARACTER
        || ('\u{e000}'..='\u{f8ff}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::Strings;

    #[test]
    fn finds_runs_with_their_offsets() {
        let mut strings = Strings::default();
        let data = "\0\u{1}abc\0/proc/self/maps\0合符验证\0".as_bytes();
        let data = [data, &[0xff, 0xfe], b"tail"].concat();
        strings.scan(&data, 100, 10, 1_000);
        let found: Vec<_> = strings.iter().collect();
        assert_eq!(
            found,
            [(106, "/proc/self/maps"), (122, "合符验证"), (137, "tail")]
        );
        assert_eq!(strings.containing("self").count(), 1);
        assert!(!strings.is_truncated());
    }

    #[test]
    fn limits_are_reported() {
        let data = b"abcd\0efgh\0ijkl";
        let mut strings = Strings::default();
        strings.scan(data, 0, 2, 1_000);
        assert_eq!((strings.len(), strings.is_truncated()), (2, true));
        let mut strings = Strings::default();
        strings.scan(data, 0, 9, 9);
        assert_eq!((strings.len(), strings.is_truncated()), (2, true));
        let mut strings = Strings::default();
        strings.scan(data, 0, 3, 12);
        assert_eq!((strings.len(), strings.is_truncated()), (3, false));
    }
}
