#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod scan;
mod served;

#[cfg(feature = "catalogue")]
mod catalogue;
#[cfg(feature = "catalogue")]
mod clause;
#[cfg(feature = "catalogue")]
pub mod coverage;
#[cfg(feature = "catalogue")]
pub mod reasons;
#[cfg(feature = "catalogue")]
pub mod registry;
#[cfg(feature = "catalogue")]
pub mod report;
#[cfg(test)]
mod testing;

pub use served::{Kind, Served, clauses_of};

#[cfg(feature = "catalogue")]
pub use {
    catalogue::{Bilingual, Catalogue, Document, Language, catalogue},
    clause::{Clause, ClauseId, Home, How, InvalidClauseId, InvalidHow},
    coverage::coverage,
    reasons::{PLANNED, Reasons, reasons},
};
