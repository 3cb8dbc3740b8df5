//! What a request that passed is evidence for: the clauses of the guards that it really met.

use std::{collections::BTreeSet, sync::OnceLock};

use crate::{
    endpoints,
    guards::{
        Guard, channel, framing, limits, mask, permission, replay, route, schema, session,
        signature, unseal, upstream,
    },
    transport::{first_record::Protocol, tlcp, tls},
};

/// The guards that let a request pass, beside those that every request meets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Passed(usize);

/// In the order of a request's life.
static CONDITIONAL: [Guard; 10] = [
    tls::GUARD,
    channel::GUARD,
    session::GUARD,
    permission::GUARD,
    schema::GUARD,
    unseal::GUARD,
    upstream::GUARD,
    endpoints::device::GUARD,
    endpoints::session::GUARD,
    tlcp::GUARD,
];

static ALWAYS: [Guard; 5] = [
    framing::GUARD,
    limits::GUARD,
    route::GUARD,
    signature::GUARD,
    replay::GUARD,
];

impl Passed {
    pub(crate) const TLS: Self = Self(1 << 0);
    pub(crate) const CHANNEL: Self = Self(1 << 1);
    pub(crate) const SESSION: Self = Self(1 << 2);
    pub(crate) const PERMISSION: Self = Self(1 << 3);
    pub(crate) const SCHEMA: Self = Self(1 << 4);
    pub(crate) const UNSEAL: Self = Self(1 << 5);
    /// With the mask, which every answer of a service passes.
    pub(crate) const UPSTREAM: Self = Self(1 << 6);
    pub(crate) const ENROLMENT: Self = Self(1 << 7);
    pub(crate) const LOGIN: Self = Self(1 << 8);
    pub(crate) const TLCP: Self = Self(1 << 9);

    /// What protects the connection.
    pub(crate) const fn of(protocol: Option<Protocol>) -> Self {
        match protocol {
            Some(Protocol::Tls) => Self::TLS,
            Some(Protocol::Tlcp) => Self::TLCP,
            None => Self(0),
        }
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The clauses, sorted, each once.
    pub(crate) fn clauses(self) -> &'static [&'static str] {
        static SETS: [OnceLock<Box<[&'static str]>>; 1 << CONDITIONAL.len()] =
            [const { OnceLock::new() }; 1 << CONDITIONAL.len()];
        let Some(set) = SETS.get(self.0) else {
            return &[];
        };
        set.get_or_init(|| {
            let met = |(place, guard)| (self.0 & (1_usize << place) != 0).then_some(guard);
            let mask = (self.0 & Self::UPSTREAM.0 != 0).then_some(&mask::GUARD);
            let conditional = CONDITIONAL.iter().enumerate().filter_map(met);
            let clauses: BTreeSet<_> = ALWAYS
                .iter()
                .chain(conditional)
                .chain(mask)
                .flat_map(|guard| guard.clauses.iter().copied())
                .collect();
            clauses.into_iter().collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_that_was_not_met_gives_no_evidence() {
        let mut passed = Passed::default();
        let of_tls = tls::GUARD.clauses.first().unwrap();
        assert!(!passed.clauses().contains(of_tls));
        assert!(
            passed
                .clauses()
                .contains(replay::GUARD.clauses.first().unwrap())
        );
        passed.add(Passed::TLS);
        assert!(passed.clauses().contains(of_tls));
        for guard in CONDITIONAL {
            assert!(!guard.clauses.is_empty(), "{}", guard.name);
        }
    }

    #[test]
    fn every_flag_names_its_guard() {
        for (flag, guard) in [
            (Passed::TLS, tls::GUARD),
            (Passed::CHANNEL, channel::GUARD),
            (Passed::SESSION, session::GUARD),
            (Passed::PERMISSION, permission::GUARD),
            (Passed::SCHEMA, schema::GUARD),
            (Passed::UNSEAL, unseal::GUARD),
            (Passed::UPSTREAM, upstream::GUARD),
            (Passed::ENROLMENT, endpoints::device::GUARD),
            (Passed::LOGIN, endpoints::session::GUARD),
            (Passed::TLCP, tlcp::GUARD),
        ] {
            assert_eq!(CONDITIONAL[flag.0.trailing_zeros() as usize], guard);
        }
    }
}
