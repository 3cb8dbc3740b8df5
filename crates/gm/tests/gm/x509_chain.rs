//! Chains: each defect beside its honest twin.

use crate::pki::{
    BEGIN_S, END_S, NOW_S, Pki, issue, issue_with, make_below, make_key, make_root, make_root_with,
    name, validity,
};
use hefu_gm::provider::software;
use hefu_gm::rng::SystemRng;
use hefu_gm::x509::{
    Authority, CHAIN_CERTIFICATES_MAX, Certificate, ChainError, Check, Defect, Name, Order,
    Profile, Purpose, Role, ServerName, SubjectName, Trust, TrustError, Validity,
};

const SERVER: Check<'static> = check(Purpose::Sign, NOW_S);

const fn check(purpose: Purpose, now_s: i64) -> Check<'static> {
    Check {
        purpose,
        role: Role::Server,
        now_s,
        name: None,
        revocation: hefu_gm::x509::Revocation {
            rule: hefu_gm::x509::RevocationRule::WhereGiven,
            crls: &[],
            stapled: None,
        },
    }
}

fn verify(
    trust: &Trust,
    end_entity: &Certificate,
    others: &[Certificate],
    check: &Check<'_>,
) -> Result<usize, ChainError> {
    let chain = trust.verify(&*software(), end_entity, others, check)?;
    assert_eq!(chain.first(), Some(end_entity));
    assert!(trust.anchors().contains(chain.last().unwrap()));
    Ok(chain.len())
}

fn refusal(depth: usize, defect: Defect) -> Result<usize, ChainError> {
    Err(ChainError { depth, defect })
}

#[test]
fn the_honest_chain_passes_in_any_order() {
    let pki = Pki::make();
    let stranger = make_root("stranger").certificate().clone();
    let between = pki.between.certificate().clone();
    let root = pki.root.certificate().clone();
    for others in [
        vec![between.clone()],
        vec![root, stranger.clone(), between.clone()],
        vec![pki.encrypt.clone(), between.clone(), stranger, between],
    ] {
        assert_eq!(verify(&pki.trust(), &pki.sign, &others, &SERVER), Ok(3));
    }
    for purpose in [Purpose::Encrypt, Purpose::Exchange] {
        let checked = verify(
            &pki.trust(),
            &pki.encrypt,
            &pki.others(),
            &check(purpose, NOW_S),
        );
        assert_eq!(checked, Ok(3));
    }
    // The authority in between may be the anchor itself.
    let trust = Trust::new(pki.others()).unwrap();
    assert_eq!(verify(&trust, &pki.sign, &[], &SERVER), Ok(2));
}

#[test]
fn dates_hold_to_the_second_for_every_certificate() {
    let pki = Pki::make();
    let at = |now_s| {
        verify(
            &pki.trust(),
            &pki.sign,
            &pki.others(),
            &check(Purpose::Sign, now_s),
        )
    };
    assert_eq!(at(BEGIN_S), Ok(3));
    assert_eq!(at(END_S), Ok(3));
    assert_eq!(at(BEGIN_S - 1), refusal(0, Defect::NotYetValid));
    assert_eq!(at(END_S + 1), refusal(0, Defect::Expired));
    assert_eq!(at(i64::MIN), refusal(0, Defect::NotYetValid));
    assert_eq!(at(i64::MAX), refusal(0, Defect::Expired));

    // An authority's dates are its own: here a key whose root was renewed for a shorter time.
    let key = make_key();
    let long = make_root_with("root", key.clone(), validity(), 0);
    let short = Validity::new(BEGIN_S, NOW_S - 1).unwrap();
    let short = make_root_with("root", key.clone(), short, 0);
    let late = Validity::new(NOW_S + 1, END_S).unwrap();
    let late = make_root_with("root", key, late, 0);
    let leaf = issue(&long, Profile::Sign(Role::Server));
    let under = |root: &Authority| {
        let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
        verify(&trust, &leaf, &[], &SERVER)
    };
    assert_eq!(under(&long), Ok(2));
    assert_eq!(under(&short), refusal(1, Defect::Expired));
    assert_eq!(under(&late), refusal(1, Defect::NotYetValid));
    // With both, the one that holds is found, wherever it stands.
    for anchors in [[&short, &long], [&long, &short]] {
        let anchors = anchors.map(|root| root.certificate().clone());
        let trust = Trust::new(anchors.to_vec()).unwrap();
        assert_eq!(verify(&trust, &leaf, &[], &SERVER), Ok(2));
    }
}

#[test]
fn a_key_serves_its_purpose_and_role_only() {
    let root = make_root("root");
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    for (profile, role) in [
        (Profile::Sign as fn(Role) -> Profile, Role::Server),
        (Profile::Sign, Role::Client),
        (Profile::Encrypt, Role::Server),
        (Profile::Encrypt, Role::Client),
    ] {
        let leaf = issue(&root, profile(role));
        let signs = profile(role) == Profile::Sign(role);
        for purpose in [Purpose::Sign, Purpose::Encrypt, Purpose::Exchange] {
            for asked in [Role::Server, Role::Client] {
                let check = Check::new(purpose, asked, NOW_S);
                let expected = if signs != (purpose == Purpose::Sign) {
                    refusal(0, Defect::WrongKeyUsage)
                } else if asked != role {
                    refusal(0, Defect::WrongExtendedKeyUsage)
                } else {
                    Ok(2)
                };
                assert_eq!(verify(&trust, &leaf, &[], &check), expected, "{check:?}");
            }
        }
    }
    let responder = issue(&root, Profile::OcspResponder);
    assert_eq!(
        verify(&trust, &responder, &[], &SERVER),
        refusal(0, Defect::WrongExtendedKeyUsage)
    );
    assert_eq!(
        verify(&trust, root.certificate(), &[], &SERVER),
        refusal(0, Defect::AuthorityAsEndEntity)
    );
}

#[test]
fn an_issuer_must_be_known_and_have_signed() {
    let pki = Pki::make();
    let foreign = Pki::make();
    // Same names, other keys, and the identifiers of the keys tell.
    assert_eq!(
        verify(&foreign.trust(), &pki.sign, &pki.others(), &SERVER),
        refusal(1, Defect::UnknownIssuer)
    );
    assert_eq!(
        verify(&pki.trust(), &pki.sign, &foreign.others(), &SERVER),
        refusal(0, Defect::UnknownIssuer)
    );
    assert_eq!(
        verify(&pki.trust(), &pki.sign, &[], &SERVER),
        refusal(0, Defect::UnknownIssuer)
    );
    assert_eq!(
        verify(&pki.trust(), &pki.sign, &pki.others(), &SERVER),
        Ok(3)
    );
}

/// Each bit of a certificate is either read wrongly, or breaks its signature, or changes whom it
/// comes from: none passes.
#[test]
fn every_flipped_bit_is_refused() {
    let root = make_root("root");
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    let leaf = issue(&root, Profile::Sign(Role::Server));
    assert_eq!(verify(&trust, &leaf, &[], &SERVER), Ok(2));
    let mut bad_signatures = 0;
    for bit in (0..leaf.as_der().len() * 8).step_by(3) {
        let mut der = leaf.as_der().to_vec();
        der[bit / 8] ^= 1 << (bit % 8);
        let Ok(altered) = Certificate::from_der(&der) else {
            continue;
        };
        let error = verify(&trust, &altered, &[], &SERVER).unwrap_err();
        bad_signatures += usize::from(error.defect == Defect::BadSignature);
    }
    assert!(bad_signatures > 300, "{bad_signatures}");
}

/// An end entity's key signs a certificate, as if it were an authority's.
#[test]
fn only_authorities_issue() {
    let root = make_root("root");
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    let key = make_key();
    let order = |subject: &Name, profile| {
        let order = Order {
            subject,
            public_key: key.verifying_key().public_key(),
            validity: validity(),
            profile,
            names: &[],
        };
        root.issue(&order, &mut SystemRng).unwrap()
    };
    // The impostor issues with the name and the key of an end entity.
    let impostor = make_root_with("mallory", key.clone(), validity(), 0);
    let victim = issue(&impostor, Profile::Sign(Role::Server));
    let end_entity = order(&name("mallory"), Profile::Sign(Role::Server));
    assert_eq!(
        verify(&trust, &victim, &[end_entity], &SERVER),
        refusal(1, Defect::NotAnAuthority)
    );
    let authority = order(&name("mallory"), Profile::Authority { path_length_max: 0 });
    assert_eq!(verify(&trust, &victim, &[authority], &SERVER), Ok(3));
}

#[test]
fn path_lengths_are_kept() {
    // The impostor's two roots: what it wrote into its own certificate does not count, the
    // constraint above it does.
    let root = make_root_with("root", make_key(), validity(), 1);
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    let first = make_below(&root, "first", 0);
    let leaf = issue(&first, Profile::Sign(Role::Server));
    let first_certificate = first.certificate().clone();
    assert_eq!(
        verify(
            &trust,
            &leaf,
            std::slice::from_ref(&first_certificate),
            &SERVER
        ),
        Ok(3)
    );
    // Our own authority refuses to issue it; another program's would not.
    let key = make_key();
    let unbound = Authority::new(
        make_root_with("first", key.clone(), validity(), 9)
            .certificate()
            .clone(),
        key.clone(),
    )
    .unwrap();
    let second = make_below(&unbound, "second", 3);
    let first_again = root
        .issue(
            &Order {
                subject: &name("first"),
                public_key: key.verifying_key().public_key(),
                validity: validity(),
                profile: Profile::Authority { path_length_max: 0 },
                names: &[],
            },
            &mut SystemRng,
        )
        .unwrap();
    let leaf = issue(&second, Profile::Sign(Role::Server));
    let others = [second.certificate().clone(), first_again];
    assert_eq!(
        verify(&trust, &leaf, &others, &SERVER),
        refusal(2, Defect::PathTooLong)
    );
}

#[test]
fn long_chains_end() {
    let root = make_root_with("root", make_key(), validity(), 200);
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    let mut above = root;
    let mut others = Vec::new();
    for depth in 0..CHAIN_CERTIFICATES_MAX - 1 {
        let leaf = issue(&above, Profile::Sign(Role::Server));
        let expected = depth + 2;
        assert_eq!(verify(&trust, &leaf, &others, &SERVER), Ok(expected));
        let most = 100 - u8::try_from(depth).unwrap();
        above = make_below(&above, &format!("authority {depth}"), most);
        others.push(above.certificate().clone());
    }
    let leaf = issue(&above, Profile::Sign(Role::Server));
    assert_eq!(
        verify(&trust, &leaf, &others, &SERVER),
        refusal(CHAIN_CERTIFICATES_MAX, Defect::ChainTooLong)
    );
}

/// A stranger sends many authorities of one name, without identifiers to tell them apart: the search
/// ends by its count of signatures and not by their number.
#[test]
fn many_issuers_of_one_name_do_not_hold_the_processor() {
    let pki = Pki::make();
    let key = make_key();
    let own = make_root_with("between", key.clone(), validity(), 0);
    let leaf = issue(&own, Profile::Sign(Role::Server));
    // Same name and same key, each a certificate of its own.
    let others: Vec<Certificate> = (0..200)
        .map(|_| {
            make_root_with("between", key.clone(), validity(), 0)
                .certificate()
                .clone()
        })
        .collect();
    let error = verify(&pki.trust(), &leaf, &others, &SERVER).unwrap_err();
    assert_eq!(error.defect, Defect::ChainTooLong);
    let trust = Trust::new(vec![own.certificate().clone()]).unwrap();
    assert_eq!(verify(&trust, &leaf, &others, &SERVER), Ok(2));
}

#[test]
fn names_are_matched() {
    let root = make_root("root");
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    let names = [
        SubjectName::Dns("gateway.example".into()),
        SubjectName::Dns("*.api.example".into()),
        SubjectName::Ip("10.0.0.1".parse().unwrap()),
        SubjectName::Ip("::1".parse().unwrap()),
        SubjectName::Uri("urn:hefu:device:d-1".into()),
    ];
    let leaf = issue_with(&root, Profile::Sign(Role::Server), validity(), &names);
    assert_eq!(leaf.subject_names(), names);
    let with = |leaf: &Certificate, text: &str| {
        let name = ServerName::parse(text).unwrap();
        let check = Check {
            name: Some(&name),
            ..SERVER
        };
        verify(&trust, leaf, &[], &check)
    };
    for good in [
        "gateway.example",
        "GATEWAY.example.",
        "v1.api.example",
        "10.0.0.1",
        "::1",
    ] {
        assert_eq!(with(&leaf, good), Ok(2), "{good}");
    }
    for bad in [
        "gateway",
        "api.example",
        "a.b.api.example",
        "10.0.0.2",
        "::2",
    ] {
        assert_eq!(with(&leaf, bad), refusal(0, Defect::NameMismatch), "{bad}");
    }
    // A common name is no name.
    let unnamed = issue(&root, Profile::Sign(Role::Server));
    assert_eq!(unnamed.subject().common_name().unwrap(), "gateway");
    assert_eq!(with(&unnamed, "gateway"), refusal(0, Defect::NameMismatch));
}

#[test]
fn trust_needs_authorities() {
    let root = make_root("root");
    let leaf = issue(&root, Profile::Sign(Role::Server));
    assert_eq!(Trust::new(vec![]).unwrap_err(), TrustError::Empty);
    assert_eq!(
        Trust::new(vec![root.certificate().clone(), leaf]).unwrap_err(),
        TrustError::NotAnAuthority
    );
    let many = vec![root.certificate().clone(); 257];
    assert_eq!(Trust::new(many).unwrap_err(), TrustError::TooMany);
    let pem = root.certificate().to_pem();
    assert_eq!(Trust::from_pem(&pem).unwrap().anchors().len(), 1);
}

/// A certificate for a self-signed key of the same name is another authority's.
#[test]
fn a_self_signed_end_entity_is_not_trusted() {
    let provider = software();
    let root = make_root("root");
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    let other = make_root_with("root", provider.make_signing_key().unwrap(), validity(), 0);
    let leaf = issue(&other, Profile::Sign(Role::Server));
    let chain = [other.certificate().clone()];
    assert_eq!(
        verify(&trust, &leaf, &chain, &SERVER),
        refusal(1, Defect::UnknownIssuer)
    );
}
