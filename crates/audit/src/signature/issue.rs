//! Every reason for which a signature is refused or doubted, under the names that Android's own
//! verification library (apksig) gives them, so that results can be compared.

macro_rules! issues {
    ($($variant:ident = $name:literal: $meaning:literal,)*) => {
        /// Why a signature is refused (an error) or doubted (a warning).
        ///
        /// The variants correspond one to one to the issue constants of apksig, whose spelling
        /// [`name`](Self::name) gives. The last three name what apksig reports as an exception or
        /// does not bound at all.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Issue {
            $(#[doc = $meaning] $variant,)*
        }

        impl Issue {
            /// Every issue there is, in a fixed order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The constant's name, for instance `V2_SIG_DID_NOT_VERIFY`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What happened, in one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

impl std::fmt::Display for Issue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

issues! {
    JarSigNoSignatures = "JAR_SIG_NO_SIGNATURES": "No JAR signature that counts.",
    JarSigNoSignedZipEntries = "JAR_SIG_NO_SIGNED_ZIP_ENTRIES": "No entry is covered by a JAR signature.",
    JarSigDuplicateZipEntry = "JAR_SIG_DUPLICATE_ZIP_ENTRY": "Two entries of the archive have the same name.",
    JarSigDuplicateManifestSection = "JAR_SIG_DUPLICATE_MANIFEST_SECTION": "The JAR manifest describes the same entry twice.",
    JarSigUnnamedManifestSection = "JAR_SIG_UNNNAMED_MANIFEST_SECTION": "A section of the JAR manifest names no entry.",
    JarSigUnnamedSigFileSection = "JAR_SIG_UNNNAMED_SIG_FILE_SECTION": "A section of the signature file names no entry.",
    JarSigNoManifest = "JAR_SIG_NO_MANIFEST": "There is no META-INF/MANIFEST.MF.",
    JarSigMissingZipEntryReferencedInManifest = "JAR_SIG_MISSING_ZIP_ENTRY_REFERENCED_IN_MANIFEST": "The JAR manifest names an entry that the archive lacks.",
    JarSigNoZipEntryDigestInManifest = "JAR_SIG_NO_ZIP_ENTRY_DIGEST_IN_MANIFEST": "The JAR manifest has no usable digest for an entry.",
    JarSigNoZipEntryDigestInSigFile = "JAR_SIG_NO_ZIP_ENTRY_DIGEST_IN_SIG_FILE": "The signature file has no usable digest for an entry.",
    JarSigZipEntryNotSigned = "JAR_SIG_ZIP_ENTRY_NOT_SIGNED": "An entry is not signed by any signer.",
    JarSigZipEntrySignersMismatch = "JAR_SIG_ZIP_ENTRY_SIGNERS_MISMATCH": "Two entries are signed by different sets of signers.",
    JarSigZipEntryDigestDidNotVerify = "JAR_SIG_ZIP_ENTRY_DIGEST_DID_NOT_VERIFY": "An entry's contents do not match their digest.",
    JarSigManifestMainSectionDigestDidNotVerify = "JAR_SIG_MANIFEST_MAIN_SECTION_DIGEST_DID_NOT_VERIFY": "The main section of the JAR manifest does not match its digest.",
    JarSigManifestSectionDigestDidNotVerify = "JAR_SIG_MANIFEST_SECTION_DIGEST_DID_NOT_VERIFY": "A section of the JAR manifest does not match its digest.",
    JarSigNoManifestDigestInSigFile = "JAR_SIG_NO_MANIFEST_DIGEST_IN_SIG_FILE": "The signature file has no digest of the whole JAR manifest.",
    JarSigNoApkSigStripProtection = "JAR_SIG_NO_APK_SIG_STRIP_PROTECTION": "Nothing stops the newer signatures from being stripped.",
    JarSigMissingFile = "JAR_SIG_MISSING_FILE": "A signature block has no signature file beside it.",
    JarSigVerifyException = "JAR_SIG_VERIFY_EXCEPTION": "The JAR signature cannot be checked with its certificate.",
    JarSigUnsupportedSigAlg = "JAR_SIG_UNSUPPORTED_SIG_ALG": "A platform in range does not know this digest and signature algorithm.",
    JarSigParseException = "JAR_SIG_PARSE_EXCEPTION": "The signature block is malformed.",
    JarSigMalformedCertificate = "JAR_SIG_MALFORMED_CERTIFICATE": "A certificate of the JAR signature is malformed.",
    JarSigDidNotVerify = "JAR_SIG_DID_NOT_VERIFY": "The JAR signature is wrong.",
    JarSigNoSigners = "JAR_SIG_NO_SIGNERS": "The signature block has no signer.",
    JarSigDuplicateSigFileSection = "JAR_SIG_DUPLICATE_SIG_FILE_SECTION": "The signature file describes the same entry twice.",
    JarSigMissingVersionAttrInSigFile = "JAR_SIG_MISSING_VERSION_ATTR_IN_SIG_FILE": "The signature file lacks Signature-Version.",
    JarSigUnknownApkSigSchemeId = "JAR_SIG_UNKNOWN_APK_SIG_SCHEME_ID": "The signature file names an unknown signature scheme.",
    JarSigMissingApkSigReferenced = "JAR_SIG_MISSING_APK_SIG_REFERENCED": "The signature file says that a newer signature exists; it was stripped.",
    JarSigUnprotectedZipEntry = "JAR_SIG_UNPROTECTED_ZIP_ENTRY": "An entry in META-INF can be changed without breaking the JAR signature.",
    JarSigMissing = "JAR_SIG_MISSING": "A v2 signer has no JAR signature with the same certificate.",
    NoSigForTargetSandboxVersion = "NO_SIG_FOR_TARGET_SANDBOX_VERSION": "The targeted sandbox version demands a v2 or newer signature.",
    MinSigSchemeForTargetSdkNotMet = "MIN_SIG_SCHEME_FOR_TARGET_SDK_NOT_MET": "The targeted SDK demands a newer signature scheme.",
    V2SigMissing = "V2_SIG_MISSING": "A JAR signer has no v2 signature with the same certificate.",
    V2SigMalformedSigners = "V2_SIG_MALFORMED_SIGNERS": "The list of v2 signers is malformed.",
    V2SigMalformedSigner = "V2_SIG_MALFORMED_SIGNER": "A v2 signer is malformed.",
    V2SigMalformedPublicKey = "V2_SIG_MALFORMED_PUBLIC_KEY": "A v2 signer's public key is malformed.",
    V2SigMalformedCertificate = "V2_SIG_MALFORMED_CERTIFICATE": "A v2 signer's certificate is malformed.",
    V2SigMalformedSignature = "V2_SIG_MALFORMED_SIGNATURE": "A v2 signature record is malformed.",
    V2SigMalformedDigest = "V2_SIG_MALFORMED_DIGEST": "A v2 digest record is malformed.",
    V2SigMalformedAdditionalAttribute = "V2_SIG_MALFORMED_ADDITIONAL_ATTRIBUTE": "A v2 attribute is malformed.",
    V2SigUnknownApkSigSchemeId = "V2_SIG_UNKNOWN_APK_SIG_SCHEME_ID": "A v2 signer names an unknown signature scheme.",
    V2SigMissingApkSigReferenced = "V2_SIG_MISSING_APK_SIG_REFERENCED": "A v2 signer says that a newer signature exists; it was stripped.",
    V2SigNoSigners = "V2_SIG_NO_SIGNERS": "The v2 block has no signer.",
    V2SigUnknownSigAlgorithm = "V2_SIG_UNKNOWN_SIG_ALGORITHM": "A v2 signature uses an unknown algorithm.",
    V2SigUnknownAdditionalAttribute = "V2_SIG_UNKNOWN_ADDITIONAL_ATTRIBUTE": "A v2 signer has an unknown attribute.",
    V2SigVerifyException = "V2_SIG_VERIFY_EXCEPTION": "A v2 signature cannot be checked with its key.",
    V2SigDidNotVerify = "V2_SIG_DID_NOT_VERIFY": "A v2 signature is wrong.",
    V2SigNoSignatures = "V2_SIG_NO_SIGNATURES": "A v2 signer has no signature.",
    V2SigNoSupportedSignatures = "V2_SIG_NO_SUPPORTED_SIGNATURES": "A v2 signer has no signature that every platform in range supports.",
    V2SigNoCertificates = "V2_SIG_NO_CERTIFICATES": "A v2 signer has no certificate.",
    V2SigPublicKeyMismatch = "V2_SIG_PUBLIC_KEY_MISMATCH_BETWEEN_CERTIFICATE_AND_SIGNATURES_RECORD": "A v2 signer's certificate is for another key.",
    V2SigSigAlgMismatch = "V2_SIG_SIG_ALG_MISMATCH_BETWEEN_SIGNATURES_AND_DIGESTS_RECORDS": "A v2 signer lists other algorithms for signatures than for digests.",
    V2SigApkDigestDidNotVerify = "V2_SIG_APK_DIGEST_DID_NOT_VERIFY": "The file was changed after its v2 signature.",
    V3SigMalformedSigners = "V3_SIG_MALFORMED_SIGNERS": "The list of v3 signers is malformed.",
    V3SigMalformedSigner = "V3_SIG_MALFORMED_SIGNER": "A v3 signer is malformed.",
    V3SigMalformedPublicKey = "V3_SIG_MALFORMED_PUBLIC_KEY": "A v3 signer's public key is malformed.",
    V3SigMalformedCertificate = "V3_SIG_MALFORMED_CERTIFICATE": "A v3 signer's certificate is malformed.",
    V3SigMalformedSignature = "V3_SIG_MALFORMED_SIGNATURE": "A v3 signature record is malformed.",
    V3SigMalformedDigest = "V3_SIG_MALFORMED_DIGEST": "A v3 digest record is malformed.",
    V3SigMalformedAdditionalAttribute = "V3_SIG_MALFORMED_ADDITIONAL_ATTRIBUTE": "A v3 attribute is malformed.",
    V3SigNoSigners = "V3_SIG_NO_SIGNERS": "The v3 block has no signer.",
    V3SigMultipleSigners = "V3_SIG_MULTIPLE_SIGNERS": "Several v3 signers without a lineage that joins them.",
    V3SigMultiplePastSigners = "V3_SIG_MULTIPLE_PAST_SIGNERS": "Several older signers, where v3 allows one.",
    V3SigPastSignersMismatch = "V3_SIG_PAST_SIGNERS_MISMATCH": "The older signer is not where the v3 lineage begins.",
    V3SigUnknownSigAlgorithm = "V3_SIG_UNKNOWN_SIG_ALGORITHM": "A v3 signature uses an unknown algorithm.",
    V3SigUnknownAdditionalAttribute = "V3_SIG_UNKNOWN_ADDITIONAL_ATTRIBUTE": "A v3 signer has an unknown attribute.",
    V3SigVerifyException = "V3_SIG_VERIFY_EXCEPTION": "A v3 signature cannot be checked with its key.",
    V3SigInvalidSdkVersions = "V3_SIG_INVALID_SDK_VERSIONS": "A v3 signer's SDK range is empty or negative.",
    V3SigDidNotVerify = "V3_SIG_DID_NOT_VERIFY": "A v3 signature is wrong.",
    V3SigNoSignatures = "V3_SIG_NO_SIGNATURES": "A v3 signer has no signature.",
    V3SigNoSupportedSignatures = "V3_SIG_NO_SUPPORTED_SIGNATURES": "A v3 signer has no signature that every platform in its range supports.",
    V3SigNoCertificates = "V3_SIG_NO_CERTIFICATES": "A v3 signer has no certificate.",
    V3MinSdkVersionMismatch = "V3_MIN_SDK_VERSION_MISMATCH_BETWEEN_SIGNER_AND_SIGNED_DATA_RECORD": "A v3 signer's minimum SDK differs from the signed one.",
    V3MaxSdkVersionMismatch = "V3_MAX_SDK_VERSION_MISMATCH_BETWEEN_SIGNER_AND_SIGNED_DATA_RECORD": "A v3 signer's maximum SDK differs from the signed one.",
    V3SigPublicKeyMismatch = "V3_SIG_PUBLIC_KEY_MISMATCH_BETWEEN_CERTIFICATE_AND_SIGNATURES_RECORD": "A v3 signer's certificate is for another key.",
    V3SigSigAlgMismatch = "V3_SIG_SIG_ALG_MISMATCH_BETWEEN_SIGNATURES_AND_DIGESTS_RECORDS": "A v3 signer lists other algorithms for signatures than for digests.",
    V3SigApkDigestDidNotVerify = "V3_SIG_APK_DIGEST_DID_NOT_VERIFY": "The file was changed after its v3 signature.",
    V3SigPorDidNotVerify = "V3_SIG_POR_DID_NOT_VERIFY": "A link of the key rotation lineage is not signed by its predecessor.",
    V3SigMalformedLineage = "V3_SIG_MALFORMED_LINEAGE": "The key rotation lineage is malformed.",
    V3SigPorCertMismatch = "V3_SIG_POR_CERT_MISMATCH": "The lineage does not end with the signer's certificate.",
    V3InconsistentSdkVersions = "V3_INCONSISTENT_SDK_VERSIONS": "The SDK ranges of v3 signers overlap or leave holes.",
    V3MissingSdkVersions = "V3_MISSING_SDK_VERSIONS": "The v3 signers do not cover every platform in range.",
    V3InconsistentLineages = "V3_INCONSISTENT_LINEAGES": "The lineages of v3 signers contradict each other.",
    V31BlockMissing = "V31_BLOCK_MISSING": "A v3 signer says that a v3.1 signature exists; it was stripped.",
    V31RotationMinSdkMismatch = "V31_ROTATION_MIN_SDK_MISMATCH": "v3 and v3.1 disagree from which SDK on the rotated key counts.",
    V31RotationMinSdkAttrMissing = "V31_ROTATION_MIN_SDK_ATTR_MISSING": "Nothing stops the v3.1 signature from being stripped.",
    V31BlockFoundWithoutV3Block = "V31_BLOCK_FOUND_WITHOUT_V3_BLOCK": "A v3.1 signature without the v3 signature it builds on.",
    V31RotationTargetsDevReleaseAttrOnV3Signer = "V31_ROTATION_TARGETS_DEV_RELEASE_ATTR_ON_V3_SIGNER": "An attribute for v3.1 signers on a v3 signer.",
    ApkSigBlockUnknownEntryId = "APK_SIG_BLOCK_UNKNOWN_ENTRY_ID": "The signing block has an entry of unknown purpose.",
    V4SigMalformedSigners = "V4_SIG_MALFORMED_SIGNERS": "The v4 signature file is malformed.",
    V4SigUnknownSigAlgorithm = "V4_SIG_UNKNOWN_SIG_ALGORITHM": "The v4 signature uses an unknown algorithm.",
    V4SigNoSignatures = "V4_SIG_NO_SIGNATURES": "The v4 signature file has no signature.",
    V4SigNoSupportedSignatures = "V4_SIG_NO_SUPPORTED_SIGNATURES": "The v4 signature file has no supported signature.",
    V4SigDidNotVerify = "V4_SIG_DID_NOT_VERIFY": "The v4 signature is wrong.",
    V4SigVerifyException = "V4_SIG_VERIFY_EXCEPTION": "The v4 signature cannot be checked with its key.",
    V4SigMalformedPublicKey = "V4_SIG_MALFORMED_PUBLIC_KEY": "The v4 signer's public key is malformed.",
    V4SigMalformedCertificate = "V4_SIG_MALFORMED_CERTIFICATE": "The v4 signer's certificate is malformed.",
    V4SigNoCertificate = "V4_SIG_NO_CERTIFICATE": "The v4 signer has no certificate.",
    V4SigPublicKeyMismatch = "V4_SIG_PUBLIC_KEY_MISMATCH_BETWEEN_CERTIFICATE_AND_SIGNATURES_RECORD": "The v4 signer's certificate is for another key.",
    V4SigApkRootDidNotVerify = "V4_SIG_APK_ROOT_DID_NOT_VERIFY": "The file was changed after its v4 signature.",
    V4SigApkTreeDidNotVerify = "V4_SIG_APK_TREE_DID_NOT_VERIFY": "The hash tree of the v4 signature file is not that of the file.",
    V4SigMultipleSigners = "V4_SIG_MULTIPLE_SIGNERS": "Several v4 signers where one is allowed.",
    V4SigV2V3SignersMismatch = "V4_SIG_V2_V3_SIGNERS_MISMATCH": "The v4 signer is not the v2 or v3 signer.",
    V4SigV2V3DigestsMismatch = "V4_SIG_V2_V3_DIGESTS_MISMATCH": "The v4 signature is for another v2 or v3 digest.",
    V4SigVersionNotCurrent = "V4_SIG_VERSION_NOT_CURRENT": "The v4 signature file has another format version.",
    SourceStampCertDigestAndSigBlockMissing = "SOURCE_STAMP_CERT_DIGEST_AND_SIG_BLOCK_MISSING": "There is no source stamp.",
    SourceStampSigMissing = "SOURCE_STAMP_SIG_MISSING": "The source stamp's certificate digest is there, its signature is not.",
    SourceStampMalformedCertificate = "SOURCE_STAMP_MALFORMED_CERTIFICATE": "The source stamp's certificate is malformed.",
    SourceStampMalformedSignature = "SOURCE_STAMP_MALFORMED_SIGNATURE": "The source stamp's signature is malformed.",
    SourceStampUnknownSigAlgorithm = "SOURCE_STAMP_UNKNOWN_SIG_ALGORITHM": "The source stamp uses an unknown algorithm.",
    SourceStampVerifyException = "SOURCE_STAMP_VERIFY_EXCEPTION": "The source stamp cannot be checked with its key.",
    SourceStampDidNotVerify = "SOURCE_STAMP_DID_NOT_VERIFY": "The source stamp's signature is wrong.",
    SourceStampNoSignature = "SOURCE_STAMP_NO_SIGNATURE": "The source stamp does not sign a signature scheme of the file.",
    SourceStampNoSupportedSignature = "SOURCE_STAMP_NO_SUPPORTED_SIGNATURE": "The source stamp has no signature that every platform in range supports.",
    SourceStampCertificateMismatch = "SOURCE_STAMP_CERTIFICATE_MISMATCH_BETWEEN_SIGNATURE_BLOCK_AND_APK": "The source stamp's certificate is not the one whose digest the file carries.",
    SourceStampSignatureBlockWithoutCertDigest = "SOURCE_STAMP_SIGNATURE_BLOCK_WITHOUT_CERT_DIGEST": "The source stamp's signature is there, its certificate digest is not.",
    SourceStampExpectedDigestMismatch = "SOURCE_STAMP_EXPECTED_DIGEST_MISMATCH": "The source stamp is by another certificate than expected.",
    SourceStampMalformedAttribute = "SOURCE_STAMP_MALFORMED_ATTRIBUTE": "An attribute of the source stamp is malformed.",
    SourceStampUnknownAttribute = "SOURCE_STAMP_UNKNOWN_ATTRIBUTE": "The source stamp has an unknown attribute.",
    SourceStampMalformedLineage = "SOURCE_STAMP_MALFORMED_LINEAGE": "The source stamp's lineage is malformed.",
    SourceStampPorCertMismatch = "SOURCE_STAMP_POR_CERT_MISMATCH": "The source stamp's lineage does not end with its certificate.",
    SourceStampPorDidNotVerify = "SOURCE_STAMP_POR_DID_NOT_VERIFY": "A link of the source stamp's lineage is not signed by its predecessor.",
    SourceStampInvalidTimestamp = "SOURCE_STAMP_INVALID_TIMESTAMP": "The source stamp's time is not positive.",
    MalformedApk = "MALFORMED_APK": "The file is not an APK.",
    UnexpectedException = "UNEXPECTED_EXCEPTION": "Verification stopped for another reason.",
    ApkFormatException = "ApkFormatException": "The file is malformed: no archive, a broken entry, or an unreadable AndroidManifest.xml.",
    IllegalArgumentException = "IllegalArgumentException": "The requested SDK range is empty for this file.",
    LimitExceeded = "LIMIT_EXCEEDED": "The file asks for more work than the named limits allow.",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Issue;

    #[test]
    fn every_name_is_its_own() {
        let names: BTreeSet<_> = Issue::ALL.iter().map(|issue| issue.name()).collect();
        assert_eq!(names.len(), Issue::ALL.len());
        assert_eq!(
            Issue::V2SigDidNotVerify.to_string(),
            "V2_SIG_DID_NOT_VERIFY"
        );
    }
}
