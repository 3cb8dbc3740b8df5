use crate::openssl::{OpenSsl, random, random_texts};
use crate::sm2_key::reveals;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{
    DEFAULT_ID, ID_BYTES_MAX, PrivateKey, PublicKey, SIGNATURE_DER_BYTES_MAX, SignError, Signature,
    SignatureError, SigningKey, VerifyError, VerifyingKey,
};
use hex_literal::hex;
use proptest::prelude::*;

const N: [u8; 32] = hex!("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123");

#[test]
fn openssl_accepts_our_signatures() {
    let openssl = OpenSsl::new();
    let key = SigningKey::make(&mut SystemRng).unwrap();
    openssl.write("p.pem", key.verifying_key().public_key().to_spki_pem());
    for text in random_texts() {
        for id in ["1234567812345678", "A", "ALICE123@YAHOO.COM"] {
            let signature = key.sign(id.as_bytes(), &text).unwrap();
            openssl
                .write("text", &text)
                .write("signature", signature.to_der());
            let verify =
                format!("dgst -sm3 -verify p.pem -signature signature -sigopt distid:{id} text");
            openssl.run(&verify);
            openssl.write("text", [&text[..], &[0]].concat());
            assert!(openssl.refuses(&verify));
        }
    }
}

#[test]
fn we_accept_the_signatures_of_openssl() {
    let openssl = OpenSsl::new();
    let pem = openssl.make_key().text("p.pem");
    let key = VerifyingKey::from(PublicKey::from_spki_pem(&pem).unwrap());
    for text in random_texts() {
        for id in ["1234567812345678", "A", "ALICE123@YAHOO.COM"] {
            let der = openssl
                .write("text", &text)
                .run(&format!("dgst -sm3 -sign k.pem -sigopt distid:{id} text"));
            let signature = Signature::from_der(&der).unwrap();
            assert_eq!(signature.to_der(), der);
            assert_eq!(key.verify(id.as_bytes(), &text, &signature), Ok(()));
            assert_eq!(
                key.verify(b"other", &text, &signature),
                Err(VerifyError::Mismatch)
            );
        }
    }
}

/// The other of OpenSSL's two commands that sign, over the key file that we wrote.
#[test]
fn openssl_signs_with_our_key_file() {
    let openssl = OpenSsl::new();
    let key = PrivateKey::make(&mut SystemRng).unwrap();
    openssl
        .write("k.pem", key.to_pkcs8_pem().as_bytes())
        .write("text", "some text");
    let der = openssl.run(
        "pkeyutl -sign -rawin -digest sm3 -inkey k.pem -pkeyopt distid:1234567812345678 -in text",
    );
    let signature = Signature::from_der(&der).unwrap();
    let key = SigningKey::from(key);
    assert_eq!(
        key.verifying_key()
            .verify(DEFAULT_ID, b"some text", &signature),
        Ok(())
    );
}

#[test]
fn every_flipped_bit_is_refused() {
    let key = SigningKey::make(&mut SystemRng).unwrap();
    let verifying_key = key.verifying_key();
    let (id, text) = (*b"phone 7", *b"transfer 100.00");
    let signature = key.sign(&id, &text).unwrap();
    assert_eq!(verifying_key.verify(&id, &text, &signature), Ok(()));

    let bytes = signature.to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes;
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = Signature::from_bytes(&changed) {
            let verified = verifying_key.verify(&id, &text, &changed);
            assert_eq!(
                verified,
                Err(VerifyError::Mismatch),
                "bit {bit} of the signature"
            );
        }
    }
    for bit in 0..text.len() * 8 {
        let mut changed = text;
        changed[bit / 8] ^= 1 << (bit % 8);
        let verified = verifying_key.verify(&id, &changed, &signature);
        assert_eq!(
            verified,
            Err(VerifyError::Mismatch),
            "bit {bit} of the text"
        );
    }
    for bit in 0..id.len() * 8 {
        let mut changed = id;
        changed[bit / 8] ^= 1 << (bit % 8);
        let verified = verifying_key.verify(&changed, &text, &signature);
        assert_eq!(verified, Err(VerifyError::Mismatch), "bit {bit} of the id");
    }
    assert_eq!(
        verifying_key.verify(DEFAULT_ID, &text, &signature),
        Err(VerifyError::Mismatch)
    );
    let other = SigningKey::make(&mut SystemRng).unwrap();
    let verified = other.verifying_key().verify(&id, &text, &signature);
    assert_eq!(verified, Err(VerifyError::Mismatch));
}

/// The identity digest keeps the boundary between id and text: moving a byte across is another
/// signer.
#[test]
fn the_id_does_not_run_into_the_text() {
    let key = SigningKey::make(&mut SystemRng).unwrap();
    let signature = key.sign(b"ab", b"c").unwrap();
    assert_eq!(key.verifying_key().verify(b"ab", b"c", &signature), Ok(()));
    let verified = key.verifying_key().verify(b"a", b"bc", &signature);
    assert_eq!(verified, Err(VerifyError::Mismatch));
}

#[test]
fn the_longest_id_works_and_a_longer_one_is_an_error() {
    let key = SigningKey::make(&mut SystemRng).unwrap();
    let id = vec![b'x'; ID_BYTES_MAX + 1];
    let signature = key.sign(&id[1..], b"text").unwrap();
    assert_eq!(
        key.verifying_key().verify(&id[1..], b"text", &signature),
        Ok(())
    );
    assert_eq!(key.sign(&id, b"text"), Err(SignError::IdTooLong));
    let verified = key.verifying_key().verify(&id, b"text", &signature);
    assert_eq!(verified, Err(VerifyError::IdTooLong));
}

#[test]
fn signatures_out_of_range_are_refused() {
    let one = [&[0; 31][..], &[1]].concat();
    let n_minus_1 = [&N[..31], &[N[31] - 1]].concat();
    let raw = |r: &[u8], s: &[u8]| Signature::from_bytes(&[r, s].concat());
    assert!(raw(&one, &n_minus_1).is_ok());
    for bad in [[0; 32], N, [0xff; 32]] {
        assert_eq!(raw(&bad, &one), Err(SignatureError::Range));
        assert_eq!(raw(&one, &bad), Err(SignatureError::Range));
    }
    for length in (0..130).filter(|length| *length != 64) {
        assert_eq!(
            Signature::from_bytes(&vec![1; length]),
            Err(SignatureError::Length)
        );
    }
}

/// Only the one DER form of a signature is a signature.
#[test]
fn other_encodings_are_refused() {
    let from = Signature::from_der;
    let good = hex!("3006 020101 020102");
    let signature = from(&good).unwrap();
    assert_eq!(signature.to_der(), good);
    for (name, bytes) in [
        ("trailing byte", &hex!("3006 020101 020102 00")[..]),
        ("a third number", &hex!("3009 020101 020102 020103")),
        ("leading zero", &hex!("3007 02020001 020102")),
        ("negative number", &hex!("3006 020181 020102")),
        ("long length", &hex!("308106 020101 020102")),
        ("indefinite length", &hex!("3080 020101 020102 0000")),
        ("other tag", &hex!("3106 020101 020102")),
        ("cut", &hex!("3006 020101 0201")),
        ("one number", &hex!("3003 020101")),
        ("nothing", &[]),
    ] {
        assert_eq!(from(bytes), Err(SignatureError::Der), "{name}");
    }
    assert_eq!(
        from(&hex!("3006 020100 020102")),
        Err(SignatureError::Range)
    );
    assert_eq!(
        from(&[0x30; SIGNATURE_DER_BYTES_MAX + 1]),
        Err(SignatureError::Length)
    );
}

#[test]
fn debug_shows_no_secret() {
    let key = SigningKey::make(&mut SystemRng).unwrap();
    let secret = key.dangerous_private_key().dangerous_bytes();
    let shown = format!("{key:?} {:?}", key.dangerous_private_key());
    assert!(shown.starts_with("SigningKey") && shown.ends_with("PrivateKey(redacted)"));
    assert!(!reveals(&shown, secret.as_slice()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn round_trips(id in prop::collection::vec(any::<u8>(), 0..40), text in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = SigningKey::make(&mut SystemRng).unwrap();
        let signature = key.sign(&id, &text).unwrap();
        prop_assert_eq!(key.verifying_key().verify(&id, &text, &signature), Ok(()));
        prop_assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
        prop_assert!(signature.to_der().len() <= SIGNATURE_DER_BYTES_MAX);
        prop_assert_eq!(Signature::from_der(&signature.to_der()), Ok(signature));
    }

    #[test]
    fn what_parses_as_der_has_one_form(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(signature) = Signature::from_der(&bytes) {
            prop_assert_eq!(signature.to_der(), bytes);
        }
    }

    #[test]
    fn random_signatures_are_refused(bytes in prop::array::uniform32(any::<u8>())) {
        let key = SigningKey::make(&mut SystemRng).unwrap();
        if let Ok(signature) = Signature::from_bytes(&[bytes, bytes].concat()) {
            let verified = key.verifying_key().verify(DEFAULT_ID, &random(5), &signature);
            prop_assert_eq!(verified, Err(VerifyError::Mismatch));
        }
    }
}
