//! The clauses as the auditor's reports show them. The auditor itself does not know their words.

use hefu_audit::report::{ClauseCatalogue, Wording};
use sha2::{Digest as _, Sha256};

/// The catalogue of the product, with a digest over all its words.
pub(crate) fn clause_catalogue() -> ClauseCatalogue {
    let mut digest = Sha256::new();
    let mut catalogue = ClauseCatalogue {
        name: "hefu-standards".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..ClauseCatalogue::default()
    };
    for clause in hefu_standards::catalogue().clauses() {
        for part in [clause.id.as_str(), &clause.en, &clause.zh] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let wording = Wording {
            en: clause.en.clone(),
            zh: clause.zh.clone(),
        };
        catalogue
            .clauses
            .insert(clause.id.as_str().to_owned(), wording);
    }
    catalogue.sha256 = hex::encode(digest.finalize());
    catalogue
}
