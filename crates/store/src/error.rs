//! What can go wrong with any store.

use std::error::Error;

/// The store did not do what it was asked for. Whoever needs the answer fails closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The engine is out of reach, refused, or ran out of time or space. Whether a write happened
    /// is not known.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A stored row cannot be read as what it should be: somebody else wrote it, or the disk did.
    #[error("the store holds an unreadable {what}")]
    Corrupt {
        /// What kind of row.
        what: &'static str,
    },
    /// The caller broke a named limit of the interface.
    #[error("more than {limit} rows in one call")]
    TooMany {
        /// The limit.
        limit: u32,
    },
}
