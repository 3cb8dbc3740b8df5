//! Each rule for signatures with an honest file and a broken one.

use hefu_audit::signature::{Issue, Scheme, SdkRange, Verification, verify};

use crate::archive::{Entry, build, stored};
use crate::signer::{
    ECDSA_VERITY, ID_V2, ID_V3, ID_V31, Key, PROOF_OF_ROTATION, Parts, Plan, ROTATION_MIN_SDK,
    STRIPPING_PROTECTION, idsig, lineage, with_jar_signature,
};

fn entries() -> Vec<Entry> {
    vec![
        stored(
            "AndroidManifest.xml",
            b"a manifest that nothing needs to read",
        ),
        stored("classes.dex", &[0x64; 5_000]),
    ]
}

fn since(min: u32) -> SdkRange {
    SdkRange {
        min: Some(min),
        max: None,
    }
}

fn judge(apk: &[u8], min: u32) -> Verification {
    verify(apk, None, since(min))
}

/// Asserts that a file is verified by exactly these schemes.
fn assert_verified(verification: &Verification, schemes: &[Scheme]) {
    assert_eq!(verification.issues, []);
    assert!(verification.verified);
    assert_eq!(verification.schemes, schemes);
}

/// Asserts that a file is refused for that reason.
fn assert_refused(verification: &Verification, reason: Issue) {
    assert!(!verification.verified);
    assert_eq!(
        verification.reason,
        Some(reason),
        "{:?}",
        verification.issues
    );
    assert_eq!(verification.schemes, []);
}

#[test]
fn v2_covers_every_byte_outside_the_signing_block() {
    let key = Key::new(1);
    let parts = Parts::new(&entries());
    let apk = parts.with_block(&[(ID_V2, Plan::new(&key, parts.digest()).block())]);
    let verification = judge(&apk, 24);
    assert_verified(&verification, &[Scheme::V2]);
    assert_eq!(
        verification.signers[0].certificate.subject.to_string(),
        "CN=Signer 1"
    );
    assert_eq!(verification.signers[0].algorithms, ["SHA-256 with ECDSA"]);

    for at in [40, parts.before.len() - 1, apk.len() - 60] {
        let mut flipped = apk.clone();
        flipped[at] ^= 1;
        let reason = judge(&flipped, 24).reason;
        assert!(
            matches!(
                reason,
                Some(Issue::V2SigApkDigestDidNotVerify | Issue::ApkFormatException)
            ),
            "{at}: {reason:?}"
        );
    }
}

#[test]
fn a_signature_by_another_key_does_not_verify() {
    let (key, other) = (Key::new(1), Key::new(2));
    let parts = Parts::new(&entries());
    let honest = Plan::new(&key, parts.digest()).block();
    let forged = Plan::new(&other, parts.digest()).block();
    // The other key's signature under this key's certificate: both have the same lengths.
    let start = honest
        .iter()
        .zip(&forged)
        .rposition(|(a, b)| a != b)
        .unwrap();
    let mut mixed = honest.clone();
    mixed[start - 8..=start].copy_from_slice(&forged[start - 8..=start]);
    assert_verified(
        &judge(&parts.with_block(&[(ID_V2, honest)]), 24),
        &[Scheme::V2],
    );
    assert!(!judge(&parts.with_block(&[(ID_V2, mixed)]), 24).verified);
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let (key, other) = (Key::new(1), Key::new(2));
    let mut swapped = Key::new(1);
    swapped.certificate = other.certificate.clone();
    let parts = Parts::new(&entries());
    let apk = |key: &Key| parts.with_block(&[(ID_V2, Plan::new(key, parts.digest()).block())]);
    assert_verified(&judge(&apk(&key), 24), &[Scheme::V2]);
    assert_refused(&judge(&apk(&swapped), 24), Issue::V2SigPublicKeyMismatch);
}

#[test]
fn verity_digests_need_whole_pages() {
    let key = Key::new(1);
    let signed = |parts: &Parts, alignment| {
        let mut plan = Plan::new(&key, parts.verity());
        plan.algorithm = ECDSA_VERITY;
        plan.sdk_versions = Some((28, i32::MAX));
        parts.with_padded_block(&[(ID_V3, plan.block())], alignment)
    };
    let aligned = Parts::new(&entries()).aligned();
    let apk = signed(&aligned, 4_096);
    assert_verified(&judge(&apk, 28), &[Scheme::V3]);
    let mut flipped = apk.clone();
    flipped[4_000] ^= 0x10;
    assert_refused(&judge(&flipped, 28), Issue::V3SigApkDigestDidNotVerify);
    assert_refused(
        &judge(&signed(&aligned, 1), 28),
        Issue::V3SigApkDigestDidNotVerify,
    );
    let unaligned = Parts::new(&entries());
    assert_refused(
        &judge(&signed(&unaligned, 4_096), 28),
        Issue::V3SigApkDigestDidNotVerify,
    );
}

#[test]
fn a_rotated_key_needs_the_consent_of_the_one_before() {
    let (old, new, stranger) = (Key::new(1), Key::new(2), Key::new(3));
    let parts = Parts::new(&entries());
    let apk = |proof: Vec<u8>| {
        let v2 = Plan::new(&old, parts.digest());
        let mut v3 = Plan::new(&new, parts.digest());
        v3.sdk_versions = Some((28, i32::MAX));
        v3.attributes = vec![(PROOF_OF_ROTATION, proof)];
        parts.with_block(&[(ID_V2, v2.block()), (ID_V3, v3.block())])
    };
    let honest = judge(&apk(lineage(&[&old, &new])), 24);
    assert_verified(&honest, &[Scheme::V2, Scheme::V3]);
    assert_eq!(honest.lineage.unwrap().nodes().len(), 2);

    // A link that the old key did not sign.
    let mut forged = lineage(&[&old, &new]);
    *forged.last_mut().unwrap() ^= 1;
    assert_refused(&judge(&apk(forged), 24), Issue::V3SigPorDidNotVerify);
    // A lineage that begins with somebody else.
    let foreign = lineage(&[&stranger, &new]);
    assert_refused(&judge(&apk(foreign), 24), Issue::V3SigPastSignersMismatch);
    // A lineage that ends with somebody else.
    let elsewhere = lineage(&[&old, &stranger]);
    assert_refused(&judge(&apk(elsewhere), 24), Issue::V3SigPorCertMismatch);
    // A lineage longer than anyone needs: every link costs a signature check.
    let keys: Vec<Key> = (10..30).map(Key::new).collect();
    let long: Vec<&Key> = keys.iter().collect();
    assert_refused(&judge(&apk(lineage(&long)), 24), Issue::LimitExceeded);
}

#[test]
fn newer_signatures_cannot_be_stripped() {
    let key = Key::new(1);
    let parts = Parts::new(&entries());
    let mut v2 = Plan::new(&key, parts.digest());
    v2.attributes = vec![(STRIPPING_PROTECTION, 3_u32.to_le_bytes().to_vec())];
    let mut v3 = Plan::new(&key, parts.digest());
    v3.sdk_versions = Some((28, i32::MAX));
    let both = parts.with_block(&[(ID_V2, v2.block()), (ID_V3, v3.block())]);
    assert_verified(&judge(&both, 24), &[Scheme::V2, Scheme::V3]);
    let stripped = parts.with_block(&[(ID_V2, v2.block())]);
    assert_refused(&judge(&stripped, 24), Issue::V2SigMissingApkSigReferenced);
    // Platforms that do not know v3 do not miss it.
    let old = verify(
        &stripped,
        None,
        SdkRange {
            min: Some(24),
            max: Some(27),
        },
    );
    assert_verified(&old, &[Scheme::V2]);
}

#[test]
fn v31_goes_with_v3_and_signs_the_same_file() {
    let (old, new) = (Key::new(1), Key::new(2));
    let parts = Parts::new(&entries());
    let v3 = |announced: i32| {
        let mut plan = Plan::new(&old, parts.digest());
        plan.sdk_versions = Some((28, 32));
        plan.attributes = vec![(ROTATION_MIN_SDK, announced.to_le_bytes().to_vec())];
        (ID_V3, plan.block())
    };
    let v31 = |digest: Vec<u8>| {
        let mut plan = Plan::new(&new, digest);
        plan.sdk_versions = Some((33, i32::MAX));
        plan.attributes = vec![(PROOF_OF_ROTATION, lineage(&[&old, &new]))];
        (ID_V31, plan.block())
    };
    let honest = parts.with_block(&[v3(33), v31(parts.digest())]);
    assert_verified(&judge(&honest, 28), &[Scheme::V3, Scheme::V31]);
    let disagreeing = parts.with_block(&[v3(34), v31(parts.digest())]);
    assert_refused(&judge(&disagreeing, 28), Issue::V31RotationMinSdkMismatch);
    let alone = parts.with_block(&[v31(parts.digest())]);
    assert_refused(&judge(&alone, 28), Issue::V31BlockFoundWithoutV3Block);
    let stripped = parts.with_block(&[v3(33)]);
    assert_refused(&judge(&stripped, 28), Issue::V31BlockMissing);
    // The platform of the new key would refuse this file, so it is refused although v3 is right.
    let other_file = parts.with_block(&[v3(33), v31(vec![7; 32])]);
    assert_refused(&judge(&other_file, 28), Issue::V3SigApkDigestDidNotVerify);
}

#[test]
fn v4_is_for_this_file_by_this_signer() {
    let (key, other) = (Key::new(1), Key::new(2));
    let parts = Parts::new(&entries());
    let apk = parts.with_block(&[(ID_V2, Plan::new(&key, parts.digest()).block())]);
    let judge = |idsig: &[u8]| verify(&apk, Some(idsig), since(24));

    let honest = idsig(&key, &apk, &parts.digest());
    assert_verified(&judge(&honest), &[Scheme::V2, Scheme::V4]);
    let of_another_file = idsig(&key, &[&apk[..], b"x"].concat(), &parts.digest());
    assert_refused(&judge(&of_another_file), Issue::V4SigDidNotVerify);
    let mut same_length = apk.clone();
    same_length[40] ^= 1;
    let of_another_file = idsig(&key, &same_length, &parts.digest());
    assert_refused(&judge(&of_another_file), Issue::V4SigApkRootDidNotVerify);
    let by_another = idsig(&other, &apk, &parts.digest());
    assert_refused(&judge(&by_another), Issue::V4SigV2V3SignersMismatch);
    let for_another_digest = idsig(&key, &apk, &[7; 32]);
    assert_refused(&judge(&for_another_digest), Issue::V4SigV2V3DigestsMismatch);
    let mut with_tree = honest.clone();
    with_tree.extend(crate::signer::prefixed(&[0; 4_096]));
    assert_refused(&judge(&with_tree), Issue::V4SigApkTreeDidNotVerify);
    for length in 0..honest.len() {
        assert!(!judge(&honest[..length]).verified, "{length}");
    }
}

#[test]
fn a_jar_signature_covers_contents_but_not_what_is_beside_them() {
    let key = Key::new(1);
    let signed = with_jar_signature(&key, &entries(), None);
    let apk = build(&signed);
    let honest = judge(&apk.bytes, 21);
    assert_verified(&honest, &[Scheme::V1]);
    assert!(honest.janus.exposed && !honest.janus.payload);
    assert_eq!(
        honest.signers[0].jar.as_ref().unwrap().manifest_digests,
        ["SHA-256"]
    );

    let replaced = |position: usize, entry: Entry| {
        let mut entries = signed.clone();
        entries[position] = entry;
        judge(&build(&entries).bytes, 21)
    };
    let changed = replaced(1, stored("classes.dex", b"other code"));
    assert_refused(&changed, Issue::JarSigZipEntryDigestDidNotVerify);
    let renamed = replaced(1, stored("classes2.dex", &[0x64; 5_000]));
    assert_refused(&renamed, Issue::JarSigMissingZipEntryReferencedInManifest);

    let mut added = signed.clone();
    added.push(stored("assets/more", b"x"));
    assert_refused(
        &judge(&build(&added).bytes, 21),
        Issue::JarSigNoZipEntryDigestInManifest,
    );
    let mut doubled = signed.clone();
    doubled.push(stored("classes.dex", &[0x64; 5_000]));
    assert_refused(
        &judge(&build(&doubled).bytes, 21),
        Issue::JarSigDuplicateZipEntry,
    );
    let mut beside = signed.clone();
    beside.push(stored("META-INF/notes", b"x"));
    let beside = judge(&build(&beside).bytes, 21);
    assert_verified(&beside, &[Scheme::V1]);
    assert_eq!(beside.warnings[0].issue, Issue::JarSigUnprotectedZipEntry);
    assert_eq!(
        beside.warnings[0].subject.as_deref(),
        Some("META-INF/notes")
    );
}

#[test]
fn a_jar_signature_promises_the_newer_ones() {
    let key = Key::new(1);
    let parts = Parts::new(&with_jar_signature(&key, &entries(), Some("2")));
    let apk = parts.with_block(&[(ID_V2, Plan::new(&key, parts.digest()).block())]);
    let both = judge(&apk, 21);
    assert_verified(&both, &[Scheme::V1, Scheme::V2]);
    // Android 5 and 6 look at the JAR signature alone.
    assert!(both.janus.exposed);
    assert!(!judge(&apk, 24).janus.exposed);
    let stripped = parts.with_block(&[]);
    assert_refused(&judge(&stripped, 21), Issue::JarSigMissingApkSigReferenced);

    let other = Key::new(2);
    let by_another = parts.with_block(&[(ID_V2, Plan::new(&other, parts.digest()).block())]);
    assert_refused(&judge(&by_another, 21), Issue::V2SigMissing);
}

#[test]
fn code_in_front_of_a_signed_archive_is_recognised() {
    let key = Key::new(1);
    let mut apk = build(&with_jar_signature(&key, &entries(), None));
    // The archive moves behind the code; every offset follows.
    let code = [&b"dex\n035\0"[..], &[0; 100]].concat();
    let shift = u32::try_from(code.len()).unwrap();
    let offsets: Vec<usize> = apk
        .centrals
        .iter()
        .map(|at| at + 42)
        .chain([apk.end + 16])
        .collect();
    for at in offsets {
        let offset = u32::from_le_bytes(apk.bytes[at..at + 4].try_into().unwrap());
        apk.patch(at, &(offset + shift).to_le_bytes());
    }
    let attack = judge(&[code, apk.bytes].concat(), 21);
    // What makes the flaw a flaw: the signature itself is right.
    assert_verified(&attack, &[Scheme::V1]);
    assert!(attack.janus.payload && attack.janus.exposed);
}

#[test]
fn an_empty_range_of_platforms_is_refused() {
    let key = Key::new(1);
    let parts = Parts::new(&entries());
    let apk = parts.with_block(&[(ID_V2, Plan::new(&key, parts.digest()).block())]);
    let empty = SdkRange {
        min: Some(30),
        max: Some(29),
    };
    assert_refused(&verify(&apk, None, empty), Issue::IllegalArgumentException);
    assert_verified(
        &verify(
            &apk,
            None,
            SdkRange {
                min: Some(29),
                max: Some(29),
            },
        ),
        &[Scheme::V2],
    );
}

#[test]
fn more_signers_than_anyone_needs_are_refused() {
    let key = Key::new(1);
    let parts = Parts::new(&entries());
    let signer = Plan::new(&key, parts.digest()).signer();
    let apk =
        |count: usize| parts.with_block(&[(ID_V2, crate::signer::prefixed(&signer.repeat(count)))]);
    assert_verified(&judge(&apk(10), 24), &[Scheme::V2]);
    assert_refused(&judge(&apk(11), 24), Issue::LimitExceeded);
}

#[test]
fn cutting_a_signed_file_anywhere_is_noticed() {
    let key = Key::new(1);
    let parts = Parts::new(&with_jar_signature(&key, &entries(), Some("2")));
    let apk = parts.with_block(&[(ID_V2, Plan::new(&key, parts.digest()).block())]);
    assert_verified(&judge(&apk, 21), &[Scheme::V1, Scheme::V2]);
    for length in (0..apk.len()).step_by(7) {
        assert!(!judge(&apk[..length], 21).verified, "{length}");
    }
}
