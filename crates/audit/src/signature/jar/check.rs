//! One signature of a signature block.

use super::{ANDROID_7, Scope, support};
use crate::certificate::Certificate;
use crate::signature::Issue;
use crate::signature::ber::{Malformed, Tag, dotted};
use crate::signature::hash::Hash;
use crate::signature::key::Fault;
use crate::signature::pkcs7::{
    Ambiguous, Attributes, OID_CONTENT_TYPE, OID_MESSAGE_DIGEST, SignedData, SignerInfo,
};

const ANDROID_4_4: i32 = 19;

/// What one signature of a block came to.
pub(super) enum SignerCheck {
    Verified,
    /// It is wrong; another signature of the same block may be right.
    Wrong,
    Refused(Issue),
}

/// Verifies one signature of a block.
pub(super) fn check(
    signature: &SignerInfo<'_>,
    data: &SignedData<'_>,
    certificates: &[Certificate],
    file: &[u8],
    scope: &Scope<'_>,
) -> SignerCheck {
    let (digest, algorithm) = (&signature.digest_oid, &signature.signature_oid);
    if !support::everywhere(digest, algorithm, scope.min_sdk, scope.max_sdk) {
        return SignerCheck::Refused(Issue::JarSigUnsupportedSigAlg);
    }
    let unusable = SignerCheck::Refused(Issue::JarSigVerifyException);
    let Some(certificate) = signature.certificate(certificates) else {
        return unusable;
    };
    let fits = signature
        .mechanism()
        .is_some_and(|mechanism| certificate.public_key().fits(mechanism));
    if !certificate.may_sign_content() || !fits {
        return unusable;
    }
    match signature.attributes() {
        Err(Malformed) => return unusable,
        Ok(None) => {}
        // Before Android 4.4 the digest in signed attributes was not checked at all.
        Ok(Some(_)) if scope.min_sdk < ANDROID_4_4 => return unusable,
        Ok(Some(attributes)) => match check_attributes(&attributes, signature, data, file, scope) {
            SignerCheck::Verified => {}
            refused => return refused,
        },
    }
    match signature.verify(certificate, file) {
        Ok(()) => SignerCheck::Verified,
        Err(Fault::Wrong) => SignerCheck::Wrong,
        Err(Fault::Unusable) => unusable,
    }
}

/// Checks that the signed attributes are about the signature file.
fn check_attributes(
    attributes: &Attributes<'_>,
    signature: &SignerInfo<'_>,
    data: &SignedData<'_>,
    file: &[u8],
    scope: &Scope<'_>,
) -> SignerCheck {
    // Content types are checked since Android 7.
    if scope.max_sdk >= ANDROID_7 {
        match attributes.single(OID_CONTENT_TYPE) {
            Err(Ambiguous) => return SignerCheck::Refused(Issue::JarSigParseException),
            Ok(None) => return SignerCheck::Refused(Issue::JarSigVerifyException),
            Ok(Some(value)) => {
                let kind = value
                    .expect(Tag::OBJECT_IDENTIFIER)
                    .and_then(|oid| dotted(oid.contents));
                match kind {
                    Err(Malformed) => return SignerCheck::Refused(Issue::JarSigParseException),
                    Ok(kind) if kind != data.content_type => return SignerCheck::Wrong,
                    Ok(_) => {}
                }
            }
        }
    }
    match attributes.single(OID_MESSAGE_DIGEST) {
        Err(Ambiguous) => SignerCheck::Refused(Issue::JarSigParseException),
        Ok(None) => SignerCheck::Refused(Issue::JarSigVerifyException),
        Ok(Some(value)) => {
            let Ok(expected) = value.expect(Tag::OCTET_STRING) else {
                return SignerCheck::Refused(Issue::JarSigParseException);
            };
            let actual = Hash::from_oid(&signature.digest_oid).map(|hash| hash.digest(&[file]));
            match actual {
                Some(actual) if actual == expected.contents => SignerCheck::Verified,
                Some(_) => SignerCheck::Wrong,
                None => SignerCheck::Refused(Issue::JarSigVerifyException),
            }
        }
    }
}
