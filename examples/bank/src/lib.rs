//! The sample bank.
