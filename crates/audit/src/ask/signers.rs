//! Who signed a package.

use crate::certificate::Certificate;
use crate::signature::PackageSignature;

/// The certificates of those who signed, each once, without those who vouch for them.
pub(crate) fn signers(signature: &PackageSignature) -> Vec<&Certificate> {
    let mut found: Vec<&Certificate> = match signature {
        PackageSignature::Android(_) => signature.certificates(),
        PackageSignature::Ios(ipa) => {
            let bundles = ipa.iter().flat_map(|ipa| &ipa.bundles);
            let slices = bundles.flat_map(|bundle| &bundle.slices);
            slices.filter_map(|slice| slice.chain.first()).collect()
        }
        PackageSignature::Harmony(parts) => parts
            .iter()
            .filter_map(|(_, part)| part.chain.first())
            .collect(),
        PackageSignature::NotJudged => Vec::new(),
    };
    found.dedup();
    found
}
