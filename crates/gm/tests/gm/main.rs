//! hefu-gm against the published examples, against OpenSSL, and against tampering.
#![forbid(unsafe_code)]

#[cfg(test)]
mod hkdf;
#[cfg(test)]
mod hmac;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod pbes2;
#[cfg(test)]
mod pki;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod rng;
#[cfg(test)]
mod sm2_agreement;
#[cfg(test)]
mod sm2_encryption;
#[cfg(test)]
mod sm2_exchange;
#[cfg(test)]
mod sm2_key;
#[cfg(test)]
mod sm2_signature;
#[cfg(test)]
mod sm3;
#[cfg(test)]
mod sm4;
#[cfg(test)]
mod x509_certificate;
#[cfg(test)]
mod x509_chain;
#[cfg(test)]
mod x509_revocation;
