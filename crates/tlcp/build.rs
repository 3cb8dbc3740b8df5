//! Registers the clauses that this crate serves.

fn main() {
    hefu_standards::scan::emit();
}
