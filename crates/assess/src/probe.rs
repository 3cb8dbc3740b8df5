//! What a probe is: an attack, and the honest twin that shows that not everything is refused.

use std::fmt;

use futures_util::future::LocalBoxFuture;

use crate::range::{Range, RangeError};
use crate::wire::{Answer, Reply};

/// A probe. One file each in `probes/`, registered by the folder.
pub struct Probe {
    /// Permanent.
    pub id: &'static str,
    /// What is tried, in a few words.
    pub title: &'static str,
    /// The clauses that it tries, from the header of its file.
    pub clauses: &'static [&'static str],
    /// When it may run.
    pub pace: Pace,
    /// Attack and twin.
    pub run: for<'range> fn(&'range Range) -> LocalBoxFuture<'range, Result<Finding, RangeError>>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// When a probe may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// One after the other.
    InTurn,
    /// Waits for seconds, and disturbs nobody: runs beside the others.
    Waiting,
    /// Measures time, or floods: runs alone, when the waiting ones are done.
    Alone,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the attack was refused.
    pub refused: bool,
    /// Whether the honest twin passed.
    pub twin_passed: bool,
    /// What came back to the attack, in a few words without data.
    pub answer: String,
}

impl Finding {
    /// Of one attack.
    #[must_use]
    pub fn of(attack: &Reply, twin_passed: bool) -> Self {
        Self {
            refused: attack.refused() && is_plain(attack),
            twin_passed,
            answer: attack.summary(),
        }
    }

    /// Of several attacks that all have to be refused.
    #[must_use]
    pub fn of_all(attacks: &[Reply], twin_passed: bool) -> Self {
        let mut answers: Vec<String> = attacks.iter().map(Reply::summary).collect();
        answers.dedup();
        Self {
            refused: !attacks.is_empty()
                && attacks
                    .iter()
                    .all(|attack| attack.refused() && is_plain(attack)),
            twin_passed,
            answer: answers.join(", "),
        }
    }

    /// Of a question that the probe has judged itself.
    #[must_use]
    pub fn judged(refused: bool, twin_passed: bool, answer: impl Into<String>) -> Self {
        Self {
            refused,
            twin_passed,
            answer: answer.into(),
        }
    }
}

/// A refusal counts only in the documented shape: one that tells more has told something.
#[must_use]
pub fn is_plain(reply: &Reply) -> bool {
    match reply {
        Reply::Answer(answer) => is_plain_problem(answer),
        Reply::Closed | Reply::Silent => true,
    }
}

fn is_plain_problem(answer: &Answer) -> bool {
    const MEMBERS: [&str; 5] = ["type", "title", "status", "code", "request_id"];
    if answer.field("content-type") != Some("application/problem+json") {
        return false;
    }
    let Ok(serde_json::Value::Object(problem)) = serde_json::from_slice(&answer.body) else {
        return false;
    };
    problem.len() == MEMBERS.len()
        && MEMBERS.iter().all(|member| problem.contains_key(*member))
        && problem.get("status").and_then(serde_json::Value::as_u64)
            == Some(u64::from(answer.status))
}
