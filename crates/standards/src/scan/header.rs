//! The `//! Clauses:` line of a source file.

use super::{HeaderFault, ScanError, catalogue_ids};

const PREFIX: &str = "Clauses:";

/// The ids that the header of `text` cites, each proved to exist; empty when it cites none.
///
/// The header is what stands above the first item: `//!` lines, other comments, `#![…]` lines and
/// blank lines. `file` is only named in errors.
pub(super) fn clauses(file: &str, text: &str) -> Result<Vec<String>, Vec<ScanError>> {
    let mut clauses: Vec<String> = Vec::new();
    let mut errors = Vec::new();
    let malformed = |line: usize, fault| ScanError::Malformed {
        file: file.to_owned(),
        line,
        fault,
    };

    let mut in_header = true;
    let mut seen = false;
    let mut lines = (1..).zip(text.lines());
    while let Some((line, text)) = lines.next() {
        in_header &= may_stand_in_header(text);
        let Some(start) = doc_text(text) else {
            continue;
        };
        let Some(first) = start.strip_prefix(PREFIX) else {
            if in_header && is_misspelt(start) {
                errors.push(malformed(line, HeaderFault::Misspelt));
            }
            continue;
        };
        if !in_header {
            errors.push(malformed(line, HeaderFault::BelowHeader));
            continue;
        }
        if std::mem::replace(&mut seen, true) {
            errors.push(malformed(line, HeaderFault::SecondList));
        }
        let (list, ended) = read_list(line, first, &mut lines);
        if !ended {
            errors.push(malformed(line, HeaderFault::Unended));
        }
        for (line, id) in list {
            if id.is_empty() {
                errors.push(malformed(line, HeaderFault::MissingId));
            } else if !catalogue_ids().any(|known| known == id) {
                errors.push(ScanError::UnknownClause {
                    file: file.to_owned(),
                    line,
                    id,
                });
            } else if clauses.contains(&id) {
                errors.push(ScanError::RepeatedClause {
                    file: file.to_owned(),
                    line,
                    id,
                });
            } else {
                clauses.push(id);
            }
        }
    }
    if errors.is_empty() {
        Ok(clauses)
    } else {
        Err(errors)
    }
}

/// The ids with their lines, up to the full stop that ends a line, and whether there was one.
fn read_list<'text>(
    line: usize,
    first: &'text str,
    following: &mut impl Iterator<Item = (usize, &'text str)>,
) -> (Vec<(usize, String)>, bool) {
    let mut list = Vec::new();
    let mut current = Some((line, first));
    while let Some((line, text)) = current {
        let text = text.trim();
        let (ids, ended) = match text.strip_suffix('.') {
            Some(ids) => (ids, true),
            None => (text, false),
        };
        // A line that goes on ends with a comma; what stands behind that is the next line's.
        let ids = if ended {
            ids
        } else {
            ids.strip_suffix(',').unwrap_or(ids)
        };
        list.extend(ids.split(',').map(|id| (line, id.trim().to_owned())));
        if ended {
            return (list, true);
        }
        current = following
            .next()
            .and_then(|(line, text)| Some((line, doc_text(text)?)))
            .filter(|(_, text)| !text.is_empty());
    }
    (list, false)
}

fn may_stand_in_header(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with("//") || line.starts_with("#![")
}

/// The text of a `//!` line.
fn doc_text(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//!").map(str::trim)
}

fn is_misspelt(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with("clauses:") || text.starts_with("clause:")
}
