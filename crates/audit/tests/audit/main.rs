//! Integration tests of the auditor.

mod archive;
mod facts;
mod fixture;
mod platforms;
mod signature;
mod signer;
mod signing;
mod zip;
