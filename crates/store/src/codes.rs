//! One-time enrolment codes.

use async_trait::async_trait;
use hefu_tally::clock::Timestamp;
use std::fmt;

use crate::StoreError;

/// Longest selector, in characters.
pub const CODE_SELECTOR_CHARS_MAX: usize = 16;

/// An enrolment code: its public part, and a keyed digest of its secret part.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCodeRecord {
    /// The part that finds the code, and that tries are counted on.
    pub selector: String,
    /// Keyed digest of the secret part.
    pub digest: [u8; 32],
    /// The user whom the device will belong to; none: any user may log in on it.
    pub user: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// How often somebody has tried it.
    pub tries: u32,
    /// When a device was enrolled with it.
    pub used_at: Option<Timestamp>,
}

impl fmt::Debug for EnrolmentCodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentCodeRecord")
            .field("selector", &self.selector)
            .field("digest", &"(redacted)")
            .field("made_at", &self.made_at)
            .field("expires_at", &self.expires_at)
            .field("tries", &self.tries)
            .field("used_at", &self.used_at)
            .finish_non_exhaustive()
    }
}

/// Enrolment codes.
#[async_trait]
pub trait EnrolmentCodes: Send + Sync {
    /// Stores a code. False when the selector is taken.
    ///
    /// # Errors
    /// When the store fails.
    async fn insert_code(&self, code: &EnrolmentCodeRecord) -> Result<bool, StoreError>;

    /// Claims one try, before the secret is compared: of any number of calls at once, no more than
    /// `tries_max` per code ever get the record. None when the code is unknown, used, expired or
    /// tried too often.
    ///
    /// # Errors
    /// When the store fails.
    async fn take_code_try(
        &self,
        selector: &str,
        tries_max: u32,
        now: Timestamp,
    ) -> Result<Option<EnrolmentCodeRecord>, StoreError>;

    /// Deletes the codes that expired before `expired_before`, used or not; tells how many.
    ///
    /// # Errors
    /// When the store fails.
    async fn purge_codes(&self, expired_before: Timestamp) -> Result<u64, StoreError>;
}
