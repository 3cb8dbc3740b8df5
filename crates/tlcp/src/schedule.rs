//! From the premaster secret to the keys of records (GB/T 38636, 6.5).

use core::fmt;
use std::sync::Arc;

use hefu_gm::provider::{MacSm3, ModuleError, Provider};
use hefu_gm::{Zeroizing, sm4};

use crate::messages::{RANDOM_BYTES, VERIFY_DATA_BYTES};
use crate::prf;
use crate::suite::Protection;

/// Length of the premaster and of the master secret in bytes.
pub(crate) const SECRET_BYTES: usize = 48;

/// Where in a premaster secret that the client chose the randomness begins, after the version.
pub(crate) const PREMASTER_RANDOM_OFFSET: usize = 2;

/// Length of an HMAC-SM3 key in bytes.
pub(crate) const MAC_KEY_BYTES: usize = 32;

/// Length of the part of a GCM nonce that comes from the key block, in bytes.
pub(crate) const GCM_SALT_BYTES: usize = 4;

/// What both sides know before the master secret. Erased when dropped.
pub(crate) type PremasterSecret = Zeroizing<[u8; SECRET_BYTES]>;

/// A premaster secret from what a module gave.
pub(crate) fn premaster(bytes: &[u8]) -> Result<PremasterSecret, ModuleError> {
    let bytes: &[u8; SECRET_BYTES] = bytes.try_into().map_err(|_| ModuleError)?;
    Ok(Zeroizing::new(*bytes))
}

/// The random values of both hello messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Randoms {
    pub(crate) client: [u8; RANDOM_BYTES],
    pub(crate) server: [u8; RANDOM_BYTES],
}

/// The secret of a session. Its bytes are kept only for the cache of sessions and are erased when
/// dropped; the connection works with the handle.
#[derive(Clone)]
pub(crate) struct MasterSecret {
    bytes: Zeroizing<[u8; SECRET_BYTES]>,
    key: Arc<dyn MacSm3>,
}

/// Whose `Finished` it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Party {
    Client,
    Server,
}

/// The keys of one direction.
pub(crate) struct DirectionKeys {
    /// Only in CBC suites.
    pub(crate) mac_key: Zeroizing<[u8; MAC_KEY_BYTES]>,
    pub(crate) key: sm4::Key,
    /// Only in GCM suites.
    pub(crate) salt: [u8; GCM_SALT_BYTES],
}

/// The keys of both directions.
pub(crate) struct KeyBlock {
    pub(crate) client: DirectionKeys,
    pub(crate) server: DirectionKeys,
}

impl MasterSecret {
    /// 6.5.1
    pub(crate) fn derive(
        provider: &dyn Provider,
        premaster: &PremasterSecret,
        randoms: &Randoms,
    ) -> Result<Self, ModuleError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        prf::derive(
            &*provider.mac_key(premaster.as_slice())?,
            b"master secret",
            [&randoms.client, &randoms.server],
            bytes.as_mut_slice(),
        )?;
        Self::from_session(provider, bytes)
    }

    pub(crate) fn from_session(
        provider: &dyn Provider,
        bytes: Zeroizing<[u8; SECRET_BYTES]>,
    ) -> Result<Self, ModuleError> {
        let key = provider.mac_key(bytes.as_slice())?;
        Ok(Self { bytes, key })
    }

    pub(crate) fn dangerous_bytes(&self) -> &Zeroizing<[u8; SECRET_BYTES]> {
        &self.bytes
    }

    /// 6.5.2. The standard's block ends with initial vectors for both directions; in CBC suites
    /// every record carries its own, so that they are not taken from it.
    pub(crate) fn key_block(
        &self,
        randoms: &Randoms,
        protection: Protection,
    ) -> Result<KeyBlock, ModuleError> {
        let (mac_bytes, salt_bytes) = match protection {
            Protection::Gcm => (0, GCM_SALT_BYTES),
            Protection::Cbc => (MAC_KEY_BYTES, 0),
        };
        let mut block = Zeroizing::new([0; 2 * (MAC_KEY_BYTES + sm4::KEY_BYTES + GCM_SALT_BYTES)]);
        let (used, _) = block.split_at_mut(2 * (mac_bytes + sm4::KEY_BYTES + salt_bytes));
        prf::derive(
            &*self.key,
            b"key expansion",
            [&randoms.server, &randoms.client],
            used,
        )?;
        let mut rest: &[u8] = used;
        let [client_mac, server_mac] = [take(&mut rest, mac_bytes), take(&mut rest, mac_bytes)];
        let [client_key, server_key] = [take(&mut rest, 16), take(&mut rest, 16)];
        let [client_salt, server_salt] = [take(&mut rest, salt_bytes), take(&mut rest, salt_bytes)];
        Ok(KeyBlock {
            client: DirectionKeys::new(client_mac, client_key, client_salt),
            server: DirectionKeys::new(server_mac, server_key, server_salt),
        })
    }

    /// 6.4.5.10
    pub(crate) fn verify_data(
        &self,
        party: Party,
        transcript: &[u8; 32],
    ) -> Result<[u8; VERIFY_DATA_BYTES], ModuleError> {
        let label: &[u8] = match party {
            Party::Client => b"client finished",
            Party::Server => b"server finished",
        };
        let mut verify_data = [0; VERIFY_DATA_BYTES];
        prf::derive(&*self.key, label, [transcript, &[]], &mut verify_data)?;
        Ok(verify_data)
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(redacted)")
    }
}

impl DirectionKeys {
    fn new(mac_key: &[u8], key: &[u8], salt: &[u8]) -> Self {
        let key = Zeroizing::new(padded::<{ sm4::KEY_BYTES }>(key));
        Self {
            mac_key: Zeroizing::new(padded(mac_key)),
            key: sm4::Key::from(*key),
            salt: padded(salt),
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(count.min(rest.len()));
    *rest = left;
    taken
}

/// `bytes`, or zeros where the suite has none.
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let (start, _) = out.split_at_mut(bytes.len().min(N));
    start.copy_from_slice(bytes.get(..start.len()).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use hefu_gm::provider::software;
    use hefu_gm::{Zeroizing, sm4};
    use hex_literal::hex;

    use super::{MasterSecret, Party, Randoms};
    use crate::prf;
    use crate::suite::Protection;

    /// The expected values come from another implementation: Python's `hmac` over OpenSSL's SM3.
    fn master() -> (MasterSecret, Randoms) {
        let mut premaster = Zeroizing::new([0; 48]);
        let (version, rest) = premaster.split_at_mut(2);
        version.copy_from_slice(&[1, 1]);
        for (byte, value) in rest.iter_mut().zip(0..) {
            *byte = value;
        }
        let randoms = Randoms {
            client: [0xc0; 32],
            server: [0x5e; 32],
        };
        let master = MasterSecret::derive(&*software(), &premaster, &randoms).unwrap();
        (master, randoms)
    }

    #[test]
    fn the_function_fills_any_length() {
        let provider = software();
        let key = provider.mac_key(b"secret").unwrap();
        let expected = hex!(
            "6bbf1bdaf82815d0abc339bd25396265ade241d8f27e03d9aa2d94ebe1eda0e2"
            "b4b532a0d2324725c32045f7e1b85c2eaf9d49de6e5985c3feed359ca1bd0110"
            "641c8cc3031d5ccd968eb7346188e74bf898f63b41625e45469eef9039562673"
            "adde5220"
        );
        for bytes in [0, 1, 31, 32, 33, 64, 100] {
            let mut out = vec![0; bytes];
            prf::derive(&*key, b"label", [b"se", b"ed"], &mut out).unwrap();
            assert_eq!(out, expected[..bytes]);
        }
    }

    #[test]
    fn master_secret_and_proofs() {
        let (master, _) = master();
        assert_eq!(
            *master.dangerous_bytes().as_slice(),
            hex!(
                "26f0b86263619f9754d83d2eb39b37b7c787399ee67bed4443162d042c23fa6e"
                "703a826508861f8761d28ea2dc31795e"
            )
        );
        let transcript = core::array::from_fn(|index| u8::try_from(index).unwrap());
        let proof = |party| master.verify_data(party, &transcript).unwrap();
        assert_eq!(proof(Party::Client), hex!("d565eb3b06744e6a86532cbc"));
        assert_eq!(proof(Party::Server), hex!("682dd4d3465e9d181215492c"));
    }

    #[test]
    fn keys_of_both_protections() {
        let (master, randoms) = master();
        let bytes = |key: &sm4::Key| *key.dangerous_bytes();
        let gcm = master.key_block(&randoms, Protection::Gcm).unwrap();
        assert_eq!(
            bytes(&gcm.client.key),
            hex!("a88a2daf691afb620565747b13eb1b01")
        );
        assert_eq!(
            bytes(&gcm.server.key),
            hex!("51bf5af082fe8df33ed526ef58abff12")
        );
        assert_eq!(gcm.client.salt, hex!("92c44622"));
        assert_eq!(gcm.server.salt, hex!("dcb4901b"));

        let cbc = master.key_block(&randoms, Protection::Cbc).unwrap();
        assert_eq!(
            *cbc.client.mac_key,
            hex!("a88a2daf691afb620565747b13eb1b0151bf5af082fe8df33ed526ef58abff12")
        );
        assert_eq!(
            *cbc.server.mac_key,
            hex!("92c44622dcb4901b6d583c35ad24b6037d113173e1d0aff6198db2a1a202be30")
        );
        assert_eq!(
            bytes(&cbc.client.key),
            hex!("25cc2ba96c65ad536689e89e4d9beaa9")
        );
        assert_eq!(
            bytes(&cbc.server.key),
            hex!("8e19b1a6a9ef3db9b35c9ddfbdb6b230")
        );
    }
}
