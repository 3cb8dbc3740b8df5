use crate::openssl::{OpenSsl, random, random_texts};
use crate::sm2_agreement::Drawn;
use crate::sm2_key::reveals;
use elliptic_curve::sec1::ToSec1Point;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{
    CIPHERTEXT_OVERHEAD_BYTES, DecryptError, DecryptionKey, EncryptError, EncryptionKey,
    PLAINTEXT_BYTES_MAX, PrivateKey, PublicKey,
};
use hefu_gm::sm3;
use hex_literal::hex;
use proptest::prelude::*;

const REFUSED: Result<hefu_gm::Zeroizing<Vec<u8>>, DecryptError> = Err(DecryptError::Refused);

/// GB/T 32918.5, A.3, with its nonce.
#[test]
fn standard_example_with_its_nonce() {
    let d = hex!("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
    let k = hex!("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21");
    let c1 = hex!(
        "04"
        "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
        "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
    );
    let c3 = hex!("59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766");
    let c2 = hex!("21886ca989ca9c7d58087307ca93092d651efa");
    let ciphertext = [&c1[..], &c3, &c2].concat();

    let key = DecryptionKey::from(PrivateKey::from_bytes(&d).unwrap());
    let ours = key
        .encryption_key()
        .encrypt(&mut Drawn::new(&[k]), b"encryption standard");
    assert_eq!(ours.unwrap(), ciphertext);
    assert_eq!(
        key.decrypt(&ciphertext).unwrap()[..],
        *b"encryption standard"
    );
}

/// A one-byte text whose key stream is zero would be sent as it is: the nonce is drawn again.
#[test]
fn a_zero_key_stream_is_never_used() {
    let key = DecryptionKey::from(PrivateKey::from_bytes(&[7; 32]).unwrap());
    let encrypt = |nonces: &[[u8; 32]], text: &[u8]| {
        key.encryption_key()
            .encrypt(&mut Drawn::new(nonces), text)
            .unwrap()
    };
    let c2_of = |ciphertext: &[u8]| ciphertext[CIPHERTEXT_OVERHEAD_BYTES];
    // Two texts with one nonce show its key stream; one nonce in 256 begins with zero.
    let nonce = (1..=u16::MAX)
        .map(|number| {
            let mut nonce = [0; 32];
            nonce[30..].copy_from_slice(&number.to_be_bytes());
            nonce
        })
        .find(|nonce| c2_of(&encrypt(&[*nonce], b"xy")) == b'x')
        .unwrap();
    let second = [3; 32];
    assert_eq!(encrypt(&[nonce, second], b"x"), encrypt(&[second], b"x"));
    assert_ne!(encrypt(&[nonce, second], b"xy"), encrypt(&[second], b"xy"));

    // A sender that did use it is refused: C2 is the text itself, C3 fits.
    let sent = encrypt(&[nonce], b"xy");
    let forge = |sent: &[u8], text: &[u8], c2: &[u8]| {
        let c1 = sm2::PublicKey::from_sec1_bytes(&sent[..65]).unwrap();
        let d = sm2::NonZeroScalar::try_from(&[7; 32][..]).unwrap();
        let shared = (c1.to_projective() * *d).to_affine().to_sec1_point(false);
        let (x2, y2) = shared.as_bytes()[1..].split_at(32);
        [&sent[..65], &sm3::digest(&[x2, text, y2]), c2].concat()
    };
    assert_eq!(key.decrypt(&forge(&sent, b"x", b"x")), REFUSED);
    assert_eq!(key.decrypt(&forge(&sent, b"", b"")), REFUSED);
    // The honest twin, with the nonce that is fit.
    let honest = encrypt(&[second], b"x");
    assert_eq!(forge(&honest, b"x", &[c2_of(&honest)]), honest);
    assert_eq!(key.decrypt(&honest).unwrap()[..], *b"x");
}

#[test]
fn openssl_decrypts_ours() {
    let openssl = OpenSsl::new();
    let pem = openssl.make_key().text("p.pem");
    let key = EncryptionKey::from(PublicKey::from_spki_pem(&pem).unwrap());
    for text in random_texts().filter(|text| !text.is_empty()) {
        let ciphertext = key.encrypt_der(&mut SystemRng, &text).unwrap();
        openssl.write("ciphertext", &ciphertext);
        let decrypted = openssl.run("pkeyutl -decrypt -inkey k.pem -in ciphertext");
        assert_eq!(decrypted, text, "{} bytes", text.len());
    }
}

#[test]
fn we_decrypt_what_openssl_encrypts() {
    let openssl = OpenSsl::new();
    let pem = openssl.make_key().text("k.pem");
    let key = DecryptionKey::from(PrivateKey::from_pem(&pem).unwrap());
    // OpenSSL does not pass over a zero key stream, which the standard forbids and we refuse:
    // below four bytes that would happen now and then.
    for text in random_texts().filter(|text| text.len() >= 4) {
        openssl.write("text", &text);
        let ciphertext = openssl.run("pkeyutl -encrypt -pubin -inkey p.pem -in text");
        let decrypted = key.decrypt_der(&ciphertext).unwrap();
        assert_eq!(*decrypted, text, "{} bytes", text.len());
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let key = DecryptionKey::make(&mut SystemRng).unwrap();
    let raw = key
        .encryption_key()
        .encrypt(&mut SystemRng, b"secret")
        .unwrap();
    let der = key
        .encryption_key()
        .encrypt_der(&mut SystemRng, b"secret")
        .unwrap();
    assert_eq!(key.decrypt(&raw).unwrap()[..], *b"secret");
    assert_eq!(key.decrypt_der(&der).unwrap()[..], *b"secret");
    for bit in 0..raw.len() * 8 {
        let mut changed = raw.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.decrypt(&changed), REFUSED, "bit {bit}");
    }
    for bit in 0..der.len() * 8 {
        let mut changed = der.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.decrypt_der(&changed), REFUSED, "bit {bit}");
    }
    for length in 0..raw.len() {
        assert_eq!(key.decrypt(&raw[..length]), REFUSED, "{length} bytes");
    }
    for length in 0..der.len() {
        assert_eq!(key.decrypt_der(&der[..length]), REFUSED, "{length} bytes");
    }
    assert_eq!(key.decrypt_der(&[&der[..], &[0]].concat()), REFUSED);
    // Each form is read as itself only.
    assert_eq!(key.decrypt(&der), REFUSED);
    assert_eq!(key.decrypt_der(&raw), REFUSED);
    let other = DecryptionKey::make(&mut SystemRng).unwrap();
    assert_eq!(other.decrypt(&raw), REFUSED);
}

#[test]
fn sizes_have_limits() {
    let key = DecryptionKey::make(&mut SystemRng).unwrap();
    let to = key.encryption_key();
    let text = random(PLAINTEXT_BYTES_MAX + 1);
    let longest = &text[1..];
    assert_eq!(to.encrypt(&mut SystemRng, b""), Err(EncryptError::Empty));
    assert_eq!(
        to.encrypt(&mut SystemRng, &text),
        Err(EncryptError::TooLong)
    );
    assert_eq!(
        to.encrypt_der(&mut SystemRng, &text),
        Err(EncryptError::TooLong)
    );
    let raw = to.encrypt(&mut SystemRng, longest).unwrap();
    assert_eq!(raw.len(), longest.len() + CIPHERTEXT_OVERHEAD_BYTES);
    assert_eq!(key.decrypt(&raw).unwrap()[..], *longest);
    let der = to.encrypt_der(&mut SystemRng, longest).unwrap();
    assert_eq!(key.decrypt_der(&der).unwrap()[..], *longest);
    assert_eq!(key.decrypt(&[&raw[..], &[0]].concat()), REFUSED);
}

/// A point on another curve, with a small order there, would give away the key modulo that order.
#[test]
fn points_off_the_curve_are_refused() {
    let key = DecryptionKey::make(&mut SystemRng).unwrap();
    let mut ciphertext = key
        .encryption_key()
        .encrypt(&mut SystemRng, b"secret")
        .unwrap();
    for form in [0, 2, 3, 5, 6, 7, 0xff] {
        ciphertext[0] = form;
        assert_eq!(key.decrypt(&ciphertext), REFUSED, "form {form}");
    }
    ciphertext[0] = 4;
    assert!(key.decrypt(&ciphertext).is_ok());
    ciphertext[1..65].fill(0);
    assert_eq!(key.decrypt(&ciphertext), REFUSED);
    ciphertext[1..65].fill(0xff);
    assert_eq!(key.decrypt(&ciphertext), REFUSED);
}

#[test]
fn debug_shows_no_secret() {
    let key = DecryptionKey::make(&mut SystemRng).unwrap();
    let secret = key.dangerous_private_key().dangerous_bytes();
    let shown = format!("{key:?}");
    assert!(shown.starts_with("DecryptionKey"));
    assert!(!reveals(&shown, secret.as_slice()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn round_trips(text in prop::collection::vec(any::<u8>(), 1..300)) {
        let key = DecryptionKey::make(&mut SystemRng).unwrap();
        let raw = key.encryption_key().encrypt(&mut SystemRng, &text).unwrap();
        prop_assert_eq!(&*key.decrypt(&raw).unwrap(), &text);
        let der = key.encryption_key().encrypt_der(&mut SystemRng, &text).unwrap();
        prop_assert_eq!(&*key.decrypt_der(&der).unwrap(), &text);
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let key = DecryptionKey::make(&mut SystemRng).unwrap();
        prop_assert_eq!(key.decrypt(&bytes), REFUSED);
        prop_assert_eq!(key.decrypt_der(&bytes), REFUSED);
    }
}
