//! The examples of RFC 9421, appendix B: bases byte for byte, and the signatures that we can check.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hefu_tally::key::{Algorithm, PublicKey};
use hefu_tally::signature::base::{self, Message};
use hefu_tally::signature::input::{parse_input, parse_signature};

type Fields = Vec<(&'static str, &'static str)>;

const TARGET: &str = "https://example.com/foo?param=Value&Pet=dog";
const DIGEST: &str = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

fn request() -> Fields {
    vec![
        ("Host", "example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Digest", DIGEST),
        ("Content-Length", "18"),
    ]
}

fn base_of(input: &str, message: &Message<'_, Fields>) -> String {
    let inputs = parse_input(input.as_bytes()).unwrap();
    base::build::<_, Fields>(&inputs[0], message, None).unwrap()
}

/// The last 32 or 65 bytes of a SubjectPublicKeyInfo are the key.
fn public_key(algorithm: Algorithm, spki: &str) -> PublicKey {
    let spki = STANDARD.decode(spki).unwrap();
    let bytes = if algorithm == Algorithm::Ed25519 {
        32
    } else {
        65
    };
    PublicKey::from_bytes(algorithm, &spki[spki.len() - bytes..]).unwrap()
}

fn ed25519() -> PublicKey {
    public_key(
        Algorithm::Ed25519,
        "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=",
    )
}

fn p256() -> PublicKey {
    public_key(
        Algorithm::EcdsaP256Sha256,
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==",
    )
}

#[test]
fn b_2_1_a_minimal_signature_covers_its_parameters() {
    let fields = request();
    let input =
        r#"sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#;
    assert_eq!(
        base_of(input, &Message::request("POST", TARGET, &fields)),
        r#""@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#
    );
}

#[test]
fn b_2_2_selected_components() {
    let fields = request();
    let input = r#"sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#;
    assert_eq!(
        base_of(input, &Message::request("POST", TARGET, &fields)),
        format!(
            "\"@authority\": example.com\n\
             \"content-digest\": {DIGEST}\n\
             \"@query-param\";name=\"Pet\": dog\n\
             \"@signature-params\": (\"@authority\" \"content-digest\" \"@query-param\";name=\"Pet\");created=1618884473;keyid=\"test-key-rsa-pss\";tag=\"header-example\""
        )
    );
}

#[test]
fn b_2_3_full_coverage() {
    let fields = request();
    let input = r#"sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#;
    assert_eq!(
        base_of(input, &Message::request("POST", TARGET, &fields)),
        format!(
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
             \"@method\": POST\n\
             \"@path\": /foo\n\
             \"@query\": ?param=Value&Pet=dog\n\
             \"@authority\": example.com\n\
             \"content-type\": application/json\n\
             \"content-digest\": {DIGEST}\n\
             \"content-length\": 18\n\
             \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\" \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-rsa-pss\""
        )
    );
}

#[test]
fn b_2_4_a_response_under_ecdsa_p256() {
    let digest = "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:";
    let fields = vec![
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Digest", digest),
        ("Content-Length", "23"),
    ];
    let input = r#"sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
    let base = base_of(input, &Message::response(200, &fields));
    assert_eq!(
        base,
        format!(
            "\"@status\": 200\n\
             \"content-type\": application/json\n\
             \"content-digest\": {digest}\n\
             \"content-length\": 23\n\
             \"@signature-params\": (\"@status\" \"content-type\" \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-ecc-p256\""
        )
    );
    let field = b"sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:";
    let signature = parse_signature(field, "sig-b24").unwrap();
    assert!(p256().verify(base.as_bytes(), &signature).is_ok());
    assert!(
        p256()
            .verify(base.replace("200", "201").as_bytes(), &signature)
            .is_err()
    );
}

#[test]
fn b_2_5_a_shared_secret() {
    let fields = request();
    let input = r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
    let base = base_of(input, &Message::request("POST", TARGET, &fields));
    assert_eq!(
        base,
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
         \"@authority\": example.com\n\
         \"content-type\": application/json\n\
         \"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\""
    );
    // hmac-sha256 is not one of our algorithms; it is computed here to prove the base.
    let secret = STANDARD
        .decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
        .unwrap();
    let tag = STANDARD
        .decode("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=")
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    assert!(hmac::verify(&key, base.as_bytes(), &tag).is_ok());
}

#[test]
fn b_2_6_a_request_under_ed25519() {
    let fields = request();
    let input = r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
    let base = base_of(input, &Message::request("POST", TARGET, &fields));
    assert_eq!(
        base,
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
         \"@method\": POST\n\
         \"@path\": /foo\n\
         \"@authority\": example.com\n\
         \"content-type\": application/json\n\
         \"content-length\": 18\n\
         \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\""
    );
    let field = b"sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
    let signature = parse_signature(field, "sig-b26").unwrap();
    assert!(ed25519().verify(base.as_bytes(), &signature).is_ok());
    assert!(
        ed25519()
            .verify(base.replace("POST", "PUT").as_bytes(), &signature)
            .is_err()
    );
}

#[test]
fn b_3_a_proxy_covers_the_clients_certificate() {
    const CERTIFICATE: &str = ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:";
    let fields = vec![
        ("Host", "service.internal.example"),
        ("Client-Cert", CERTIFICATE),
    ];
    let target = "https://service.internal.example/foo?param=Value&Pet=dog";
    let input = r#"ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256""#;
    let base = base_of(input, &Message::request("POST", target, &fields));
    assert!(base.starts_with(
        "\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n\"@method\": POST\n\"@authority\": service.internal.example\n\"client-cert\": :MIIB"
    ));
    let field = b"ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==:";
    let signature = parse_signature(field, "ttrp").unwrap();
    assert!(p256().verify(base.as_bytes(), &signature).is_ok());
}

#[test]
fn b_4_transformations_that_keep_the_base_keep_the_signature_and_others_do_not() {
    let input = r#"transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519""#;
    let field = b"transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:";
    let signature = parse_signature(field, "transform").unwrap();
    let holds = |method, target, fields: Fields| {
        let base = base_of(input, &Message::request(method, target, &fields));
        ed25519().verify(base.as_bytes(), &signature).is_ok()
    };
    let target = "https://example.org/demo?name1=Value1&Name2=value2";
    let lines = || {
        vec![
            ("Host", "example.org"),
            ("Accept", "application/json"),
            ("Accept", "*/*"),
        ]
    };
    assert!(holds("GET", target, lines()));

    let added = "https://example.org/demo?name1=Value1&Name2=value2&param=added";
    let mut with_language = lines();
    with_language.push(("Accept-Language", "en-US,en;q=0.5"));
    assert!(
        holds("GET", added, with_language),
        "what is not covered may change"
    );
    assert!(
        holds("GET", target, vec![("Accept", "application/json, */*")]),
        "lines may be joined"
    );
    let moved = vec![
        ("Accept", "application/json"),
        ("Date", "now"),
        ("Accept", "*/*"),
    ];
    assert!(holds("GET", target, moved), "other lines may stand between");

    assert!(
        !holds("POST", "https://example.com/demo", lines()),
        "method and authority changed"
    );
    let swapped = vec![("Accept", "*/*"), ("Accept", "application/json")];
    assert!(!holds("GET", target, swapped), "the order of lines changed");
}

#[test]
fn section_2_examples_of_fields_and_parameters() {
    let fields: Fields = vec![
        ("Host", "www.example.com"),
        ("X-OWS-Header", "  Leading and trailing whitespace.   "),
        ("Cache-Control", "max-age=60"),
        ("Cache-Control", "    must-revalidate"),
        ("Example-Dict", "  a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
        ("X-Empty-Header", ""),
    ];
    let input = r#"s=("x-ows-header" "cache-control" "example-dict" "x-empty-header" "example-dict";key="a" "example-dict";key="b" "example-dict";key="c" "example-dict";key="d" "example-dict";sf "x-ows-header";bs);created=1"#;
    let base = base_of(
        input,
        &Message::request("GET", "https://www.example.com/", &fields),
    );
    let lines: Vec<&str> = base.lines().collect();
    assert_eq!(
        &lines[..10],
        [
            r#""x-ows-header": Leading and trailing whitespace."#,
            r#""cache-control": max-age=60, must-revalidate"#,
            r#""example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c), d"#,
            r#""x-empty-header": "#,
            r#""example-dict";key="a": 1"#,
            r#""example-dict";key="b": 2;x=1;y=2"#,
            r#""example-dict";key="c": (a b c)"#,
            r#""example-dict";key="d": ?1"#,
            r#""example-dict";sf: a=1, b=2;x=1;y=2, c=(a b c), d"#,
            r#""x-ows-header";bs: :TGVhZGluZyBhbmQgdHJhaWxpbmcgd2hpdGVzcGFjZS4=:"#,
        ]
    );
}

#[test]
fn section_2_examples_of_derived_components() {
    let none: Fields = Vec::new();
    let value = |target: &str, component: &str| {
        let input = format!("s=({component});created=1");
        let inputs = parse_input(input.as_bytes()).unwrap();
        let message = Message::request("POST", target, &none);
        let base =
            base::build::<_, Fields>(&inputs[0], &message, None).map_err(|error| error.to_string());
        base.map(|base| {
            base.lines()
                .next()
                .unwrap()
                .split_once(": ")
                .unwrap()
                .1
                .to_owned()
        })
    };
    let target = "https://www.example.com/path?param=value";
    for (component, expected) in [
        (r#""@method""#, "POST"),
        (r#""@target-uri""#, target),
        (r#""@authority""#, "www.example.com"),
        (r#""@scheme""#, "https"),
        (r#""@request-target""#, "/path?param=value"),
        (r#""@path""#, "/path"),
        (r#""@query""#, "?param=value"),
    ] {
        assert_eq!(
            value(target, component).as_deref(),
            Ok(expected),
            "{component}"
        );
    }
    assert_eq!(
        value("https://EXAMPLE.com:443", r#""@authority""#).as_deref(),
        Ok("example.com")
    );
    assert_eq!(
        value("http://example.com:8080", r#""@authority""#).as_deref(),
        Ok("example.com:8080")
    );
    assert_eq!(
        value("https://example.com", r#""@path""#).as_deref(),
        Ok("/")
    );
    assert_eq!(
        value("https://example.com/p", r#""@query""#).as_deref(),
        Ok("?")
    );

    let query = "https://example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&twice=1&twice=2";
    for (name, expected) in [
        ("var", "this%20is%20a%20big%0Amultiline%20value"),
        ("bar", "with%20plus%20whitespace"),
        ("fa%C3%A7ade%22%3A%20", "something"),
    ] {
        let component = format!(r#""@query-param";name="{name}""#);
        assert_eq!(value(query, &component).as_deref(), Ok(expected), "{name}");
    }
    assert!(
        value(query, r#""@query-param";name="twice""#).is_err(),
        "ambiguous"
    );
    assert!(
        value(query, r#""@query-param";name="none""#).is_err(),
        "missing"
    );
    for wrong in [
        r#""@status""#,
        r#""@unknown""#,
        r#""@method";sf"#,
        r#""date""#,
        r#""x";tr"#,
    ] {
        assert!(value(target, wrong).is_err(), "{wrong}");
    }
}
