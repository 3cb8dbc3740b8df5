use hefu_gm::rng::{RngError, SystemRng};
use hefu_gm::sm2::{AgreeError, EphemeralSecret, agree};
use hex_literal::hex;
use rand_core::{TryCryptoRng, TryRng};

/// A generator for published examples: gives these scalars, then fails.
pub(crate) struct Drawn(Vec<[u8; 32]>);

impl Drawn {
    pub(crate) fn new(scalars: &[[u8; 32]]) -> Self {
        Self(scalars.iter().rev().copied().collect())
    }
}

impl TryRng for Drawn {
    type Error = RngError;

    fn try_next_u32(&mut self) -> Result<u32, RngError> {
        Err(RngError)
    }

    fn try_next_u64(&mut self) -> Result<u64, RngError> {
        Err(RngError)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RngError> {
        out.copy_from_slice(&self.0.pop().ok_or(RngError)?);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

/// GB/T 32918.5, A.3 prints k, [k]G, d, [d]G and the shared point (x2, y2) of its encryption:
/// an agreement between k and d, from either side.
#[test]
fn shared_point_of_the_standard() {
    let d = hex!("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
    let k = hex!("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21");
    let x2 = hex!("335e18d751e51f040e27d468138b7ab1dc86ad7f981d7d416222fd6ab3ed230d");
    let secret = |scalar| EphemeralSecret::make(&mut Drawn::new(&[scalar])).unwrap();
    let (public_d, public_k) = (secret(d).public_key(), secret(k).public_key());
    assert_eq!(
        public_k,
        hex!(
            "04"
            "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
            "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
        )
    );
    assert_eq!(agree(secret(d), &public_k).unwrap().as_bytes(), &x2);
    assert_eq!(agree(secret(k), &public_d).unwrap().as_bytes(), &x2);
}

#[test]
fn refuses_what_is_no_point() {
    let fresh = || EphemeralSecret::make(&mut SystemRng).unwrap();
    let good = fresh().public_key();
    assert!(agree(fresh(), &good).is_ok());
    for length in (0..100).filter(|length| *length != good.len()) {
        assert_eq!(
            agree(fresh(), &vec![4; length]).unwrap_err(),
            AgreeError,
            "{length} bytes"
        );
    }
    // Infinity, in its own form and as zeros.
    assert_eq!(agree(fresh(), &[0]).unwrap_err(), AgreeError);
    assert_eq!(agree(fresh(), &[0; 65]).unwrap_err(), AgreeError);
    assert_eq!(
        agree(fresh(), &[&[4][..], &[0; 64]].concat()).unwrap_err(),
        AgreeError
    );
    // The generator of P-256, which is not on this curve.
    let foreign = hex!(
        "04"
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    );
    assert_eq!(agree(fresh(), &foreign).unwrap_err(), AgreeError);
    for bit in 0..good.len() * 8 {
        let mut changed = good;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            agree(fresh(), &changed).unwrap_err(),
            AgreeError,
            "bit {bit}"
        );
    }
}

#[test]
fn secrets_do_not_print() {
    let secret = EphemeralSecret::make(&mut SystemRng).unwrap();
    let peer = secret.public_key();
    assert_eq!(format!("{secret:?}"), "EphemeralSecret(redacted)");
    assert_eq!(
        format!("{:?}", agree(secret, &peer).unwrap()),
        "SharedSecret(redacted)"
    );
}

#[test]
fn both_sides_agree_and_a_third_does_not() {
    for _ in 0..32 {
        let [a, b, c] = [(); 3].map(|()| EphemeralSecret::make(&mut SystemRng).unwrap());
        let (public_a, public_b) = (a.public_key(), b.public_key());
        let [on_a, on_b] = [agree(a, &public_b).unwrap(), agree(b, &public_a).unwrap()];
        let on_c = agree(c, &public_a).unwrap();
        assert_eq!(on_a.as_bytes(), on_b.as_bytes());
        assert_ne!(on_a.as_bytes(), on_c.as_bytes());
    }
}
