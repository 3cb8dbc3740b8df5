//! Facts of an iOS package: bundles with their property lists, programs and profiles.

use crate::bytes::slice_at;
use crate::limits::Limits;
use crate::macho::Slice;
use crate::property_list::{self, Value};

use super::coverage::SkipReason;

/// What a bundle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BundleKind {
    /// The app.
    App,
    /// An extension of it, or the app of a watch.
    Extension,
    /// A library.
    Framework,
}

/// Facts of an iOS package.
#[derive(Debug, Default)]
pub struct Ios {
    /// The bundles: the app first, then the others in the order of the package.
    pub bundles: Vec<Bundle>,
}

impl Ios {
    /// The app.
    #[must_use]
    pub fn app(&self) -> Option<&Bundle> {
        self.bundles
            .iter()
            .find(|bundle| bundle.kind == BundleKind::App)
    }
}

/// A folder with an `Info.plist`.
#[derive(Debug)]
pub struct Bundle {
    /// Its folder in the package.
    pub path: String,
    /// What it is.
    pub kind: BundleKind,
    /// Its `Info.plist`; `None` if it cannot be read.
    pub info: Option<InfoPlist>,
    /// Path of its program.
    pub executable_path: Option<String>,
    /// Its program, for each architecture; empty if it cannot be read.
    pub slices: Vec<Slice>,
    /// Its provisioning profile.
    pub profile: Option<Profile>,
    /// Whether it has a privacy manifest (`PrivacyInfo.xcprivacy`).
    pub privacy_manifest: Option<Value>,
}

impl Bundle {
    /// The entitlements that its program is signed with; of several architectures the first.
    #[must_use]
    pub fn entitlements(&self) -> Option<&Value> {
        self.slices
            .iter()
            .find_map(|slice| slice.entitlements.as_ref())
    }
}

/// An `Info.plist`.
#[derive(Debug, Clone, PartialEq)]
pub struct InfoPlist {
    /// The file.
    pub file: String,
    /// Everything in it.
    pub values: Value,
}

/// A scheme of custom URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlType {
    /// Its identifier.
    pub name: Option<String>,
    /// The schemes.
    pub schemes: Vec<String>,
    /// `Editor`, `Viewer`, `None`.
    pub role: Option<String>,
}

/// App Transport Security: how far TLS is demanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransportSecurity {
    /// `NSAllowsArbitraryLoads`: nothing is demanded.
    pub arbitrary_loads: bool,
    /// `NSAllowsArbitraryLoadsInWebContent`.
    pub arbitrary_loads_in_web_content: bool,
    /// `NSAllowsArbitraryLoadsForMedia`.
    pub arbitrary_loads_for_media: bool,
    /// `NSAllowsLocalNetworking`.
    pub local_networking: bool,
    /// Hosts with rules of their own.
    pub exceptions: Vec<TransportException>,
    /// Hosts with pins.
    pub pinned_domains: Vec<String>,
}

/// Rules of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportException {
    /// The host.
    pub domain: String,
    /// `NSIncludesSubdomains`.
    pub includes_subdomains: bool,
    /// `NSExceptionAllowsInsecureHTTPLoads`.
    pub insecure_http: bool,
    /// `NSExceptionMinimumTLSVersion`.
    pub minimum_tls: Option<String>,
    /// `NSExceptionRequiresForwardSecrecy`; demanded unless it says not.
    pub forward_secrecy: bool,
}

impl InfoPlist {
    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// The text of a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key).and_then(Value::text)
    }

    /// The boolean of a key.
    #[must_use]
    pub fn bool(&self, key: &str) -> Option<bool> {
        self.value(key).and_then(Value::bool)
    }

    /// `CFBundleIdentifier`.
    #[must_use]
    pub fn bundle_id(&self) -> Option<&str> {
        self.text("CFBundleIdentifier")
    }

    /// `CFBundleShortVersionString`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.text("CFBundleShortVersionString")
    }

    /// `CFBundleExecutable`.
    #[must_use]
    pub fn executable(&self) -> Option<&str> {
        self.text("CFBundleExecutable")
    }

    /// `MinimumOSVersion`.
    #[must_use]
    pub fn minimum_os(&self) -> Option<&str> {
        self.text("MinimumOSVersion")
    }

    /// Device families: 1 is iPhone, 2 is iPad.
    #[must_use]
    pub fn device_families(&self) -> Vec<i128> {
        let families = self
            .value("UIDeviceFamily")
            .map(Value::items)
            .unwrap_or_default();
        families
            .iter()
            .filter_map(|family| match family {
                Value::Integer(number) => Some(*number),
                _ => None,
            })
            .collect()
    }

    /// App Transport Security; `None` if the app says nothing and the defaults apply.
    #[must_use]
    pub fn transport_security(&self) -> Option<TransportSecurity> {
        let settings = self.value("NSAppTransportSecurity")?;
        let flag = |key| settings.get(key).and_then(Value::bool).unwrap_or(false);
        let exceptions = settings
            .get("NSExceptionDomains")
            .map(Value::entries)
            .unwrap_or_default();
        let pinned = settings
            .get("NSPinnedDomains")
            .map(Value::entries)
            .unwrap_or_default();
        Some(TransportSecurity {
            arbitrary_loads: flag("NSAllowsArbitraryLoads"),
            arbitrary_loads_in_web_content: flag("NSAllowsArbitraryLoadsInWebContent"),
            arbitrary_loads_for_media: flag("NSAllowsArbitraryLoadsForMedia"),
            local_networking: flag("NSAllowsLocalNetworking"),
            exceptions: exceptions
                .iter()
                .map(|(domain, rules)| exception(domain, rules))
                .collect(),
            pinned_domains: pinned.iter().map(|(domain, _)| domain.clone()).collect(),
        })
    }

    /// Custom URL schemes.
    #[must_use]
    pub fn url_types(&self) -> Vec<UrlType> {
        let types = self
            .value("CFBundleURLTypes")
            .map(Value::items)
            .unwrap_or_default();
        types
            .iter()
            .map(|entry| {
                let text = |key| entry.get(key).and_then(Value::text).map(str::to_owned);
                let schemes = entry.get("CFBundleURLSchemes").map(Value::texts);
                UrlType {
                    name: text("CFBundleURLName"),
                    schemes: schemes
                        .unwrap_or_default()
                        .into_iter()
                        .map(str::to_owned)
                        .collect(),
                    role: text("CFBundleTypeRole"),
                }
            })
            .collect()
    }

    /// Schemes of other apps that it looks for.
    #[must_use]
    pub fn queried_schemes(&self) -> Vec<&str> {
        self.value("LSApplicationQueriesSchemes")
            .map(Value::texts)
            .unwrap_or_default()
    }

    /// What the user is told when a permission is asked for: key and text.
    pub fn usage_descriptions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .entries()
            .iter()
            .filter(|(key, _)| key.starts_with("NS") && key.ends_with("UsageDescription"))
            .filter_map(|(key, value)| Some((key.as_str(), value.text()?)))
    }
}

fn exception(domain: &str, rules: &Value) -> TransportException {
    // Old names said that a third party was the reason.
    let either = |key: &str| {
        let third_party = key
            .replace("NSException", "NSThirdPartyException")
            .replace("NSIncludes", "NSThirdPartyIncludes");
        rules.get(key).or_else(|| rules.get(&third_party))
    };
    TransportException {
        domain: domain.to_owned(),
        includes_subdomains: either("NSIncludesSubdomains")
            .and_then(Value::bool)
            .unwrap_or(false),
        insecure_http: either("NSExceptionAllowsInsecureHTTPLoads")
            .and_then(Value::bool)
            .unwrap_or(false),
        minimum_tls: either("NSExceptionMinimumTLSVersion")
            .and_then(Value::text)
            .map(str::to_owned),
        forward_secrecy: either("NSExceptionRequiresForwardSecrecy")
            .and_then(Value::bool)
            .unwrap_or(true),
    }
}

/// A provisioning profile (`embedded.mobileprovision`): who may install the app and what it may
/// do. Its signature is not looked at here.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The file.
    pub file: String,
    /// Everything in it.
    pub values: Value,
}

impl Profile {
    /// The text of a key: `Name`, `TeamName`, `CreationDate`, `ExpirationDate`.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(Value::text)
    }

    /// The entitlements that it permits.
    #[must_use]
    pub fn entitlements(&self) -> Option<&Value> {
        self.values.get("Entitlements")
    }

    /// Whether a debugger may attach.
    #[must_use]
    pub fn get_task_allow(&self) -> Option<bool> {
        self.entitlements()?.get("get-task-allow")?.bool()
    }

    /// Whether it is for every device of the world: distribution within an enterprise.
    #[must_use]
    pub fn provisions_all_devices(&self) -> bool {
        self.values
            .get("ProvisionsAllDevices")
            .and_then(Value::bool)
            .unwrap_or(false)
    }

    /// The devices that it is for, if it lists them.
    #[must_use]
    pub fn devices(&self) -> Option<Vec<&str>> {
        self.values.get("ProvisionedDevices").map(Value::texts)
    }

    /// Identifiers of the team.
    #[must_use]
    pub fn team_ids(&self) -> Vec<&str> {
        self.values
            .get("TeamIdentifier")
            .map(Value::texts)
            .unwrap_or_default()
    }

    /// The certificates of the developers, as DER.
    #[must_use]
    pub fn certificates(&self) -> Vec<&[u8]> {
        let certificates = self.values.get("DeveloperCertificates").map(Value::items);
        certificates
            .unwrap_or_default()
            .iter()
            .filter_map(|certificate| match certificate {
                Value::Data(der) => Some(der.as_slice()),
                _ => None,
            })
            .collect()
    }
}

/// Reads the property list inside a provisioning profile. The profile is a signed message (CMS)
/// whose content is the property list as text, in one piece.
///
/// # Errors
///
/// Files without a property list inside, or with one that cannot be read.
pub fn provisioning_profile(bytes: &[u8], limits: &Limits) -> Result<Value, SkipReason> {
    const START: &[u8] = b"<?xml";
    const END: &[u8] = b"</plist>";
    let start = memchr::memmem::find(bytes, START).ok_or(SkipReason::NoPropertyList)?;
    let rest = bytes.get(start..).unwrap_or_default();
    let length = memchr::memmem::find(rest, END).ok_or(SkipReason::NoPropertyList)?;
    let text = slice_at(rest, 0, length + END.len()).map_err(|_| SkipReason::NoPropertyList)?;
    Ok(property_list::parse(text, limits)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(text: &str) -> InfoPlist {
        let text = format!("<?xml version=\"1.0\"?><plist><dict>{text}</dict></plist>");
        let values = property_list::parse(text.as_bytes(), &Limits::default()).unwrap();
        InfoPlist {
            file: "Info.plist".to_owned(),
            values,
        }
    }

    #[test]
    fn transport_security_with_old_and_new_names() {
        let found = info(
            "<key>NSAppTransportSecurity</key><dict>
             <key>NSAllowsArbitraryLoads</key><true/>
             <key>NSExceptionDomains</key><dict>
               <key>a.example</key><dict><key>NSExceptionAllowsInsecureHTTPLoads</key><true/>
                 <key>NSIncludesSubdomains</key><true/></dict>
               <key>b.example</key><dict><key>NSThirdPartyExceptionMinimumTLSVersion</key>
                 <string>TLSv1.0</string>
                 <key>NSThirdPartyExceptionRequiresForwardSecrecy</key><false/></dict>
             </dict></dict>",
        );
        let security = found.transport_security().unwrap();
        assert!(security.arbitrary_loads && !security.local_networking);
        assert!(security.exceptions[0].insecure_http && security.exceptions[0].includes_subdomains);
        assert!(security.exceptions[0].forward_secrecy && !security.exceptions[1].forward_secrecy);
        assert_eq!(
            security.exceptions[1].minimum_tls.as_deref(),
            Some("TLSv1.0")
        );
        assert_eq!(info("").transport_security(), None);
    }

    #[test]
    fn schemes_and_usage_descriptions() {
        let found = info(
            "<key>CFBundleURLTypes</key><array><dict><key>CFBundleURLSchemes</key>
             <array><string>bank</string></array></dict></array>
             <key>NSCameraUsageDescription</key><string>to scan codes</string>
             <key>NSOther</key><string>x</string>
             <key>UIDeviceFamily</key><array><integer>1</integer></array>",
        );
        assert_eq!(found.url_types()[0].schemes, ["bank"]);
        let described: Vec<_> = found.usage_descriptions().collect();
        assert_eq!(described, [("NSCameraUsageDescription", "to scan codes")]);
        assert_eq!(found.device_families(), [1]);
    }

    #[test]
    fn the_property_list_is_found_inside_a_signed_message() {
        let text =
            b"<?xml version=\"1.0\"?><plist><dict><key>Name</key><string>x</string></dict></plist>";
        let message = [&b"\x30\x82\x01\x00"[..], text, &[0; 40]].concat();
        let limits = Limits::default();
        let values = provisioning_profile(&message, &limits).unwrap();
        assert_eq!(values.get("Name").and_then(Value::text), Some("x"));
        assert_eq!(
            provisioning_profile(&message[..60], &limits),
            Err(SkipReason::NoPropertyList)
        );
    }
}
