//! A function: one operation of the service with what an operator said of it.
//!
//! Clauses: CJ-6.4.4, CJ-5.3.f, JR-6.3.2.a.

use std::num::NonZeroU32;

use hefu_tally::function::FunctionNo;

use super::{OwnerRule, PathParams, PathTemplate, RequestPlan, ResponsePlan};

/// One operation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Function {
    /// `X-Function-No`.
    pub no: FunctionNo,
    /// `operationId`.
    pub operation: String,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: PathTemplate,
    /// How soon the service has to answer.
    pub class: Class,
    /// The highest class of data in its requests and responses.
    pub data_class: DataClass,
    /// Accepts only the device's signature key.
    pub key_business: bool,
    /// Who may call it.
    pub auth: Auth,
    /// The longest `expires − created`, in seconds; at most 300.
    pub window_s: u32,
    /// Rates of its own.
    pub rates: Rates,
    /// The largest request body.
    pub body_bytes_max: usize,
    /// Sending it twice does no harm: a safe method, or one that requires `Idempotency-Key`.
    pub idempotent: bool,
    /// Whose objects it reaches; `None` when the document gives a reason why it reaches nobody's.
    pub owner: Option<OwnerRule>,
    /// How requests are read and checked.
    pub request: RequestPlan,
    /// How responses are checked and masked.
    pub response: ResponsePlan,
    pub(super) shadows: Vec<PathTemplate>,
}

impl Function {
    /// The parameters of a request path (without query), if it is this function's.
    ///
    /// A path that a more specific operation of the same method would take is not: a service's
    /// router would send it there, past that operation's rules.
    #[must_use]
    pub fn match_path(&self, path: &str) -> Option<PathParams> {
        let params = self.path.matches(path)?;
        let shadowed = self
            .shadows
            .iter()
            .any(|other| other.matches(path).is_some());
        (!shadowed).then_some(params)
    }
}

/// The methods that a contract may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// As it stands in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// How soon the service has to answer (CJ-5.3.f).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Trading.
    Trade,
    /// Quotes.
    Quote,
    /// Everything else on the service bus.
    Bus,
}

impl Class {
    /// The deadline, in milliseconds.
    #[must_use]
    pub const fn deadline_ms(self) -> u64 {
        match self {
            Self::Trade => 300,
            Self::Quote => 100,
            Self::Bus => 500,
        }
    }

    /// As the document and the metrics name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Quote => "quote",
            Self::Bus => "bus",
        }
    }
}

/// How sensitive data is (JR/T 0171): `C3` authenticates a customer, `C2` identifies one or tells
/// of their money, `C1` is the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataClass {
    /// Of little harm.
    C1,
    /// Personal or about money.
    C2,
    /// Authenticates.
    C3,
}

impl DataClass {
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::C1, Self::C2, Self::C3]
            .into_iter()
            .find(|class| class.as_str() == name)
    }

    /// As the document names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
        }
    }
}

/// Who may call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Auth {
    /// A user's open session on an enrolled device.
    Session,
    /// An enrolled device, without a session.
    Device,
}

impl Auth {
    /// As the document names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Device => "device",
        }
    }
}

/// Rates of a function, beside those of the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Requests of one device in a minute.
    pub per_device_per_min: Option<NonZeroU32>,
    /// Requests of all devices in a second.
    pub per_function_per_s: Option<NonZeroU32>,
}
