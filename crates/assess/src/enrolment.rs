//! A phone that is being enrolled, for probes on enrolment.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_tally::key::{Algorithm, SigningKey};
use hefu_tally::messages::{ENROL_FUNCTION, ENROL_PATH};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::draft::{Draft, SignatureDraft, Signed};
use crate::probe::Finding;
use crate::range::{Range, RangeError};

/// Keys of a new phone.
pub(crate) struct Enrolment {
    key: SigningKey,
    key_id: String,
    public_key: Value,
    csr: String,
}

impl Enrolment {
    pub(crate) fn make() -> Result<Self, RangeError> {
        let key =
            SigningKey::make(Algorithm::Sm2Sm3).map_err(|_| RangeError::Part("randomness"))?;
        let public = key
            .public_key()
            .map_err(|_| RangeError::Part("signature key"))?;
        let part = |_| RangeError::Part("certificate request");
        let channel = KeyPair::generate().map_err(part)?;
        let csr = CertificateParams::default()
            .serialize_request(&channel)
            .map_err(part)?;
        Ok(Self {
            key_id: public.device_id().to_string(),
            public_key: serde_json::to_value(&public)?,
            csr: URL_SAFE_NO_PAD.encode(csr.der()),
            key,
        })
    }

    /// Asks for enrolment with a code.
    pub(crate) fn with_code(&self, range: &Range, code: &str) -> Draft<'_> {
        let body = self.body(code);
        self.draft(range)
            .with_sealed(&range.trust, body, &["/code".to_owned()])
    }

    /// [`with_code`](Self::with_code), signed.
    pub(crate) fn with_code_bytes(&self, range: &Range, code: &str) -> Vec<u8> {
        self.with_code(range, code).sign(&range.trust).to_bytes()
    }

    /// Asks for enrolment with a code that was sealed for another request.
    pub(crate) fn with_sealed_code(&self, range: &Range, sealed: &str) -> Draft<'_> {
        self.draft(range)
            .with_sealed(&range.trust, self.body(sealed), &[])
    }

    fn body(&self, code: &str) -> Value {
        json!({
            "code": code,
            "signature_key": self.public_key,
            "channel_csr": self.csr,
            "platform": "other",
            "model": "probe",
        })
    }

    fn draft(&self, range: &Range) -> Draft<'_> {
        Draft {
            method: "POST".to_owned(),
            target: ENROL_PATH.to_owned(),
            function: ENROL_FUNCTION.to_owned(),
            body: None,
            content_type: None,
            authorization: None,
            others: Vec::new(),
            signature: SignatureDraft::honest(&self.key, self.key_id.clone(), range.now_s()),
        }
    }
}

/// The sealed code of a captured enrolment.
pub(crate) fn sealed_code(captured: &Signed) -> String {
    let body: Value = serde_json::from_slice(&captured.body).unwrap_or_default();
    body.pointer("/code")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// What a probe says when the bundle has no unused code left.
pub(crate) fn no_code() -> Finding {
    Finding::judged(false, false, "the bundle has no unused enrolment code")
}
