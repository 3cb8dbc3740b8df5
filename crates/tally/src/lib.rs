#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bounded;
pub mod clock;
pub mod digest;
pub mod fields;
pub mod function;
pub mod ids;
pub mod key;
pub mod mask;
pub mod messages;
pub mod nonce;
pub mod problem;
pub mod sealed;
pub mod session_key;
pub mod signature;
pub mod time;
pub mod trust;
pub mod validate;

hefu_standards::registry!();
