//! Certificates, lists and requests, with OpenSSL as judge and as issuer.

use crate::openssl::OpenSsl;
use crate::pki::{
    BEGIN_S, END_S, NOW_S, Pki, issue, issue_with, make_key, make_root, make_root_with, name,
    public_key, validity,
};
use hefu_gm::provider::software;
use hefu_gm::rng::SystemRng;
use hefu_gm::x509::{
    Authority, AuthorityError, CERTIFICATE_BYTES_MAX, Certificate, CertificateError, Check, Crl,
    CrlOrder, IssueError, KeyUsage, OcspResponse, Order, Profile, Purpose, Request, RequestError,
    RevocationReason, Revoked, Role, ServerName, SubjectName, Trust, Validity,
};
use proptest::prelude::*;

const ID: &str = "distid:1234567812345678";

#[test]
fn openssl_reads_and_verifies_what_we_issue() {
    let openssl = OpenSsl::new();
    let pki = Pki::make();
    openssl
        .write("root.pem", pki.root.certificate().to_pem())
        .write("between.pem", pki.between.certificate().to_pem())
        .write("sign.pem", pki.sign.to_pem())
        .write("encrypt.pem", pki.encrypt.to_pem());
    let text = |name: &str| {
        String::from_utf8(openssl.run(&format!("x509 -in {name} -noout -text"))).unwrap()
    };
    let root = text("root.pem");
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: SM2-with-SM3",
        "Issuer: C = CN, O = Example Bank, CN = root",
        "ASN1 OID: SM2",
        "X509v3 Basic Constraints: critical",
        "CA:TRUE, pathlen:2",
        "X509v3 Key Usage: critical",
        "Certificate Sign, CRL Sign",
    ] {
        assert!(root.contains(expected), "{expected}: {root}");
    }
    let sign = text("sign.pem");
    for expected in [
        "Not Before: Oct  1 00:00:00 2025 GMT",
        "Not After : Jan  9 00:00:00 2026 GMT",
        "Digital Signature\n",
        "TLS Web Server Authentication",
    ] {
        assert!(sign.contains(expected), "{expected}: {sign}");
    }
    // `GmSSL` refuses the extension where it only says that this is no authority.
    assert!(!sign.contains("Basic Constraints"), "{sign}");
    assert!(text("encrypt.pem").contains("Key Encipherment, Data Encipherment, Key Agreement"));
    let serial = String::from_utf8(openssl.run("x509 -in sign.pem -noout -serial")).unwrap();
    assert_eq!(serial.trim(), format!("serial={}", pki.sign.serial()));

    // OpenSSL 3.0 gives the identifier to the certificate that is named, and to no other of the
    // chain; so each is named once.
    let verify = format!("verify -vfyopt {ID} -attime {NOW_S} -x509_strict -partial_chain");
    openssl.run(&format!("{verify} -CAfile root.pem between.pem"));
    openssl.run(&format!(
        "{verify} -CAfile between.pem sign.pem encrypt.pem"
    ));
    assert!(openssl.refuses(&format!("{verify} -CAfile root.pem sign.pem")));
}

#[test]
fn openssl_accepts_our_lists() {
    let openssl = OpenSsl::new();
    let root = make_root("root");
    let lost = issue(&root, Profile::Sign(Role::Server));
    let crl = root
        .sign_crl(&CrlOrder {
            number: 300,
            this_update_s: BEGIN_S,
            next_update_s: END_S,
            revoked: &[Revoked {
                serial: lost.serial().clone(),
                at_s: BEGIN_S,
                reason: RevocationReason::KeyCompromise,
            }],
        })
        .unwrap();
    openssl
        .write("root.pem", root.certificate().to_pem())
        .write("crl.pem", crl.to_pem());
    let text = String::from_utf8(openssl.run("crl -in crl.pem -noout -text")).unwrap();
    for expected in [
        "Key Compromise",
        "X509v3 CRL Number",
        "300",
        &lost.serial().to_string(),
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // OpenSSL 3.0 gives no identifier to lists: so their content and signature are taken apart.
    openssl.run("x509 -in root.pem -noout -pubkey -out root.pub");
    openssl.run("asn1parse -in crl.pem -strparse 4 -noout -out content.der");
    let layout = String::from_utf8(openssl.run("asn1parse -in crl.pem")).unwrap();
    let last = layout.lines().last().unwrap();
    let (at, _) = last.trim().split_once(':').unwrap();
    openssl.run(&format!(
        "asn1parse -in crl.pem -strparse {at} -noout -out signature.der"
    ));
    let verify = format!(
        "pkeyutl -verify -pubin -inkey root.pub -rawin -digest sm3 -pkeyopt {ID} -in content.der"
    );
    openssl.run(&format!("{verify} -sigfile signature.der"));
    openssl.write("signature.der", [0x30, 6, 2, 1, 1, 2, 1, 1]);
    assert!(openssl.refuses(&format!("{verify} -sigfile signature.der")));
}

/// OpenSSL issues: a root, an authority below it and a server; we read and verify.
#[test]
fn we_verify_what_openssl_issues() {
    let openssl = OpenSsl::new();
    for key in ["root", "between", "server"] {
        openssl.run(&format!("genpkey -algorithm SM2 -out {key}.key"));
    }
    openssl.run(&format!(
        "req -x509 -new -key root.key -sm3 -sigopt {ID} -subj /C=CN/O=OpenSSL/CN=Root -days 3650 \
         -addext keyUsage=critical,keyCertSign,cRLSign -out root.pem"
    ));
    openssl.write(
        "between.ext",
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n",
    );
    openssl.write(
        "server.ext",
        "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,nonRepudiation\n\
         extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:*.example.com,IP:127.0.0.1\n\
         certificatePolicies=1.2.3.4\n",
    );
    for (subject, issuer) in [("between", "root"), ("server", "between")] {
        openssl.run(&format!(
            "req -new -key {subject}.key -sm3 -sigopt {ID} -subj /CN={subject} -out {subject}.csr"
        ));
        openssl.run(&format!(
            "x509 -req -in {subject}.csr -CA {issuer}.pem -CAkey {issuer}.key -sm3 -sigopt {ID} \
             -vfyopt {ID} -days 100 -CAcreateserial -extfile {subject}.ext -out {subject}.pem"
        ));
    }
    let read = |name: &str| Certificate::from_pem(&openssl.text(name)).unwrap();
    let (root, between, server) = (read("root.pem"), read("between.pem"), read("server.pem"));
    assert_eq!(root.subject().to_string(), "CN=Root,O=OpenSSL,C=CN");
    assert!(root.is_self_issued() && root.is_authority());
    assert_eq!(
        between.basic_constraints().unwrap().path_length_max,
        Some(0)
    );
    let usage = server.key_usage().unwrap();
    assert!(usage.contains(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION));
    assert!(!usage.intersects(KeyUsage::ENCRYPTION));
    assert_eq!(
        server.subject_names(),
        [
            SubjectName::Dns("*.example.com".into()),
            SubjectName::Ip("127.0.0.1".parse().unwrap())
        ]
    );
    let now_s = server.validity().not_before_s();
    let name = ServerName::parse("gateway.example.com").unwrap();
    let mut check = Check::new(Purpose::Sign, Role::Server, now_s);
    check.name = Some(&name);
    let trust = Trust::new(vec![root]).unwrap();
    let chain = trust.verify(&*software(), &server, &[between], &check);
    assert_eq!(chain.unwrap().len(), 3);

    // Its requests are ours to read, too.
    let provider = software();
    let request = Request::from_pem(&*provider, &openssl.text("server.csr")).unwrap();
    assert_eq!(request.public_key(), server.public_key());
    assert_eq!(request.subject().to_string(), "CN=server");
}

#[test]
fn openssl_accepts_our_requests() {
    let openssl = OpenSsl::new();
    let provider = software();
    let key = make_key();
    let der = Request::make(&name("device 7"), &*key).unwrap();
    openssl.write("request.pem", Request::to_pem(&der));
    openssl.run(&format!("req -in request.pem -verify -noout -vfyopt {ID}"));
    let read = Request::from_der(&*provider, &der).unwrap();
    assert_eq!(read.public_key(), key.verifying_key().public_key());
    assert_eq!(read.subject(), &name("device 7"));
    // The proof is that of the key: another key in its place has none.
    let at = der
        .windows(65)
        .position(|w| *w == key.verifying_key().to_sec1())
        .unwrap();
    let mut swapped = der;
    swapped[at..at + 65].copy_from_slice(&public_key().to_sec1());
    assert_eq!(
        Request::from_der(&*provider, &swapped).unwrap_err(),
        RequestError::BadSignature
    );
}

#[test]
fn other_certificates_are_refused_by_name() {
    let openssl = OpenSsl::new();
    openssl.make_key();
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key");
    openssl.run("req -x509 -new -key p256.key -subj /CN=x -out p256.pem");
    assert_eq!(
        Certificate::from_pem(&openssl.text("p256.pem")).unwrap_err(),
        CertificateError::SignatureAlgorithm
    );
    let refused = |extension: &str| {
        openssl.run(&format!(
            "req -x509 -new -key k.pem -sm3 -sigopt {ID} -subj /CN=x -addext {extension} -out x.pem"
        ));
        Certificate::from_pem(&openssl.text("x.pem")).map(|_| ())
    };
    assert_eq!(refused("1.2.3.4=DER:0500"), Ok(()));
    let critical = Err(CertificateError::CriticalExtension);
    assert_eq!(refused("1.2.3.4=critical,DER:0500"), critical);
    assert_eq!(
        refused("nameConstraints=permitted;DNS:example.com"),
        critical
    );
    assert_eq!(refused("keyUsage=digitalSignature"), Ok(()));
    assert_eq!(
        refused("2.5.29.15=DER:0500"),
        Err(CertificateError::Extension)
    );
}

#[test]
fn sizes_have_limits() {
    let root = make_root("root");
    let mut long = root.certificate().as_der().to_vec();
    long.resize(CERTIFICATE_BYTES_MAX + 1, 0);
    assert_eq!(
        Certificate::from_der(&long).unwrap_err(),
        CertificateError::TooLong
    );
    long.pop();
    assert_eq!(
        Certificate::from_der(&long).unwrap_err(),
        CertificateError::Der
    );
    let names: Vec<SubjectName> = (0..129)
        .map(|at| SubjectName::Dns(format!("a{at}.example")))
        .collect();
    let with = |names: &[SubjectName]| {
        let (subject, public_key) = (name("x"), public_key());
        let order = Order {
            subject: &subject,
            public_key: &public_key,
            validity: validity(),
            profile: Profile::Sign(Role::Server),
            names,
        };
        root.issue(&order, &mut SystemRng).map(|_| ())
    };
    assert_eq!(with(&names[..128]), Ok(()));
    assert_eq!(with(&names), Err(IssueError::Name));
    assert_eq!(
        with(&[SubjectName::Dns("网关".into())]),
        Err(IssueError::Name)
    );
    let pem = root.certificate().to_pem();
    assert_eq!(Certificate::list_from_pem(&pem.repeat(3)).unwrap().len(), 3);
    assert_eq!(
        Certificate::list_from_pem(&pem.repeat(257)).unwrap_err(),
        CertificateError::TooMany
    );
    assert_eq!(
        Certificate::list_from_pem("").unwrap_err(),
        CertificateError::Pem
    );
}

#[test]
fn an_authority_keeps_to_its_bounds() {
    let provider = software();
    let root = make_root_with("root", make_key(), validity(), 1);
    let with = |validity, profile| {
        let (subject, public_key) = (name("x"), public_key());
        let order = Order {
            subject: &subject,
            public_key: &public_key,
            validity,
            profile,
            names: &[],
        };
        root.issue(&order, &mut SystemRng).map(|_| ())
    };
    let sign = Profile::Sign(Role::Client);
    let longer = Validity::new(BEGIN_S, END_S + 1).unwrap();
    let earlier = Validity::new(BEGIN_S - 1, END_S).unwrap();
    assert_eq!(with(validity(), sign), Ok(()));
    assert_eq!(with(longer, sign), Err(IssueError::BeyondAuthority));
    assert_eq!(with(earlier, sign), Err(IssueError::BeyondAuthority));
    let below = |path_length_max| with(validity(), Profile::Authority { path_length_max });
    assert_eq!(below(0), Ok(()));
    assert_eq!(below(1), Err(IssueError::PathTooLong));
    assert!(Validity::new(5, 4).is_err());
    assert!(Validity::new(-1, 4).is_err());

    let leaf = issue(&root, sign);
    let certificate = root.certificate().clone();
    assert_eq!(
        Authority::new(certificate, provider.make_signing_key().unwrap()).unwrap_err(),
        AuthorityError::OtherKey
    );
    assert_ne!(leaf.serial(), issue(&root, sign).serial());
}

/// Dates from 2050 are written with four digits for the year (RFC 5280, 4.1.2.5).
#[test]
fn the_far_future_is_written_as_the_standard_wants() {
    let openssl = OpenSsl::new();
    // 2049-12-31T23:59:59Z and the second after it.
    let last_short_s = 2_524_607_999;
    let validity = Validity::new(last_short_s, last_short_s + 1).unwrap();
    let root = make_root_with("root", make_key(), validity, 0);
    openssl.write("root.pem", root.certificate().to_pem());
    let text = String::from_utf8(openssl.run("asn1parse -in root.pem")).unwrap();
    assert!(text.contains("UTCTIME           :491231235959Z"), "{text}");
    assert!(
        text.contains("GENERALIZEDTIME   :20500101000000Z"),
        "{text}"
    );
    assert_eq!(root.certificate().validity(), validity);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
        value: u8,
        cut: prop::sample::Index,
    ) {
        let provider = software();
        let _ = Certificate::from_der(&bytes);
        let _ = Crl::from_der(&bytes);
        let _ = OcspResponse::from_der(&bytes);
        let _ = Request::from_der(&*provider, &bytes);
        // Near misses reach deeper than noise.
        let root = make_root("root");
        let names = [SubjectName::Dns("a.example".into())];
        let leaf = issue_with(&root, Profile::Encrypt(Role::Client), validity(), &names);
        let mut der = leaf.as_der().to_vec();
        let at = at.index(der.len());
        der[at] = value;
        if let Ok(read) = Certificate::from_der(&der) {
            prop_assert_eq!(read.as_der(), &der);
            let _ = (read.subject().to_string(), read.issuer().common_name());
        }
        der.truncate(cut.index(der.len()));
        prop_assert!(Certificate::from_der(&der).is_err());
    }
}
