//! Cipher suites (GB/T 38636, 6.4.5.2.1) that this crate speaks: those on SM2, SM3 and SM4.

use core::fmt;

/// A cipher suite.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum CipherSuite {
    /// `ECC_SM4_GCM_SM3`, 0xE053.
    EccSm4GcmSm3,
    /// `ECC_SM4_CBC_SM3`, 0xE013.
    EccSm4CbcSm3,
    /// `ECDHE_SM4_GCM_SM3`, 0xE051. Both sides show certificates.
    EcdheSm4GcmSm3,
    /// `ECDHE_SM4_CBC_SM3`, 0xE011. Both sides show certificates.
    EcdheSm4CbcSm3,
}

/// How the premaster secret comes about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyExchange {
    /// The client chooses it and encrypts it to the server's encryption certificate.
    Ecc,
    /// The key exchange of GB/T 32918.3 between the encryption certificates and fresh keys.
    Ecdhe,
}

/// How records are protected.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protection {
    /// SM4-GCM.
    Gcm,
    /// HMAC-SM3, then SM4-CBC.
    Cbc,
}

impl CipherSuite {
    /// Every suite, the preferred first: authenticated encryption before CBC, and ECDHE, whose
    /// sessions stay closed when an encryption key leaks later, before ECC.
    pub const ALL: [Self; 4] = [
        Self::EcdheSm4GcmSm3,
        Self::EccSm4GcmSm3,
        Self::EcdheSm4CbcSm3,
        Self::EccSm4CbcSm3,
    ];

    /// The number in hello messages.
    #[must_use]
    pub fn id(self) -> u16 {
        match self {
            Self::EccSm4GcmSm3 => 0xe053,
            Self::EccSm4CbcSm3 => 0xe013,
            Self::EcdheSm4GcmSm3 => 0xe051,
            Self::EcdheSm4CbcSm3 => 0xe011,
        }
    }

    /// The suite with this number, when it is one of ours.
    #[must_use]
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id() == id)
    }

    /// The standard's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EccSm4GcmSm3 => "ECC_SM4_GCM_SM3",
            Self::EccSm4CbcSm3 => "ECC_SM4_CBC_SM3",
            Self::EcdheSm4GcmSm3 => "ECDHE_SM4_GCM_SM3",
            Self::EcdheSm4CbcSm3 => "ECDHE_SM4_CBC_SM3",
        }
    }

    /// The suite with the standard's name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// How the premaster secret comes about.
    #[must_use]
    pub fn key_exchange(self) -> KeyExchange {
        match self {
            Self::EccSm4GcmSm3 | Self::EccSm4CbcSm3 => KeyExchange::Ecc,
            Self::EcdheSm4GcmSm3 | Self::EcdheSm4CbcSm3 => KeyExchange::Ecdhe,
        }
    }

    /// How records are protected.
    #[must_use]
    pub fn protection(self) -> Protection {
        match self {
            Self::EccSm4GcmSm3 | Self::EcdheSm4GcmSm3 => Protection::Gcm,
            Self::EccSm4CbcSm3 | Self::EcdheSm4CbcSm3 => Protection::Cbc,
        }
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::CipherSuite;

    #[test]
    fn numbers_and_names_lead_back() {
        for suite in CipherSuite::ALL {
            assert_eq!(CipherSuite::from_id(suite.id()), Some(suite));
            assert_eq!(CipherSuite::from_name(suite.name()), Some(suite));
        }
        assert_eq!(CipherSuite::from_id(0x00c6), None);
    }
}
