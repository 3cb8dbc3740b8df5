//! Revocation by list and by stapled response, with OpenSSL as the one who staples.

use crate::openssl::OpenSsl;
use crate::pki::{DAY_S, NOW_S, Pki, issue, issue_with, make_root, make_root_with};
use hefu_gm::provider::software;
use hefu_gm::x509::{
    Authority, Certificate, ChainError, Check, Crl, CrlError, CrlOrder, Defect, OcspError,
    OcspResponse, Profile, Purpose, Revocation, RevocationReason, RevocationRule, Revoked, Role,
    Trust, Validity, VerifiedCrl,
};

fn list(authority: &Authority, revoked: &[&Certificate]) -> Crl {
    let revoked: Vec<Revoked> = revoked
        .iter()
        .map(|certificate| Revoked {
            serial: certificate.serial().clone(),
            at_s: NOW_S - DAY_S,
            reason: RevocationReason::KeyCompromise,
        })
        .collect();
    authority
        .sign_crl(&CrlOrder {
            number: 7,
            this_update_s: NOW_S - DAY_S,
            next_update_s: NOW_S + DAY_S,
            revoked: &revoked,
        })
        .unwrap()
}

fn verified(authority: &Authority, revoked: &[&Certificate]) -> VerifiedCrl {
    let crl = list(authority, revoked);
    crl.verify(&*software(), authority.certificate()).unwrap()
}

fn verify(
    pki: &Pki,
    rule: RevocationRule,
    crls: &[VerifiedCrl],
    now_s: i64,
) -> Result<(), ChainError> {
    let mut check = Check::new(Purpose::Sign, Role::Server, now_s);
    check.revocation = Revocation {
        rule,
        crls,
        stapled: None,
    };
    pki.trust()
        .verify(&*software(), &pki.sign, &pki.others(), &check)
        .map(|_| ())
}

fn refusal(depth: usize, defect: Defect) -> Result<(), ChainError> {
    Err(ChainError { depth, defect })
}

#[test]
fn lists_are_written_and_read() {
    let pki = Pki::make();
    let crl = list(&pki.between, &[&pki.sign, &pki.encrypt]);
    for read in [
        Crl::from_der(crl.as_der()).unwrap(),
        Crl::from_pem(&crl.to_pem()).unwrap(),
    ] {
        assert_eq!(read.issuer(), pki.between.certificate().subject());
        assert_eq!(read.this_update_s(), NOW_S - DAY_S);
        assert_eq!(read.next_update_s(), NOW_S + DAY_S);
        assert_eq!(read.number(), Some(7));
        assert_eq!(read.revoked().len(), 2);
        let entry = &read.revoked()[0];
        assert_eq!(entry.reason, RevocationReason::KeyCompromise);
        assert_eq!(entry.at_s, NOW_S - DAY_S);
    }
    assert!(list(&pki.between, &[]).revoked().is_empty());
}

#[test]
fn a_revoked_certificate_is_refused_wherever_it_stands() {
    let pki = Pki::make();
    let rule = RevocationRule::WhereGiven;
    let clean = [
        verified(&pki.between, &[&pki.encrypt]),
        verified(&pki.root, &[]),
    ];
    assert_eq!(verify(&pki, rule, &clean, NOW_S), Ok(()));
    let end_entity = [verified(&pki.between, &[&pki.sign])];
    assert_eq!(
        verify(&pki, rule, &end_entity, NOW_S),
        refusal(0, Defect::Revoked)
    );
    let between = [verified(&pki.root, &[pki.between.certificate()])];
    assert_eq!(
        verify(&pki, rule, &between, NOW_S),
        refusal(1, Defect::Revoked)
    );
    // Another authority's list with the same number says nothing about this one.
    let foreign = make_root("foreign");
    assert_eq!(
        verify(&pki, rule, &[verified(&foreign, &[&pki.sign])], NOW_S),
        Ok(())
    );
}

#[test]
fn an_outdated_list_refuses_and_a_missing_one_by_rule() {
    let pki = Pki::make();
    let below = [verified(&pki.between, &[])];
    let all = [verified(&pki.between, &[]), verified(&pki.root, &[])];
    let at = |now_s| verify(&pki, RevocationRule::WhereGiven, &below, now_s);
    assert_eq!(at(NOW_S + DAY_S), Ok(()));
    assert_eq!(at(NOW_S + DAY_S + 1), refusal(0, Defect::RevocationStale));
    assert_eq!(at(NOW_S - DAY_S - 300), Ok(()), "clocks differ");
    assert_eq!(at(NOW_S - DAY_S - 301), refusal(0, Defect::RevocationStale));

    let unknown = |depth| refusal(depth, Defect::RevocationUnknown);
    let (end_entity, whole) = (RevocationRule::EndEntity, RevocationRule::WholeChain);
    assert_eq!(verify(&pki, end_entity, &[], NOW_S), unknown(0));
    assert_eq!(verify(&pki, end_entity, &below, NOW_S), Ok(()));
    assert_eq!(verify(&pki, whole, &below, NOW_S), unknown(1));
    assert_eq!(verify(&pki, whole, &all, NOW_S), Ok(()));
    // A revoked one stays revoked when the list is old.
    let old = [verified(&pki.between, &[&pki.sign])];
    let late = verify(&pki, RevocationRule::WhereGiven, &old, NOW_S + 2 * DAY_S);
    assert_eq!(late, refusal(0, Defect::Revoked));
}

#[test]
fn a_list_is_its_authoritys_or_nobodys() {
    let pki = Pki::make();
    let namesake = Pki::make();
    let provider = software();
    let verify = |crl: Crl, by: &Certificate| crl.verify(&*provider, by).map(|_| ());
    let crl = list(&pki.between, &[&pki.sign]);
    assert_eq!(verify(crl.clone(), pki.between.certificate()), Ok(()));
    assert_eq!(
        verify(crl.clone(), pki.root.certificate()),
        Err(CrlError::Issuer)
    );
    assert_eq!(
        verify(crl.clone(), namesake.between.certificate()),
        Err(CrlError::BadSignature)
    );
    let mut read = 0;
    for bit in (0..crl.as_der().len() * 8).step_by(5) {
        let mut der = crl.as_der().to_vec();
        der[bit / 8] ^= 1 << (bit % 8);
        if let Ok(altered) = Crl::from_der(&der) {
            read += 1;
            assert!(
                verify(altered, pki.between.certificate()).is_err(),
                "bit {bit}"
            );
        }
    }
    assert!(read > 50, "{read}");
}

/// Root and leaf in OpenSSL's folder, so that it answers for them.
fn responder() -> (OpenSsl, Authority, Certificate) {
    let openssl = OpenSsl::new();
    let key = hefu_gm::sm2::PrivateKey::make(&mut hefu_gm::rng::SystemRng).unwrap();
    openssl.write("ca.key", key.to_pkcs8_pem().as_bytes());
    let provider = software();
    let key = hefu_gm::provider::Provider::signing_key(&*provider, key).unwrap();
    let root = make_root_with("root", key, decades(), 0);
    let leaf = issue_with(&root, Profile::Sign(Role::Server), decades(), &[]);
    openssl
        .write("ca.pem", root.certificate().to_pem())
        .write("leaf.pem", leaf.to_pem());
    (openssl, root, leaf)
}

/// OpenSSL answers by the machine's clock, whatever that says.
fn decades() -> Validity {
    Validity::new(0, 4_000_000_000).unwrap()
}

const SIGN: &str = "-rsigopt distid:1234567812345678 -rmd sm3";

fn answer(openssl: &OpenSsl, leaf: &Certificate, status: &str, more: &str) -> OcspResponse {
    let end = "270101000000Z";
    let (flag, at) = match status {
        "R" => ("R", "251005000000Z,keyCompromise"),
        flag => (flag, ""),
    };
    let subject = "/C=CN/O=Example Bank/CN=gateway";
    let line = format!(
        "{flag}\t{end}\t{at}\t{}\tunknown\t{subject}\n",
        leaf.serial()
    );
    openssl.write("index.txt", line);
    openssl.run("ocsp -issuer ca.pem -cert leaf.pem -reqout request.der -no_nonce");
    openssl.run(&format!(
        "ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -reqin request.der \
         -respout response.der {SIGN} {more}"
    ));
    OcspResponse::from_der(&openssl.read("response.der")).unwrap()
}

/// OpenSSL dates its answers by the machine's clock.
fn machine_now_s(openssl: &OpenSsl) -> i64 {
    let text = String::from_utf8(openssl.run("ocsp -respin response.der -text -noverify")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("This Update: "))
        .unwrap()
        .to_owned();
    openssl.seconds(&line)
}

#[test]
fn stapled_answers_of_openssl_are_believed_while_they_hold() {
    let (openssl, root, leaf) = responder();
    let provider = software();
    let good = answer(&openssl, &leaf, "V", "-nmin 60");
    let now_s = machine_now_s(&openssl);
    let at = |now_s| good.check(&*provider, &leaf, root.certificate(), now_s);
    assert_eq!(at(now_s), Ok(()));
    assert_eq!(at(now_s + 3600), Ok(()));
    assert_eq!(at(now_s + 3601), Err(OcspError::Stale));
    assert_eq!(at(now_s - 301), Err(OcspError::Stale));
    // Who staples it looks at the same times, and at the number.
    for at_s in [now_s - 301, now_s, now_s + 3600, now_s + 3601] {
        assert_eq!(good.is_fresh_at(&leaf, at_s), at(at_s).is_ok());
    }
    let another = root.certificate();
    assert!(good.names(&leaf) && !good.names(another));
    assert!(!good.is_fresh_at(another, now_s));
    // About another certificate, or of another authority.
    let other = issue(&root, Profile::Sign(Role::Server));
    let foreign = make_root("root");
    assert_eq!(
        good.check(&*provider, &other, root.certificate(), now_s),
        Err(OcspError::OtherCertificate)
    );
    assert_eq!(
        good.check(&*provider, &leaf, foreign.certificate(), now_s),
        Err(OcspError::OtherCertificate)
    );
    // Without an end, for a day.
    let endless = answer(&openssl, &leaf, "V", "");
    let at = |now_s| endless.check(&*provider, &leaf, root.certificate(), now_s);
    assert_eq!(at(now_s + DAY_S - 60), Ok(()));
    assert_eq!(at(now_s + DAY_S + 60), Err(OcspError::Stale));

    let revoked = answer(&openssl, &leaf, "R", "-nmin 60");
    assert_eq!(
        revoked.check(&*provider, &leaf, root.certificate(), now_s),
        Err(OcspError::Revoked)
    );
    openssl.write("index.txt", "");
    openssl.run(&format!(
        "ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -reqin request.der \
         -respout response.der {SIGN} -nmin 60"
    ));
    let unknown = OcspResponse::from_der(&openssl.read("response.der")).unwrap();
    assert_eq!(
        unknown.check(&*provider, &leaf, root.certificate(), now_s),
        Err(OcspError::Unknown)
    );
}

#[test]
fn a_stapled_answer_decides_over_a_chain() {
    let (openssl, root, leaf) = responder();
    let good = answer(&openssl, &leaf, "V", "-ndays 1000");
    let revoked = answer(&openssl, &leaf, "R", "-ndays 1000");
    let now_s = machine_now_s(&openssl);
    let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
    let verify = |stapled: Option<&OcspResponse>| {
        let mut check = Check::new(Purpose::Sign, Role::Server, now_s);
        check.revocation = Revocation {
            rule: RevocationRule::EndEntity,
            crls: &[],
            stapled,
        };
        trust.verify(&*software(), &leaf, &[], &check).map(|_| ())
    };
    assert_eq!(verify(None), refusal(0, Defect::RevocationUnknown));
    assert_eq!(verify(Some(&revoked)), refusal(0, Defect::Revoked));
    assert_eq!(verify(Some(&good)), Ok(()));
    let other = answer(
        &openssl,
        &issue(&root, Profile::Sign(Role::Server)),
        "V",
        "-ndays 1000",
    );
    assert_eq!(verify(Some(&other)), refusal(0, Defect::RevocationUnknown));
}

/// A responder of its own, named by the authority with a certificate; and one that is not.
#[test]
fn a_delegate_answers_only_when_it_was_named() {
    let (openssl, root, leaf) = responder();
    let provider = software();
    let mut answers = Vec::new();
    for profile in [Profile::OcspResponder, Profile::Sign(Role::Server)] {
        let key = hefu_gm::sm2::PrivateKey::make(&mut hefu_gm::rng::SystemRng).unwrap();
        let public_key = *key.public_key();
        openssl.write("responder.key", key.to_pkcs8_pem().as_bytes());
        let certificate = root
            .issue(
                &hefu_gm::x509::Order {
                    subject: &crate::pki::name("responder"),
                    public_key: &public_key,
                    validity: decades(),
                    profile,
                    names: &[],
                },
                &mut hefu_gm::rng::SystemRng,
            )
            .unwrap();
        openssl.write("responder.pem", certificate.to_pem());
        let line = format!("V\t270101000000Z\t\t{}\tunknown\t/CN=x\n", leaf.serial());
        openssl.write("index.txt", line);
        openssl.run("ocsp -sha256 -issuer ca.pem -cert leaf.pem -reqout request.der -no_nonce");
        for id in ["", "-resp_key_id"] {
            openssl.run(&format!(
                "ocsp -index index.txt -rsigner responder.pem -rkey responder.key -CA ca.pem \
                 -reqin request.der -respout response.der -ndays 1000 {SIGN} {id}"
            ));
            let response = OcspResponse::from_der(&openssl.read("response.der")).unwrap();
            let now_s = machine_now_s(&openssl);
            answers.push(response.check(&*provider, &leaf, root.certificate(), now_s));
        }
    }
    assert_eq!(
        answers,
        [
            Ok(()),
            Ok(()),
            Err(OcspError::Responder),
            Err(OcspError::Responder),
        ]
    );
}

#[test]
fn altered_answers_are_refused() {
    let (openssl, root, leaf) = responder();
    let provider = software();
    answer(&openssl, &leaf, "V", "-nmin 60");
    let now_s = machine_now_s(&openssl);
    let der = openssl.read("response.der");
    let mut read = 0;
    for bit in (0..der.len() * 8).step_by(7) {
        let mut altered = der.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let Ok(response) = OcspResponse::from_der(&altered) else {
            continue;
        };
        let checked = response.check(&*provider, &leaf, root.certificate(), now_s);
        // The certificates beside the signature are not signed, and not needed here.
        if checked.is_ok() {
            let certificates_at = der.len() - root.certificate().as_der().len() - 8;
            assert!(bit / 8 >= certificates_at, "bit {bit}");
        } else {
            read += 1;
        }
    }
    assert!(read > 50, "{read}");
    // An error instead of an answer: malformedRequest.
    assert_eq!(
        OcspResponse::from_der(&[0x30, 3, 0x0a, 1, 1]).unwrap_err(),
        OcspError::Unsuccessful
    );
}
