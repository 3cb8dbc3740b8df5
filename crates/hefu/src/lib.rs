#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bundle;
mod clauses;
pub mod cli;
mod commands;
pub mod config;
pub mod demo;
pub mod deployment;
pub mod files;
pub mod keys;
mod operators;
mod registries;
pub mod secret;
mod table;
mod telemetry;

pub use commands::run;
pub use registries::registries;

hefu_standards::registry!();
