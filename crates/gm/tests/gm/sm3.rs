use crate::openssl::{OpenSsl, random_texts};
use hefu_gm::sm3::{Sm3, digest};
use hex_literal::hex;
use proptest::prelude::*;

/// GB/T 32905-2016, A.1.
#[test]
fn standard_example_1() {
    assert_eq!(
        digest(&[b"abc"]),
        hex!("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
    );
}

/// GB/T 32905-2016, A.2: exactly one block, so that the padding takes a second one.
#[test]
fn standard_example_2() {
    assert_eq!(
        digest(&[&b"abcd".repeat(16)]),
        hex!("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")
    );
}

#[test]
fn openssl_gives_the_same_digest() {
    let openssl = OpenSsl::new();
    for text in random_texts() {
        let theirs = openssl.write("text", &text).run("dgst -sm3 -binary text");
        assert_eq!(digest(&[&text])[..], theirs, "{} bytes", text.len());
    }
}

proptest! {
    #[test]
    fn parts_do_not_matter(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..150), 0..6)) {
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let mut streamed = Sm3::new();
        for part in &parts {
            streamed.update(part);
        }
        prop_assert_eq!(digest(&slices), digest(&[&parts.concat()]));
        prop_assert_eq!(streamed.finalize(), digest(&[&parts.concat()]));
    }
}
