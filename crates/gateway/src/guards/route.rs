//! Finds the function that a request names, and holds the request to that function's method and
//! path. What is unknown, and what is known under another method or path, is one answer.
//!
//! Clauses: CJ-6.4.4, JR-6.1.6.1.a.

use std::collections::HashMap;

use governor::Quota;
use hefu_tally::{
    function::FunctionNo,
    messages,
    problem::Code,
    time::{WINDOW_S_DEFAULT, Window},
};

use super::{Guard, framing::Head, limits::Rates};
use crate::{
    config::Origin,
    contract::{Auth, Class, Contract, Function, PathParams},
    metrics::{FunctionMetrics, Metrics},
};

pub(crate) const GUARD: Guard = Guard {
    name: "route",
    clauses: hefu_standards::clauses!(),
};

/// Why a request reaches no function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// `Host` is not the gateway's own.
    Host,
    /// `X-Function-No` has a form that no function number has.
    FunctionForm,
    /// No `X-Function-No`.
    FunctionMissing,
    /// No function has that number.
    FunctionUnknown,
    /// The function has another method.
    Method,
    /// The function has another path.
    Path,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::FunctionForm => "function-form",
            Self::FunctionMissing => "function-missing",
            Self::FunctionUnknown => "function-unknown",
            Self::Method => "method",
            Self::Path => "path",
        }
    }

    pub(crate) const fn code(self) -> Code {
        match self {
            Self::Host | Self::FunctionForm => Code::Malformed,
            Self::FunctionMissing | Self::FunctionUnknown | Self::Method | Self::Path => {
                Code::NotFound
            }
        }
    }
}

/// Every function that requests can reach: the gateway's own and those of the contract.
#[derive(Debug)]
pub(crate) struct Routes {
    contract: Contract,
    by_no: HashMap<String, Route>,
    /// What requests are counted under that reach no function.
    pub(crate) nowhere: FunctionMetrics,
}

/// What the gateway keeps for a function, beside its contract.
#[derive(Debug)]
pub(crate) struct Route {
    target: Target,
    pub(crate) no: FunctionNo,
    pub(crate) class: hefu_evidence::Class,
    pub(crate) metrics: FunctionMetrics,
    pub(crate) rate_per_device: Option<Rates>,
    pub(crate) rate: Option<Rates>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    BuiltIn(BuiltIn),
    /// By its place among the contract's functions.
    Service(usize),
}

/// A function of the gateway itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    Enrol,
    Renew,
    OpenSession,
    CloseSession,
}

impl BuiltIn {
    const ALL: [Self; 4] = [
        Self::Enrol,
        Self::Renew,
        Self::OpenSession,
        Self::CloseSession,
    ];

    const fn no(self) -> &'static str {
        match self {
            Self::Enrol => messages::ENROL_FUNCTION,
            Self::Renew => messages::RENEW_FUNCTION,
            Self::OpenSession => messages::OPEN_SESSION_FUNCTION,
            Self::CloseSession => messages::CLOSE_SESSION_FUNCTION,
        }
    }

    const fn method(self) -> &'static str {
        match self {
            Self::Enrol | Self::Renew | Self::OpenSession => "POST",
            Self::CloseSession => "DELETE",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Enrol => messages::ENROL_PATH,
            Self::Renew => messages::RENEW_PATH,
            Self::OpenSession => messages::OPEN_SESSION_PATH,
            Self::CloseSession => messages::CLOSE_SESSION_PATH,
        }
    }
}

/// A request with its function.
#[derive(Debug)]
pub(crate) struct Routed<'routes> {
    pub(crate) route: &'routes Route,
    pub(crate) operation: Operation<'routes>,
}

#[derive(Debug)]
pub(crate) enum Operation<'routes> {
    BuiltIn(BuiltIn),
    Service(&'routes Function, PathParams),
}

/// Which keys may sign a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRule {
    /// The key that the request itself brings.
    Enrolling,
    /// The device's signature key, which its customer cannot disown (JR-6.1.5.3).
    Device,
    /// The device's signature key or a session's.
    DeviceOrSession,
}

impl Operation<'_> {
    pub(crate) const fn key_rule(&self) -> KeyRule {
        match self {
            Self::BuiltIn(BuiltIn::Enrol) => KeyRule::Enrolling,
            Self::BuiltIn(BuiltIn::Renew | BuiltIn::OpenSession) => KeyRule::Device,
            Self::Service(function, _) if function.key_business => KeyRule::Device,
            Self::BuiltIn(BuiltIn::CloseSession) | Self::Service(..) => KeyRule::DeviceOrSession,
        }
    }

    pub(crate) const fn needs_session(&self) -> bool {
        match self {
            Self::BuiltIn(BuiltIn::Enrol | BuiltIn::Renew | BuiltIn::OpenSession) => false,
            Self::BuiltIn(BuiltIn::CloseSession) => true,
            Self::Service(function, _) => matches!(function.auth, Auth::Session),
        }
    }

    pub(crate) const fn body_bytes_max(&self) -> usize {
        match self {
            Self::BuiltIn(_) => messages::BODY_BYTES_MAX,
            Self::Service(function, _) => function.body_bytes_max,
        }
    }

    pub(crate) fn window(&self) -> Window {
        let window_s = match self {
            Self::BuiltIn(_) => u32::from(WINDOW_S_DEFAULT),
            Self::Service(function, _) => function.window_s,
        };
        // The contract loader refuses any other window; should it not, the default is the answer.
        u16::try_from(window_s)
            .ok()
            .and_then(Window::from_secs)
            .unwrap_or(Window::DEFAULT)
    }
}

/// The contract has a function number that the gateway uses itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReservedFunction(pub(crate) String);

const fn of_evidence(class: Class) -> hefu_evidence::Class {
    match class {
        Class::Trade => hefu_evidence::Class::Trade,
        Class::Quote => hefu_evidence::Class::Quote,
        Class::Bus => hefu_evidence::Class::Bus,
    }
}

impl Routes {
    pub(crate) fn new(
        contract: Contract,
        metrics: &Metrics,
        rate_keys_max: usize,
    ) -> Result<Self, ReservedFunction> {
        let mut by_no = HashMap::new();
        for built_in in BuiltIn::ALL {
            let class = Class::Bus;
            let no = built_in.no();
            let route = Route {
                target: Target::BuiltIn(built_in),
                no: no.parse().map_err(|_| ReservedFunction(no.to_owned()))?,
                class: of_evidence(class),
                metrics: metrics.of_function(no, class.as_str()),
                rate_per_device: None,
                rate: None,
            };
            by_no.insert(no.to_owned(), route);
        }
        for (place, function) in contract.functions().enumerate() {
            let per_minute = function.rates.per_device_per_min.map(Quota::per_minute);
            let per_second = function.rates.per_function_per_s.map(Quota::per_second);
            let route = Route {
                target: Target::Service(place),
                no: function.no.clone(),
                class: of_evidence(function.class),
                metrics: metrics.of_function(function.no.as_str(), function.class.as_str()),
                rate_per_device: per_minute.map(|quota| Rates::new(quota, rate_keys_max)),
                rate: per_second.map(|quota| Rates::new(quota, 1)),
            };
            if by_no.insert(function.no.to_string(), route).is_some() {
                return Err(ReservedFunction(function.no.to_string()));
            }
        }
        Ok(Self {
            contract,
            by_no,
            nowhere: metrics.of_function("", ""),
        })
    }

    /// # Errors
    /// When the request reaches no function.
    pub(crate) fn find(&self, head: &Head, origin: &Origin) -> Result<Routed<'_>, Reason> {
        let host = head.field("host").unwrap_or_default();
        if !host.eq_ignore_ascii_case(origin.authority().as_bytes()) {
            return Err(Reason::Host);
        }
        let no = head.field("x-function-no").ok_or(Reason::FunctionMissing)?;
        let no = str::from_utf8(no).map_err(|_| Reason::FunctionForm)?;
        if !FunctionNo::is_well_formed(no) {
            return Err(Reason::FunctionForm);
        }
        let route = self.by_no.get(no).ok_or(Reason::FunctionUnknown)?;
        let operation = match route.target {
            Target::BuiltIn(built_in) => {
                if head.method() != built_in.method() {
                    return Err(Reason::Method);
                }
                if head.target() != built_in.path() {
                    return Err(Reason::Path);
                }
                Operation::BuiltIn(built_in)
            }
            Target::Service(place) => {
                let function = self.contract.functions().nth(place);
                let function = function.ok_or(Reason::FunctionUnknown)?;
                if head.method() != function.method.as_str() {
                    return Err(Reason::Method);
                }
                let params = function.match_path(head.path()).ok_or(Reason::Path)?;
                Operation::Service(function, params)
            }
        };
        Ok(Routed { route, operation })
    }
}
