//! The few DER structures that SM2 signatures and ciphertexts need, written without a way to fail.

use pkcs8::der::asn1::UintRef;
use pkcs8::der::{self, Decode, Reader, Tag};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// SEQUENCE of elements that are DER already.
pub(super) fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &elements.concat())
}

/// OCTET STRING.
pub(super) fn octet_string(bytes: &[u8]) -> Vec<u8> {
    element(OCTET_STRING, bytes)
}

/// INTEGER from a big-endian number without sign.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let first = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len());
    let (_, digits) = bytes.split_at(first);
    // A leading zero keeps the number positive, and is the number when it has no digits.
    let lead: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) {
        &[0]
    } else {
        &[]
    };
    element(INTEGER, &[lead, digits].concat())
}

/// Reads an INTEGER without sign and of at most 32 bytes into 32 big-endian bytes.
pub(super) fn read_unsigned<'a>(reader: &mut impl Reader<'a>) -> der::Result<[u8; 32]> {
    let number = UintRef::decode(reader)?;
    let digits = number.as_bytes();
    let mut out = [0; 32];
    let zeros = out
        .len()
        .checked_sub(digits.len())
        .ok_or(Tag::Integer.length_error())?;
    let (_, tail) = out.split_at_mut(zeros);
    tail.copy_from_slice(digits);
    Ok(out)
}

fn element(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    let first = length
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(length.len() - 1);
    let (_, length) = length.split_at(first);
    let mut out = Vec::with_capacity(1 + 1 + length.len() + body.len());
    out.push(tag);
    match length {
        [short @ 0..0x80] => out.push(*short),
        long => {
            // At most eight bytes of length, so that the count fits beside the flag.
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests {
    use super::{octet_string, sequence, unsigned};

    #[test]
    fn lengths_and_signs_follow_x690() {
        assert_eq!(unsigned(&[0, 0]), [0x02, 1, 0]);
        assert_eq!(unsigned(&[0, 0x7f]), [0x02, 1, 0x7f]);
        assert_eq!(unsigned(&[0x80]), [0x02, 2, 0, 0x80]);
        assert_eq!(octet_string(&[])[..], [0x04, 0]);
        assert_eq!(octet_string(&[7; 127])[..2], [0x04, 127]);
        assert_eq!(octet_string(&[7; 128])[..3], [0x04, 0x81, 128]);
        assert_eq!(octet_string(&[7; 256])[..4], [0x04, 0x82, 1, 0]);
        assert_eq!(octet_string(&[7; 65536])[..5], [0x04, 0x83, 1, 0, 0]);
        assert_eq!(
            sequence(&[unsigned(&[1]), unsigned(&[2])]),
            [0x30, 6, 2, 1, 1, 2, 1, 2]
        );
    }
}
