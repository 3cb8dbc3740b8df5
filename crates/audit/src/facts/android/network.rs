//! The network security configuration.

use crate::xml::{Document, Node, Value};

/// What the configuration says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkSecurity {
    /// The file that says so.
    pub file: String,
    /// For hosts that no other part names.
    pub base: NetworkConfig,
    /// For named hosts; nested ones follow the one around them, with what they inherit filled in.
    pub domains: Vec<DomainConfig>,
    /// In debuggable builds only.
    pub debug_overrides: Option<NetworkConfig>,
}

/// What applies to some hosts; `None` where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkConfig {
    /// Whether unencrypted traffic is permitted.
    pub cleartext_permitted: Option<bool>,
    /// Whose certificates are trusted; `None` for the platform's default.
    pub trust_anchors: Option<Vec<TrustAnchor>>,
    /// The pins.
    pub pins: Option<PinSet>,
    /// Whether certificates must be logged publicly.
    pub certificate_transparency: Option<bool>,
    /// Where it stands.
    pub xml_path: String,
}

/// What applies to named hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainConfig {
    /// The hosts.
    pub domains: Vec<Domain>,
    /// What applies to them.
    pub config: NetworkConfig,
}

/// A host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Whether hosts below it count too.
    pub include_subdomains: bool,
}

/// Certificates that are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustAnchor {
    /// `system`, `user`, or a resource of the package.
    pub source: String,
    /// Whether pins do not apply to them.
    pub override_pins: bool,
}

/// Pins of certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PinSet {
    /// The pins.
    pub pins: Vec<Pin>,
    /// The day from which they no longer apply, as `2030-01-31`.
    pub expiration: Option<String>,
}

/// The pin of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The digest; the platform knows `SHA-256` only.
    pub digest: String,
    /// The value, in base64.
    pub value: String,
}

impl NetworkSecurity {
    /// The facts of a configuration; `None` if its outermost element is not one.
    pub(crate) fn read(
        file: &str,
        document: &Document,
        resolve: &dyn Fn(&Value) -> Value,
    ) -> Option<Self> {
        let root = document
            .root()
            .filter(|root| root.name() == "network-security-config")?;
        let mut found = Self {
            file: file.to_owned(),
            ..Self::default()
        };
        for node in root.children() {
            match node.name() {
                "base-config" => found.base = config(node, resolve, None),
                "debug-overrides" => found.debug_overrides = Some(config(node, resolve, None)),
                "domain-config" => domain_config(node, resolve, None, &mut found.domains),
                _ => {}
            }
        }
        Some(found)
    }

    /// What applies to `host`: of all matching entries the longest, else the base. What neither
    /// says is left open.
    #[must_use]
    pub fn config_for(&self, host: &str) -> &NetworkConfig {
        let matching = self.domains.iter().flat_map(|entry| {
            entry
                .domains
                .iter()
                .filter(|domain| domain.covers(host))
                .map(move |domain| (domain, entry))
        });
        matching
            .max_by_key(|(domain, _)| domain.name.len())
            .map_or(&self.base, |(_, entry)| &entry.config)
    }
}

impl Domain {
    fn covers(&self, host: &str) -> bool {
        let (host, name) = (host.to_ascii_lowercase(), self.name.to_ascii_lowercase());
        host == name || self.include_subdomains && host.ends_with(&format!(".{name}"))
    }
}

/// A `domain-config` and those inside of it. Depth is bounded by the document's.
fn domain_config(
    node: Node<'_>,
    resolve: &dyn Fn(&Value) -> Value,
    parent: Option<&NetworkConfig>,
    found: &mut Vec<DomainConfig>,
) {
    let config = config(node, resolve, parent);
    let domains = node
        .children_named("domain")
        .map(|domain| Domain {
            name: domain.text().to_owned(),
            include_subdomains: flag(domain, "includeSubdomains", resolve).unwrap_or(false),
        })
        .collect();
    found.push(DomainConfig {
        domains,
        config: config.clone(),
    });
    for nested in node.children_named("domain-config") {
        domain_config(nested, resolve, Some(&config), found);
    }
}

fn flag(node: Node<'_>, name: &str, resolve: &dyn Fn(&Value) -> Value) -> Option<bool> {
    node.any(name).and_then(|value| resolve(value).bool())
}

fn config(
    node: Node<'_>,
    resolve: &dyn Fn(&Value) -> Value,
    parent: Option<&NetworkConfig>,
) -> NetworkConfig {
    let inherited = parent.cloned().unwrap_or_default();
    let anchors = node.children_named("trust-anchors").next().map(|anchors| {
        anchors
            .children_named("certificates")
            .map(|certificates| TrustAnchor {
                source: certificates
                    .any("src")
                    .map(|value| resolve(value).to_string())
                    .unwrap_or_default(),
                override_pins: flag(certificates, "overridePins", resolve).unwrap_or(false),
            })
            .collect()
    });
    let pins = node.children_named("pin-set").next().map(|set| PinSet {
        pins: set
            .children_named("pin")
            .map(|pin| Pin {
                digest: pin
                    .any("digest")
                    .map(|value| value.to_string())
                    .unwrap_or_default(),
                value: pin.text().to_owned(),
            })
            .collect(),
        expiration: set.any("expiration").map(|value| value.to_string()),
    });
    let transparency = node.children_named("certificateTransparency").next();
    NetworkConfig {
        cleartext_permitted: flag(node, "cleartextTrafficPermitted", resolve)
            .or(inherited.cleartext_permitted),
        trust_anchors: anchors.or(inherited.trust_anchors),
        pins: pins.or(inherited.pins),
        certificate_transparency: transparency
            .and_then(|node| flag(node, "enabled", resolve))
            .or(inherited.certificate_transparency),
        xml_path: node.path(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::xml;

    #[test]
    fn nested_configurations_inherit_and_the_longest_name_applies() {
        let text = br#"<network-security-config>
          <base-config cleartextTrafficPermitted="true">
            <trust-anchors><certificates src="system"/><certificates src="user" overridePins="true"/></trust-anchors>
          </base-config>
          <domain-config cleartextTrafficPermitted="false">
            <domain includeSubdomains="true">bank.example</domain>
            <pin-set expiration="2030-01-31"><pin digest="SHA-256">AAAA</pin></pin-set>
            <domain-config><domain>static.bank.example</domain></domain-config>
          </domain-config>
          <debug-overrides><trust-anchors><certificates src="user"/></trust-anchors></debug-overrides>
        </network-security-config>"#;
        let document = xml::parse(text, &Limits::default()).unwrap();
        let found = NetworkSecurity::read("f", &document, &Value::clone).unwrap();
        assert_eq!(found.base.cleartext_permitted, Some(true));
        let anchors = found.base.trust_anchors.as_ref().unwrap();
        assert!(anchors[1].override_pins && anchors[1].source == "user");
        assert_eq!(found.domains.len(), 2);
        assert_eq!(
            found.config_for("API.bank.example").cleartext_permitted,
            Some(false)
        );
        assert!(found.config_for("api.bank.example").pins.is_some());
        let nested = found.config_for("static.bank.example");
        assert_eq!(
            nested.xml_path,
            "/network-security-config/domain-config/domain-config"
        );
        assert_eq!(nested.pins.as_ref().unwrap().pins[0].value, "AAAA");
        assert_eq!(
            found.config_for("evilbank.example").cleartext_permitted,
            Some(true)
        );
        assert!(found.debug_overrides.is_some());
    }
}
