//! Registers the clauses that the crate's files cite.

fn main() {
    hefu_standards::scan::emit();
}
