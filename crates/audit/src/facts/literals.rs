//! Every string of a package with the place where it stands, for checks that look for addresses,
//! keys and names wherever they may be.

use std::borrow::Cow;

use crate::property_list::Value;
use crate::xml::Node;

use super::Facts;
use super::code::Text;

/// A string and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal<'a> {
    /// The string.
    pub text: Cow<'a, str>,
    /// Where it stands.
    pub place: Place<'a>,
}

/// Where a string stands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Place<'a> {
    /// In a dex file; [`Text::uses`] lists the methods that load it.
    Code(Text<'a>),
    /// In the resource table, by the number of the string; a name that uses it is found with
    /// [`Facts::resource_of`].
    Resource {
        /// The number of the string.
        index: u32,
    },
    /// In an XML resource or the manifest.
    Xml {
        /// The file.
        file: &'a str,
        /// The element; [`Node::path`] tells where it is.
        node: Node<'a>,
        /// The attribute; `None` for text inside the element.
        attribute: Option<&'a str>,
    },
    /// In a native library or program.
    Native {
        /// The file.
        file: &'a str,
        /// Where, in bytes; for a universal program, within its slice.
        offset: u32,
    },
    /// In a text file: one line.
    Text {
        /// The file.
        file: &'a str,
        /// Which line, from 1.
        line: usize,
    },
    /// In a property list.
    PropertyList {
        /// The file.
        file: &'a str,
        /// The keys that lead there: `NSAppTransportSecurity/NSExceptionDomains`.
        key: String,
    },
}

impl Facts {
    /// Every string of the package, grouped by where it stands. In code, strings that are only
    /// names of classes and members are left out.
    pub fn literals(&self) -> impl Iterator<Item = Literal<'_>> {
        self.code_literals()
            .chain(self.resource_literals())
            .chain(self.xml_literals())
            .chain(self.native_literals())
            .chain(self.text_literals())
            .chain(self.property_list_literals())
    }

    /// The strings that code loads, once for each dex file, and those that fields start with.
    pub fn code_literals(&self) -> impl Iterator<Item = Literal<'_>> {
        self.code
            .texts()
            .filter(|text| text.is_loaded())
            .map(|text| Literal {
                text: text.value(),
                place: Place::Code(text),
            })
    }

    /// The strings of the resource table.
    pub fn resource_literals(&self) -> impl Iterator<Item = Literal<'_>> {
        let table = self
            .android
            .as_ref()
            .and_then(|android| android.resources.as_ref());
        table
            .into_iter()
            .flat_map(|table| table.strings())
            .map(|(index, text)| Literal {
                text,
                place: Place::Resource { index },
            })
    }

    /// Type and name of the first resource whose value is string `index` of the table.
    #[must_use]
    pub fn resource_of(&self, index: u32) -> Option<String> {
        let table = self.android.as_ref()?.resources.as_ref()?;
        table.user_of_string(index)
    }

    /// The attributes and texts of manifests and kept XML resources.
    pub fn xml_literals(&self) -> impl Iterator<Item = Literal<'_>> {
        let manifests = self.android.iter().flat_map(|android| &android.manifests);
        let manifests = manifests.map(|manifest| (manifest.file.as_str(), &manifest.document));
        let documents = self.android.iter().flat_map(|android| &android.documents);
        let documents = documents.map(|file| (file.path.as_str(), &file.document));
        let nodes = manifests
            .chain(documents)
            .flat_map(|(file, document)| document.nodes().map(move |node| (file, node)));
        nodes.flat_map(|(file, node)| {
            let attributes = node.attributes().iter().filter_map(move |attribute| {
                Some((Some(attribute.name.as_ref()), attribute.value.text()?))
            });
            let text = Some((None, node.text())).filter(|(_, text)| !text.is_empty());
            attributes
                .chain(text)
                .map(move |(attribute, text)| Literal {
                    text: Cow::Borrowed(text),
                    place: Place::Xml {
                        file,
                        node,
                        attribute,
                    },
                })
        })
    }

    /// The strings of native libraries and programs.
    pub fn native_literals(&self) -> impl Iterator<Item = Literal<'_>> {
        let elf = self
            .libraries
            .iter()
            .map(|library| (library.path.as_str(), &library.elf.strings));
        let bundles = self.ios.iter().flat_map(|ios| &ios.bundles);
        let bundles = bundles.flat_map(|bundle| {
            let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
            bundle
                .slices
                .iter()
                .map(move |slice| (file, &slice.strings))
        });
        let others = self.macho_files.iter().flat_map(|file| {
            file.slices
                .iter()
                .map(move |slice| (file.path.as_str(), &slice.strings))
        });
        elf.chain(bundles)
            .chain(others)
            .flat_map(|(file, strings)| {
                strings.iter().map(move |(offset, text)| Literal {
                    text: Cow::Borrowed(text),
                    place: Place::Native { file, offset },
                })
            })
    }

    /// The lines of text files.
    pub fn text_literals(&self) -> impl Iterator<Item = Literal<'_>> {
        self.texts.iter().flat_map(|file| {
            (1..).zip(file.text.lines()).map(|(line, text)| Literal {
                text: Cow::Borrowed(text),
                place: Place::Text {
                    file: &file.path,
                    line,
                },
            })
        })
    }

    /// The strings of property lists, those of bundles included.
    pub fn property_list_literals(&self) -> impl Iterator<Item = Literal<'_>> {
        let bundles = self.ios.iter().flat_map(|ios| &ios.bundles);
        let bundles = bundles.filter_map(|bundle| bundle.info.as_ref());
        let bundles = bundles.map(|info| (info.file.as_str(), &info.values));
        let others = self
            .property_lists
            .iter()
            .map(|file| (file.path.as_str(), &file.values));
        bundles.chain(others).flat_map(|(file, values)| {
            let mut found = Vec::new();
            collect(file, values, String::new(), &mut found);
            found
        })
    }
}

/// The strings below `value`. Depth is bounded by the reader of property lists.
fn collect<'a>(file: &'a str, value: &'a Value, key: String, found: &mut Vec<Literal<'a>>) {
    let below = |name: &str| {
        if key.is_empty() {
            name.to_owned()
        } else {
            format!("{key}/{name}")
        }
    };
    match value {
        Value::Text(text) => found.push(Literal {
            text: Cow::Borrowed(text),
            place: Place::PropertyList { file, key },
        }),
        Value::Dictionary(entries) => {
            for (name, value) in entries {
                collect(file, value, below(name), found);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(file, item, key.clone(), found);
            }
        }
        _ => {}
    }
}
