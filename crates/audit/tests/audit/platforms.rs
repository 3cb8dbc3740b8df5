//! Signatures of iOS and HarmonyOS packages: real ones, and made ones with one thing wrong.

use hefu_audit::signature::hap::{self, HapIssue};
use hefu_audit::signature::ios::{
    CodeSignatureError, CodeSignatureIssue, Sealed, SliceSignature, verify_ipa, verify_program,
};
use hefu_audit::zip::{Archive, Limits};
use sha2::{Digest as _, Sha256};

use crate::archive::stored;
use crate::signature::{Table, shared_apps};
use crate::signer::{Key, Parts, numbered, prefixed};

/// A HarmonyOS package.
struct Hap {
    parts: Parts,
    profile: Vec<u8>,
    signature: Vec<u8>,
}

impl Hap {
    /// Signs a package; the profile is for `named`.
    fn new(key: &Key, named: &Key, profile_key: &Key) -> Self {
        use base64::Engine as _;

        let parts = Parts::new(&[
            stored("module.json", b"{}"),
            stored("ets/modules.abc", &[3; 900]),
        ]);
        let certificate = base64::engine::general_purpose::STANDARD.encode(&named.certificate);
        let profile = format!(
            "{{\"type\":\"release\",\"bundle-info\":{{\"distribution-certificate\":\
             \"-----BEGIN CERTIFICATE-----\\n{certificate}\\n-----END CERTIFICATE-----\\n\"}}}}"
        );
        let profile = profile_key.pkcs7_with_content(profile.as_bytes());
        let signature = key.pkcs7_with_content(&digests(&parts, &profile));
        Self {
            parts,
            profile,
            signature,
        }
    }

    fn build(&self) -> Vec<u8> {
        self.build_with(&[(0x2000_0002, &self.profile), (0x2000_0000, &self.signature)])
    }

    fn build_with(&self, blocks: &[(u32, &[u8])]) -> Vec<u8> {
        let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
        let mut heads = Vec::new();
        let mut bodies: Vec<u8> = Vec::new();
        for (kind, bytes) in blocks {
            heads.extend(kind.to_le_bytes());
            heads.extend(number(bytes.len()));
            heads.extend(number(blocks.len() * 12 + bodies.len()));
            bodies.extend(*bytes);
        }
        let size = heads.len() + bodies.len() + 32;
        let mut end = self.parts.end.clone();
        end[16..20].copy_from_slice(&number(self.parts.before.len() + size));
        [
            &self.parts.before[..],
            &heads,
            &bodies,
            &number(blocks.len()),
            &u64::try_from(size).unwrap().to_le_bytes(),
            b"<hap sign block>",
            &3_u32.to_le_bytes(),
            &self.parts.directory,
            &end,
        ]
        .concat()
    }
}

/// The digests that a package's signature signs.
fn digests(parts: &Parts, profile: &[u8]) -> Vec<u8> {
    let mut outer = Sha256::new_with_prefix([0x5a, 3, 0, 0, 0]);
    for part in [&parts.before, &parts.directory, &parts.end] {
        let mut chunk = Sha256::new_with_prefix([0xa5]);
        chunk.update(u32::try_from(part.len()).unwrap().to_le_bytes());
        chunk.update(part);
        outer.update(chunk.finalize());
    }
    outer.update(profile);
    [
        &[2, 0, 0, 0, 1, 0, 0, 0][..],
        &numbered(0x201, &prefixed(&outer.finalize())),
    ]
    .concat()
}

#[test]
fn a_harmony_package_is_verified_with_its_profile() {
    let (key, other, profile_key) = (Key::new(1), Key::new(2), Key::new(3));
    let honest = Hap::new(&key, &key, &profile_key);
    let found = hap::verify(&honest.build());
    assert_eq!(found.issues, []);
    assert!(found.verified && found.signature_verified);
    assert_eq!(found.chain[0].subject.to_string(), "CN=Signer 1");
    assert_eq!(found.profile_chain[0].subject.to_string(), "CN=Signer 3");
    assert_eq!(found.parts.len(), 2);
    assert!(found.profile.unwrap().starts_with(b"{\"type\":\"release\""));

    let issues = |hap: &[u8]| hap::verify(hap).issues;
    let mut changed = honest.build();
    changed[60] ^= 1;
    assert_eq!(issues(&changed), [HapIssue::ContentsChanged]);
    let foreign = Hap::new(&key, &other, &profile_key);
    let found = hap::verify(&foreign.build());
    assert_eq!(found.issues, [HapIssue::OtherCertificate]);
    assert!(found.signature_verified && !found.verified);

    // Another profile that is rightly signed, but not together with this package.
    let swapped = Hap {
        profile: Hap::new(&key, &key, &other).profile,
        ..Hap::new(&key, &key, &profile_key)
    };
    assert_eq!(issues(&swapped.build()), [HapIssue::ContentsChanged]);
    let signature: &[u8] = &honest.signature;
    assert_eq!(
        issues(&honest.build_with(&[(0x2000_0002, &honest.profile)])),
        [HapIssue::NotSigned]
    );
    assert_eq!(
        issues(&honest.build_with(&[(0x2000_0000, signature), (0x2000_0000, signature)])),
        [HapIssue::MalformedBlock]
    );
    assert_eq!(
        issues(&honest.build_with(&[(0x2000_0000, &signature[..signature.len() - 1])])),
        [HapIssue::MalformedSignature]
    );
    assert_eq!(
        issues(&honest.build_with(&[(0x2000_0000, signature), (0x2000_0004, b"")])),
        [HapIssue::EnterpriseSignature]
    );
    let unsigned = [
        &honest.parts.before[..],
        &honest.parts.directory,
        &honest.parts.end,
    ]
    .concat();
    assert_eq!(issues(&unsigned), [HapIssue::NotSigned]);
    let mut forged = honest.build_with(&[(0x2000_0002, &honest.profile), (0x2000_0000, signature)]);
    let at = memchr::memmem::rfind(&forged, &signature[signature.len() - 20..]).unwrap() + 19;
    forged[at] ^= 1;
    assert_eq!(issues(&forged), [HapIssue::WrongSignature]);
}

#[test]
fn a_harmony_package_without_profile_is_refused() {
    let key = Key::new(1);
    let mut package = Hap::new(&key, &key, &key);
    package.signature = key.pkcs7_with_content(&digests(&package.parts, b""));
    let found = hap::verify(&package.build_with(&[(0x2000_0000, &package.signature)]));
    assert_eq!(found.issues, [HapIssue::NoProfile]);
    assert!(found.signature_verified);
}

/// Bytes reserved for a code signature: its length stands in the code that it covers.
const SIGNATURE_BYTES: u32 = 4_096;

/// A program for iOS with a code signature by a test key, so that the one thing wrong with the
/// honest one is its root.
struct Program {
    key: Key,
    code: Vec<u8>,
    info: Vec<u8>,
    entitlements: Vec<u8>,
    /// How many bytes of the code the directory covers.
    limit: usize,
}

impl Program {
    fn new() -> Self {
        let mut code = vec![0xcf, 0xfa, 0xed, 0xfe];
        code.resize(10_000, 0x5a);
        // One load command: the code signature, which follows the code.
        code[16..24].copy_from_slice(&[1, 0, 0, 0, 16, 0, 0, 0]);
        code[32..40].copy_from_slice(&[0x1d, 0, 0, 0, 16, 0, 0, 0]);
        code[40..44].copy_from_slice(&10_000_u32.to_le_bytes());
        code[44..48].copy_from_slice(&SIGNATURE_BYTES.to_le_bytes());
        let entitlements = blob(0xfade_7171, b"<plist><dict/></plist>");
        Self {
            key: Key::new(1),
            limit: code.len(),
            code,
            info: b"info".to_vec(),
            entitlements,
        }
    }

    fn directory(&self) -> Vec<u8> {
        const IDENTIFIER: &[u8] = b"com.example.app\0";
        const SPECIAL_SLOTS: u32 = 5;
        let be = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        let pages = self.code[..self.limit].chunks(4_096);
        let identifier_at = 44 + 8;
        let digests_at = identifier_at + IDENTIFIER.len() + 5 * 32;
        let mut body = Vec::new();
        body.extend(0x2_0200_u32.to_be_bytes());
        body.extend([0; 4]);
        body.extend(be(digests_at));
        body.extend(be(identifier_at));
        body.extend(SPECIAL_SLOTS.to_be_bytes());
        body.extend(be(pages.len()));
        body.extend(be(self.limit));
        body.extend([32, 2, 0, 12]);
        body.extend([0; 12]);
        body.extend(IDENTIFIER);
        body.extend(Sha256::digest(&self.entitlements));
        body.extend([0; 3 * 32]);
        body.extend(Sha256::digest(&self.info));
        for page in pages {
            body.extend(Sha256::digest(page));
        }
        blob(0xfade_0c02, &body)
    }

    /// The program with the directory signed, and another one put in its place.
    fn signed(&self, signed: &[u8], shown: &[(u32, &[u8])]) -> Vec<u8> {
        let cms = blob(0xfade_0b01, &self.key.pkcs7(signed));
        let mut blobs = shown.to_vec();
        blobs.push((5, &self.entitlements));
        blobs.push((0x1_0000, &cms));
        self.with_blobs(&blobs)
    }

    fn with_blobs(&self, blobs: &[(u32, &[u8])]) -> Vec<u8> {
        let mut index = Vec::new();
        let mut bodies: Vec<u8> = Vec::new();
        for (slot, bytes) in blobs {
            index.extend(slot.to_be_bytes());
            index.extend(
                u32::try_from(12 + blobs.len() * 8 + bodies.len())
                    .unwrap()
                    .to_be_bytes(),
            );
            bodies.extend(*bytes);
        }
        let count = u32::try_from(blobs.len()).unwrap().to_be_bytes();
        let signature = blob(0xfade_0cc0, &[&count[..], &index, &bodies].concat());
        let mut program = self.code.clone();
        program.extend(signature);
        program.resize(self.code.len() + SIGNATURE_BYTES as usize, 0);
        program
    }

    fn build(&self) -> Vec<u8> {
        let directory = self.directory();
        self.signed(&directory, &[(0, &directory)])
    }

    fn issues(&self, program: &[u8]) -> Vec<CodeSignatureIssue> {
        self.slice(program).issues
    }

    fn slice(&self, program: &[u8]) -> SliceSignature {
        let sealed = Sealed {
            info: Some(&self.info),
            resources: None,
        };
        verify_program(program, &sealed).unwrap().remove(0)
    }
}

/// A blob of a code signature.
fn blob(magic: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&magic.to_be_bytes()[..], &length, body].concat()
}

#[test]
fn every_part_of_a_code_signature_counts() {
    use CodeSignatureIssue::{
        AdHoc, DirectoryNotSigned, ForeignRoot, Malformed, NotCovered, PageChanged, SlotChanged,
        SlotMissing, SlotNotSigned, WrongSignature,
    };

    let program = Program::new();
    let honest = program.build();
    let slice = program.slice(&honest);
    assert_eq!(slice.issues, [ForeignRoot]);
    assert_eq!(slice.directories[0].identifier, "com.example.app");
    assert_eq!(
        (slice.directories[0].hash, slice.directories[0].pages),
        ("SHA-256", 3)
    );
    assert_eq!(
        slice.entitlements.as_deref(),
        Some(&b"<plist><dict/></plist>"[..])
    );

    let mut changed = honest.clone();
    changed[5_000] ^= 1;
    assert_eq!(
        program.issues(&changed),
        [PageChanged { page: 1 }, ForeignRoot]
    );

    let directory = program.directory();
    let mut other = directory.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(
        program.issues(&program.signed(&directory, &[(0, &other)])),
        [PageChanged { page: 2 }, WrongSignature]
    );
    // A second directory that the signature does not mention.
    assert_eq!(
        program.issues(&program.signed(&directory, &[(0, &directory), (0x1000, &directory)])),
        [DirectoryNotSigned, ForeignRoot]
    );
    assert_eq!(
        program.issues(&program.with_blobs(&[(0, &directory), (5, &program.entitlements)])),
        [AdHoc]
    );
    let requirements = blob(0xfade_0c01, &[0; 4]);
    assert_eq!(
        program.issues(&program.signed(&directory, &[(0, &directory), (2, &requirements)])),
        [SlotNotSigned { slot: 2 }, ForeignRoot]
    );
    // A count of pages that the program does not have.
    let mut long = directory.clone();
    long[31] += 1;
    assert_eq!(
        program.issues(&program.signed(&long, &[(0, &long)])),
        [Malformed, ForeignRoot]
    );

    let without_info = verify_program(&honest, &Sealed::default())
        .unwrap()
        .remove(0);
    assert_eq!(without_info.issues, [SlotMissing { slot: 1 }, ForeignRoot]);
    let other_info = Sealed {
        info: Some(b"other"),
        resources: None,
    };
    let other_info = verify_program(&honest, &other_info).unwrap().remove(0);
    assert_eq!(other_info.issues, [SlotChanged { slot: 1 }, ForeignRoot]);

    let short = Program {
        limit: 8_192,
        ..Program::new()
    };
    let uncovered = short.build();
    assert_eq!(
        short.issues(&uncovered),
        [NotCovered { bytes: 1_808 }, ForeignRoot]
    );
}

#[test]
fn files_that_are_no_programs_are_told_from_unsigned_ones() {
    let program = Program::new();
    let honest = program.build();
    assert_eq!(
        verify_program(b"\x7fELF", &Sealed::default()),
        Err(CodeSignatureError::NotMacho)
    );
    let mut unsigned = honest.clone();
    unsigned[32] = 0x19;
    assert_eq!(program.issues(&unsigned), [CodeSignatureIssue::NotSigned]);
    assert_eq!(
        verify_program(&honest[..40], &Sealed::default()),
        Err(CodeSignatureError::Damaged)
    );
    for length in (0..honest.len()).step_by(13) {
        if let Ok(slices) = verify_program(&honest[..length], &Sealed::default()) {
            assert!(slices.iter().all(|slice| !slice.verified), "{length}");
        }
    }
}

/// Runs over variants of a file with one byte changed, at places this far apart.
fn with_each_change(
    file: &[u8],
    places: std::ops::Range<usize>,
    step: usize,
    mut judge: impl FnMut(usize, &[u8]),
) {
    let mut changed = file.to_vec();
    for at in places.step_by(step) {
        changed[at] ^= 1 << (at % 8);
        judge(at, &changed);
        changed[at] = file[at];
    }
}

#[test]
fn the_real_ios_app_is_rightly_signed_and_every_change_to_it_is_noticed() {
    let Some(apps) = shared_apps() else { return };
    let ipa = std::fs::read(apps.join("real/UnCrackable-Level1.ipa")).unwrap();
    let archive = Archive::parse(&ipa, &Limits::default()).unwrap();
    let found = verify_ipa(&archive);
    assert!(found.verified, "{found:?}");
    let [bundle] = found.bundles.as_slice() else {
        panic!("{found:?}")
    };
    let seal = bundle.seal.as_ref().unwrap();
    assert!(seal.matching > 30 && seal.unsealed.is_empty(), "{seal:?}");
    assert_eq!(bundle.slices.len(), 2);
    let known = Table::read(&apps.join("real/known.tsv"));
    let known = |fact: &str| {
        let rows = known.rows();
        let row = rows
            .iter()
            .find(|row| row.get("file").ends_with(".ipa") && row.get("fact") == fact);
        row.unwrap().get("value").to_owned()
    };
    let signer = &bundle.slices[0].chain[0];
    let in_order: Vec<String> = signer
        .subject
        .attributes()
        .iter()
        .map(|(kind, value)| format!("{kind}={value}"))
        .collect();
    assert_eq!(in_order.join(", "), known("signer_cert_subject"));
    assert_eq!(signer.signature_algorithm, known("signer_cert_sig_alg"));
    assert_eq!(
        format!("{} {} bit", signer.key_algorithm, signer.key_bits),
        known("signer_key")
    );

    // Every byte of the program counts.
    let entry = archive.entry(bundle.program.as_bytes()).unwrap();
    let program = archive.read(entry).unwrap();
    let read = |name: &str| {
        let name = format!("{}/{name}", bundle.path);
        archive
            .read(archive.entry(name.as_bytes()).unwrap())
            .unwrap()
    };
    let (info, resources) = (read("Info.plist"), read("_CodeSignature/CodeResources"));
    let sealed = Sealed {
        info: Some(&info),
        resources: Some(&resources),
    };
    let honest = verify_program(&program, &sealed).unwrap();
    assert!(honest.iter().all(|slice| slice.verified));
    let first_slice = 16_384;
    let code = first_slice..first_slice + 71_536;
    with_each_change(&program, code, 1_499, |at, changed| {
        // A change in the load commands may leave no signature to be found.
        if let Ok(slices) = verify_program(changed, &sealed) {
            assert!(!slices[0].verified, "{at}");
        }
    });
    with_each_change(&program, 0..program.len(), 997, |_, changed| {
        let _ = verify_program(changed, &sealed);
    });
}

#[test]
fn the_real_harmony_package_is_rightly_signed_with_a_profile_for_another_certificate() {
    let Some(apps) = shared_apps() else { return };
    let hap = std::fs::read(apps.join("real/app1-unsigned.hap")).unwrap();
    let found = hap::verify(&hap);
    assert!(found.signature_verified);
    assert_eq!(found.issues, [HapIssue::OtherCertificate]);
    assert_eq!(found.version, Some(2));
    let parts: Vec<_> = found
        .parts
        .iter()
        .map(|part| (part.kind, part.length))
        .collect();
    assert_eq!(parts, [(0x2000_0002, 3_383), (0x2000_0000, 2_038)]);
    assert_eq!(found.chain.len(), 3);
    with_each_change(&hap, 0..hap.len(), 23, |at, changed| {
        let outside = !(1_072..6_549).contains(&at);
        let changed = hap::verify(changed);
        assert!(!(outside && changed.signature_verified), "{at}");
    });
}
