//! Resource tables: what an id stands for, in every configuration.

mod binary;
mod proto;
mod source;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bytes::Truncated;
use crate::limits::Limits;
use crate::pool::StringPool;
use crate::xml::Value;

pub use self::binary::parse;
pub use self::proto::{parse as parse_proto, parse_xml as parse_proto_xml};
pub use self::source::Sources;

/// Why a resource table cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArscError {
    /// Not a resource table.
    #[error("not a resource table")]
    NotATable,
    /// Cut short.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// A chunk is smaller than its own header.
    #[error("the chunk at byte {offset} has an impossible size")]
    BadChunk {
        /// Where, in bytes.
        offset: u32,
    },
    /// More values than [`Limits::resource_values_max`].
    #[error("more values than the limit")]
    TooManyValues,
    /// More strings than [`Limits::pool_strings_max`].
    #[error("more strings than the limit")]
    TooManyStrings,
}

/// When a value applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Config {
    /// Language and region: `zh`, `zh-rCN`, `b+sr+Latn`.
    pub locale: String,
    /// Dots per inch; 0 for any, 0xfffe for scalable, 0xffff for none.
    pub density: u16,
    /// For dark mode.
    pub night: bool,
    /// Least platform version; 0 for any.
    pub sdk: u16,
    /// Whether anything at all is demanded, also what is not listed here.
    pub is_default: bool,
}

/// A value, or what a bag holds.
#[derive(Debug, Clone, Copy)]
enum Stored {
    /// Type and data as in `Res_value`.
    Plain { kind: u8, data: u32 },
    /// Range in `Table::bags`.
    Bag { from: u32, to: u32, parent: u32 },
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: u32,
    config: u32,
    key: Key,
    value: Stored,
}

/// The name of an entry: string of a pool, in place or owned.
#[derive(Debug, Clone, Copy)]
struct Key {
    pool: u32,
    index: u32,
}

#[derive(Debug, Clone, Copy)]
struct BagItem {
    name: u32,
    kind: u8,
    data: u32,
}

#[derive(Debug)]
enum Pool {
    InPlace(StringPool),
    Owned(Vec<String>),
}

/// The resources of a package.
#[derive(Debug)]
pub struct Table {
    bytes: Vec<u8>,
    /// The first pool holds values, the others names of entries.
    pools: Vec<Pool>,
    packages: Vec<(u8, String)>,
    /// Names of types by package and type: the upper 16 bits of ids.
    types: BTreeMap<u16, String>,
    configs: Vec<Config>,
    /// Sorted by id; within an id in the order of the file.
    entries: Vec<Entry>,
    bags: Vec<BagItem>,
}

/// Collects entries, within the limits.
struct Builder<'l> {
    limits: &'l Limits,
    table: Table,
    config_numbers: BTreeMap<Config, u32>,
}

impl<'l> Builder<'l> {
    fn new(bytes: Vec<u8>, values: Pool, limits: &'l Limits) -> Self {
        let table = Table {
            bytes,
            pools: vec![values],
            packages: Vec::new(),
            types: BTreeMap::new(),
            configs: Vec::new(),
            entries: Vec::new(),
            bags: Vec::new(),
        };
        Self {
            limits,
            table,
            config_numbers: BTreeMap::new(),
        }
    }

    fn config(&mut self, config: Config) -> u32 {
        let next = crate::bytes::saturating_u32(self.table.configs.len());
        *self
            .config_numbers
            .entry(config)
            .or_insert_with_key(|config| {
                self.table.configs.push(config.clone());
                next
            })
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ArscError> {
        self.room()?;
        self.table.entries.push(entry);
        Ok(())
    }

    fn bag_item(&mut self, item: BagItem) -> Result<(), ArscError> {
        self.room()?;
        self.table.bags.push(item);
        Ok(())
    }

    fn room(&self) -> Result<(), ArscError> {
        let values = self.table.entries.len() + self.table.bags.len();
        if values >= self.limits.resource_values_max {
            return Err(ArscError::TooManyValues);
        }
        Ok(())
    }

    fn bag_end(&self) -> u32 {
        crate::bytes::saturating_u32(self.table.bags.len())
    }

    fn finish(mut self) -> Table {
        self.table.entries.sort_by_key(|entry| entry.id);
        self.table
    }
}

/// A resource in its table: one id with a value for each configuration.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    table: &'a Table,
    entries: &'a [Entry],
}

impl Table {
    /// Ids and names of the packages.
    #[must_use]
    pub fn packages(&self) -> &[(u8, String)] {
        &self.packages
    }

    fn pool_string(&self, pool: u32, index: u32) -> Option<Cow<'_, str>> {
        match self.pools.get(pool as usize)? {
            Pool::InPlace(pool) => pool.string(&self.bytes, index),
            Pool::Owned(strings) => strings
                .get(index as usize)
                .map(|string| Cow::Borrowed(string.as_str())),
        }
    }

    /// The strings of values, each once, as the file orders them.
    pub fn strings(&self) -> impl Iterator<Item = (u32, Cow<'_, str>)> {
        let count = match self.pools.first() {
            Some(Pool::InPlace(pool)) => pool.count,
            Some(Pool::Owned(strings)) => crate::bytes::saturating_u32(strings.len()),
            None => 0,
        };
        (0..count).filter_map(|index| Some((index, self.pool_string(0, index)?)))
    }

    /// Type and name of the first resource that has string `index` as a value.
    #[must_use]
    pub fn user_of_string(&self, index: u32) -> Option<String> {
        let is_string = |kind: u8, data: u32| kind == KIND_STRING && data == index;
        let user = self.entries.iter().find(|entry| match entry.value {
            Stored::Plain { kind, data } => is_string(kind, data),
            Stored::Bag { from, to, .. } => {
                let items = self
                    .bags
                    .get(from as usize..to as usize)
                    .unwrap_or_default();
                items.iter().any(|item| is_string(item.kind, item.data))
            }
        })?;
        self.name_of(user.id)
    }

    /// The resource with this id.
    #[must_use]
    pub fn resource(&self, id: u32) -> Option<Resource<'_>> {
        let from = self.entries.partition_point(|entry| entry.id < id);
        let rest = self.entries.get(from..)?;
        let entries = rest.get(..rest.partition_point(|entry| entry.id == id))?;
        (!entries.is_empty()).then_some(Resource {
            table: self,
            entries,
        })
    }

    /// All resources, sorted by id.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        self.entries
            .chunk_by(|left, right| left.id == right.id)
            .map(|entries| Resource {
                table: self,
                entries,
            })
    }

    /// The resource of this type and name: `string`, `app_name`.
    #[must_use]
    pub fn named(&self, type_name: &str, name: &str) -> Option<Resource<'_>> {
        self.resources()
            .find(|resource| resource.type_name() == type_name && resource.name() == name)
    }

    /// Type and name of an id, as `string/app_name`.
    #[must_use]
    pub fn name_of(&self, id: u32) -> Option<String> {
        let resource = self.resource(id)?;
        Some(format!("{}/{}", resource.type_name(), resource.name()))
    }

    /// The value behind `value`: references are followed through default values, at most
    /// [`Limits::resource_reference_depth_max`] of them.
    #[must_use]
    pub fn resolve(&self, value: &Value, limits: &Limits) -> Value {
        let mut value = value.clone();
        for _ in 0..limits.resource_reference_depth_max {
            let Value::Reference(id) = value else {
                return value;
            };
            match self
                .resource(id)
                .and_then(|resource| resource.default_value())
            {
                Some(next) => value = next,
                None => return value,
            }
        }
        Value::Null
    }

    /// The ids of the resources that values refer to, in order, with repetition.
    pub fn references(&self) -> impl Iterator<Item = u32> {
        let is_reference = |kind: u8| matches!(kind, 0x01 | 0x02 | 0x07 | 0x08);
        let plain = self.entries.iter().map(|entry| match entry.value {
            Stored::Plain { kind, data } => (kind, data),
            Stored::Bag { parent, .. } => (0x01, parent),
        });
        let items = self
            .bags
            .iter()
            .flat_map(|item| [(item.kind, item.data), (0x01, item.name)]);
        plain
            .chain(items)
            .filter(move |(kind, _)| is_reference(*kind))
            .map(|(_, id)| id)
    }

    /// Languages and regions that any string is translated to, sorted; the default is not one.
    #[must_use]
    pub fn locales(&self) -> BTreeSet<&str> {
        self.configs
            .iter()
            .map(|config| config.locale.as_str())
            .filter(|locale| !locale.is_empty())
            .collect()
    }

    /// Files that are resources: path, type (`layout`, `xml`, `drawable`), id, configuration.
    pub fn files(&self) -> impl Iterator<Item = (Cow<'_, str>, &str, u32, &Config)> {
        self.resources()
            .filter(|resource| !matches!(resource.type_name(), "string" | "id" | "bool"))
            .flat_map(|resource| {
                resource
                    .texts()
                    .into_iter()
                    .filter(|(_, text)| text.contains('/'))
                    .map(move |(config, text)| (text, resource.type_name(), resource.id(), config))
            })
    }

    fn value(&self, kind: u8, data: u32) -> Option<Value> {
        if kind == KIND_STRING {
            return self
                .pool_string(0, data)
                .map(|text| Value::Text(Arc::from(&*text)));
        }
        Value::from_res_value(kind, data)
    }
}

/// `Res_value` of a string.
const KIND_STRING: u8 = 0x03;

impl<'a> Resource<'a> {
    fn first(&self) -> Option<&'a Entry> {
        self.entries.first()
    }

    /// The id: package, type, entry.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.first().map_or(0, |entry| entry.id)
    }

    /// The type: `string`, `layout`, …
    #[must_use]
    pub fn type_name(&self) -> &'a str {
        let upper = (self.id() >> 16 & 0xffff) as u16;
        self.table.types.get(&upper).map_or("", String::as_str)
    }

    /// The name, as the source knew it unless it was shortened.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.first()
            .and_then(|entry| self.table.pool_string(entry.key.pool, entry.key.index))
            .unwrap_or_default()
    }

    /// The value where nothing is demanded of the device, else the first there is.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        let default = self.entries.iter().find(|entry| {
            self.table
                .configs
                .get(entry.config as usize)
                .is_some_and(|config| config.is_default)
        });
        match default.or(self.first())?.value {
            Stored::Plain { kind, data } => self.table.value(kind, data),
            Stored::Bag { .. } => None,
        }
    }

    /// The values of all configurations; styles, arrays and plurals have none.
    #[must_use]
    pub fn values(&self) -> Vec<(&'a Config, Value)> {
        let plain = self.entries.iter().filter_map(|entry| match entry.value {
            Stored::Plain { kind, data } => Some((
                self.table.configs.get(entry.config as usize)?,
                self.table.value(kind, data)?,
            )),
            Stored::Bag { .. } => None,
        });
        plain.collect()
    }

    /// The strings of all configurations, also those inside arrays and plurals.
    #[must_use]
    pub fn texts(&self) -> Vec<(&'a Config, Cow<'a, str>)> {
        let mut texts = Vec::new();
        for entry in self.entries {
            let Some(config) = self.table.configs.get(entry.config as usize) else {
                continue;
            };
            let mut push = |kind: u8, data: u32| {
                if kind == KIND_STRING
                    && let Some(text) = self.table.pool_string(0, data)
                {
                    texts.push((config, text));
                }
            };
            match entry.value {
                Stored::Plain { kind, data } => push(kind, data),
                Stored::Bag { from, to, .. } => {
                    let items = self.table.bags.get(from as usize..to as usize);
                    items
                        .unwrap_or_default()
                        .iter()
                        .for_each(|item| push(item.kind, item.data));
                }
            }
        }
        texts
    }

    /// The string where nothing is demanded of the device.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.default_value()
            .and_then(|value| value.text().map(str::to_owned))
    }

    /// The items of a style (attribute id and value) or array (position and value), of the
    /// default configuration.
    #[must_use]
    pub fn bag(&self) -> Vec<(u32, Value)> {
        let bag = self.entries.iter().find_map(|entry| match entry.value {
            Stored::Bag { from, to, .. } => Some(from as usize..to as usize),
            Stored::Plain { .. } => None,
        });
        let items = bag
            .and_then(|range| self.table.bags.get(range))
            .unwrap_or_default();
        items
            .iter()
            .filter_map(|item| Some((item.name, self.table.value(item.kind, item.data)?)))
            .collect()
    }

    /// The style that a style extends.
    #[must_use]
    pub fn parent(&self) -> Option<u32> {
        self.entries.iter().find_map(|entry| match entry.value {
            Stored::Bag { parent, .. } => Some(parent).filter(|id| *id != 0),
            Stored::Plain { .. } => None,
        })
    }
}
