//! The format of osv.dev: <https://ossf.github.io/osv-schema/>.

use std::cmp::Ordering;

use serde::Deserialize;

use super::version::{Ecosystem, Scheme};

/// A published vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Its id in the database: `GHSA-…`.
    pub id: String,
    /// Its other ids: `CVE-…`.
    pub aliases: Vec<String>,
    /// What it is, in a line.
    pub summary: String,
    /// How bad the database says it is: `LOW` to `CRITICAL`.
    pub severity: Option<String>,
}

impl Advisory {
    /// The CVE id if there is one, else the id of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        let cve = self.aliases.iter().find(|alias| alias.starts_with("CVE-"));
        cve.map_or(self.id.as_str(), String::as_str)
    }
}

/// What it affects of one package.
#[derive(Debug, Clone, Default)]
pub(super) struct Affected {
    /// The number of the advisory.
    pub(super) advisory: usize,
    ranges: Vec<Vec<Event>>,
    versions: Vec<String>,
}

/// Ecosystem and name of a package, and what is affected of it.
pub(super) type PackageAffected = (Ecosystem, String, Affected);

/// Where a range starts or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
}

impl Event {
    fn version(&self) -> &str {
        match self {
            Self::Introduced(version) | Self::Fixed(version) | Self::LastAffected(version) => {
                version
            }
        }
    }
}

impl Affected {
    /// Whether a version is affected: listed, or after the last event that opens a range.
    pub(super) fn covers(&self, scheme: Scheme, version: &str) -> bool {
        self.versions.iter().any(|listed| listed == version)
            || self
                .ranges
                .iter()
                .any(|events| in_range(events, scheme, version))
    }
}

fn in_range(events: &[Event], scheme: Scheme, version: &str) -> bool {
    let mut affected = false;
    for event in events {
        let order = match event.version() {
            // "0" stands for the very first version, also before any pre-release.
            "0" if matches!(event, Event::Introduced(_)) => Ordering::Greater,
            other => scheme.compare(version, other),
        };
        match event {
            Event::Introduced(_) if order != Ordering::Less => affected = true,
            Event::Fixed(_) if order != Ordering::Less => affected = false,
            Event::LastAffected(_) if order == Ordering::Greater => affected = false,
            _ => {}
        }
    }
    affected
}

/// Events kept of one range, and ranges and versions of one package. Real ones have a few.
const LIST_MAX: usize = 16_384;
/// Bytes kept of a text.
const TEXT_BYTES_MAX: usize = 512;

#[derive(Deserialize)]
struct RawAdvisory {
    id: String,
    #[serde(default, deserialize_with = "list")]
    aliases: Vec<String>,
    summary: Option<String>,
    withdrawn: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "list")]
    affected: Vec<RawAffected>,
    database_specific: Option<RawSeverity>,
}

#[derive(Deserialize)]
struct RawSeverity {
    severity: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct RawAffected {
    package: Option<RawPackage>,
    #[serde(default, deserialize_with = "list")]
    ranges: Vec<RawRange>,
    #[serde(default, deserialize_with = "list")]
    versions: Vec<String>,
    database_specific: Option<RawLastKnown>,
}

#[derive(Deserialize)]
struct RawLastKnown {
    last_known_affected_version_range: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct RawPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct RawRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "list")]
    events: Vec<RawEvent>,
}

#[derive(Deserialize)]
struct RawEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// A list that some writers give as `null` where it is empty.
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An advisory and what it affects; `None` if it was withdrawn or is about other ecosystems.
pub(super) fn parse(
    json: &[u8],
) -> Result<Option<(Advisory, Vec<PackageAffected>)>, serde_json::Error> {
    let raw: RawAdvisory = serde_json::from_slice(json)?;
    let mut affected = Vec::new();
    for entry in raw.affected.into_iter().take(LIST_MAX) {
        let Some(package) = entry.package else {
            continue;
        };
        let Some(ecosystem) = Ecosystem::parse(&package.ecosystem) else {
            continue;
        };
        let last_known = entry.database_specific.and_then(last_known);
        let ranges = entry.ranges.into_iter().filter(|range| range.kind != "GIT");
        let ranges = ranges
            .take(LIST_MAX)
            .map(|range| {
                let mut events = events(range.events, ecosystem.scheme());
                if matches!(events.last(), Some(Event::Introduced(_))) {
                    events.extend(last_known.clone());
                }
                events
            })
            .collect();
        let versions = entry.versions.into_iter().take(LIST_MAX).collect();
        affected.push((
            ecosystem,
            package.name,
            Affected {
                advisory: 0,
                ranges,
                versions,
            },
        ));
    }
    if raw.withdrawn.is_some() || affected.is_empty() {
        return Ok(None);
    }
    let severity = raw.database_specific.and_then(|specific| specific.severity);
    let advisory = Advisory {
        id: shortened(raw.id),
        aliases: raw.aliases.into_iter().take(64).map(shortened).collect(),
        summary: shortened(raw.summary.unwrap_or_default()),
        severity: severity.and_then(|value| value.as_str().map(str::to_owned)),
    };
    Ok(Some((advisory, affected)))
}

/// Where a range ends that has no end of its own. GitHub's database says so of packages that never
/// got a version with the fix: `< 1.70`, `<= 2.3`.
fn last_known(specific: RawLastKnown) -> Option<Event> {
    let range = specific.last_known_affected_version_range?;
    let range = range.as_str()?.trim();
    let version = range.trim_start_matches(['<', '=']).trim();
    let is_version = !version.is_empty() && !version.contains([',', ' ']);
    let event = match range.strip_prefix('<')?.starts_with('=') {
        true => Event::LastAffected(version.to_owned()),
        false => Event::Fixed(version.to_owned()),
    };
    is_version.then_some(event)
}

fn events(raw: Vec<RawEvent>, scheme: Scheme) -> Vec<Event> {
    let mut events: Vec<Event> = raw
        .into_iter()
        .take(LIST_MAX)
        .filter_map(|event| {
            let introduced = event.introduced.map(Event::Introduced);
            let fixed = event.fixed.map(Event::Fixed);
            // Nothing beyond a limit is told about; `*` is none.
            let limit = event.limit.filter(|limit| limit != "*");
            introduced
                .or(fixed)
                .or(event.last_affected.map(Event::LastAffected))
                .or(limit.map(Event::Fixed))
        })
        .collect();
    // The order of versions decides, not that of the file.
    events.sort_by(|left, right| match (left, right) {
        (Event::Introduced(version), other) if version == "0" => {
            if *other == Event::Introduced("0".to_owned()) {
                Ordering::Equal
            } else {
                Ordering::Less
            }
        }
        (_, Event::Introduced(version)) if version == "0" => Ordering::Greater,
        _ => scheme.compare(left.version(), right.version()),
    });
    events
}

fn shortened(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        let end = (0..=TEXT_BYTES_MAX)
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(0);
        text.truncate(end);
    }
    text
}
