//! A request in the making: everything about it, its signature included, can be wrong on purpose.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hefu_gm::rng::SystemRng;
use hefu_tally::digest::{DigestAlgorithm, content_digest};
use hefu_tally::key::Signer;
use hefu_tally::nonce;
use hefu_tally::sealed::{self, Place};
use hefu_tally::signature::base::{self, Message};
use hefu_tally::signature::input::parse_input;
use hefu_tally::trust::TrustFile;
use serde_json::Value;

/// A request before it is signed.
#[derive(Clone, Debug)]
pub struct Draft<'key> {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `X-Function-No`.
    pub function: String,
    /// The content; none for a request without.
    pub body: Option<Vec<u8>>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// Other fields, which the signature does not cover.
    pub others: Vec<(String, String)>,
    /// Its signature.
    pub signature: SignatureDraft<'key>,
}

/// A signature before it is made.
#[derive(Clone, Debug)]
pub struct SignatureDraft<'key> {
    /// What signs.
    pub signer: &'key dyn Signer,
    /// `keyid`.
    pub key_id: String,
    /// `created`.
    pub created: i64,
    /// `expires`.
    pub expires: i64,
    /// `nonce`.
    pub nonce: String,
    /// `alg`; none leaves it out.
    pub algorithm: Option<String>,
    /// `tag`.
    pub tag: String,
    /// What is covered.
    pub covered: Vec<String>,
}

/// A request as it goes out; any part may still be changed behind the signature's back.
#[derive(Clone, Debug)]
pub struct Signed {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields.
    pub fields: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
}

impl<'key> SignatureDraft<'key> {
    /// An honest one: fresh nonce, the whole window from now.
    #[must_use]
    pub fn honest(signer: &'key dyn Signer, key_id: String, now_s: i64) -> Self {
        Self {
            algorithm: Some(signer.algorithm().as_str().to_owned()),
            signer,
            key_id,
            created: now_s,
            expires: now_s + 60,
            nonce: nonce::make(&mut SystemRng).unwrap_or_default(),
            tag: "hefu".to_owned(),
            covered: [
                "@method",
                "@target-uri",
                "content-digest",
                "authorization",
                "x-function-no",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}

impl Draft<'_> {
    /// Seals members of a JSON body for this very request. A pointer that is not there stays away.
    #[must_use]
    pub fn with_sealed(mut self, trust: &TrustFile, mut body: Value, pointers: &[String]) -> Self {
        for pointer in pointers {
            let place = Place {
                function: &self.function,
                key_id: &self.signature.key_id,
                nonce: &self.signature.nonce,
                pointer,
            };
            if let Some(member) = body.pointer_mut(pointer) {
                let plain = member.to_string();
                let sealed = sealed::seal(
                    &trust.encryption_key,
                    &place,
                    plain.as_bytes(),
                    &mut SystemRng,
                );
                *member = Value::String(sealed.unwrap_or_default());
            }
        }
        self.body = Some(body.to_string().into_bytes());
        self.content_type = Some("application/json".to_owned());
        self
    }

    /// Signs what there is.
    #[must_use]
    pub fn sign(self, trust: &TrustFile) -> Signed {
        let body = self.body.clone().unwrap_or_default();
        let authority = trust.origin.trim_start_matches("https://").to_owned();
        let mut fields = vec![
            ("Host".to_owned(), authority),
            ("X-Function-No".to_owned(), self.function.clone()),
            (
                "Content-Digest".to_owned(),
                content_digest(DigestAlgorithm::Sm3, &body),
            ),
        ];
        if let Some(authorization) = &self.authorization {
            fields.push(("Authorization".to_owned(), authorization.clone()));
        }
        if let Some(content_type) = &self.content_type {
            fields.push(("Content-Type".to_owned(), content_type.clone()));
        }
        if self.body.is_some() || self.method == "POST" {
            fields.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        fields.extend(self.others.iter().cloned());
        let input = self.signature_input();
        let signature = self
            .signature_over(trust, &fields, &input)
            .unwrap_or_default();
        fields.push(("Signature-Input".to_owned(), input));
        fields.push((
            "Signature".to_owned(),
            format!("hefu=:{}:", STANDARD.encode(signature)),
        ));
        Signed {
            method: self.method,
            target: self.target,
            fields,
            body,
        }
    }

    fn signature_input(&self) -> String {
        let signature = &self.signature;
        let covered: Vec<String> = signature
            .covered
            .iter()
            .filter(|name| *name != "authorization" || self.authorization.is_some())
            .map(|name| format!("\"{name}\""))
            .collect();
        let algorithm = signature
            .algorithm
            .as_ref()
            .map(|name| format!(";alg=\"{name}\""))
            .unwrap_or_default();
        format!(
            "hefu=({});created={};expires={};nonce=\"{}\"{algorithm};keyid=\"{}\";tag=\"{}\"",
            covered.join(" "),
            signature.created,
            signature.expires,
            signature.nonce,
            signature.key_id,
            signature.tag,
        )
    }

    fn signature_over(
        &self,
        trust: &TrustFile,
        fields: &Vec<(String, String)>,
        input: &str,
    ) -> Option<Vec<u8>> {
        let uri = format!("{}{}", trust.origin, self.target);
        let message = Message::request(&self.method, &uri, fields);
        let inputs = parse_input(input.as_bytes()).ok()?;
        let base = base::build::<_, Vec<(String, String)>>(inputs.first()?, &message, None).ok()?;
        self.signature.signer.sign(base.as_bytes()).ok()
    }
}

impl Signed {
    /// As HTTP/1.1.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head().into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The head alone, with the empty line.
    #[must_use]
    pub fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head
    }

    /// A field's value.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self
            .fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a field, or adds it.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self
            .fields
            .iter_mut()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
        {
            Some((_, old)) => *old = value,
            None => self.fields.push((name.to_owned(), value)),
        }
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &str) {
        self.fields
            .retain(|(field, _)| !field.eq_ignore_ascii_case(name));
    }

    /// Replaces the content, and its length with it.
    pub fn set_body(&mut self, body: Vec<u8>) {
        self.set("Content-Length", body.len().to_string());
        self.body = body;
    }
}
