//! The three numbers of `AndroidManifest.xml` on which the rules for signatures depend.

use super::contents::Abort;
use crate::Limits;
use crate::axml;
use crate::xml::{Document, Node, Value};

pub(crate) const MANIFEST: &str = "AndroidManifest.xml";
const MIN_SDK_VERSION: u32 = 0x0101_020c;
const TARGET_SDK_VERSION: u32 = 0x0101_0270;
const TARGET_SANDBOX_VERSION: u32 = 0x0101_054c;

/// What the manifest says about platforms.
#[derive(Debug)]
pub(crate) struct Platforms {
    document: Option<Document>,
}

impl Platforms {
    /// Reads a manifest. One that cannot be read has default values, but no minimum SDK.
    pub(crate) fn parse(manifest: &[u8]) -> Self {
        Self {
            document: axml::parse(manifest, &Limits::default()).ok(),
        }
    }

    /// The lowest SDK version on which the app can be installed: the highest of all that are
    /// required.
    pub(crate) fn min_sdk(&self) -> Result<i32, Abort> {
        let root = self
            .document
            .as_ref()
            .and_then(Document::root)
            .ok_or(Abort::Format)?;
        root.children_named("uses-sdk")
            .filter(|element| element.namespace().is_none())
            .map(|element| match attribute(&element, MIN_SDK_VERSION) {
                None => Ok(1),
                Some(Value::Int(version)) => Ok(*version),
                Some(Value::Text(codename)) => sdk_of_codename(codename).ok_or(Abort::Format),
                Some(_) => Err(Abort::Format),
            })
            .try_fold(1, |highest: i32, version| Ok(highest.max(version?)))
    }

    /// The SDK version that the app was made for; the minimum if there is none.
    pub(crate) fn target_sdk(&self) -> i32 {
        self.number("uses-sdk", TARGET_SDK_VERSION)
            .unwrap_or_else(|| self.min_sdk().unwrap_or(1))
    }

    /// The version of the security sandbox that the app was made for.
    pub(crate) fn target_sandbox(&self) -> i32 {
        self.number("manifest", TARGET_SANDBOX_VERSION).unwrap_or(1)
    }

    /// The first such attribute of any element of that name, if it is an integer.
    fn number(&self, element: &str, id: u32) -> Option<i32> {
        let elements = self
            .document
            .as_ref()?
            .nodes()
            .filter(|node| node.name() == element);
        let value = elements.filter_map(|node| attribute(&node, id)).next()?;
        match value {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }
}

/// The first attribute with that resource id.
fn attribute<'a>(node: &Node<'a>, id: u32) -> Option<&'a Value> {
    node.attributes()
        .iter()
        .find(|attribute| attribute.id == Some(id))
        .map(|found| &found.value)
}

/// The SDK version before the release that had this codename, since features of a release are not
/// there from its first preview on. Only the first letter counts.
fn sdk_of_codename(codename: &str) -> Option<i32> {
    const KNOWN: [(u8, i32); 13] = [
        (b'C', 2),
        (b'D', 3),
        (b'E', 4),
        (b'F', 7),
        (b'G', 8),
        (b'H', 10),
        (b'I', 13),
        (b'J', 15),
        (b'K', 18),
        (b'L', 20),
        (b'M', 22),
        (b'N', 23),
        (b'O', 25),
    ];
    let letter = *codename
        .as_bytes()
        .first()
        .filter(|letter| letter.is_ascii_uppercase())?;
    // Later letters count on from the last known one.
    let newest_older = KNOWN.into_iter().rev().find(|(known, _)| *known <= letter);
    let (known, sdk) = newest_older.unwrap_or((letter, 1));
    Some(sdk + i32::from(letter - known))
}

#[cfg(test)]
mod tests {
    use super::sdk_of_codename;

    #[test]
    fn codenames_count_by_their_first_letter() {
        for (codename, sdk) in [
            ("AAA", Some(1)),
            ("BBB", Some(1)),
            ("CUPCAKE", Some(2)),
            ("N", Some(23)),
            ("O", Some(25)),
            ("Q", Some(27)),
            ("", None),
            ("n", None),
        ] {
            assert_eq!(sdk_of_codename(codename), sdk, "{codename}");
        }
    }

    #[test]
    fn a_manifest_that_cannot_be_read_has_no_minimum() {
        let platforms = super::Platforms::parse(b"no manifest");
        assert_eq!(platforms.min_sdk(), Err(super::Abort::Format));
        assert_eq!((platforms.target_sdk(), platforms.target_sandbox()), (1, 1));
    }
}
