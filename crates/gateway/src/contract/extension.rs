//! `x-hefu` of an operation: what an operator says that OpenAPI has no word for.
//!
//! Clauses: JR-6.3.2.a, CJ-5.3.f, CJ-6.4.4.

use std::num::NonZeroU32;

use hefu_tally::function::FunctionNo;

use super::{
    Auth, Class, Method, OwnerSource, Rates,
    document::Place,
    error::{FaultKind, Faults, nearest},
    schema::{keywords::listed, lint::is_reason},
};

/// The widest replay window (docs/PROTOCOL.md, section 3).
const WINDOW_S_MAX: i64 = 300;
const WINDOW_S_DEFAULT: u32 = 60;
/// The largest body that a function may ask for, and what it gets without asking.
const BODY_BYTES_MAX: i64 = 4 << 20;
const BODY_BYTES_DEFAULT: usize = 64 << 10;
const RATE_MAX: i64 = 1_000_000;

const MEMBERS: &[&str] = &[
    "function",
    "class",
    "key_business",
    "auth",
    "window_s",
    "rates",
    "body_bytes_max",
    "owner",
    "internal",
];

/// What an operation is to the gateway.
#[derive(Debug)]
pub(super) enum Extension<'doc> {
    /// The service's own: phones never reach it.
    Internal,
    Function(FunctionExtension<'doc>),
}

#[derive(Debug)]
pub(super) struct FunctionExtension<'doc> {
    pub(super) no: FunctionNo,
    pub(super) class: Class,
    pub(super) key_business: bool,
    pub(super) auth: Auth,
    pub(super) window_s: u32,
    pub(super) rates: Rates,
    pub(super) body_bytes_max: usize,
    /// `None`: nobody's objects, for a written reason, or no user.
    pub(super) owner: Option<OwnerExtension<'doc>>,
}

#[derive(Debug)]
pub(super) struct OwnerExtension<'doc> {
    pub(super) place: Place<'doc>,
    pub(super) source: OwnerSource,
    /// `None`: the value is the user's own id.
    pub(super) lookup: Option<LookupExtension<'doc>>,
}

#[derive(Debug)]
pub(super) struct LookupExtension<'doc> {
    pub(super) place: Place<'doc>,
    pub(super) path: String,
    pub(super) pointer: String,
}

/// Reads `x-hefu` of an operation; `None` when it has faults, which are listed.
pub(super) fn read<'doc>(
    operation: &Place<'doc>,
    method: Method,
    faults: &mut Faults,
) -> Option<Extension<'doc>> {
    let Some(place) = operation.member("x-hefu") else {
        faults.add(operation, FaultKind::NoExtension);
        return None;
    };
    let before = faults.count();
    let mut reader = Reader { faults };
    if !reader.is_map(&place) {
        return None;
    }
    reader.known_members(&place, MEMBERS);
    if let Some(internal) = place.member("internal") {
        reader.reason(&internal);
        for (name, member) in place.members().filter(|(name, _)| *name != "internal") {
            let kind = FaultKind::MisplacedExtension {
                extension: name.to_owned(),
                place: "beside `internal`",
            };
            reader.faults.add(&member, kind);
        }
        return (faults.count() == before).then_some(Extension::Internal);
    }
    let function = reader.function(&place, method);
    if faults.count() > before {
        None
    } else {
        function.map(Extension::Function)
    }
}

struct Reader<'run> {
    faults: &'run mut Faults,
}

impl Reader<'_> {
    fn function<'doc>(
        &mut self,
        place: &Place<'doc>,
        method: Method,
    ) -> Option<FunctionExtension<'doc>> {
        let no = self.number(place);
        let class = self.class(place);
        let auth = self.auth(place);
        let key_business = self.key_business(place, method);
        if key_business == Some(true) && auth == Some(Auth::Device) {
            self.fault_at(place, "key_business", FaultKind::KeyBusinessAuth);
        }
        let window_s = self.integer(
            place,
            "window_s",
            1,
            WINDOW_S_MAX,
            "a captured request lives that long",
        );
        let body_bytes_max = self.integer(place, "body_bytes_max", 1, BODY_BYTES_MAX, "");
        let rates = self.rates(place);
        let owner = auth.and_then(|auth| self.owner(place, auth));
        Some(FunctionExtension {
            no: no?,
            class: class?,
            key_business: key_business?,
            auth: auth?,
            window_s: window_s
                .and_then(|s| s.try_into().ok())
                .unwrap_or(WINDOW_S_DEFAULT),
            rates,
            body_bytes_max: body_bytes_max
                .and_then(|bytes| bytes.try_into().ok())
                .unwrap_or(BODY_BYTES_DEFAULT),
            owner,
        })
    }

    fn fault_at(&mut self, place: &Place<'_>, member: &str, kind: FaultKind) {
        let at = place.member(member);
        self.faults.add(at.as_ref().unwrap_or(place), kind);
    }

    fn is_map(&mut self, place: &Place<'_>) -> bool {
        let is_map = place.node.map().is_some();
        if !is_map {
            self.faults.add(
                place,
                FaultKind::Expected {
                    expected: "an object",
                },
            );
        }
        is_map
    }

    fn known_members(&mut self, place: &Place<'_>, known: &'static [&'static str]) {
        for (name, member) in place.members().filter(|(name, _)| !known.contains(name)) {
            let kind = FaultKind::UnknownMember {
                name: name.to_owned(),
                suggestion: nearest(name, known),
                known: listed(known),
            };
            self.faults.add(&member, kind);
        }
    }

    fn number(&mut self, place: &Place<'_>) -> Option<FunctionNo> {
        let Some(member) = place.member("function") else {
            let advice = "the number by which phones call it, like `function: T2001`";
            self.faults.add(
                place,
                FaultKind::Missing {
                    member: "function",
                    advice,
                },
            );
            return None;
        };
        let Some(text) = member.node.text() else {
            let expected = "a function number (text: digits alone need quotes)";
            self.faults.add(&member, FaultKind::Expected { expected });
            return None;
        };
        match text.parse() {
            Ok(no) if !text.to_ascii_lowercase().starts_with("hefu.") => Some(no),
            _ => {
                self.faults.add(
                    &member,
                    FaultKind::FunctionNumber {
                        no: text.to_owned(),
                    },
                );
                None
            }
        }
    }

    fn class(&mut self, place: &Place<'_>) -> Option<Class> {
        const CLASSES: [Class; 3] = [Class::Trade, Class::Quote, Class::Bus];
        let Some(member) = place.member("class") else {
            let advice = "`trade` (300 ms), `quote` (100 ms) or `bus` (500 ms)";
            self.faults.add(
                place,
                FaultKind::Missing {
                    member: "class",
                    advice,
                },
            );
            return None;
        };
        self.one_of(&member, &CLASSES, Class::as_str)
    }

    fn auth(&mut self, place: &Place<'_>) -> Option<Auth> {
        const KINDS: [Auth; 2] = [Auth::Session, Auth::Device];
        match place.member("auth") {
            None => Some(Auth::Session),
            Some(member) => self.one_of(&member, &KINDS, Auth::as_str),
        }
    }

    fn one_of<T: Copy>(
        &mut self,
        place: &Place<'_>,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let text = place.node.text();
        let found = all.iter().copied().find(|value| Some(name(*value)) == text);
        if found.is_none() {
            let names: Vec<_> = all.iter().map(|value| name(*value)).collect();
            let value = place.node.shown();
            self.faults.add(
                place,
                FaultKind::UnknownValue {
                    value,
                    known: listed(&names),
                },
            );
        }
        found
    }

    fn key_business(&mut self, place: &Place<'_>, method: Method) -> Option<bool> {
        match place.member("key_business") {
            None if matches!(method, Method::Get | Method::Head) => Some(false),
            None => {
                let advice = "`true` when it moves money or changes credentials or sensitive data, else `false`";
                self.faults.add(
                    place,
                    FaultKind::Missing {
                        member: "key_business",
                        advice,
                    },
                );
                None
            }
            Some(member) => {
                let value = member.node.bool();
                if value.is_none() {
                    self.faults.add(
                        &member,
                        FaultKind::Expected {
                            expected: "true or false",
                        },
                    );
                }
                value
            }
        }
    }

    fn integer(
        &mut self,
        place: &Place<'_>,
        name: &str,
        min: i64,
        max: i64,
        advice: &'static str,
    ) -> Option<i64> {
        let member = place.member(name)?;
        match member.node.integer() {
            Some(value) if (min..=max).contains(&value) => Some(value),
            Some(value) => {
                self.faults.add(
                    &member,
                    FaultKind::Range {
                        value,
                        min,
                        max,
                        advice,
                    },
                );
                None
            }
            None => {
                self.faults.add(
                    &member,
                    FaultKind::Expected {
                        expected: "an integer",
                    },
                );
                None
            }
        }
    }

    fn rates(&mut self, place: &Place<'_>) -> Rates {
        let Some(rates) = place.member("rates").filter(|rates| self.is_map(rates)) else {
            return Rates::default();
        };
        self.known_members(&rates, &["per_device_per_min", "per_function_per_s"]);
        let mut rate = |name| {
            let value = self.integer(&rates, name, 1, RATE_MAX, "")?;
            u32::try_from(value).ok().and_then(NonZeroU32::new)
        };
        Rates {
            per_device_per_min: rate("per_device_per_min"),
            per_function_per_s: rate("per_function_per_s"),
        }
    }

    fn reason(&mut self, place: &Place<'_>) {
        if !place.node.text().is_some_and(is_reason) {
            self.faults.add(place, FaultKind::Reason);
        }
    }

    fn owner<'doc>(&mut self, place: &Place<'doc>, auth: Auth) -> Option<OwnerExtension<'doc>> {
        let Some(owner) = place.member("owner") else {
            if auth == Auth::Session {
                let advice = "say whose object a request reaches, or `owner: { none: \"why\" }`";
                self.faults.add(
                    place,
                    FaultKind::Missing {
                        member: "owner",
                        advice,
                    },
                );
            }
            return None;
        };
        if !self.is_map(&owner) {
            return None;
        }
        if auth == Auth::Device {
            self.faults.add(&owner, FaultKind::OwnerWithoutUser);
        }
        if let Some(none) = owner.member("none") {
            self.known_members(&owner, &["none"]);
            self.reason(&none);
            return None;
        }
        self.known_members(
            &owner,
            &["in", "name", "pointer", "equals", "lookup", "none"],
        );
        let source = self.owner_source(&owner)?;
        let lookup = match (owner.member("equals"), owner.member("lookup")) {
            (Some(equals), None) => {
                self.one_of(&equals, &["subject"], |name| name);
                None
            }
            (None, Some(lookup)) => Some(self.lookup(&lookup)?),
            _ => {
                let expected = "a rule with either `equals: subject` or a `lookup`";
                self.faults.add(&owner, FaultKind::Expected { expected });
                return None;
            }
        };
        Some(OwnerExtension {
            place: owner,
            source,
            lookup,
        })
    }

    fn owner_source(&mut self, owner: &Place<'_>) -> Option<OwnerSource> {
        let Some(place) = owner.member("in") else {
            let advice = "`path`, `query` or `body`";
            self.faults.add(
                owner,
                FaultKind::Missing {
                    member: "in",
                    advice,
                },
            );
            return None;
        };
        match self.one_of(&place, &["path", "query", "body"], |name| name)? {
            "body" => {
                let pointer = self.text(owner, "pointer", "a JSON pointer like `/from_account`")?;
                Some(OwnerSource::Body(pointer))
            }
            place => {
                let name = self.text(owner, "name", "the parameter's name")?;
                Some(match place {
                    "path" => OwnerSource::Path(name),
                    _ => OwnerSource::Query(name),
                })
            }
        }
    }

    fn lookup<'doc>(&mut self, place: &Place<'doc>) -> Option<LookupExtension<'doc>> {
        if !self.is_map(place) {
            return None;
        }
        self.known_members(place, &["path", "pointer"]);
        let advice = "the path of the look-up as this document has it";
        let path = self.text(place, "path", advice)?;
        let advice = "where in its answer the owner's user id stands, like `/customer`";
        let pointer = self.text(place, "pointer", advice)?;
        Some(LookupExtension {
            place: place.clone(),
            path,
            pointer,
        })
    }

    fn text(
        &mut self,
        place: &Place<'_>,
        member: &'static str,
        advice: &'static str,
    ) -> Option<String> {
        match place.member(member) {
            None => {
                self.faults
                    .add(place, FaultKind::Missing { member, advice });
                None
            }
            Some(at) => {
                let text = at.node.text();
                if text.is_none() {
                    self.faults
                        .add(&at, FaultKind::Expected { expected: "text" });
                }
                text.map(str::to_owned)
            }
        }
    }
}
