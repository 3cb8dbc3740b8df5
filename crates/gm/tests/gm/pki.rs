//! An authority, one below it, and what they issue: the fixtures of the certificate tests.

use hefu_gm::provider::{SignSm2, software};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::PublicKey;
use hefu_gm::x509::{
    Authority, Certificate, Name, Order, Profile, Role, SubjectName, Trust, Validity,
};
use std::sync::Arc;

pub(crate) const DAY_S: i64 = 86_400;
/// 2025-10-01T00:00:00Z.
pub(crate) const BEGIN_S: i64 = 1_759_276_800;
pub(crate) const NOW_S: i64 = BEGIN_S + 10 * DAY_S;
pub(crate) const END_S: i64 = BEGIN_S + 100 * DAY_S;

pub(crate) fn validity() -> Validity {
    Validity::new(BEGIN_S, END_S).unwrap()
}

pub(crate) fn name(common_name: &str) -> Name {
    Name::parse(&format!("CN={common_name},O=Example Bank,C=CN")).unwrap()
}

pub(crate) fn make_key() -> Arc<dyn SignSm2> {
    software().make_signing_key().unwrap()
}

pub(crate) fn public_key() -> PublicKey {
    *make_key().verifying_key().public_key()
}

pub(crate) fn make_root(common_name: &str) -> Authority {
    make_root_with(common_name, make_key(), validity(), 2)
}

pub(crate) fn make_root_with(
    common_name: &str,
    key: Arc<dyn SignSm2>,
    validity: Validity,
    path_length_max: u8,
) -> Authority {
    Authority::make_root(
        key,
        &name(common_name),
        validity,
        path_length_max,
        &mut SystemRng,
    )
    .unwrap()
}

/// An authority below `above`.
pub(crate) fn make_below(above: &Authority, common_name: &str, path_length_max: u8) -> Authority {
    let key = make_key();
    let certificate = above
        .issue(
            &Order {
                subject: &name(common_name),
                public_key: key.verifying_key().public_key(),
                validity: validity(),
                profile: Profile::Authority { path_length_max },
                names: &[],
            },
            &mut SystemRng,
        )
        .unwrap();
    Authority::new(certificate, key).unwrap()
}

pub(crate) fn issue(above: &Authority, profile: Profile) -> Certificate {
    issue_with(above, profile, validity(), &[])
}

pub(crate) fn issue_with(
    above: &Authority,
    profile: Profile,
    validity: Validity,
    names: &[SubjectName],
) -> Certificate {
    let order = Order {
        subject: &name("gateway"),
        public_key: &public_key(),
        validity,
        profile,
        names,
    };
    above.issue(&order, &mut SystemRng).unwrap()
}

/// Root, intermediate and a server's pair below it.
pub(crate) struct Pki {
    pub(crate) root: Authority,
    pub(crate) between: Authority,
    pub(crate) sign: Certificate,
    pub(crate) encrypt: Certificate,
}

impl Pki {
    pub(crate) fn make() -> Self {
        let root = make_root("root");
        let between = make_below(&root, "between", 0);
        Self {
            sign: issue(&between, Profile::Sign(Role::Server)),
            encrypt: issue(&between, Profile::Encrypt(Role::Server)),
            root,
            between,
        }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::new(vec![self.root.certificate().clone()]).unwrap()
    }

    /// What the peer sends beside the end entity.
    pub(crate) fn others(&self) -> Vec<Certificate> {
        vec![self.between.certificate().clone()]
    }
}
