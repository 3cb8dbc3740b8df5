//! Signs archives as build tools do, with keys made for the purpose, so that every rule has an
//! honest file beside the broken one.

use p256::ecdsa::signature::Signer as _;
use sha2::{Digest as _, Sha256};

use crate::archive::{Built, Entry, build, stored};

pub(crate) const ID_V2: u32 = 0x7109_871a;
pub(crate) const ID_V3: u32 = 0xf053_68c0;
pub(crate) const ID_V31: u32 = 0x1b93_ad61;
pub(crate) const ECDSA_SHA256: u32 = 0x0201;
pub(crate) const ECDSA_VERITY: u32 = 0x0423;
pub(crate) const PROOF_OF_ROTATION: u32 = 0x3ba0_6f8c;
pub(crate) const ROTATION_MIN_SDK: u32 = 0x559f_8b02;
pub(crate) const STRIPPING_PROTECTION: u32 = 0xbeef_f00d;

/// A DER value.
pub(crate) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut value = vec![tag];
    match contents.len() {
        short @ 0..0x80 => value.push(u8::try_from(short).unwrap()),
        long => {
            value.push(0x82);
            value.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    value.extend(contents);
    value
}

fn oid(bytes: &[u8]) -> Vec<u8> {
    der(0x06, &[bytes])
}

fn ecdsa_with_sha256() -> Vec<u8> {
    der(
        0x30,
        &[&oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])],
    )
}

fn sha256_identifier() -> Vec<u8> {
    der(
        0x30,
        &[&oid(&[
            0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        ])],
    )
}

/// A P-256 key with a self-signed certificate.
pub(crate) struct Key {
    signing: p256::ecdsa::SigningKey,
    pub(crate) spki: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    name: Vec<u8>,
    serial: Vec<u8>,
}

impl Key {
    /// The same key for the same seed.
    pub(crate) fn new(seed: u8) -> Self {
        let signing = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
        let point = signing.verifying_key().to_sec1_point(false);
        let algorithm = der(
            0x30,
            &[
                &oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
                &oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
            ],
        );
        let spki = der(0x30, &[&algorithm, &der(0x03, &[&[0], point.as_bytes()])]);
        let common_name = format!("Signer {seed}");
        let pair = der(
            0x30,
            &[
                &oid(&[0x55, 0x04, 0x03]),
                &der(0x0c, &[common_name.as_bytes()]),
            ],
        );
        let name = der(0x30, &[&der(0x31, &[&pair])]);
        let serial = der(0x02, &[&[seed]]);
        let validity = der(
            0x30,
            &[
                &der(0x17, &[b"200101000000Z"]),
                &der(0x17, &[b"491231235959Z"]),
            ],
        );
        let version = der(0xa0, &[&der(0x02, &[&[2]])]);
        let body = der(
            0x30,
            &[
                &version,
                &serial,
                &ecdsa_with_sha256(),
                &name,
                &validity,
                &name,
                &spki,
            ],
        );
        let mut key = Self {
            signing,
            spki,
            certificate: Vec::new(),
            name,
            serial,
        };
        let signature = der(0x03, &[&[0], &key.sign(&body)]);
        key.certificate = der(0x30, &[&body, &ecdsa_with_sha256(), &signature]);
        key
    }

    /// An ECDSA signature with SHA-256, in DER.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = self.signing.sign(message);
        let bytes = signature.to_bytes();
        let integer = |bytes: &[u8]| {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let bytes = &bytes[zeros..];
            let sign: &[u8] = if bytes[0] & 0x80 != 0 { &[0] } else { &[] };
            der(0x02, &[sign, bytes])
        };
        der(0x30, &[&integer(&bytes[..32]), &integer(&bytes[32..])])
    }

    /// PKCS #7 signed data over a content that is elsewhere.
    pub(crate) fn pkcs7(&self, content: &[u8]) -> Vec<u8> {
        self.signed_data(content, &[])
    }

    /// PKCS #7 signed data with its content.
    pub(crate) fn pkcs7_with_content(&self, content: &[u8]) -> Vec<u8> {
        self.signed_data(content, &der(0xa0, &[&der(0x04, &[content])]))
    }

    fn signed_data(&self, content: &[u8], inside: &[u8]) -> Vec<u8> {
        let data = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
        let issuer_and_serial = der(0x30, &[&self.name, &self.serial]);
        let signer = der(
            0x30,
            &[
                &der(0x02, &[&[1]]),
                &issuer_and_serial,
                &sha256_identifier(),
                &ecdsa_with_sha256(),
                &der(0x04, &[&self.sign(content)]),
            ],
        );
        let signed_data = der(
            0x30,
            &[
                &der(0x02, &[&[1]]),
                &der(0x31, &[&sha256_identifier()]),
                &der(0x30, &[&data, inside]),
                &der(0xa0, &[&self.certificate]),
                &der(0x31, &[&signer]),
            ],
        );
        let kind = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]);
        der(0x30, &[&kind, &der(0xa0, &[&signed_data])])
    }
}

/// Adds a JAR signature to entries. `promises` becomes `X-Android-APK-Signed`.
pub(crate) fn with_jar_signature(
    key: &Key,
    entries: &[Entry],
    promises: Option<&str>,
) -> Vec<Entry> {
    let mut manifest = "Manifest-Version: 1.0\r\n\r\n".to_owned();
    let mut file = String::new();
    for entry in entries {
        let name = std::str::from_utf8(&entry.name).unwrap();
        // The entries of these tests are stored.
        let section = format!(
            "Name: {name}\r\nSHA-256-Digest: {}\r\n\r\n",
            base64(&Sha256::digest(&entry.packed))
        );
        file.push_str(&format!(
            "Name: {name}\r\nSHA-256-Digest: {}\r\n\r\n",
            base64(&Sha256::digest(&section))
        ));
        manifest.push_str(&section);
    }
    let promises = promises
        .map(|ids| format!("X-Android-APK-Signed: {ids}\r\n"))
        .unwrap_or_default();
    let whole = base64(&Sha256::digest(&manifest));
    let head =
        format!("Signature-Version: 1.0\r\nSHA-256-Digest-Manifest: {whole}\r\n{promises}\r\n");
    let file = head + &file;
    let mut signed = entries.to_vec();
    signed.push(stored("META-INF/MANIFEST.MF", manifest.as_bytes()));
    signed.push(stored("META-INF/TEST.SF", file.as_bytes()));
    signed.push(stored("META-INF/TEST.EC", &key.pkcs7(file.as_bytes())));
    signed
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Bytes with their length before them.
pub(crate) fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
}

/// A number and what belongs to it, with a length before both.
pub(crate) fn numbered(number: u32, bytes: &[u8]) -> Vec<u8> {
    prefixed(&[&number.to_le_bytes(), bytes].concat())
}

/// What a signer is to sign.
#[derive(Clone)]
pub(crate) struct Plan<'k> {
    pub(crate) key: &'k Key,
    pub(crate) algorithm: u32,
    pub(crate) digest: Vec<u8>,
    pub(crate) attributes: Vec<(u32, Vec<u8>)>,
    /// SDK range, for v3.
    pub(crate) sdk_versions: Option<(i32, i32)>,
}

impl<'k> Plan<'k> {
    pub(crate) fn new(key: &'k Key, digest: Vec<u8>) -> Self {
        Self {
            key,
            algorithm: ECDSA_SHA256,
            digest,
            attributes: Vec::new(),
            sdk_versions: None,
        }
    }

    /// The value of a v2 or v3 block with this one signer.
    pub(crate) fn block(&self) -> Vec<u8> {
        prefixed(&self.signer())
    }

    /// The signer, with its length before it.
    pub(crate) fn signer(&self) -> Vec<u8> {
        let range = self
            .sdk_versions
            .map(|(min, max)| [min.to_le_bytes(), max.to_le_bytes()].concat());
        let range = range.unwrap_or_default();
        let attributes: Vec<u8> = self
            .attributes
            .iter()
            .flat_map(|(id, value)| numbered(*id, value))
            .collect();
        let signed_data = [
            prefixed(&numbered(self.algorithm, &prefixed(&self.digest))),
            prefixed(&prefixed(&self.key.certificate)),
            range.clone(),
            prefixed(&attributes),
        ]
        .concat();
        let signature = numbered(self.algorithm, &prefixed(&self.key.sign(&signed_data)));
        let signer = [
            prefixed(&signed_data),
            range,
            prefixed(&signature),
            prefixed(&self.key.spki),
        ];
        prefixed(&signer.concat())
    }
}

/// A proof of rotation: the keys in order, each signed by the one before it.
pub(crate) fn lineage(keys: &[&Key]) -> Vec<u8> {
    let mut value = 1_u32.to_le_bytes().to_vec();
    let mut parent: Option<&Key> = None;
    for (position, key) in keys.iter().enumerate() {
        let announced = parent.map_or(0, |_| ECDSA_SHA256);
        let signed_data = [prefixed(&key.certificate), announced.to_le_bytes().to_vec()].concat();
        let signature = parent.map_or(Vec::new(), |parent| parent.sign(&signed_data));
        let next = if position + 1 < keys.len() {
            ECDSA_SHA256
        } else {
            0
        };
        let node = [
            prefixed(&signed_data),
            0_u32.to_le_bytes().to_vec(),
            next.to_le_bytes().to_vec(),
            prefixed(&signature),
        ];
        value.extend(prefixed(&node.concat()));
        parent = Some(key);
    }
    value
}

/// The parts of a file between which the signing block goes.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) before: Vec<u8>,
    pub(crate) directory: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

impl Parts {
    pub(crate) fn new(entries: &[Entry]) -> Self {
        Self::of(&build(entries))
    }

    pub(crate) fn of(built: &Built) -> Self {
        Self {
            before: built.bytes[..built.directory].to_vec(),
            directory: built.bytes[built.directory..built.end].to_vec(),
            end: built.bytes[built.end..].to_vec(),
        }
    }

    /// Fills up the entries to whole pages, as verity demands it.
    pub(crate) fn aligned(mut self) -> Self {
        let length = self.before.len().next_multiple_of(4_096);
        self.before.resize(length, 0);
        self.end[16..20].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        self
    }

    /// The digest over chunks, for files whose parts are one chunk each.
    pub(crate) fn digest(&self) -> Vec<u8> {
        let mut outer = Sha256::new_with_prefix([0x5a, 3, 0, 0, 0]);
        for part in [&self.before, &self.directory, &self.end] {
            assert!((1..1 << 20).contains(&part.len()));
            let mut chunk = Sha256::new_with_prefix([0xa5]);
            chunk.update(u32::try_from(part.len()).unwrap().to_le_bytes());
            chunk.update(part);
            outer.update(chunk.finalize());
        }
        outer.finalize().to_vec()
    }

    /// The verity digest, for files whose tree has one level.
    pub(crate) fn verity(&self) -> Vec<u8> {
        let file = [&self.before[..], &self.directory, &self.end].concat();
        let length = u64::try_from(file.len()).unwrap().to_le_bytes();
        [&one_level_root(&file, &[0; 8])[..], &length].concat()
    }

    /// The file with a signing block of these entries.
    pub(crate) fn with_block(&self, pairs: &[(u32, Vec<u8>)]) -> Vec<u8> {
        self.with_padded_block(pairs, 1)
    }

    /// The same with the block filled up to a multiple of `alignment`.
    pub(crate) fn with_padded_block(&self, pairs: &[(u32, Vec<u8>)], alignment: usize) -> Vec<u8> {
        let pair = |id: u32, value: &[u8]| {
            let length = u64::try_from(value.len() + 4).unwrap();
            [&length.to_le_bytes()[..], &id.to_le_bytes(), value].concat()
        };
        let mut inner: Vec<u8> = pairs
            .iter()
            .flat_map(|(id, value)| pair(*id, value))
            .collect();
        if alignment > 1 {
            let unpadded = inner.len() + 12 + 32;
            inner.extend(pair(
                0x4272_6577,
                &vec![0; unpadded.next_multiple_of(alignment) - unpadded],
            ));
        }
        let size = u64::try_from(inner.len() + 24).unwrap().to_le_bytes();
        let block = [&size[..], &inner, &size, b"APK Sig Block 42"].concat();
        let offset = u32::try_from(self.before.len() + block.len())
            .unwrap()
            .to_le_bytes();
        let mut end = self.end.clone();
        end[16..20].copy_from_slice(&offset);
        [&self.before[..], &block, &self.directory, &end].concat()
    }
}

/// The root of a hash tree of one level.
fn one_level_root(file: &[u8], salt: &[u8]) -> Vec<u8> {
    let page_digest = |page: &[u8]| {
        let mut page = page.to_vec();
        page.resize(4_096, 0);
        Sha256::new_with_prefix(salt)
            .chain_update(page)
            .finalize()
            .to_vec()
    };
    let level: Vec<u8> = file.chunks(4_096).flat_map(page_digest).collect();
    assert!(level.len() <= 4_096);
    page_digest(&level)
}

/// A v4 signature file for an APK of which the v2 or v3 digest is given.
pub(crate) fn idsig(key: &Key, apk: &[u8], apk_digest: &[u8]) -> Vec<u8> {
    let hashing = [
        1_u32.to_le_bytes().to_vec(),
        vec![12],
        prefixed(&[]),
        prefixed(&one_level_root(apk, &[])),
    ]
    .concat();
    let file_length = u64::try_from(apk.len()).unwrap().to_le_bytes();
    let fields = [
        prefixed(apk_digest),
        prefixed(&key.certificate),
        prefixed(&[]),
    ]
    .concat();
    let signed = [&file_length[..], &hashing, &fields].concat();
    let signed_length = u32::try_from(signed.len() + 4).unwrap().to_le_bytes();
    let signature = key.sign(&[&signed_length[..], &signed].concat());
    let signing = [
        fields,
        prefixed(&key.spki),
        ECDSA_SHA256.to_le_bytes().to_vec(),
        prefixed(&signature),
    ];
    [
        &2_u32.to_le_bytes()[..],
        &prefixed(&hashing),
        &prefixed(&signing.concat()),
    ]
    .concat()
}
