//! What serves which clause, over all crates.

use hefu_standards::Served;

/// The registry of every crate that registers.
#[must_use]
pub fn registries() -> Vec<&'static [Served]> {
    vec![
        crate::REGISTRY,
        hefu_assess::REGISTRY,
        hefu_audit::REGISTRY,
        hefu_client::REGISTRY,
        hefu_console::REGISTRY,
        hefu_evidence::REGISTRY,
        hefu_gateway::REGISTRY,
        hefu_gm::REGISTRY,
        hefu_identity::REGISTRY,
        hefu_store::REGISTRY,
        hefu_tally::REGISTRY,
    ]
}
