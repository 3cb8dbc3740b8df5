#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod advice;
pub mod bundle;
mod channel;
mod client;
mod clock;
mod csr;
mod enrolment;
mod error;
pub mod explain;
mod key_store;
mod options;
mod protection;
mod request;
mod response;
mod session;
mod software_key_store;
pub mod wire;

pub use advice::Advice;
pub use bundle::DeviceBundle;
pub use client::{Client, SetupError};
pub use enrolment::{DeviceInfo, EnrolError, Enrolment, TlcpEnrolment};
pub use error::{AnswerError, ChannelCause, ChannelError, PrepareError, SendError};
pub use explain::Explanation;
pub use http::Method;
pub use key_store::{
    InvalidKeyRef, KEY_NAME_CHARS_MAX, KeyRef, KeyStore, KeyStoreError, Purpose, TlcpKeys,
};
pub use options::{
    ChannelPolicy, Options, Randomness, System, SystemRandomness, Timer, TokioTimer, Waiting,
};
pub use protection::Protection;
pub use request::Request;
pub use response::{RETRY_AFTER_MAX, Refusal, Response};
pub use session::{OpenSessionError, Session, SessionEnd};
pub use software_key_store::SoftwareKeyStore;

hefu_standards::registry!();
