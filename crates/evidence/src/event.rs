//! One decision, as the gateway tells it.
//!
//! Every field is an id, a code, a number or a word of the program: there is none in which a
//! customer's data could stand.
//!
//! Clauses: JR-6.2.4.f.

use std::fmt;

use hefu_store::EventOutcome;
use hefu_tally::{
    clock::Timestamp,
    function::FunctionNo,
    ids::{DeviceId, RequestId},
    problem::Code,
};
use serde::Serialize;

/// How soon a function's service has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Trading.
    Trade,
    /// Quotes.
    Quote,
    /// Everything else on the service bus.
    Bus,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Trade, Self::Quote, Self::Bus];

    /// The limit, in milliseconds.
    #[must_use]
    pub const fn limit_ms(self) -> u32 {
        match self {
            Self::Trade => 300,
            Self::Quote => 100,
            Self::Bus => 500,
        }
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Quote => "quote",
            Self::Bus => "bus",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The request.
    pub request_id: RequestId,
    /// When it was decided.
    pub at: Timestamp,
    /// The function, where one was found.
    pub function: Option<FunctionNo>,
    /// The device, where one was proved.
    pub device: Option<DeviceId>,
    /// The guard that decided, such as `replay`.
    pub guard: &'static str,
    /// The clauses that this decision is evidence for: those of the guard that refused, or of all
    /// that let it pass. Where a guard is a constant of the program, so is this.
    pub clauses: &'static [&'static str],
    /// Whether it passed.
    pub outcome: EventOutcome,
    /// What the client was told, when it was refused.
    pub code: Option<Code>,
    /// What the client was not told: a fixed word of the guard, such as `nonce-seen`; empty when
    /// it passed.
    pub reason: &'static str,
    /// The function's class, where one was found.
    pub class: Option<Class>,
    /// The HTTP status.
    pub status: u16,
    /// From the whole head to the decision, in microseconds.
    pub micros: u32,
    /// It reached the service, so that its time counts for the class.
    pub served: bool,
}
