//! Every parser of bytes from outside, as a function that takes bytes and must come back.
//!
//! See `fuzz/README.md` for how to smoke them and how to dig deeper.

#![forbid(unsafe_code)]

pub mod audit;
pub mod tlcp;

use std::sync::LazyLock;

use hefu_gateway::contract::Contract;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{DecryptionKey, PrivateKey};
use hefu_gm::x509::{Certificate, Check, Crl, OcspResponse, Purpose, Request, Role, Trust};
use hefu_gm::{pbes2, provider};
use hefu_tally::mask::{HIDDEN, Mask};
use hefu_tally::sealed::{self, Place};
use hefu_tally::signature::base::{self, Message};
use hefu_tally::signature::input::{parse_input, parse_signature};
use hefu_tally::signature::request::Claim;
use hefu_tally::validate::{self, Date};
use hefu_tally::{digest, signature::input::SignatureInput};

/// A target: its name, which is that of its folder of seeds and of its harness.
#[derive(Debug)]
pub struct Target {
    /// Permanent.
    pub name: &'static str,
    /// What must come back for any bytes.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "signature_headers",
        run: signature_headers,
    },
    Target {
        name: "openapi_document",
        run: openapi_document,
    },
    Target {
        name: "sealed_field",
        run: sealed_field,
    },
    Target {
        name: "masks",
        run: masks,
    },
    Target {
        name: "id_number",
        run: id_number,
    },
    Target {
        name: "certificate",
        run: certificate,
    },
    Target {
        name: "revocation_list",
        run: revocation_list,
    },
    Target {
        name: "ocsp_response",
        run: ocsp_response,
    },
    Target {
        name: "encrypted_key",
        run: encrypted_key,
    },
    Target {
        name: "archive",
        run: audit::archive,
    },
    Target {
        name: "binary_xml",
        run: audit::binary_xml,
    },
    Target {
        name: "text_xml",
        run: audit::text_xml,
    },
    Target {
        name: "resource_table",
        run: audit::resource_table,
    },
    Target {
        name: "protobuf",
        run: audit::protobuf,
    },
    Target {
        name: "dex_file",
        run: audit::dex_file,
    },
    Target {
        name: "elf_file",
        run: audit::elf_file,
    },
    Target {
        name: "advisories",
        run: audit::advisories,
    },
    Target {
        name: "macho_file",
        run: audit::macho_file,
    },
    Target {
        name: "objc_calls",
        run: audit::objc_calls,
    },
    Target {
        name: "plist",
        run: audit::plist,
    },
    Target {
        name: "signer_certificate",
        run: audit::certificate,
    },
    Target {
        name: "apk_signature",
        run: audit::apk_signature,
    },
    Target {
        name: "idsig",
        run: audit::idsig,
    },
    Target {
        name: "hap_signature",
        run: audit::hap_signature,
    },
    Target {
        name: "configuration",
        run: audit::configuration,
    },
    Target {
        name: "reviews",
        run: audit::reviews,
    },
    Target {
        name: "package",
        run: audit::package,
    },
    Target {
        name: "tlcp_client_hello",
        run: tlcp::client_hello,
    },
    Target {
        name: "tlcp_server_hello",
        run: tlcp::server_hello,
    },
    Target {
        name: "tlcp_certificate_request",
        run: tlcp::certificate_request,
    },
    Target {
        name: "tlcp_server_key_exchange",
        run: tlcp::server_key_exchange,
    },
    Target {
        name: "tlcp_client_key_exchange",
        run: tlcp::client_key_exchange,
    },
    Target {
        name: "tlcp_small_messages",
        run: tlcp::small_messages,
    },
    Target {
        name: "tlcp_certificates",
        run: tlcp::certificates,
    },
    Target {
        name: "tlcp_records",
        run: tlcp::records,
    },
];

/// `Signature-Input`, `Signature` and `Content-Digest`, one a line; what is read is written again
/// and read to the same.
pub fn signature_headers(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (input, signature, content_digest) = (line(), line(), line());
    let fields = [
        ("signature-input", input),
        ("signature", signature),
        ("content-digest", content_digest),
        ("x-function-no", b"T2001"),
    ];
    let _ = Claim::read(&fields[..]);
    let _ = digest::verify(content_digest, b"body");
    for input in parse_input(input).unwrap_or_default() {
        let _ = parse_signature(signature, input.label);
        let message = Message::request("POST", "https://gateway.example/a?b=c", &fields[..]);
        let _ = base::build::<_, [(&str, &[u8])]>(&input, &message, None);
        reads_to_the_same(&input);
    }
}

fn reads_to_the_same(input: &SignatureInput<'_>) {
    let mut written = format!("{}=", input.label);
    input.write_signature_params(&mut written);
    let again = parse_input(written.as_bytes());
    assert_eq!(
        again.as_deref().ok(),
        Some(std::slice::from_ref(input)),
        "{written}"
    );
}

/// A service's OpenAPI document, in JSON or YAML.
pub fn openapi_document(data: &[u8]) {
    let _ = Contract::parse(data, "openapi.yaml");
}

/// A sealed field's text; then the same bytes as an envelope under our own key's id.
pub fn sealed_field(data: &[u8]) {
    static KEY: LazyLock<Option<DecryptionKey>> = LazyLock::new(|| {
        PrivateKey::from_bytes(&[7; 32])
            .ok()
            .map(DecryptionKey::from)
    });
    let Some(key) = &*KEY else { return };
    let place = Place {
        function: "T2001",
        key_id: "d-x",
        nonce: "n",
        pointer: "/pin",
    };
    if let Ok(text) = std::str::from_utf8(data) {
        let well_formed = sealed::is_well_formed(text);
        let opened = sealed::open(key, &place, text);
        assert!(well_formed || opened.is_err());
        let id = sealed::key_id(key.encryption_key());
        let _ = sealed::open(key, &place, &format!("{}{id}:{text}", sealed::PREFIX));
    }
    if let Ok(sealed) = sealed::seal(key.encryption_key(), &place, data, &mut SystemRng) {
        let opened = sealed::open(key, &place, &sealed);
        assert!(opened.is_ok_and(|opened| *opened == data));
    }
}

/// Every mask on any text: something is hidden, unless there is nothing to hide.
pub fn masks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for mask in Mask::ALL {
        let masked = mask.apply(text);
        // An e-mail address without a local part is its domain, which is shown.
        let nothing_to_hide = text.is_empty() || (mask == Mask::Email && text.starts_with('@'));
        assert!(
            masked.contains(HIDDEN) || nothing_to_hide,
            "{mask} {text:?}"
        );
    }
}

/// Numbers: identity, card, phone. A number that passes keeps passing in the form it was given.
pub fn id_number(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let today = Date {
        year: 2026,
        month: 1,
        day: 1,
    };
    if let Ok(number) = validate::id_number(text, today) {
        assert!(validate::id_number(number.dangerous_as_str(), today).is_ok());
    }
    if let Ok(number) = validate::phone(text) {
        assert!(validate::phone(number.dangerous_as_str()).is_ok());
    }
    let _ = validate::bank_card(text);
}

/// The authority that signed the seeds of certificates, lists and responses.
static AUTHORITY: LazyLock<Option<Certificate>> =
    LazyLock::new(|| Certificate::from_der(include_bytes!("../seeds/certificate/authority")).ok());

/// When the seeds hold, in Unix seconds.
const SEEDS_HOLD_S: i64 = 1_795_694_400;

/// A certificate, which is verified for every purpose; then the same bytes as a request.
pub fn certificate(data: &[u8]) {
    let provider = provider::software();
    let _ = Request::from_der(&*provider, data);
    let (Ok(read), Some(authority)) = (Certificate::from_der(data), &*AUTHORITY) else {
        return;
    };
    let _ = (read.subject().to_string(), read.issuer().common_name());
    let again = Certificate::from_pem(&read.to_pem());
    assert_eq!(again.as_ref(), Ok(&read));
    if let Ok(trust) = Trust::new(vec![authority.clone()]) {
        for purpose in [Purpose::Sign, Purpose::Encrypt, Purpose::Exchange] {
            let check = Check::new(purpose, Role::Server, SEEDS_HOLD_S);
            let _ = trust.verify(&*provider, &read, std::slice::from_ref(&read), &check);
        }
    }
}

/// A revocation list, of the seeds' authority or of nobody.
pub fn revocation_list(data: &[u8]) {
    let (Ok(list), Some(authority)) = (Crl::from_der(data), &*AUTHORITY) else {
        return;
    };
    let _ = list.number();
    if let Ok(list) = list.verify(&*provider::software(), authority) {
        assert!(list.entry(authority.serial()).is_none());
    }
}

/// An OCSP response, asked about the authority itself, of which none of the seeds speaks.
pub fn ocsp_response(data: &[u8]) {
    let (Ok(response), Some(authority)) = (OcspResponse::from_der(data), &*AUTHORITY) else {
        return;
    };
    let answer = response.check(&*provider::software(), authority, authority, SEEDS_HOLD_S);
    assert!(answer.is_err());
}

/// A key under a password.
pub fn encrypted_key(data: &[u8]) {
    // The limits let ten seconds of work through; a target must be quicker.
    if pbes2::inspect(data).is_ok_and(|scheme| scheme.iterations <= 2_000) {
        let _ = PrivateKey::from_encrypted_pkcs8_der(data, b"secret");
    }
}
