#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod assets;
mod chart;
mod console;
mod cookies;
mod failure;
mod form_token;
mod frame;
mod guard;
mod language;
mod operator;
mod origin;
mod pages;
mod pairs;
mod sessions;
mod source;
mod words;

pub use console::{Console, ConsoleConfig, ConsoleError, router};
pub use operator::{PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN};
pub use origin::{InvalidOrigin, Origin};
pub use sessions::{IDLE_MS_MAX, LIFETIME_MS_MAX, SESSIONS_MAX};
pub use source::{Health, Live, Source};

hefu_standards::registry!();
