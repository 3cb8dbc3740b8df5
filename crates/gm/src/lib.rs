#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod hkdf;
pub mod hmac;
pub mod pbes2;
mod pem;
pub mod provider;
pub mod rng;
pub mod sm2;
pub mod sm3;
pub mod sm4;
pub mod x509;

pub use zeroize::Zeroizing;

hefu_standards::registry!();
