//! The pseudo-random function (GB/T 38636, 5): `P_SM3` over a label and a seed.

use hefu_gm::Zeroizing;
use hefu_gm::provider::{MacSm3, ModuleError};

/// Fills `out` from the secret behind `key`, for the purpose `label`, with the concatenation of
/// `seed`.
pub(crate) fn derive(
    key: &dyn MacSm3,
    label: &[u8],
    seed: [&[u8]; 2],
    out: &mut [u8],
) -> Result<(), ModuleError> {
    let [first, second] = seed;
    let mut a = Zeroizing::new(key.mac(&[label, first, second])?);
    for chunk in out.chunks_mut(a.len()) {
        let block = Zeroizing::new(key.mac(&[a.as_slice(), label, first, second])?);
        let (block, _) = block.split_at(chunk.len());
        chunk.copy_from_slice(block);
        a = Zeroizing::new(key.mac(&[a.as_slice()])?);
    }
    Ok(())
}
