use crate::openssl::OpenSsl;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{KEY_FILE_BYTES_MAX, KeyError, PrivateKey, PublicKey};
use hex_literal::hex;
use proptest::prelude::*;

const N: [u8; 32] = hex!("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123");

/// Whether four bytes in a row of `secret` can be read in `shown`, in hexadecimal or as numbers.
pub(crate) fn reveals(shown: &str, secret: &[u8]) -> bool {
    let shown = shown.to_lowercase();
    secret.windows(4).any(|four| {
        let numbers: Vec<String> = four.iter().map(u8::to_string).collect();
        shown.contains(&hex::encode(four)) || shown.contains(&numbers.join(", "))
    })
}

#[test]
fn what_reveals_is_noticed() {
    let secret = [1, 2, 200, 255, 16, 17];
    assert!(reveals("Key(0102C8FF)", &secret));
    assert!(reveals("Key([9, 200, 255, 16, 17])", &secret));
    assert!(!reveals("Key(redacted)", &secret));
}

fn n_minus(less: u8) -> [u8; 32] {
    let mut scalar = N;
    scalar[31] -= less;
    scalar
}

#[test]
fn we_read_the_files_of_openssl_and_write_the_same() {
    let openssl = OpenSsl::new();
    openssl.make_key();
    openssl.run("pkcs8 -topk8 -nocrypt -in k.pem -outform DER -out k.der");
    openssl.run("pkey -in k.pem -pubout -outform DER -out p.der");
    openssl.run("ec -in k.pem -out sec1.pem");
    openssl.run("ec -in k.pem -outform DER -out sec1.der");
    let key = PrivateKey::from_pem(&openssl.text("k.pem")).unwrap();

    assert_eq!(*key.to_pkcs8_pem(), openssl.text("k.pem"));
    assert_eq!(*key.to_pkcs8_der(), openssl.read("k.der"));
    assert_eq!(*key.to_sec1_der(), openssl.read("sec1.der"));
    assert_eq!(key.public_key().to_spki_pem(), openssl.text("p.pem"));
    assert_eq!(key.public_key().to_spki_der(), openssl.read("p.der"));
    // OpenSSL names the algorithm in the label, RFC 5915 does not.
    assert!(
        openssl
            .text("sec1.pem")
            .starts_with("-----BEGIN SM2 PRIVATE KEY-----")
    );

    let same = |read: Result<PrivateKey, KeyError>| {
        assert_eq!(*read.unwrap().dangerous_bytes(), *key.dangerous_bytes());
    };
    same(PrivateKey::from_pkcs8_der(&openssl.read("k.der")));
    same(PrivateKey::from_sec1_der(&openssl.read("sec1.der")));
    same(PrivateKey::from_pem(&openssl.text("sec1.pem")));
    let public_key = *key.public_key();
    assert_eq!(
        PublicKey::from_spki_pem(&openssl.text("p.pem")),
        Ok(public_key)
    );
    assert_eq!(
        PublicKey::from_spki_der(&openssl.read("p.der")),
        Ok(public_key)
    );
}

#[test]
fn openssl_reads_our_files() {
    let openssl = OpenSsl::new();
    let key = PrivateKey::make(&mut SystemRng).unwrap();
    let public = key.public_key().to_spki_pem().into_bytes();
    openssl
        .write("k.pem", key.to_pkcs8_pem().as_bytes())
        .write("k.der", &*key.to_pkcs8_der())
        .write("sec1.pem", key.to_sec1_pem().as_bytes())
        .write("sec1.der", &*key.to_sec1_der())
        .write("p.pem", &public)
        .write("p.der", key.public_key().to_spki_der());
    assert_eq!(openssl.run("pkey -in k.pem -pubout"), public);
    assert_eq!(openssl.run("pkey -in k.der -inform DER -pubout"), public);
    assert_eq!(openssl.run("pkey -in sec1.pem -pubout"), public);
    assert_eq!(openssl.run("pkey -in sec1.der -inform DER -pubout"), public);
    assert_eq!(openssl.run("pkey -pubin -in p.pem -pubout"), public);
    assert_eq!(
        openssl.run("pkey -pubin -in p.der -inform DER -pubout"),
        public
    );
    openssl.run("pkey -in k.pem -check -noout");
}

/// `openssl ecparam -genkey` puts the curve in front, and mail programs put text around.
#[test]
fn other_text_around_the_block_is_passed_over() {
    let openssl = OpenSsl::new();
    openssl.run("ecparam -name SM2 -genkey -out k.pem");
    let pem = openssl.text("k.pem");
    assert!(pem.contains("PARAMETERS"));
    let key = PrivateKey::from_pem(&format!("The gateway's key\n{pem}\nEnd of file\n")).unwrap();
    openssl.run("pkey -in k.pem -pubout -out p.pem");
    assert_eq!(key.public_key().to_spki_pem(), openssl.text("p.pem"));
}

#[test]
fn other_keys_are_refused() {
    let openssl = OpenSsl::new();
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem");
    openssl.run("pkey -in p256.pem -pubout -out p256-public.pem");
    openssl.run("ec -in p256.pem -out p256-sec1.pem");
    openssl.run("genpkey -algorithm ED25519 -out ed25519.pem");
    openssl.run("pkey -in ed25519.pem -pubout -out ed25519-public.pem");
    openssl.run(
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -pkeyopt ec_param_enc:explicit \
         -out explicit.pem",
    );
    openssl.make_key();
    openssl.run("pkcs8 -topk8 -in k.pem -out encrypted.pem -passout pass:secret");

    let read = |name| PrivateKey::from_pem(&openssl.text(name)).map(|_| ());
    assert_eq!(read("k.pem"), Ok(()));
    assert_eq!(read("p256.pem"), Err(KeyError::Algorithm));
    assert_eq!(read("p256-sec1.pem"), Err(KeyError::Algorithm));
    assert_eq!(read("ed25519.pem"), Err(KeyError::Algorithm));
    // A file may name the curve, never bring its own.
    assert_eq!(read("explicit.pem"), Err(KeyError::Algorithm));
    assert_eq!(read("encrypted.pem"), Err(KeyError::Pem));
    assert_eq!(read("p.pem"), Err(KeyError::Pem));

    let read_public = |name| PublicKey::from_spki_pem(&openssl.text(name)).map(|_| ());
    assert_eq!(read_public("p.pem"), Ok(()));
    assert_eq!(read_public("p256-public.pem"), Err(KeyError::Algorithm));
    assert_eq!(read_public("ed25519-public.pem"), Err(KeyError::Algorithm));
    assert_eq!(read_public("k.pem"), Err(KeyError::Pem));
}

#[test]
fn scalars_have_their_range() {
    let one = [&[0; 31][..], &[1]].concat().try_into().unwrap();
    for good in [one, n_minus(2)] {
        assert_eq!(
            *PrivateKey::from_bytes(&good).unwrap().dangerous_bytes(),
            good
        );
    }
    // With n-1 no signature exists.
    for bad in [[0; 32], n_minus(1), N, [0xff; 32]] {
        assert_eq!(PrivateKey::from_bytes(&bad).unwrap_err(), KeyError::Scalar);
    }
}

#[test]
fn a_file_whose_halves_differ_is_refused() {
    let key = PrivateKey::make(&mut SystemRng).unwrap();
    let other = PrivateKey::make(&mut SystemRng).unwrap();
    for (file, read) in [
        (
            key.to_pkcs8_der(),
            PrivateKey::from_pkcs8_der as fn(&[u8]) -> _,
        ),
        (key.to_sec1_der(), PrivateKey::from_sec1_der),
    ] {
        assert!(read(&file).is_ok());
        let mut changed = file.to_vec();
        let point_at = changed.len() - 65;
        changed[point_at..].copy_from_slice(&other.public_key().to_sec1());
        assert_eq!(read(&changed).unwrap_err(), KeyError::Mismatch);
        // Each bit of the secret scalar, which ends before the point and what announces it.
        let scalar_at = file
            .windows(32)
            .position(|w| *w == key.dangerous_bytes()[..])
            .unwrap();
        for bit in scalar_at * 8..(scalar_at + 32) * 8 {
            let mut changed = file.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            let error = read(&changed).unwrap_err();
            assert!(
                matches!(error, KeyError::Mismatch | KeyError::Scalar),
                "bit {bit}: {error}"
            );
        }
    }
}

#[test]
fn a_sec1_file_must_name_its_curve() {
    // Without parameters and public key: it could belong to any curve of 256 bits.
    let bare = [&hex!("3025 020101 0420")[..], &[7; 32]].concat();
    assert_eq!(
        PrivateKey::from_sec1_der(&bare).unwrap_err(),
        KeyError::Algorithm
    );
    let named = [
        &hex!("3031 020101 0420")[..],
        &[7; 32],
        &hex!("a00a06082a811ccf5501822d"),
    ]
    .concat();
    assert!(PrivateKey::from_sec1_der(&named).is_ok());
}

#[test]
fn long_files_are_refused_unread() {
    let key = PrivateKey::make(&mut SystemRng).unwrap();
    let pem = key.to_pkcs8_pem();
    let fill = |bytes: usize| " ".repeat(bytes - pem.len() - 1) + "\n" + &pem;
    assert!(PrivateKey::from_pem(&fill(KEY_FILE_BYTES_MAX)).is_ok());
    let too_long = fill(KEY_FILE_BYTES_MAX + 1);
    assert_eq!(
        PrivateKey::from_pem(&too_long).unwrap_err(),
        KeyError::TooLong
    );
    assert_eq!(PublicKey::from_spki_pem(&too_long), Err(KeyError::TooLong));
    let der = vec![0; KEY_FILE_BYTES_MAX + 1];
    assert_eq!(
        PrivateKey::from_pkcs8_der(&der).unwrap_err(),
        KeyError::TooLong
    );
    assert_eq!(
        PrivateKey::from_sec1_der(&der).unwrap_err(),
        KeyError::TooLong
    );
    assert_eq!(PublicKey::from_spki_der(&der), Err(KeyError::TooLong));
}

#[test]
fn broken_pem_is_refused() {
    let pem = PrivateKey::make(&mut SystemRng).unwrap().to_pkcs8_pem();
    let broken = [
        pem.replace("-----END PRIVATE KEY-----", ""),
        pem.replace("BEGIN PRIVATE", "BEGIN PUBLIC"),
        pem.replacen('M', "!", 1),
        String::new(),
        "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----".to_owned(),
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n".to_owned(),
    ];
    for text in broken {
        let error = PrivateKey::from_pem(&text).unwrap_err();
        assert!(matches!(error, KeyError::Pem | KeyError::Der), "{error}");
    }
}

/// Compressed and hybrid points are other forms of the same key, and infinity is no key.
#[test]
fn points_in_other_forms_are_refused() {
    let point = PrivateKey::make(&mut SystemRng)
        .unwrap()
        .public_key()
        .to_sec1();
    assert!(PublicKey::from_sec1(&point).is_ok());
    let odd = point[64] & 1;
    let compressed = [&[2 | odd], &point[1..33]].concat();
    assert!(sm2::PublicKey::from_sec1_bytes(&compressed).is_ok());
    let hybrid = [&[6 | odd], &point[1..]].concat();
    for bytes in [&compressed[..], &hybrid, &[0], &[0; 65], &point[..64], &[]] {
        assert_eq!(PublicKey::from_sec1(bytes), Err(KeyError::Point));
    }
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in ".{0,200}",
        at: prop::sample::Index,
        value: u8,
    ) {
        let _ = PrivateKey::from_pkcs8_der(&bytes);
        let _ = PrivateKey::from_sec1_der(&bytes);
        let _ = PublicKey::from_spki_der(&bytes);
        let _ = PrivateKey::from_pem(&format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----"));
        // Near misses reach deeper than noise.
        let key = PrivateKey::from_bytes(&[7; 32]).unwrap();
        let mut file = key.to_pkcs8_der();
        let at = at.index(file.len());
        file[at] = value;
        if let Ok(read) = PrivateKey::from_pkcs8_der(&file) {
            prop_assert_eq!(read.public_key(), key.public_key());
        }
    }

    #[test]
    fn points_have_one_form(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(key) = PublicKey::from_sec1(&bytes) {
            prop_assert_eq!(&key.to_sec1()[..], &bytes);
        }
    }
}
