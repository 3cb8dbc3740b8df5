//! Whatever bytes come in, the readers answer and do not panic.

use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::DecryptionKey;
use hefu_tally::ids::{DeviceId, KeyId, RequestId};
use hefu_tally::key::{Algorithm, PublicKey, SigningKey};
use hefu_tally::mask::Mask;
use hefu_tally::messages::{EnrolRequest, EnrolResponse, OpenSessionRequest, OpenSessionResponse};
use hefu_tally::nonce::Nonce;
use hefu_tally::problem::ReceivedProblem;
use hefu_tally::sealed::{self, Place};
use hefu_tally::signature::base::{self, Message};
use hefu_tally::signature::input::{parse_input, parse_signature};
use hefu_tally::signature::request::Claim;
use hefu_tally::trust::TrustFile;
use hefu_tally::validate::{self, Date};
use hefu_tally::{digest, function::FunctionNo};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

fn structured() -> impl Strategy<Value = String> {
    "([a-z*]{1,3}=)?\\(?(\"[@a-z\\\\\"-]{0,12}\"(;[a-z]{1,3}(=[?:\"0-9a-zA-Z-]{0,6})?)? ?){0,4}\\)?(;[a-z]{1,7}=[-?:\"0-9a-zA-Z.]{0,18}){0,4},?"
}

proptest! {
    #[test]
    fn signature_fields(input in structured(), bytes in prop::collection::vec(any::<u8>(), 0..200), target in ".{0,60}") {
        for field in [input.as_bytes(), bytes.as_slice()] {
            let fields = vec![("signature-input", field), ("signature", field), ("content-digest", field), ("x", field)];
            let _ = Claim::read(&fields);
            let _ = parse_signature(field, "hefu");
            let _ = digest::verify(field, b"body");
            for input in parse_input(field).unwrap_or_default() {
                let _ = base::build::<_, Vec<(&str, &str)>>(&input, &Message::request("GET", &target, &fields), None);
            }
        }
    }

    #[test]
    fn texts(text in "\\PC{0,60}|[a-z]-[A-Za-z0-9_-]{22}|[0-9X]{18}|hefu-sealed:1:e-[A-Za-z0-9_-]{22}:[A-Za-z0-9_-]{0,80}") {
        let _ = text.parse::<KeyId>();
        let _ = text.parse::<DeviceId>();
        let _ = text.parse::<RequestId>();
        let _ = text.parse::<FunctionNo>();
        let _ = validate::id_number(&text, Date { year: 2026, month: 1, day: 1 });
        let _ = validate::bank_card(&text);
        let _ = validate::phone(&text);
        let _ = sealed::is_well_formed(&text);
        let _ = Nonce::parse(&text);
        let _ = TrustFile::from_json(text.as_bytes());
        for mask in Mask::ALL {
            // A star for each hidden character: never longer than the value.
            prop_assert!(mask.apply(&text).len() <= text.len());
        }
    }

    #[test]
    fn keys(bytes in prop::collection::vec(any::<u8>(), 0..140), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for algorithm in ALGORITHMS {
            let _ = PublicKey::from_bytes(algorithm, &bytes);
            let _ = SigningKey::from_pkcs8(algorithm, &bytes);
            if algorithm != Algorithm::HmacSm3 {
                let mut file = SigningKey::make(algorithm).unwrap().dangerous_pkcs8().to_vec();
                let at = cut.index(file.len());
                prop_assert!(SigningKey::from_pkcs8(algorithm, &file[..at]).is_err());
                file[at] = byte;
                let _ = SigningKey::from_pkcs8(algorithm, &file);
            }
        }
    }

    #[test]
    fn bodies(json in json()) {
        read::<EnrolRequest>(&json);
        read::<EnrolResponse>(&json);
        read::<OpenSessionRequest>(&json);
        read::<OpenSessionResponse>(&json);
        read::<ReceivedProblem>(&json);
        read::<PublicKey>(&json);
        let _ = TrustFile::from_json(json.as_bytes());
    }
}

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Ed25519,
    Algorithm::EcdsaP256Sha256,
    Algorithm::Sm2Sm3,
    Algorithm::HmacSm3,
];

fn read<T: DeserializeOwned>(json: &str) {
    let _ = serde_json::from_str::<T>(json);
}

/// Objects with the members of our bodies and values of every kind.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1e999".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        "[A-Za-z0-9_-]{0,90}".prop_map(|text| format!("\"{text}\"")),
        "sm2-sm3|ed25519|sm2-ecdh|sm2|android".prop_map(|text| format!("\"{text}\"")),
    ];
    let names = "code|signature_key|channel_csr|platform|model|device|certificate_pem|chain_pem|\
                 not_after|user|password|agreement|alg|public|session|token|expires_at|idle_s|\
                 version|origin|ca_pem|signing_key|encryption_key|id|status|request_id";
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop::collection::vec((names, inner), 0..8).prop_map(|members| {
            let members = members
                .iter()
                .map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        })
    })
}

#[test]
fn sealed_fields() {
    let key = DecryptionKey::make(&mut SystemRng).unwrap();
    let place = Place {
        function: "F",
        key_id: "d",
        nonce: "n",
        pointer: "/p",
    };
    let id = sealed::key_id(key.encryption_key());
    let text = sealed::seal(key.encryption_key(), &place, b"1", &mut SystemRng).unwrap();
    for end in 0..text.len() {
        assert!(sealed::open(&key, &place, &text[..end]).is_err());
    }
    for tail in ["", "A", "AHEE", "_____w", &"A".repeat(400), "\u{e9}"] {
        assert!(sealed::open(&key, &place, &format!("hefu-sealed:1:{id}:{tail}")).is_err());
    }
    assert!(sealed::open(&key, &place, &text).is_ok());
}
