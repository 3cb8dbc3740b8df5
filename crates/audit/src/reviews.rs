//! Findings that somebody looked at and accepts for a while: the reviewed file.
//!
//! A review names a check, what of its evidence it accepts (a fingerprint from a report, or a
//! pattern of classes or files), why, who answers for it, and until when. It does not turn a
//! failure into a pass: the verdict stays, the evidence is shown with the review, and only the
//! exit code no longer counts it. After its last day it counts again.
//!
//! ```
//! use hefu_audit::reviews::Reviews;
//!
//! let reviews = Reviews::parse(
//!     r#"
//!     [[review]]
//!     check = "android-debuggable"
//!     file = "AndroidManifest.xml"
//!     reason = "a build for the testers, never published"
//!     owner = "li.hua@bank.example"
//!     expires = 2026-06-30
//!     "#,
//! )?;
//! assert_eq!(reviews.all().len(), 1);
//! # Ok::<(), hefu_audit::reviews::ReviewsError>(())
//! ```

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::check::{Evidence, checks};

/// Bytes of a file of reviews. Stops a file that is none from being read as one.
pub const REVIEWS_BYTES_MAX: usize = 1 << 20;
/// Reviews in a file. Every piece of evidence is held against those of its check.
pub const REVIEWS_MAX: usize = 1_000;
/// Days for which a review may hold, two years: whoever accepts something for longer has forgotten
/// it. Counted from the day of the audit.
const DAYS_MAX: i64 = 731;

/// Why a text holds no reviews.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewsError {
    /// Longer than [`REVIEWS_BYTES_MAX`].
    #[error("the reviews are longer than {REVIEWS_BYTES_MAX} bytes")]
    TooLarge,
    /// More than [`REVIEWS_MAX`].
    #[error("there are more than {REVIEWS_MAX} reviews")]
    TooMany,
    /// Not TOML, a key missing, or one that is not known.
    #[error("{0}")]
    Syntax(String),
    /// A review that names nothing would accept whatever the check finds from now on.
    #[error("the review of {check:?} by {owner:?} names neither fingerprint nor class nor file")]
    Unbounded {
        /// The check.
        check: String,
        /// Who answers for it.
        owner: String,
    },
    /// A review without a reason or an owner cannot be reviewed itself.
    #[error("the review of {check:?} has no reason or no owner")]
    Unexplained {
        /// The check.
        check: String,
    },
    /// The date is not one of the calendar.
    #[error("{date:?} is no date; write 2026-06-30")]
    InvalidDate {
        /// What stands there.
        date: String,
    },
}

/// Something that is accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The check whose evidence it is about.
    pub check: String,
    /// The fingerprint of one piece of evidence.
    pub fingerprint: Option<String>,
    /// Classes; `*` stands for anything.
    pub class: Option<String>,
    /// Files; `*` stands for anything.
    pub file: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, in UTC.
    pub expires: Date,
}

/// The reviews of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviews {
    reviews: Vec<Review>,
}

/// What became of a review in an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReviewStatus {
    /// It accepts something that was found.
    Applied,
    /// Its last day is over: what it accepted counts again.
    Expired,
    /// It holds for so long that nobody would look again; it accepts nothing.
    TooLong,
    /// Nothing was found that it is about.
    Unused,
    /// There is no such check.
    UnknownCheck,
}

impl ReviewStatus {
    /// `applied`, `expired`, `too long`, `unused` or `unknown check`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Expired => "expired",
            Self::TooLong => "too long",
            Self::Unused => "unused",
            Self::UnknownCheck => "unknown check",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    review: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    check: String,
    fingerprint: Option<String>,
    class: Option<String>,
    file: Option<String>,
    reason: String,
    owner: String,
    expires: toml::Value,
}

impl Reviews {
    /// Reads a file of reviews.
    ///
    /// # Errors
    /// [`ReviewsError`], with the line where TOML knows it.
    pub fn parse(text: &str) -> Result<Self, ReviewsError> {
        if text.len() > REVIEWS_BYTES_MAX {
            return Err(ReviewsError::TooLarge);
        }
        let file: File =
            toml::from_str(text).map_err(|error| ReviewsError::Syntax(error.to_string()))?;
        if file.review.len() > REVIEWS_MAX {
            return Err(ReviewsError::TooMany);
        }
        let reviews = file.review.into_iter().map(Review::read);
        Ok(Self {
            reviews: reviews.collect::<Result<_, _>>()?,
        })
    }

    /// The reviews in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Review] {
        &self.reviews
    }

    /// The number of the first review that accepts a piece of evidence at this time, in Unix
    /// seconds.
    pub(crate) fn accepting(&self, check: &str, evidence: &Evidence, now: i64) -> Option<usize> {
        self.reviews.iter().position(|review| {
            review.check == check && review.holds_at(now) && review.is_about(evidence)
        })
    }
}

impl Review {
    fn read(written: Written) -> Result<Self, ReviewsError> {
        let date = match &written.expires {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let Ok(expires) = date.parse() else {
            return Err(ReviewsError::InvalidDate { date });
        };
        let review = Self {
            check: written.check,
            fingerprint: written.fingerprint,
            class: written.class,
            file: written.file,
            reason: written.reason.trim().to_owned(),
            owner: written.owner.trim().to_owned(),
            expires,
        };
        if review.reason.is_empty() || review.owner.is_empty() {
            return Err(ReviewsError::Unexplained {
                check: review.check,
            });
        }
        let named = [&review.fingerprint, &review.class, &review.file];
        let is_bounded = named
            .into_iter()
            .flatten()
            .any(|text| text.chars().any(|character| character != '*'));
        if !is_bounded {
            return Err(ReviewsError::Unbounded {
                check: review.check,
                owner: review.owner,
            });
        }
        Ok(review)
    }

    /// Whether it is about a piece of evidence of its check: everything that it names has to agree.
    #[must_use]
    pub fn is_about(&self, evidence: &Evidence) -> bool {
        let agrees = |pattern: &Option<String>, text: Option<&str>| match pattern {
            None => true,
            Some(pattern) => text.is_some_and(|text| matches(pattern, text)),
        };
        let named = self.fingerprint.as_deref();
        agrees(&self.class, evidence.class.as_deref())
            && agrees(&self.file, evidence.file.as_deref())
            && named.is_none_or(|named| named == evidence.fingerprint(&self.check))
    }

    fn holds_at(&self, now: i64) -> bool {
        !self.is_expired_at(now) && !self.is_too_long_at(now)
    }

    fn is_expired_at(&self, now: i64) -> bool {
        self.expires < day(now)
    }

    fn is_too_long_at(&self, now: i64) -> bool {
        let last = day(now).saturating_add(jiff::Span::new().days(DAYS_MAX));
        self.expires > last
    }

    /// What becomes of it in an audit at this time in which it accepted this many pieces.
    pub(crate) fn status(&self, accepted: usize, now: i64) -> ReviewStatus {
        if !checks().iter().any(|check| check.id == self.check) {
            ReviewStatus::UnknownCheck
        } else if self.is_expired_at(now) {
            ReviewStatus::Expired
        } else if self.is_too_long_at(now) {
            ReviewStatus::TooLong
        } else if accepted == 0 {
            ReviewStatus::Unused
        } else {
            ReviewStatus::Applied
        }
    }
}

/// The day of a time in Unix seconds, in UTC; for times that no calendar holds, the last one.
pub(crate) fn day(now: i64) -> Date {
    jiff::Timestamp::from_second(now).map_or(Date::MAX, |time| time.to_zoned(TimeZone::UTC).date())
}

/// Whether `text` fits a pattern in which `*` stands for any text. Takes time in the order of the
/// product of both lengths at worst, which [`crate::check`] bounds.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match text.find(piece) {
            // The earliest place leaves the most for what follows.
            Some(at) => text = text.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::words;
    use crate::judgement::fixtures::NOW;

    fn review(what: &str) -> String {
        format!("[[review]]\ncheck = \"android-debuggable\"\nreason = \"r\"\nowner = \"o\"\n{what}")
    }

    fn evidence(class: &str) -> Evidence {
        Evidence::new(words("shown", "所示")).class(class)
    }

    #[test]
    fn patterns_fit_as_a_whole() {
        for (pattern, text, fits) in [
            ("com.bank.Main", "com.bank.Main", true),
            ("com.bank.Main", "com.bank.Main2", false),
            ("com.bank.*", "com.bank.a.B", true),
            ("com.bank.*", "com.bankrupt.B", false),
            ("*.Main", "com.bank.Main", true),
            ("com.*.Main", "com.Main", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("aa*aa", "aaa", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_review_holds_until_the_end_of_its_last_day_and_not_beyond() {
        let reviews =
            Reviews::parse(&review("class = \"com.bank.*\"\nexpires = 2026-01-02")).unwrap();
        let accepting = |now| reviews.accepting("android-debuggable", &evidence("com.bank.A"), now);
        const DAY: i64 = 86_400;
        assert_eq!(accepting(NOW), Some(0));
        assert_eq!(accepting(NOW + 2 * DAY - 1), Some(0));
        assert_eq!(accepting(NOW + 2 * DAY), None);
        assert_eq!(
            reviews.all()[0].status(0, NOW + 2 * DAY),
            ReviewStatus::Expired
        );
        assert_eq!(reviews.all()[0].status(0, NOW), ReviewStatus::Unused);
        assert_eq!(reviews.all()[0].status(1, NOW), ReviewStatus::Applied);
    }

    #[test]
    fn a_review_accepts_nothing_else() {
        let reviews =
            Reviews::parse(&review("class = \"com.bank.*\"\nexpires = 2026-01-02")).unwrap();
        let other = evidence("com.other.A");
        assert_eq!(reviews.accepting("android-debuggable", &other, NOW), None);
        let same = evidence("com.bank.A");
        assert_eq!(reviews.accepting("android-backup", &same, NOW), None);
    }

    #[test]
    fn a_fingerprint_names_one_piece_and_survives_a_move() {
        let named = evidence("com.bank.A").offset(4);
        let fingerprint = named.fingerprint("android-debuggable");
        let text = review(&format!(
            "fingerprint = \"{fingerprint}\"\nexpires = 2026-01-02"
        ));
        let reviews = Reviews::parse(&text).unwrap();
        let accepting = |evidence| reviews.accepting("android-debuggable", &evidence, NOW);
        assert_eq!(accepting(named.offset(9)), Some(0));
        assert_eq!(accepting(evidence("com.bank.B")), None);
    }

    #[test]
    fn nobody_accepts_for_ever_or_everything_or_without_a_reason() {
        let long = Reviews::parse(&review("class = \"a\"\nexpires = 2099-01-01")).unwrap();
        assert_eq!(
            long.accepting("android-debuggable", &evidence("a"), NOW),
            None
        );
        assert_eq!(long.all()[0].status(0, NOW), ReviewStatus::TooLong);
        let all = Reviews::parse(&review("class = \"**\"\nexpires = 2026-01-02"));
        assert!(matches!(all, Err(ReviewsError::Unbounded { .. })));
        let silent = review("class = \"a\"\nexpires = 2026-01-02").replace("\"r\"", "\" \"");
        assert!(matches!(
            Reviews::parse(&silent),
            Err(ReviewsError::Unexplained { .. })
        ));
        let odd = Reviews::parse(&review("class = \"a\"\nexpires = \"2026-02-30\""));
        assert!(matches!(odd, Err(ReviewsError::InvalidDate { .. })));
        let unknown = Reviews::parse(&review("clazz = \"a\"\nexpires = 2026-01-02"));
        assert!(matches!(unknown, Err(ReviewsError::Syntax(_))));
        let large = Reviews::parse(&"#".repeat(REVIEWS_BYTES_MAX + 1));
        assert_eq!(large, Err(ReviewsError::TooLarge));
    }

    #[test]
    fn a_check_that_is_gone_is_told() {
        let text = review("class = \"a\"\nexpires = 2026-01-02").replace("-debuggable", "-gone");
        let reviews = Reviews::parse(&text).unwrap();
        assert_eq!(reviews.all()[0].status(0, NOW), ReviewStatus::UnknownCheck);
    }
}
