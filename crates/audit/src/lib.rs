#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod advisories;
pub mod arsc;
mod ask;
pub mod attributes;
pub mod audit;
pub mod axml;
mod bytes;
pub mod certificate;
pub mod check;
mod checks;
pub mod compare;
pub mod configuration;
pub mod dex;
pub mod elf;
pub mod facts;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod inventory;
pub mod judgement;
pub mod limits;
pub mod macho;
pub mod package;
mod pool;
pub mod property_list;
mod protobuf;
pub mod report;
pub mod reviews;
pub mod signature;
pub mod strings;
pub mod summary;
pub mod xml;
pub mod zip;

pub use self::bytes::Truncated;
pub use self::facts::Facts;
pub use self::limits::Limits;
pub use self::package::{OpenError, Package, PackageKind};

hefu_standards::registry!();
