//! PEM blocks (RFC 7468) among other text.

use pem_rfc7468::LineEnding;

/// The first block with this label, from its first to its last dash, and what follows it.
pub(crate) fn first_block<'a>(text: &'a str, label: &str) -> Option<(&'a str, &'a str)> {
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let (_, from_begin) = text.split_at_checked(text.find(&begin)?)?;
    from_begin.split_at_checked(from_begin.find(&end)? + end.len())
}

/// The bytes in a block.
pub(crate) fn decode(block: &str) -> Option<Vec<u8>> {
    let (_, der) = pem_rfc7468::decode_vec(block.as_bytes()).ok()?;
    Some(der)
}

/// A block with a line break at its end.
#[expect(
    clippy::expect_used,
    reason = "encoding fails only for lengths near usize::MAX"
)]
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).expect("what we write is short")
}
