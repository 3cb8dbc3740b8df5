//! Registers the clauses that the checks judge, and collects the checks from their folder.

fn main() {
    hefu_standards::scan::emit();
    hefu_standards::scan::emit_folder("checks", "CHECK", "crate::check::Check");
}
