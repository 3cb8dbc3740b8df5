//! Registers the clauses that the probes try, and collects the probes from their folder.

fn main() {
    hefu_standards::scan::emit();
    hefu_standards::scan::emit_folder("probes", "PROBE", "crate::probe::Probe");
}
