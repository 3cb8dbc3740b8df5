#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod authority;
pub mod code;
pub mod devices;
pub mod enrolment;
mod identity;
pub mod password;
pub mod sessions;
mod store_key;
pub mod tlcp;
pub mod users;

pub use identity::{Identity, IdentityConfig, LoginError, LoginRequest, OpenIdentityError};
pub use store_key::StoreKey;

hefu_standards::registry!();
