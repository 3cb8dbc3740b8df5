//! Modified UTF-8, the encoding of strings in dex files.

use std::borrow::Cow;

/// Decodes modified UTF-8: one to three bytes a UTF-16 unit, supplementary characters as surrogate
/// pairs, U+0000 as `C0 80`. Whatever is not valid becomes U+FFFD, so that a damaged string stays
/// visible instead of disappearing.
///
/// Plain ASCII, the overwhelming case, is borrowed.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.is_ascii()
        && let Ok(text) = str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    let units = Units { bytes, position: 0 };
    Cow::Owned(
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    )
}

struct Units<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Units<'_> {
    /// The payload of a continuation byte `ahead` of the position.
    fn continuation(&self, ahead: usize) -> Option<u16> {
        let byte = *self.bytes.get(self.position + ahead)?;
        (byte & 0xc0 == 0x80).then_some(u16::from(byte & 0x3f))
    }
}

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        const INVALID: u16 = 0xfffd;
        let first = *self.bytes.get(self.position)?;
        let (unit, length) = match first {
            0x00..=0x7f => (u16::from(first), 1),
            0xc0..=0xdf => match self.continuation(1) {
                Some(low) => (u16::from(first & 0x1f) << 6 | low, 2),
                None => (INVALID, 1),
            },
            0xe0..=0xef => match (self.continuation(1), self.continuation(2)) {
                (Some(middle), Some(low)) => (u16::from(first & 0x0f) << 12 | middle << 6 | low, 3),
                _ => (INVALID, 1),
            },
            _ => (INVALID, 1),
        };
        self.position += length;
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn decodes_ascii_bmp_supplementary_and_nul() {
        assert_eq!(decode(b"Ljava/lang/String;"), "Ljava/lang/String;");
        assert_eq!(decode("合符".as_bytes()), "合符");
        // U+1F600 as two surrogates of three bytes each.
        assert_eq!(decode(&[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]), "\u{1f600}");
        assert_eq!(decode(&[b'a', 0xc0, 0x80, b'b']), "a\0b");
    }

    #[test]
    fn damage_stays_visible() {
        assert_eq!(decode(&[0xed, 0xa0, 0xbd]), "\u{fffd}");
        assert_eq!(decode(&[0xe5, 0x90]), "\u{fffd}\u{fffd}");
        assert_eq!(decode(&[0xff]), "\u{fffd}");
    }
}
