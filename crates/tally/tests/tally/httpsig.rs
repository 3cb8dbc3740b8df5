//! Another implementation of RFC 9421 as a judge: what we sign it verifies, and what it signs we do.

use hefu_gm::rng::SystemRng;
use hefu_tally::clock::{Clock as _, SystemClock};
use hefu_tally::digest::{DigestAlgorithm, content_digest};
use hefu_tally::ids::KeyId;
use hefu_tally::key::{Algorithm, PublicKey, SigningKey, VerifyWith};
use hefu_tally::nonce;
use hefu_tally::signature::base::Message;
use hefu_tally::signature::request::{self, Claim, RequestRefusal, RequestSignature};
use hefu_tally::time::Window;
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams,
    PublicKey as TheirPublicKey, SecretKey as TheirSecretKey,
};

const URI: &str = "https://gateway.example/transfers?dry=1";
const BODY: &[u8] = br#"{"amount":100}"#;
const TOKEN: &str = "Hefu AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const PAIRS: [(Algorithm, AlgorithmName); 2] = [
    (Algorithm::Ed25519, AlgorithmName::Ed25519),
    (Algorithm::EcdsaP256Sha256, AlgorithmName::EcdsaP256Sha256),
];

fn lines(digest: &str, method: &str) -> Vec<HttpMessageComponent> {
    [
        format!("\"@method\": {method}"),
        format!("\"@target-uri\": {URI}"),
        format!("\"content-digest\": {digest}"),
        format!("\"authorization\": {TOKEN}"),
        "\"x-function-no\": T2001".to_owned(),
    ]
    .iter()
    .map(|line| HttpMessageComponent::try_from(line.as_str()).unwrap())
    .collect()
}

#[test]
fn it_verifies_what_we_sign_and_refuses_what_was_changed() {
    for (ours, theirs) in PAIRS {
        let key = SigningKey::make(ours).unwrap();
        let public = key.public_key().unwrap();
        let nonce = nonce::make(&mut SystemRng).unwrap();
        let fields = vec![("authorization", TOKEN), ("x-function-no", "T2001")];
        let signature = RequestSignature {
            key_id: KeyId::Device(public.device_id()),
            // It judges `expires` by the real clock.
            created: SystemClock.now().secs(),
            window: Window::DEFAULT,
            nonce: &nonce,
            digest: DigestAlgorithm::Sha256,
        };
        let message = Message::request("POST", URI, &fields);
        let signed = request::sign(&key, &signature, &message, BODY).unwrap();

        let parsed =
            HttpSignatureHeaders::try_parse(&signed.signature, &signed.signature_input).unwrap();
        let headers = parsed.get(request::LABEL).unwrap();
        let judge = TheirPublicKey::from_bytes(&theirs, &public.to_bytes()).unwrap();
        let holds = |method| {
            let lines = lines(&signed.content_digest, method);
            HttpSignatureBase::try_new(&lines, headers.signature_params())
                .unwrap()
                .verify_signature_headers(&judge, headers)
                .is_ok()
        };
        assert!(holds("POST"), "{ours}");
        assert!(!holds("PUT"), "{ours}");
    }
}

#[test]
fn we_verify_what_it_signs_and_refuse_what_was_changed() {
    for (ours, theirs) in PAIRS {
        // Thirty-two bytes are a seed of Ed25519 and, being small, a scalar of P-256.
        let secret = TheirSecretKey::from_bytes(&theirs, &[7; 32]).unwrap();
        let public = public_key(ours);
        let digest = content_digest(DigestAlgorithm::Sha256, BODY);
        let lines = lines(&digest, "POST");
        let covered: Vec<HttpMessageComponentId> =
            lines.iter().map(|line| line.id.clone()).collect();
        let mut params = HttpSignatureParams::try_new(&covered).unwrap();
        params
            .set_created(1_760_000_000)
            .set_expires(1_760_000_060)
            .set_nonce(&nonce::make(&mut SystemRng).unwrap())
            .set_keyid(&public.device_id().to_string())
            .set_alg(&theirs)
            .set_tag(request::TAG);
        let headers = HttpSignatureBase::try_new(&lines, &params)
            .unwrap()
            .build_signature_headers(&secret, Some("judge"))
            .unwrap();
        let fields = vec![
            ("content-digest", digest),
            ("authorization", TOKEN.to_owned()),
            ("x-function-no", "T2001".to_owned()),
            ("signature-input", headers.signature_input_header_value()),
            ("signature", headers.signature_header_value()),
        ];
        let verify = |method, body| {
            let message = Message::request(method, URI, &fields);
            Claim::read(&fields)
                .and_then(|claim| claim.verify(VerifyWith::Public(&public), &message, body))
                .map(|verified| verified.created())
        };
        assert_eq!(verify("POST", BODY).unwrap(), 1_760_000_000, "{ours}");
        assert_eq!(verify("PUT", BODY).unwrap_err(), RequestRefusal::Signature);
        assert!(matches!(
            verify("POST", b"{}"),
            Err(RequestRefusal::Digest(_))
        ));
    }
}

/// The public half of the secret that is thirty-two times seven, by aws-lc.
fn public_key(algorithm: Algorithm) -> PublicKey {
    use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    if algorithm == Algorithm::Ed25519 {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        return PublicKey::from_bytes(algorithm, pair.public_key().as_ref()).unwrap();
    }
    let curve = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    // The SEC1 document of a private key without its public half (RFC 5915).
    let mut sec1 = vec![0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    sec1.extend_from_slice(&[7; 32]);
    sec1.extend_from_slice(&[
        0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ]);
    let pair = EcdsaKeyPair::from_private_key_der(curve, &sec1).unwrap();
    PublicKey::from_bytes(algorithm, pair.public_key().as_ref()).unwrap()
}
