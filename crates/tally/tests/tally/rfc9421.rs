//! The examples of RFC 9421: the bases of appendix B and of section 2 byte for byte, and every
//! published signature over them, so that also the expected bytes here are judged by the RFC.
//!
//! The messages, keys and signatures are code components of RFC 9421. Copyright (c) 2024 IETF Trust
//! and the persons identified as the document authors, used under the Revised BSD License as set out
//! in section 4.e of the Trust Legal Provisions (<https://trustee.ietf.org/license-info>).

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA512, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hefu_tally::key::{Algorithm, PublicKey};
use hefu_tally::signature::base::{self, BaseError, Message};
use hefu_tally::signature::input::{parse_input, parse_signature};

type Fields<'a> = Vec<(&'a str, &'a str)>;

const TARGET: &str = "https://example.com/foo?param=Value&Pet=dog";
const DIGEST: &str = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

fn request<'a>() -> Fields<'a> {
    vec![
        ("Host", "example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Digest", DIGEST),
        ("Content-Length", "18"),
    ]
}

fn base_of(input: &str, message: &Message<'_, Fields<'_>>) -> String {
    let inputs = parse_input(input.as_bytes()).unwrap();
    base::build::<_, Fields<'_>>(&inputs[0], message, None).unwrap()
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

/// Whether a signature of the RFC's key `test-key-rsa-pss` holds over `base`. RSA is none of our
/// algorithms; it is checked here to prove the base.
fn rsa_pss_holds(base: &str, field: &[u8], label: &str) -> bool {
    const KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB";
    let key = STANDARD.decode(KEY).unwrap();
    let signature = parse_signature(field, label).unwrap();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA512, key)
        .verify(base.as_bytes(), &signature)
        .is_ok()
}

#[test]
fn b_2_1_a_minimal_signature_covers_its_parameters() {
    let fields = request();
    let input =
        r#"sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#;
    let base = base_of(input, &Message::request("POST", TARGET, &fields));
    assert_eq!(
        base,
        r#""@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#
    );
    let field = b"sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:";
    assert!(rsa_pss_holds(&base, field, "sig-b21"));
    assert!(!rsa_pss_holds(
        &base.replace("();", "( );"),
        field,
        "sig-b21"
    ));
}

#[test]
fn b_2_2_selected_components() {
    let fields = request();
    let input = r#"sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#;
    let base = base_of(input, &Message::request("POST", TARGET, &fields));
    assert_eq!(
        base,
        format!(
            "\"@authority\": example.com\n\
             \"content-digest\": {DIGEST}\n\
             \"@query-param\";name=\"Pet\": dog\n\
             \"@signature-params\": (\"@authority\" \"content-digest\" \"@query-param\";name=\"Pet\");created=1618884473;keyid=\"test-key-rsa-pss\";tag=\"header-example\""
        )
    );
    let field = b"sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:";
    assert!(rsa_pss_holds(&base, field, "sig-b22"));
    assert!(!rsa_pss_holds(
        &base.replace("dog", "cat"),
        field,
        "sig-b22"
    ));
}

#[test]
fn b_2_3_full_coverage() {
    let fields = request();
    let input = r#"sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#;
    let base = base_of(input, &Message::request("POST", TARGET, &fields));
    assert_eq!(
        base,
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
    let field = b"sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:";
    assert!(rsa_pss_holds(&base, field, "sig-b23"));
    assert!(!rsa_pss_holds(
        &base.replace(": 18", ": 19"),
        field,
        "sig-b23"
    ));
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
    let holds = |method, target, fields: Fields<'_>| {
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

const UNAVAILABLE_DIGEST: &str = "sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:";

fn unavailable<'a>() -> Fields<'a> {
    vec![
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Length", "62"),
        ("Content-Digest", UNAVAILABLE_DIGEST),
    ]
}

/// The base of a response to `request`, and whether a signature of `test-key-ecc-p256` holds over it.
fn bound(input: &str, request: &Fields<'_>, signature: &str) -> (String, bool) {
    let inputs = parse_input(input.as_bytes()).unwrap();
    let fields = unavailable();
    let request = Message::request("POST", TARGET, request);
    let base = base::build(&inputs[0], &Message::response(503, &fields), Some(&request)).unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let holds = p256().verify(base.as_bytes(), &signature).is_ok();
    (base, holds)
}

#[test]
fn section_2_4_a_response_is_bound_to_the_parts_of_its_request() {
    let input = r#"reqres=("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req "content-digest";req);created=1618884479;keyid="test-key-ecc-p256""#;
    let signature =
        "dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==";
    let (base, holds) = bound(input, &request(), signature);
    assert_eq!(
        base,
        format!(
            "\"@status\": 503\n\
             \"content-digest\": {UNAVAILABLE_DIGEST}\n\
             \"content-type\": application/json\n\
             \"@authority\";req: example.com\n\
             \"@method\";req: POST\n\
             \"@path\";req: /foo\n\
             \"content-digest\";req: {DIGEST}\n\
             \"@signature-params\": (\"@status\" \"content-digest\" \"content-type\" \"@authority\";req \"@method\";req \"@path\";req \"content-digest\";req);created=1618884479;keyid=\"test-key-ecc-p256\""
        )
    );
    assert!(holds);
    let mut another = request();
    another.retain(|(name, _)| *name != "Content-Digest");
    another.push(("Content-Digest", UNAVAILABLE_DIGEST));
    assert!(!bound(input, &another, signature).1);
}

/// The example of draft-ietf-httpbis-message-signatures-12, which the RFC replaced by the one above:
/// the one published signature that covers the request's own.
#[test]
fn section_2_4_a_response_is_bound_to_the_signature_of_its_request() {
    const REQUEST_SIGNATURE: &str = ":LAH8BjcfcOcLojiuOBFWn0P5keD3xAOuJRGziCLuD8r5MW9S0RoXXLzLSRfGY/3SF8kVIkHjE13SEFdTo4Af/fJ/Pu9wheqoLVdwXyY/UkBIS1M8Brc8IODsn5DFIrG0IrburbLi0uCc+E2ZIIb6HbUJ+o+jP58JelMTe0QE3IpWINTEzpxjqDf5/Df+InHCAkQCTuKsamjWXUpyOT1Wkxi7YPVNOjW4MfNuTZ9HdbD2Tr65+BXeTG9ZS/9SWuXAc+BZ8WyPz0QRz//ec3uWXd7bYYODSjRAxHqX+S1ag3LZElYyUKaAIjZ8MGOt4gXEwCSLDv/zqxZeWLj/PDkn6w==:";
    let input = r#"reqres=("@status" "content-length" "content-type" "signature";req;key="sig1" "@authority";req "@method";req);created=1618884479;keyid="test-key-ecc-p256""#;
    let signature =
        "mh17P4TbYYBmBwsXPT4nsyVzW4Rp9Fb8WcvnfqKCQLoMvzOBLD/n32tL/GPW6XE5GAS5bdsg1khK6lBzV1Cx/Q==";
    let field = format!("other=:AAAA:, sig1={REQUEST_SIGNATURE}");
    let mut request = request();
    request.push(("Signature", &field));
    let (base, holds) = bound(input, &request, signature);
    assert_eq!(
        base.lines().nth(3).unwrap(),
        format!("\"signature\";req;key=\"sig1\": {REQUEST_SIGNATURE}")
    );
    assert!(holds);

    let moved = field.replace(":LAH8", ":LAH9");
    request.pop();
    request.push(("Signature", &moved));
    assert!(!bound(input, &request, signature).1);
}

#[test]
fn section_2_1_4_trailers_are_not_header_fields() {
    let fields = vec![("Trailer", "Expires"), ("Expires", "never")];
    let trailers = vec![("Expires", "Wed, 9 Nov 2022 07:28:00 GMT")];
    let input = r#"s=("@status" "trailer" "expires";tr "expires");created=1"#;
    let message = || Message::response(200, &fields);
    assert!(
        base_of(input, &message().with_trailers(&trailers)).starts_with(
            "\"@status\": 200\n\
             \"trailer\": Expires\n\
             \"expires\";tr: Wed, 9 Nov 2022 07:28:00 GMT\n\
             \"expires\": never\n"
        )
    );
    let inputs = parse_input(input.as_bytes()).unwrap();
    assert_eq!(
        base::build::<_, Fields<'_>>(&inputs[0], &message(), None),
        Err(BaseError::Missing)
    );
}

#[test]
fn section_2_1_3_lines_that_cannot_be_joined_are_kept_apart() {
    let input = r#"s=("example-header";bs);created=1"#;
    let apart = vec![
        ("Example-Header", "value, with, lots"),
        ("Example-Header", "of, commas"),
    ];
    let joined = vec![("Example-Header", "value, with, lots, of, commas")];
    for (fields, value) in [
        (apart, ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"),
        (joined, ":dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:"),
    ] {
        let base = base_of(input, &Message::response(200, &fields));
        let line = format!("\"example-header\";bs: {value}");
        assert_eq!(base.lines().next(), Some(line.as_str()));
    }
}

#[test]
fn a_line_end_in_method_or_target_writes_no_line_of_the_base() {
    let inputs = parse_input(br#"s=("@method" "@path");created=1"#).unwrap();
    let none: Fields<'_> = Vec::new();
    let build = |method, target| {
        base::build::<_, Fields<'_>>(&inputs[0], &Message::request(method, target, &none), None)
    };
    assert!(build("GET", "https://example.com/a").is_ok());
    for (method, target) in [
        ("GET\n\"@path\": /", "https://example.com/a"),
        ("", "https://example.com/a"),
        ("GET", "https://example.com/a\n\"@method\": PUT"),
        ("GET", "https://example.com/a b"),
        ("GET", "https://example.com/é"),
        ("GET", "/a"),
    ] {
        assert_eq!(build(method, target), Err(BaseError::Target), "{target}");
    }
}

#[test]
fn section_2_examples_of_fields_and_parameters() {
    let fields: Fields<'_> = vec![
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
    let none: Fields<'_> = Vec::new();
    let value = |target: &str, component: &str| {
        let input = format!("s=({component});created=1");
        let inputs = parse_input(input.as_bytes()).unwrap();
        let message = Message::request("POST", target, &none);
        let base = base::build::<_, Fields<'_>>(&inputs[0], &message, None)
            .map_err(|error| error.to_string());
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
        r#""@method";req"#,
        r#""@method";req=?0"#,
        r#""@path";tr"#,
        r#""@signature-params""#,
        r#""@query-param""#,
        r#""Host""#,
        r#""date""#,
        r#""x";tr"#,
    ] {
        assert!(value(target, wrong).is_err(), "{wrong}");
    }
}
