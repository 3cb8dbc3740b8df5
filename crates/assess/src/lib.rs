#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod assessment;
mod break_schema;
pub mod bundle;
pub mod draft;
mod enrolment;
mod hello;
pub mod probe;
mod probes;
pub mod range;
mod smuggle;
mod tlcp;
mod trickle;
pub mod wire;

pub use assessment::{Assessment, AttackResult, Progress, assess, probes};

hefu_standards::registry!();
