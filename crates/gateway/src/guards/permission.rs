//! A user reaches their own objects and no others (the contract's owner rule).
//!
//! An object that is missing and one that is another's get the same answer after the same work:
//! what is remembered is remembered for one user alone, so that nobody learns from the time an
//! answer takes whether somebody else was there before.
//!
//! Clauses: CJ-6.4.3.d, JR-6.1.6.1.a.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Guard,
    upstream::{self, Caller, Deadline},
};
use crate::{
    contract::{Function, OwnerCheck, OwnerLookup, Request},
    transport::service::Service,
};

pub(crate) const GUARD: Guard = Guard {
    name: "permission",
    clauses: hefu_standards::clauses!(),
};

/// Why a user may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// The request names no object where the contract says it does.
    Unnamed,
    /// The object is missing or another's.
    NotOwner,
    /// A function with an owner rule was reached without a user.
    NoSubject,
    /// The service did not say whose it is, or not in time.
    Unanswered(upstream::Reason),
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unnamed => "object-unnamed",
            Self::NotOwner => "not-owner",
            Self::NoSubject => "no-subject",
            Self::Unanswered(reason) => reason.name(),
        }
    }
}

/// What owner look-ups found, for a short time.
#[derive(Debug)]
pub(crate) struct Owners {
    known: Mutex<HashMap<Question, Answer>>,
    entries_max: usize,
    believed: Duration,
}

#[derive(PartialEq, Eq, Hash)]
struct Question {
    subject: String,
    target: String,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…(redacted)")
    }
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    owns: bool,
    until: Instant,
}

impl Owners {
    pub(crate) fn new(entries_max: usize, believed_ms: u64) -> Self {
        Self {
            known: Mutex::default(),
            entries_max,
            believed: Duration::from_millis(believed_ms),
        }
    }

    fn known(&self, question: &Question) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(question)
            .filter(|answer| answer.until > Instant::now())
            .map(|answer| answer.owns)
    }

    fn learn(&self, question: Question, owns: bool) {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.entries_max {
            known.retain(|_, answer| answer.until > now);
        }
        if known.len() < self.entries_max {
            let until = now + self.believed;
            known.insert(question, Answer { owns, until });
        }
    }
}

/// # Errors
/// When the object is not the caller's, or that cannot be found out.
pub(crate) async fn check(
    service: &Service,
    owners: &Owners,
    function: &Function,
    request: &Request<'_>,
    caller: &Caller<'_>,
    deadline: Deadline,
) -> Result<(), Reason> {
    let Some(rule) = &function.owner else {
        return Ok(());
    };
    let subject = caller.subject.ok_or(Reason::NoSubject)?;
    let claimed = rule.claimed(request).ok_or(Reason::Unnamed)?;
    let owns = match &rule.check {
        OwnerCheck::EqualsSubject => claimed == subject,
        OwnerCheck::Lookup(lookup) => {
            let question = Question {
                subject: subject.to_owned(),
                target: lookup.target(&claimed),
            };
            match owners.known(&question) {
                Some(owns) => owns,
                None => {
                    let owns = asked(service, lookup, &question, caller, deadline).await?;
                    owners.learn(question, owns);
                    owns
                }
            }
        }
    };
    if owns { Ok(()) } else { Err(Reason::NotOwner) }
}

async fn asked(
    service: &Service,
    lookup: &OwnerLookup,
    question: &Question,
    caller: &Caller<'_>,
    deadline: Deadline,
) -> Result<bool, Reason> {
    let answer = upstream::ask(service, &question.target, caller, deadline)
        .await
        .map_err(Reason::Unanswered)?;
    match answer.status {
        200 => Ok(lookup.owner(&answer.body).as_deref() == Some(question.subject.as_str())),
        // The service does not know it: missing and foreign are one.
        400..=499 => Ok(false),
        other => Err(Reason::Unanswered(upstream::Reason::of_status(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(subject: &str, target: &str) -> Question {
        Question {
            subject: subject.to_owned(),
            target: target.to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_believed_for_one_user_and_a_short_time() {
        let owners = Owners::new(2, 1_000);
        owners.learn(question("u1", "/a"), true);
        owners.learn(question("u2", "/a"), false);
        assert_eq!(owners.known(&question("u1", "/a")), Some(true));
        assert_eq!(owners.known(&question("u2", "/a")), Some(false));
        assert_eq!(owners.known(&question("u3", "/a")), None);
        owners.learn(question("u3", "/a"), true);
        assert_eq!(
            owners.known(&question("u3", "/a")),
            None,
            "no room for a third"
        );
        tokio::time::advance(Duration::from_millis(1_000)).await;
        assert_eq!(owners.known(&question("u1", "/a")), None);
        owners.learn(question("u3", "/a"), true);
        assert_eq!(owners.known(&question("u3", "/a")), Some(true));
    }
}
