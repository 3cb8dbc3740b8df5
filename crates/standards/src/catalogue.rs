//! The documents and their clauses.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

use crate::{Clause, scan};

/// All clauses of all documents.
#[derive(Clone, Debug)]
pub struct Catalogue {
    documents: Vec<Document>,
    /// In the order of the documents, and in each in the order of its text.
    clauses: Vec<Clause>,
    /// From the id to the place in `clauses`.
    places: HashMap<String, usize>,
}

/// Where clauses come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What the ids of its clauses begin with.
    pub prefix: String,
    /// The official number, where there is one.
    pub number: Option<String>,
    /// Its title.
    pub title: Bilingual,
    /// Who published it.
    pub issuer: Bilingual,
    /// The year of publication, where it names one.
    pub year: Option<u16>,
    /// The language of the original: `en` or `zh`.
    pub language: Language,
}

/// The same words in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

/// A language that a document was published in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Language {
    /// The language tag.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

/// The catalogue of the product, parsed once.
///
/// ```
/// let clause = hefu_standards::catalogue().clause("CJ-6.3.d.4").unwrap();
///
/// assert_eq!(clause.en, "Replay of requests is prevented");
/// assert_eq!(clause.home.as_str(), "signing");
/// assert!(clause.how.enforced);
/// ```
#[must_use]
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        #[expect(
            clippy::expect_used,
            reason = "the data is part of the program and a test parses it"
        )]
        Catalogue::parse(&scan::DOCUMENTS).expect("the embedded clause files are valid")
    });
    &CATALOGUE
}

impl Catalogue {
    /// The documents, in the order of the catalogue.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Every clause, in the order of the documents and of their texts.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// The clause of that id.
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.get(*self.places.get(id)?)
    }

    /// The document that `clause` comes from.
    #[must_use]
    pub fn document_of(&self, clause: &Clause) -> Option<&Document> {
        self.documents
            .iter()
            .find(|document| document.prefix == clause.id.prefix())
    }

    /// Reads one TOML text a document.
    pub(crate) fn parse(texts: &[&str]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            documents: Vec::new(),
            clauses: Vec::new(),
            places: HashMap::new(),
        };
        let mut prefixes = HashSet::new();
        for text in texts {
            let file: File = toml::from_str(text).map_err(CatalogueError::Toml)?;
            if !prefixes.insert(file.document.prefix.clone()) {
                return Err(CatalogueError::RepeatedDocument {
                    prefix: file.document.prefix,
                });
            }
            for clause in file.clauses {
                let id = clause.id.to_string();
                if clause.id.prefix() != file.document.prefix {
                    return Err(CatalogueError::ForeignClause { id });
                }
                if clause.en.trim().is_empty() || clause.zh.trim().is_empty() {
                    return Err(CatalogueError::NoWords { id });
                }
                if catalogue
                    .places
                    .insert(id.clone(), catalogue.clauses.len())
                    .is_some()
                {
                    return Err(CatalogueError::RepeatedClause { id });
                }
                catalogue.clauses.push(clause);
            }
            catalogue.documents.push(file.document);
        }
        Ok(catalogue)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    document: Document,
    #[serde(rename = "clause")]
    clauses: Vec<Clause>,
}

/// Why texts are no catalogue.
#[derive(Debug)]
pub(crate) enum CatalogueError {
    Toml(toml::de::Error),
    RepeatedDocument { prefix: String },
    ForeignClause { id: String },
    NoWords { id: String },
    RepeatedClause { id: String },
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toml(error) => error.fmt(f),
            Self::RepeatedDocument { prefix } => {
                write!(f, "two documents have the prefix {prefix}")
            }
            Self::ForeignClause { id } => write!(f, "{id} stands in another document's file"),
            Self::NoWords { id } => write!(f, "{id} lacks words in English or Chinese"),
            Self::RepeatedClause { id } => write!(f, "{id} stands there twice"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SMALL, small};

    #[test]
    fn the_embedded_texts_are_a_catalogue_and_the_scan_reads_the_same_ids() {
        let catalogue = Catalogue::parse(&scan::DOCUMENTS).unwrap();
        let ids: Vec<_> = catalogue
            .clauses()
            .iter()
            .map(|clause| clause.id.as_str())
            .collect();
        assert_eq!(ids, scan::catalogue_ids().collect::<Vec<_>>());
    }

    #[test]
    fn clauses_are_found_by_id_with_their_document() {
        let catalogue = small();
        let clause = catalogue.clause("AN-2").unwrap();
        assert_eq!(clause.id.as_str(), "AN-2");
        assert_eq!(catalogue.document_of(clause).unwrap().prefix, "AN");
        assert!(catalogue.clause("AN-99").is_none());
    }

    #[test]
    fn what_is_no_catalogue_is_refused() {
        let refusal = |texts: &[&str]| Catalogue::parse(texts).unwrap_err().to_string();
        assert_eq!(refusal(&[SMALL, SMALL]), "two documents have the prefix AN");
        assert_eq!(
            refusal(&[&SMALL.replace("AN-2", "AN-1")]),
            "AN-1 stands there twice"
        );
        assert_eq!(
            refusal(&[&SMALL.replace("AN-2", "CJ-2")]),
            "CJ-2 stands in another document's file"
        );
        assert_eq!(
            refusal(&[&SMALL.replace("第二条", " ")]),
            "AN-2 lacks words in English or Chinese"
        );
        assert!(refusal(&[&SMALL.replace("AN-2", "AN-x9")]).contains("a clause id looks like"));
        assert!(refusal(&[&SMALL.replace("\"signing\"", "\"nowhere\"")]).contains("nowhere"));
        assert!(refusal(&[&SMALL.replace("year", "age")]).contains("age"));
    }
}
