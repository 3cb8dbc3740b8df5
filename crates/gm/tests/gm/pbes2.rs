//! Encrypted keys: against OpenSSL in both directions, a published vector, and hostile files.

use crate::openssl::OpenSsl;
use hefu_gm::pbes2::{
    Cipher, ITERATIONS_MAX, ITERATIONS_MIN, PASSWORD_BYTES_MAX, Pbes2Error, Prf, Scheme, open, seal,
};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{EncryptedKeyError, KeyError, PrivateKey};
use proptest::prelude::*;

const CIPHERS: [(Cipher, &str); 3] = [
    (Cipher::Sm4Cbc, "sm4-cbc"),
    (Cipher::Aes128Cbc, "aes-128-cbc"),
    (Cipher::Aes256Cbc, "aes-256-cbc"),
];

/// Few iterations, so that tests are quick.
fn scheme(prf: Prf, cipher: Cipher) -> Scheme {
    Scheme {
        prf,
        cipher,
        iterations: 1_000,
    }
}

fn sm() -> Scheme {
    scheme(Prf::HmacSm3, Cipher::Sm4Cbc)
}

#[test]
fn every_scheme_opens_what_it_sealed() {
    let key = PrivateKey::make(&mut SystemRng).unwrap();
    for prf in [Prf::HmacSm3, Prf::HmacSha256] {
        for (cipher, _) in CIPHERS {
            let scheme = scheme(prf, cipher);
            let pem = key
                .to_encrypted_pem(b"secret", scheme, &mut SystemRng)
                .unwrap();
            let again = PrivateKey::from_encrypted_pem(&pem, b"secret").unwrap();
            assert_eq!(again.dangerous_bytes(), key.dangerous_bytes());
            let other = key
                .to_encrypted_pem(b"secret", scheme, &mut SystemRng)
                .unwrap();
            assert_ne!(pem, other, "salt and vector are fresh");
        }
    }
}

/// OpenSSL 3.0 has no HMAC-SM3 for PBES2, but every cipher with HMAC-SHA-256.
#[test]
fn openssl_and_we_read_each_other() {
    let openssl = OpenSsl::new();
    openssl.make_key();
    let theirs = PrivateKey::from_pem(&openssl.text("k.pem")).unwrap();
    for (cipher, name) in CIPHERS {
        openssl.run(&format!(
            "pkcs8 -topk8 -in k.pem -v2 {name} -v2prf hmacWithSHA256 -passout pass:secret -out e.pem"
        ));
        let read = PrivateKey::from_encrypted_pem(&openssl.text("e.pem"), b"secret").unwrap();
        assert_eq!(read.dangerous_bytes(), theirs.dangerous_bytes());

        let ours = PrivateKey::make(&mut SystemRng).unwrap();
        let scheme = scheme(Prf::HmacSha256, cipher);
        let pem = ours
            .to_encrypted_pem(b"secret", scheme, &mut SystemRng)
            .unwrap();
        openssl.write("ours.pem", pem);
        let public = openssl.run("pkey -in ours.pem -passin pass:secret -pubout");
        assert_eq!(public, ours.public_key().to_spki_pem().as_bytes());
        assert!(openssl.refuses("pkey -in ours.pem -passin pass:wrong -pubout"));
    }
    openssl.run("pkcs8 -topk8 -in k.pem -v2 aes-256-cbc -v2prf hmacWithSHA1 -passout pass:secret -out e.pem");
    assert_eq!(
        PrivateKey::from_encrypted_pem(&openssl.text("e.pem"), b"secret").unwrap_err(),
        Pbes2Error::Algorithm.into()
    );
    openssl.run("genpkey -algorithm ED25519 -out ed.pem");
    openssl.run("pkcs8 -topk8 -in ed.pem -v2 aes-256-cbc -v2prf hmacWithSHA256 -passout pass:secret -out e.pem");
    assert_eq!(
        PrivateKey::from_encrypted_pem(&openssl.text("e.pem"), b"secret").unwrap_err(),
        EncryptedKeyError::Key(KeyError::Algorithm)
    );
}

/// A key that `GmSSL` 3.1.1 made, and its public half: `gmssl sm2keygen -pass secret`.
const GMSSL_KEY: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
MIIBBjBhBgkqhkiG9w0BBQ0wVDA0BgkqhkiG9w0BBQwwJwQQgwH/BH9RcINHJsZ7\n\
9XG/eAIDAQAAAgEQMAsGCSqBHM9VAYMRAjAcBggqgRzPVQFoAgQQxfjQBeMZpQmI\n\
a46k4B02zQSBoLD5Vz0qQ98Tnm0T7qtb9B/lVkSOOV5nmJUXyFRSUrxWtQch+AKr\n\
R0Ra5ARcI2pEUvytETgooVFOXjz/Ru3BZNEzsod7ilPiIcxWROp9c2hPCmIXyDAR\n\
XU2+TOLLWrHlth2ZCrZT3dCx4ROPwVeOmu8JRYYi7LwJ81UButTmeIUFajQiSekY\n\
pFJoiVb05QV/H7pdh4DxqCHMNc0fYJCaNOU=\n\
-----END ENCRYPTED PRIVATE KEY-----\n\
";
const GMSSL_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEacqdaP3ORNHVyy2UUeU+JVbvJcfm\n\
0ARFbt0FDrjzEUaoiw5CZNm8SenpSd5mVbHgAf4vJWHIOVZf4ZkMvjWAug==\n\
-----END PUBLIC KEY-----\n\
";

/// `GmSSL` takes a key only if HMAC-SM3 has no parameters, not even NULL, and if the curve is named
/// a second time, inside of the key.
#[test]
fn gmssl_and_we_read_each_other() {
    let theirs = PrivateKey::from_encrypted_pem(GMSSL_KEY, b"secret").unwrap();
    assert_eq!(theirs.public_key().to_spki_pem(), GMSSL_PUBLIC);

    let pem = theirs
        .to_encrypted_pem(b"secret", sm(), &mut SystemRng)
        .unwrap();
    let (_, der) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
    const HMAC_SM3: [u8; 11] = [
        0x06, 0x09, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x11, 0x02,
    ];
    let after = der.windows(12).find(|bytes| bytes.starts_with(&HMAC_SM3));
    assert_eq!(after.unwrap()[11], 0x30, "the cipher follows at once");
    let inner = open(&der, b"secret").unwrap();
    assert!(inner.ends_with(&theirs.to_sec1_der()));
}

/// A wrong password and an altered text have one answer, whether or not the padding fits by chance.
#[test]
fn wrong_passwords_are_refused_uniformly() {
    let key = PrivateKey::make(&mut SystemRng).unwrap();
    let pem = key
        .to_encrypted_pem(b"secret", sm(), &mut SystemRng)
        .unwrap();
    for attempt in 0..600 {
        let password = format!("wrong {attempt}");
        assert_eq!(
            PrivateKey::from_encrypted_pem(&pem, password.as_bytes()).unwrap_err(),
            Pbes2Error::Refused.into()
        );
    }
    let der = seal(&key.to_pkcs8_der(), b"secret", sm(), &mut SystemRng).unwrap();
    assert!(PrivateKey::from_encrypted_pkcs8_der(&der, b"secret").is_ok());
    // The text stands at the end; a changed last block is bad padding or no key.
    for at in der.len() - 32..der.len() {
        let mut altered = der.clone();
        altered[at] ^= 0x80;
        assert_eq!(
            PrivateKey::from_encrypted_pkcs8_der(&altered, b"secret").unwrap_err(),
            Pbes2Error::Refused.into()
        );
    }
}

#[test]
fn limits_are_kept_in_both_directions() {
    let key = PrivateKey::make(&mut SystemRng).unwrap().to_pkcs8_der();
    let with = |iterations| {
        let scheme = Scheme { iterations, ..sm() };
        seal(&key, b"secret", scheme, &mut SystemRng).map(|_| ())
    };
    assert_eq!(with(ITERATIONS_MIN), Ok(()));
    assert_eq!(with(ITERATIONS_MIN - 1), Err(Pbes2Error::Iterations));
    assert_eq!(with(ITERATIONS_MAX + 1), Err(Pbes2Error::Iterations));
    for password in [vec![], vec![b'x'; PASSWORD_BYTES_MAX + 1]] {
        let sealed = seal(&key, &password, sm(), &mut SystemRng);
        assert_eq!(sealed, Err(Pbes2Error::Password));
    }

    // The same limits for a file of another program: 1,000 iterations stand as 02 02 03 e8.
    let der = seal(&key, b"secret", sm(), &mut SystemRng).unwrap();
    let at = der.windows(4).position(|w| w == [2, 2, 3, 0xe8]).unwrap();
    let mut few = der.clone();
    few[at + 3] -= 1;
    assert_eq!(open(&few, b"secret"), Err(Pbes2Error::Iterations));
    let openssl = OpenSsl::new();
    openssl.make_key();
    let encrypt = |more: &str| {
        openssl.run(&format!(
            "pkcs8 -topk8 -in k.pem -outform DER -v2 aes-128-cbc -v2prf hmacWithSHA256 \
             -passout pass:secret -out e.der {more}"
        ));
        open(&openssl.read("e.der"), b"secret").map(|_| ())
    };
    assert_eq!(encrypt("-iter 1000"), Ok(()));
    assert_eq!(encrypt("-iter 999"), Err(Pbes2Error::Iterations));
    assert_eq!(encrypt(""), Ok(()));
    assert_eq!(
        open(&vec![0; 32 * 1024 + 1], b"secret"),
        Err(Pbes2Error::TooLong)
    );
    assert_eq!(open(&[], b"secret"), Err(Pbes2Error::Der));
    assert_eq!(open(&der, b""), Err(Pbes2Error::Password));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_is_read_or_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
        value: u8,
    ) {
        let _ = open(&bytes, b"secret");
        let key = PrivateKey::from_bytes(&[7; 32]).unwrap();
        let der = seal(&key.to_pkcs8_der(), b"secret", sm(), &mut SystemRng).unwrap();
        let mut altered = der.clone();
        let at = at.index(der.len());
        altered[at] = value;
        // The iteration count must not grow by millions in a test.
        let count_at = der.windows(4).position(|w| w == [2, 2, 3, 0xe8]).unwrap();
        if !(count_at..count_at + 4).contains(&at) {
            let _ = PrivateKey::from_encrypted_pkcs8_der(&altered, b"secret");
        }
    }
}
