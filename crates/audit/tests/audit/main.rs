//! Integration tests of the auditor.

mod archive;
mod facts;
mod platforms;
mod signature;
mod signer;
mod signing;
mod zip;
