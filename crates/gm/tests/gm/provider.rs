//! The provider is used through the trait alone, as the other crates use it.

use hefu_gm::provider::{CipherError, DecryptSm2, Provider, SignSm2, software};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{
    DEFAULT_ID, DecryptError, PrivateKey, SignError, Signature, VerifyError, VerifyingKey,
};
use hefu_gm::{hmac::HmacSm3, sm3, sm4};
use std::sync::Arc;

#[test]
fn signs_and_verifies() {
    let provider = software();
    let key = provider.make_signing_key().unwrap();
    let signature = key.sign(DEFAULT_ID, b"text").unwrap();
    let verify =
        |text: &[u8]| provider.verify_sm2(key.verifying_key(), DEFAULT_ID, text, &signature);
    assert_eq!(verify(b"text"), Ok(()));
    assert_eq!(verify(b"texT"), Err(VerifyError::Mismatch));
}

#[test]
fn takes_keys_from_files() {
    let provider = software();
    let file = PrivateKey::make(&mut SystemRng).unwrap();
    let public_key = *file.public_key();
    let signing_key = provider.signing_key(file.clone()).unwrap();
    assert_eq!(signing_key.verifying_key().public_key(), &public_key);
    let decryption_key = provider.decryption_key(file).unwrap();
    assert_eq!(decryption_key.encryption_key().public_key(), &public_key);
}

#[test]
fn encrypts_and_decrypts() {
    let provider = software();
    let key = provider.make_decryption_key().unwrap();
    let mut ciphertext = provider.encrypt_sm2(key.encryption_key(), b"text").unwrap();
    let der = provider
        .encrypt_sm2_der(key.encryption_key(), b"text")
        .unwrap();
    assert_eq!(key.decrypt_der(&der).unwrap()[..], *b"text");
    assert_eq!(key.decrypt(&ciphertext).unwrap()[..], *b"text");
    let der = key
        .encryption_key()
        .encrypt_der(&mut SystemRng, b"text")
        .unwrap();
    assert_eq!(key.decrypt_der(&der).unwrap()[..], *b"text");
    ciphertext[70] ^= 1;
    assert_eq!(key.decrypt(&ciphertext), Err(DecryptError::Refused));
}

#[test]
fn agrees() {
    let provider = software();
    let (a, b) = (
        provider.make_agreement().unwrap(),
        provider.make_agreement().unwrap(),
    );
    let (public_a, public_b) = (a.public_key(), b.public_key());
    let (on_a, on_b) = (a.agree(&public_b).unwrap(), b.agree(&public_a).unwrap());
    assert_eq!(on_a.as_bytes(), on_b.as_bytes());
}

#[test]
fn computes_what_the_plain_types_compute() {
    let provider = software();
    assert_eq!(provider.name(), "software");
    assert_eq!(
        provider.digest_sm3(&[b"a", b"b"]),
        Ok(sm3::digest(&[b"ab"]))
    );
    let mac_key = provider.mac_key(b"key").unwrap();
    let tag = HmacSm3::new(b"key").mac(&[b"text"]);
    assert_eq!(mac_key.mac(&[b"te", b"xt"]), Ok(tag));
    assert_eq!(mac_key.verify(&[b"text"], &tag), Ok(true));
    assert_eq!(mac_key.verify(&[b"texT"], &tag), Ok(false));

    assert_eq!(
        mac_key.mac_hiding_length(b"te", b"xt and padding", 2, 0),
        Ok(tag)
    );
    let mut hash = provider.hash_sm3().unwrap();
    hash.update(b"a").unwrap();
    assert_eq!(hash.digest(), Ok(sm3::digest(&[b"a"])));
    hash.update(b"b").unwrap();
    assert_eq!(hash.digest(), Ok(sm3::digest(&[b"ab"])));

    let mut bytes = [[0; 16]; 2];
    provider.fill_random(&mut bytes[0]).unwrap();
    provider.fill_random(&mut bytes[1]).unwrap();
    assert_ne!(bytes[0], bytes[1]);
}

#[test]
fn ciphers_work_through_the_handle() {
    let key = sm4::Key::make(&mut SystemRng).unwrap();
    let handle = software().cipher_key(&key).unwrap();
    let cipher = sm4::Cipher::new(&key);

    let sealed = handle.gcm_seal(&[1; 12], b"aad", b"text").unwrap();
    assert_eq!(
        sealed,
        sm4::gcm::seal(&cipher, &[1; 12], b"aad", b"text").unwrap()
    );
    assert_eq!(
        handle.gcm_open(&[1; 12], b"aad", &sealed).unwrap()[..],
        *b"text"
    );
    let refused = handle.gcm_open(&[1; 12], b"aaD", &sealed);
    assert_eq!(refused, Err(CipherError::Refused(sm4::OpenError)));

    let encrypted = handle.cbc_encrypt(&[2; 16], b"text").unwrap();
    assert_eq!(
        encrypted,
        sm4::cbc::encrypt(&cipher, &[2; 16], b"text").unwrap()
    );
    assert_eq!(
        handle.cbc_decrypt(&[2; 16], &encrypted).unwrap()[..],
        *b"text"
    );

    let mut text = *b"text";
    let tag = handle
        .gcm_seal_in_place(&[1; 12], b"aad", &mut text)
        .unwrap();
    assert_eq!([&text[..], &tag].concat(), sealed);
    let refused = handle.gcm_open_in_place(&[1; 12], b"aaD", &mut text, &tag);
    assert_eq!(refused, Err(CipherError::Refused(sm4::OpenError)));
    handle
        .gcm_open_in_place(&[1; 12], b"aad", &mut text, &tag)
        .unwrap();
    assert_eq!(&text, b"text");

    let mut blocks = [*b"text\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c\x0c"];
    handle.cbc_encrypt_blocks(&[2; 16], &mut blocks).unwrap();
    assert_eq!(blocks.as_flattened(), encrypted);
    handle.cbc_decrypt_blocks(&[2; 16], &mut blocks).unwrap();
    assert_eq!(blocks[0][..5], *b"text\x0c");

    let mut text = *b"text";
    handle.ctr_apply(&[3; 16], &mut text).unwrap();
    assert_ne!(&text, b"text");
    handle.ctr_apply(&[3; 16], &mut text).unwrap();
    assert_eq!(&text, b"text");
}

/// A module that keeps its key and can be out of reach: what callers get to see of it.
#[derive(Debug)]
struct Unplugged(VerifyingKey);

impl SignSm2 for Unplugged {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.0
    }

    fn sign(&self, _: &[u8], _: &[u8]) -> Result<Signature, SignError> {
        Err(SignError::Module)
    }
}

#[test]
fn other_handles_take_the_place_of_ours() {
    let ours = software().make_signing_key().unwrap();
    let theirs: Arc<dyn SignSm2> = Arc::new(Unplugged(ours.verifying_key().clone()));
    let answers: Vec<bool> = [ours, theirs]
        .iter()
        .map(|key| key.sign(DEFAULT_ID, b"text").is_ok())
        .collect();
    assert_eq!(answers, [true, false]);
}

#[test]
fn handles_cross_threads() {
    fn crosses<T: ?Sized + Send + Sync>() {}
    crosses::<dyn Provider>();
    crosses::<dyn SignSm2>();
    crosses::<dyn DecryptSm2>();
    crosses::<HmacSm3>();
    crosses::<sm4::Cipher>();
}
