//! Key rotation: certificates of which each is signed by the one before it.

use super::SIGNERS_MAX;
use super::algorithm::Algorithm;
use super::block::{Fields, Malformed};
use crate::certificate::Certificate;

const VERSION: i32 = 1;

/// The certificates that an app was signed with over time, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    nodes: Vec<Node>,
}

/// One certificate and what the app still trusts it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The certificate.
    pub certificate: Certificate,
    /// Capabilities as the signing tools number them: 1 installed data, 2 shared user id,
    /// 4 permissions, 8 rollback, 16 authenticators.
    pub capabilities: u32,
    parent_algorithm: Option<Algorithm>,
    algorithm: Option<Algorithm>,
    signature: Vec<u8>,
}

/// Why a lineage does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineageError {
    /// There are no bytes at all.
    Empty,
    /// The format has another version.
    Version,
    /// A field is missing or cut, or a link uses an unknown algorithm.
    Malformed,
    /// A link is not signed by its predecessor, or a certificate occurs twice.
    NotSigned,
    /// More links than anyone needs, each of which costs a signature check.
    TooLong,
}

impl From<Malformed> for LineageError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl Lineage {
    /// The certificates, the oldest first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn first(&self) -> Option<&Certificate> {
        self.nodes.first().map(|node| &node.certificate)
    }

    pub(crate) fn last(&self) -> Option<&Certificate> {
        self.nodes.last().map(|node| &node.certificate)
    }

    /// Reads a lineage and verifies every link.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, LineageError> {
        if value.is_empty() {
            return Err(LineageError::Empty);
        }
        let mut fields = Fields::new(value);
        if fields.i32()? != VERSION {
            return Err(LineageError::Version);
        }
        let mut nodes: Vec<Node> = Vec::new();
        // The number by which each link announces how the next one is signed.
        let mut announced = 0;
        while !fields.is_empty() {
            if nodes.len() == SIGNERS_MAX {
                return Err(LineageError::TooLong);
            }
            let mut node = fields.inside()?;
            let signed_data = node.prefixed()?;
            let capabilities = node.u32()?;
            let algorithm = node.u32()?;
            let signature = node.prefixed()?;
            if let Some(parent) = nodes.last() {
                let mechanism = Algorithm::from_id(announced)
                    .ok_or(LineageError::Malformed)?
                    .mechanism;
                let key = parent.certificate.public_key();
                key.verify(mechanism, &[signed_data], signature)
                    .map_err(|_| LineageError::NotSigned)?;
            }
            let mut signed = Fields::new(signed_data);
            let certificate = signed.prefixed()?;
            let signed_algorithm = signed.u32()?;
            if !nodes.is_empty() && announced != signed_algorithm {
                return Err(LineageError::NotSigned);
            }
            let certificate =
                Certificate::parse(certificate).map_err(|_| LineageError::NotSigned)?;
            if nodes.iter().any(|node| node.certificate == certificate) {
                return Err(LineageError::NotSigned);
            }
            announced = algorithm;
            nodes.push(Node {
                certificate,
                capabilities,
                parent_algorithm: Algorithm::from_id(signed_algorithm),
                algorithm: Algorithm::from_id(algorithm),
                signature: signature.to_vec(),
            });
        }
        Ok(Self { nodes })
    }

    /// The longest of several lineages, if each of the others is how it began.
    pub(crate) fn longest(lineages: &[&Self]) -> Option<Self> {
        // The first of the longest.
        let longest = lineages.iter().rev().max_by_key(|lineage| lineage.len())?;
        let consistent = lineages
            .iter()
            .all(|lineage| longest.nodes.starts_with(&lineage.nodes));
        consistent.then(|| (*longest).clone())
    }
}
