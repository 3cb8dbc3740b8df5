//! The values of a source tree (`res/values*/*.xml`), under ids of our own.

use std::collections::BTreeMap;

use super::{ArscError, Builder, Config, Entry, KIND_STRING, Key, Pool, Stored, Table};
use crate::bytes::saturating_u32;
use crate::limits::Limits;
use crate::xml::Document;

/// Collects the values of many files into one table.
#[derive(Debug)]
pub struct Sources<'l> {
    limits: &'l Limits,
    /// Type and name to (configuration, text), in the order read.
    values: BTreeMap<(String, String), Vec<(Config, String)>>,
    count: usize,
}

impl<'l> Sources<'l> {
    /// No values yet.
    #[must_use]
    pub fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            values: BTreeMap::new(),
            count: 0,
        }
    }

    /// Adds the values of `document`, read from a folder such as `values-zh-rCN`.
    ///
    /// # Errors
    ///
    /// More values than [`Limits::resource_values_max`].
    pub fn add(&mut self, folder: &str, document: &Document) -> Result<(), ArscError> {
        let config = config(folder);
        let Some(root) = document.root() else {
            return Ok(());
        };
        for node in root.children() {
            let Some(name) = node.plain("name").and_then(|name| name.text()) else {
                continue;
            };
            let type_name = match node.name() {
                "item" => node
                    .plain("type")
                    .and_then(|name| name.text())
                    .unwrap_or("item"),
                "string-array" | "integer-array" => "array",
                other => other,
            };
            let texts = match node.children().next() {
                Some(_) => node.descendants().map(|item| item.text()).collect(),
                None => vec![node.text()],
            };
            self.count += texts.len();
            if self.count > self.limits.resource_values_max {
                return Err(ArscError::TooManyValues);
            }
            let values = self
                .values
                .entry((type_name.to_owned(), name.to_owned()))
                .or_default();
            values.extend(
                texts
                    .into_iter()
                    .map(|text| (config.clone(), text.to_owned())),
            );
        }
        Ok(())
    }

    /// The table. Ids are numbered from `0x7f010000` by type and name.
    ///
    /// # Errors
    ///
    /// More values than [`Limits::resource_values_max`].
    pub fn finish(self) -> Result<Table, ArscError> {
        let mut builder = Builder::new(Vec::new(), Pool::Owned(Vec::new()), self.limits);
        let (mut strings, mut names) = (Vec::new(), Vec::new());
        let (mut type_number, mut entry_number) = (0_u32, 0_u32);
        let mut current = String::new();
        for ((type_name, name), values) in self.values {
            if type_name != current {
                (type_number, entry_number) = (type_number + 1, 0);
                let upper = 0x7f00 | (type_number & 0xff) as u16;
                builder.table.types.insert(upper, type_name.clone());
                current = type_name;
            }
            let id = 0x7f00_0000 | (type_number & 0xff) << 16 | (entry_number & 0xffff);
            entry_number += 1;
            let key = Key {
                pool: 1,
                index: saturating_u32(names.len()),
            };
            names.push(name);
            for (config, text) in values {
                let config = builder.config(config);
                let data = saturating_u32(strings.len());
                strings.push(text);
                let value = Stored::Plain {
                    kind: KIND_STRING,
                    data,
                };
                builder.entry(Entry {
                    id,
                    config,
                    key,
                    value,
                })?;
            }
        }
        builder.table.pools = vec![Pool::Owned(strings), Pool::Owned(names)];
        Ok(builder.finish())
    }
}

/// The configuration in the qualifiers of a folder's name, as far as it is kept.
fn config(folder: &str) -> Config {
    let mut qualifiers = folder.split('-').skip(1);
    let mut config = Config {
        is_default: !folder.contains('-'),
        ..Config::default()
    };
    let mut language = None;
    for qualifier in qualifiers.by_ref() {
        match qualifier {
            "night" => config.night = true,
            region if region.len() == 3 && region.starts_with('r') && language.is_some() => {
                config.locale.push('-');
                config.locale.push_str(region);
            }
            tag if tag.starts_with("b+") => config.locale = tag.to_owned(),
            code if (2..=3).contains(&code.len())
                && code.bytes().all(|byte| byte.is_ascii_lowercase())
                && language.is_none() =>
            {
                language = Some(code);
                config.locale = code.to_owned();
            }
            version => {
                let digits = version
                    .strip_prefix('v')
                    .and_then(|digits| digits.parse().ok());
                config.sdk = digits.unwrap_or(config.sdk);
            }
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    #[test]
    fn values_of_several_files_are_one_table() {
        let limits = Limits::default();
        let mut sources = Sources::new(&limits);
        let add = |sources: &mut Sources<'_>, folder, text: &[u8]| {
            sources
                .add(folder, &xml::parse(text, &limits).unwrap())
                .unwrap();
        };
        add(
            &mut sources,
            "values",
            br#"<resources><string name="a">one</string>
            <bool name="b">true</bool></resources>"#,
        );
        add(
            &mut sources,
            "values-zh-rCN",
            "<resources><string name=\"a\">一</string></resources>".as_bytes(),
        );
        let table = sources.finish().unwrap();
        assert_eq!(
            table.named("string", "a").unwrap().text().as_deref(),
            Some("one")
        );
        assert_eq!(table.named("string", "a").unwrap().texts().len(), 2);
        assert_eq!(
            table.named("bool", "b").unwrap().text().as_deref(),
            Some("true")
        );
        assert_eq!(table.locales().into_iter().collect::<Vec<_>>(), ["zh-rCN"]);
    }

    #[test]
    fn qualifiers_are_understood() {
        assert_eq!(config("values").locale, "");
        assert!(config("values").is_default);
        assert_eq!(config("values-zh-rHK-night-v21").locale, "zh-rHK");
        assert!(config("values-night").night);
        assert_eq!(config("values-v21").sdk, 21);
        assert_eq!(config("values-b+sr+Latn").locale, "b+sr+Latn");
    }
}
