//! The signature of a package of any kind.

use super::hap::{self, HapVerification};
use super::ios::{self, IpaVerification};
use super::{SdkRange, Verification, verify};
use crate::certificate::Certificate;
use crate::limits::Limits;
use crate::package::{Package, PackageKind};
use crate::zip::Archive;

/// The signature of a package, by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageSignature {
    /// APKs, each with its name within the package; empty for the package itself.
    Android(Vec<(String, Verification)>),
    /// An IPA; `None` if its archive cannot be read.
    Ios(Option<IpaVerification>),
    /// HarmonyOS packages, each with its name within the package.
    Harmony(Vec<(String, HapVerification)>),
    /// A kind of package whose signature says nothing about what phones install: bundles for a
    /// store, sources.
    NotJudged,
}

impl PackageSignature {
    /// Verifies the signature of a package. `idsig` is the v4 signature file beside an APK.
    #[must_use]
    pub fn of(package: &Package, idsig: Option<&[u8]>, range: SdkRange, limits: &Limits) -> Self {
        let parts = package.parts();
        match package.kind() {
            PackageKind::Apk => Self::Android(
                parts
                    .iter()
                    .take(1)
                    .map(|part| (part.name.clone(), verify(&part.bytes, idsig, range)))
                    .collect(),
            ),
            PackageKind::ApkSet => Self::Android(
                parts
                    .iter()
                    .filter(|part| !part.name.is_empty())
                    .map(|part| (part.name.clone(), verify(&part.bytes, None, range)))
                    .collect(),
            ),
            PackageKind::Ipa => Self::Ios(parts.first().and_then(|part| {
                let archive = Archive::parse(&part.bytes, &limits.zip()).ok()?;
                Some(ios::verify_ipa(&archive))
            })),
            PackageKind::Hap | PackageKind::HarmonyApp => Self::Harmony(
                parts
                    .iter()
                    .map(|part| (part.name.clone(), hap::verify(&part.bytes)))
                    .collect(),
            ),
            PackageKind::Aab | PackageKind::Source => Self::NotJudged,
        }
    }

    /// Whether everything that is signed is rightly signed; `None` where nothing is judged.
    #[must_use]
    pub fn verified(&self) -> Option<bool> {
        match self {
            Self::Android(parts) => {
                Some(!parts.is_empty() && parts.iter().all(|(_, part)| part.verified))
            }
            Self::Ios(ipa) => Some(ipa.as_ref().is_some_and(|ipa| ipa.verified)),
            Self::Harmony(parts) => {
                Some(!parts.is_empty() && parts.iter().all(|(_, part)| part.verified))
            }
            Self::NotJudged => None,
        }
    }

    /// The certificates that signed, each once, signers before those who vouch for them.
    #[must_use]
    pub fn certificates(&self) -> Vec<&Certificate> {
        let mut found: Vec<&Certificate> = Vec::new();
        let mut add = |certificate| {
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        };
        match self {
            Self::Android(parts) => parts
                .iter()
                .flat_map(|(_, part)| &part.signers)
                .for_each(|signer| add(&signer.certificate)),
            Self::Ios(ipa) => ipa
                .iter()
                .flat_map(|ipa| &ipa.bundles)
                .flat_map(|bundle| &bundle.slices)
                .flat_map(|slice| &slice.chain)
                .for_each(add),
            Self::Harmony(parts) => parts.iter().flat_map(|(_, part)| &part.chain).for_each(add),
            Self::NotJudged => {}
        }
        found
    }
}
