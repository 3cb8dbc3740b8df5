use crate::openssl::{LENGTHS, OpenSsl, random};
use hefu_gm::hkdf::{OUTPUT_BYTES_MAX, OutputTooLong, derive};

#[test]
fn openssl_derives_the_same_keys() {
    let openssl = OpenSsl::new();
    for length in LENGTHS
        .into_iter()
        .filter(|length| *length > 0)
        .chain([OUTPUT_BYTES_MAX])
    {
        let (ikm, salt, info) = (random(32), random(length.min(100)), random(length.min(60)));
        let command = format!(
            "kdf -keylen {length} -kdfopt digest:SM3 -kdfopt hexkey:{} -kdfopt hexsalt:{} \
             -kdfopt hexinfo:{} -binary -out key HKDF",
            hex::encode(&ikm),
            hex::encode(&salt),
            hex::encode(&info)
        );
        openssl.run(&command);
        let mut ours = vec![0; length];
        derive(&ikm, &salt, &info, &mut ours).unwrap();
        assert_eq!(ours, openssl.read("key"), "{length} bytes");
    }
}

#[test]
fn each_input_changes_the_key() {
    let derived = |ikm: &[u8], salt: &[u8], info: &[u8]| {
        let mut key = [0; 32];
        derive(ikm, salt, info, &mut key).unwrap();
        key
    };
    let key = derived(b"ikm", b"salt", b"info");
    assert_eq!(key, derived(b"ikm", b"salt", b"info"));
    assert_ne!(key, derived(b"ikM", b"salt", b"info"));
    assert_ne!(key, derived(b"ikm", b"salT", b"info"));
    assert_ne!(key, derived(b"ikm", b"salt", b"infO"));
}

#[test]
fn too_much_output_is_an_error() {
    let mut out = vec![0; OUTPUT_BYTES_MAX + 1];
    assert_eq!(derive(b"ikm", b"", b"", &mut out), Err(OutputTooLong));
    assert_eq!(
        derive(b"ikm", b"", b"", &mut out[..OUTPUT_BYTES_MAX]),
        Ok(())
    );
}
