//! What was found wrong or doubtful, in the order in which it was found.

use super::Issue;

/// Notes of one kind that are kept. A file can be made to earn millions of them; the verdict needs
/// one, a reader a few.
const NOTES_MAX: usize = 256;
/// Characters kept of what a note is about, for the same reason.
const SUBJECT_CHARS_MAX: usize = 256;

/// An issue and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is wrong or doubtful.
    pub issue: Issue,
    /// The entry of the archive, the file or the number it is about, where there is one.
    pub subject: Option<String>,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.subject {
            Some(subject) => write!(f, "{}: {subject}", self.issue),
            None => write!(f, "{}", self.issue),
        }
    }
}

/// Errors and warnings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    pub(crate) errors: Vec<Note>,
    pub(crate) warnings: Vec<Note>,
}

impl Notes {
    pub(crate) fn error(&mut self, issue: Issue) {
        push(&mut self.errors, issue, None);
    }

    pub(crate) fn error_about(&mut self, issue: Issue, subject: &str) {
        push(&mut self.errors, issue, Some(subject));
    }

    pub(crate) fn warning(&mut self, issue: Issue) {
        push(&mut self.warnings, issue, None);
    }

    pub(crate) fn warning_about(&mut self, issue: Issue, subject: &str) {
        push(&mut self.warnings, issue, Some(subject));
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.errors.is_empty() && self.warnings.is_empty()
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.errors.extend_from_slice(&other.errors);
        self.warnings.extend_from_slice(&other.warnings);
    }
}

fn push(notes: &mut Vec<Note>, issue: Issue, subject: Option<&str>) {
    if notes.len() < NOTES_MAX {
        let subject = subject.map(|subject| subject.chars().take(SUBJECT_CHARS_MAX).collect());
        notes.push(Note { issue, subject });
    }
}
