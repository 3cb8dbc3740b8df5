//! A response's signature (docs/PROTOCOL.md, section 4): it covers the request's own signature, so
//! that no response can be moved to another request.
//!
//! Clauses: CJ-4.3.3.e, CJ-6.3.d.3, JR-6.1.5.1, JR-6.2.2.a, AP-5.2.

use std::borrow::Cow;

use super::base::{self, BaseError, Message};
use super::input::{Component, InputError, Item, SignatureInput, parse_input, parse_signature};
use super::request::{SignRequestError, WithField, signature_field, signature_input_field};
use crate::digest::{self, DigestAlgorithm, DigestRefusal};
use crate::fields::{Duplicate, Fields, single};
use crate::key::{Signer, VerifyWith};

/// The `tag` of responses of this contract.
pub const TAG: &str = "hefu-response";
/// The label of responses.
pub const LABEL: &str = "hefu";

/// What every response covers beside the request's signature.
pub const COVERED: [&str; 4] = ["@status", "content-digest", "content-type", "x-request-id"];

/// Why a response is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseRefusal {
    /// A field that may occur once occurs twice.
    #[error("{0}")]
    Duplicate(#[from] Duplicate),
    /// `Signature-Input` or `Signature` cannot be read.
    #[error("{0}")]
    Input(#[from] InputError),
    /// No signature at all.
    #[error("the response is not signed")]
    Unsigned,
    /// Another tag, other parameters, or less covered than must be.
    #[error("the signature is not one of a response to this request")]
    Form,
    /// Signed by another key than expected.
    #[error("the response is signed by another key")]
    KeyId,
    /// The base cannot be built.
    #[error("{0}")]
    Base(#[from] BaseError),
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Signature,
    /// The body is another one.
    #[error("{0}")]
    Digest(#[from] DigestRefusal),
}

/// What a gateway says when it signs.
#[derive(Clone, Debug)]
pub struct ResponseSignature<'response> {
    /// The key's id, `g-…` or `s-…`.
    pub key_id: &'response str,
    /// Now, in Unix seconds.
    pub created: i64,
    /// The label of the request's signature.
    pub request_label: &'response str,
    /// With what the body is digested.
    pub digest: DigestAlgorithm,
}

/// The three header fields that signing adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFields {
    /// `Content-Digest`.
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

/// Signs a response to `request`. The response's fields hold `content-type` and `x-request-id`; a
/// response without content is signed as having the type it states all the same.
///
/// # Errors
/// When a field to be covered is missing, or the key refuses.
pub fn sign<F: Fields + ?Sized, R: Fields + ?Sized>(
    signer: &dyn Signer,
    signature: &ResponseSignature<'_>,
    response: &Message<'_, F>,
    body: &[u8],
    request: &Message<'_, R>,
) -> Result<SignedFields, SignRequestError> {
    let content_digest = digest::content_digest(signature.digest, body);
    let with_digest = WithField {
        fields: response.fields,
        name: "content-digest",
        value: &content_digest,
    };
    let input = SignatureInput {
        label: LABEL,
        components: components(signature.request_label),
        parameters: vec![
            ("created", Item::Integer(signature.created)),
            (
                "alg",
                Item::String(Cow::Borrowed(signer.algorithm().as_str())),
            ),
            ("keyid", Item::String(Cow::Borrowed(signature.key_id))),
            ("tag", Item::String(Cow::Borrowed(TAG))),
        ],
    };
    let message = Message {
        line: response.line,
        fields: &with_digest,
        trailers: None,
    };
    let base = base::build(&input, &message, Some(request))?;
    let signed = signer.sign(base.as_bytes())?;
    Ok(SignedFields {
        content_digest,
        signature_input: signature_input_field(&input),
        signature: signature_field(LABEL, &signed),
    })
}

/// Checks a response to `request` whose signature has the label `request_label`, under the one key
/// that may have signed it. Gives the gateway's clock: `created`, in Unix seconds.
///
/// # Errors
/// When the response is not signed, not by that key, not for that request, or altered.
pub fn verify<F: Fields + ?Sized, R: Fields + ?Sized>(
    key_id: &str,
    key: VerifyWith<'_>,
    response: &Message<'_, F>,
    body: &[u8],
    request: &Message<'_, R>,
    request_label: &str,
) -> Result<i64, ResponseRefusal> {
    let input_field =
        single(response.fields, "signature-input")?.ok_or(ResponseRefusal::Unsigned)?;
    let signature = single(response.fields, "signature")?.ok_or(ResponseRefusal::Unsigned)?;
    let inputs = parse_input(input_field)?;
    let [input] = inputs.as_slice() else {
        return Err(ResponseRefusal::Form);
    };
    let created = parameters(input, key_id, key)?;
    if !components(request_label)
        .iter()
        .all(|needed| input.components.contains(needed))
    {
        return Err(ResponseRefusal::Form);
    }
    let base = base::build(input, response, Some(request))?;
    let signature = parse_signature(signature, input.label)?;
    key.verify(base.as_bytes(), &signature)
        .map_err(|_| ResponseRefusal::Signature)?;
    let digest = single(response.fields, "content-digest")?.ok_or(ResponseRefusal::Form)?;
    digest::verify(digest, body)?;
    Ok(created)
}

fn components(request_label: &str) -> Vec<Component<'_>> {
    let plain = |name| Component {
        name: Cow::Borrowed(name),
        parameters: Vec::new(),
    };
    let request_signature = Component {
        name: Cow::Borrowed("signature"),
        parameters: vec![
            ("req", Item::Boolean(true)),
            ("key", Item::String(Cow::Borrowed(request_label))),
        ],
    };
    COVERED
        .into_iter()
        .map(plain)
        .chain([request_signature])
        .collect()
}

fn parameters(
    input: &SignatureInput<'_>,
    key_id: &str,
    key: VerifyWith<'_>,
) -> Result<i64, ResponseRefusal> {
    let mut created = None;
    let mut tagged = false;
    let mut named = false;
    for (name, item) in &input.parameters {
        match (*name, item) {
            ("created", Item::Integer(at)) => created = Some(*at),
            ("keyid", Item::String(id)) if id == key_id => named = true,
            ("keyid", _) => return Err(ResponseRefusal::KeyId),
            ("alg", Item::String(algorithm)) if algorithm == key.algorithm().as_str() => {}
            ("tag", Item::String(tag)) if tag == TAG => tagged = true,
            _ => return Err(ResponseRefusal::Form),
        }
    }
    created
        .filter(|_| tagged && named)
        .ok_or(ResponseRefusal::Form)
}
