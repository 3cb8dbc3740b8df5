#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod coverage;
mod event;
mod evidence;
mod latency;
pub mod spool;

pub use coverage::{EvidencedRow, evidenced};
pub use event::{Class, Event};
pub use evidence::Evidence;
pub use hefu_store::{EventFilter, EventOutcome as Outcome, EventPage, EventRecord};
pub use latency::{ClassLatency, latency_by_class};
pub use spool::{Health, Importer, RecordError, Recorder, SpoolConfig, SpoolError};

hefu_standards::registry!();
