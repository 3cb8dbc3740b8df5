//! The one pass from bytes to facts.
//!
//! First it is planned in order what may be kept, so that limits cut the same things on every run;
//! then all files are read in parallel; then the results are put together in order again.

mod assemble;
mod plan;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::arsc::{self, Table};
use crate::axml;
use crate::dex::{self, Dex};
use crate::elf::{self, Elf};
use crate::limits::Limits;
use crate::macho::{self, Slice};
use crate::package::{Package, SourceError};
use crate::property_list;
use crate::xml::{self, Document};
use crate::zip::{Archive, Entry};

use super::Facts;
use super::coverage::{Area, SkipReason};
use super::files::{File, FileKind, classify, extension, location};
use super::harmony;
use super::ios;
use super::texts::TextFile;
use plan::{Plan, Role};

pub(super) fn read(package: &Package, limits: &Limits) -> Facts {
    let mut assembly = assemble::Assembly::new(package, limits);
    let mut archives = Vec::new();
    for part in package.parts() {
        match Archive::parse(&part.bytes, &limits.zip()) {
            Ok(archive) => archives.push((part.name.as_str(), archive)),
            Err(error) => assembly.skip(Area::Archive, part_name(package, &part.name), error),
        }
    }
    let items = items(package, &archives);
    // The resource table comes first: it says what the other resources are.
    let tables = tables(&items, limits, &mut assembly);
    let (plans, mut budget) = plan::plan(package.kind(), &items, &tables, limits);
    let mut reads: Vec<Read> = items
        .par_iter()
        .zip(&plans)
        .map(|(item, plan)| read_item(item, plan, limits))
        .collect();
    // Code under another name, which an app loads by itself.
    for (item, read) in items.iter().zip(&mut reads) {
        if read.file.kind == FileKind::Dex && !item.path.ends_with(".dex") {
            let keep = budget.take_dex(item.size());
            match item
                .content()
                .map(|content| dex_file(&content, keep, limits))
            {
                Ok(Ok(parsed)) => read.parsed = parsed,
                Ok(Err(failure)) => read.skipped.push(failure),
                // Then the first reading failed as well, and said so.
                Err(_) => {}
            }
        }
    }
    for (part, archive) in &archives {
        assembly.archive(part, archive);
    }
    assembly.finish(&items, reads, tables)
}

fn part_name<'a>(package: &'a Package, part: &'a str) -> &'a str {
    if part.is_empty() {
        package.name()
    } else {
        part
    }
}

/// A file of the package, wherever it is.
struct Item<'a> {
    part: &'a str,
    path: String,
    source: Source<'a>,
}

enum Source<'a> {
    Entry(&'a Archive<'a>, &'a Entry<'a>),
    File(&'a Result<Vec<u8>, SourceError>),
}

impl Item<'_> {
    fn is_source(&self) -> bool {
        matches!(self.source, Source::File(_))
    }

    fn location(&self) -> String {
        location(self.part, &self.path)
    }

    /// The size that the archive declares, to which the reader holds it.
    fn size(&self) -> u64 {
        match self.source {
            Source::Entry(_, entry) => entry.uncompressed_size,
            Source::File(content) => content.as_ref().map_or(0, |content| content.len() as u64),
        }
    }

    fn content(&self) -> Result<std::borrow::Cow<'_, [u8]>, SkipReason> {
        match self.source {
            Source::Entry(archive, entry) => Ok(archive.read(entry)?),
            Source::File(Ok(content)) => Ok(std::borrow::Cow::Borrowed(content)),
            Source::File(Err(error)) => Err(match error {
                SourceError::TooLarge => SkipReason::OverLimit {
                    limit: "entry_bytes_max",
                },
                SourceError::Unreadable => SkipReason::Unreadable,
                SourceError::SymbolicLink => SkipReason::SymbolicLink,
            }),
        }
    }

    /// The file as reports list it, before its content is known.
    fn file(&self) -> File {
        let mut file = File {
            part: self.part.to_owned(),
            path: self.path.clone(),
            kind: FileKind::Other,
            size: self.size(),
            packed_size: self.size(),
            stored: true,
            data_offset: None,
            crc32: 0,
            crc_matches: true,
            sha256: None,
        };
        if let Source::Entry(_, entry) = self.source {
            file.packed_size = entry.compressed_size;
            file.stored = entry.method == crate::zip::STORED;
            file.data_offset = entry.data_offset();
            file.crc32 = entry.crc32;
        }
        file
    }
}

fn items<'a>(package: &'a Package, archives: &'a [(&'a str, Archive<'a>)]) -> Vec<Item<'a>> {
    let entries = archives.iter().flat_map(|(part, archive)| {
        let files = archive
            .entries()
            .iter()
            .filter(|entry| !entry.is_directory());
        files.map(move |entry| Item {
            part,
            path: entry.name_lossy().into_owned(),
            source: Source::Entry(archive, entry),
        })
    });
    let sources = package.sources().iter().map(|file| Item {
        part: "",
        path: file.path.clone(),
        source: Source::File(&file.content),
    });
    entries.chain(sources).collect()
}

/// The resource tables: each with its part and path.
struct TableFile {
    part: String,
    path: String,
    table: Table,
}

/// Reads the resource tables, of which sources have theirs in many small files.
fn tables(
    items: &[Item<'_>],
    limits: &Limits,
    assembly: &mut assemble::Assembly<'_>,
) -> Vec<TableFile> {
    let mut tables = Vec::new();
    let mut sources = arsc::Sources::new(limits);
    let mut has_sources = false;
    for item in items {
        let role = Role::of(&item.path, item.is_source());
        let parsed = match role {
            Role::ResourceTable => item
                .content()
                .and_then(|bytes| Ok(arsc::parse(bytes, limits)?)),
            Role::ProtobufTable => item
                .content()
                .and_then(|bytes| Ok(arsc::parse_proto(&bytes, limits)?)),
            Role::SourceValues => {
                has_sources = true;
                let folder = item.path.rsplit('/').nth(1).unwrap_or_default();
                let added = item.content().and_then(|bytes| {
                    let document = xml::parse(&bytes, limits)?;
                    Ok(sources.add(folder, &document)?)
                });
                if let Err(why) = added {
                    assembly.skip(Area::Resources, item.location(), why);
                }
                continue;
            }
            _ => continue,
        };
        match parsed {
            Ok(table) => {
                tables.push(TableFile {
                    part: item.part.to_owned(),
                    path: item.path.clone(),
                    table,
                });
            }
            Err(why) => assembly.skip(Area::Resources, item.location(), why),
        }
    }
    if has_sources {
        match sources.finish() {
            Ok(table) => {
                tables.push(TableFile {
                    part: String::new(),
                    path: "res".to_owned(),
                    table,
                });
            }
            Err(why) => assembly.skip(Area::Resources, "res", why),
        }
    }
    tables
}

/// What reading one file gave.
struct Read {
    file: File,
    parsed: Parsed,
    text: Option<TextFile>,
    /// What of it is missing from the facts.
    skipped: Vec<(Area, SkipReason)>,
}

enum Parsed {
    Nothing,
    Dex(Vec<Dex>),
    Elf(Box<Elf>),
    Macho(Vec<Slice>),
    Manifest(Document),
    /// With the resource type.
    Xml(String, Document),
    /// Resources that an XML resource names whose tree is not kept.
    References(Vec<u32>),
    PropertyList(property_list::Value),
    Profile(property_list::Value),
    Json(serde_json::Value),
}

fn read_item(item: &Item<'_>, plan: &Plan, limits: &Limits) -> Read {
    let mut read = Read {
        file: item.file(),
        parsed: Parsed::Nothing,
        text: None,
        skipped: Vec::new(),
    };
    let content = match item.content() {
        Ok(content) => content,
        Err(why) => {
            // What is in it is missing from where it would have been looked for, too.
            let facts_from = plan.role.area().or_else(|| area_by_name(&item.path));
            let areas = facts_from.into_iter().chain([Area::Archive]);
            read.skipped = areas.map(|area| (area, why.clone())).collect();
            return read;
        }
    };
    read.file.kind = classify(&item.path, &content);
    read.file.sha256 = Some(Sha256::digest(&content).into());
    if let Source::Entry(_, entry) = item.source {
        read.file.crc_matches = Archive::crc_matches(entry, &content);
    }
    match parse(item, &content, read.file.kind, plan, limits) {
        Ok(parsed) => read.parsed = parsed,
        Err((area, why)) => read.skipped.push((area, why)),
    }
    if is_kept_as_text(read.file.kind) && !item.path.ends_with(".dex") {
        keep_text(item, &content, plan, &mut read);
    }
    read
}

/// The area that a file without a role of its own would have been in, by its name; `None` where
/// only the content tells.
fn area_by_name(path: &str) -> Option<Area> {
    match extension(path).as_str() {
        "dex" => Some(Area::Code),
        "so" | "dylib" => Some(Area::Native),
        "plist" | "xcprivacy" => Some(Area::Ios),
        "xml" => Some(Area::Xml),
        "html" | "htm" | "js" | "json" | "txt" | "properties" | "pem" => Some(Area::Text),
        _ => None,
    }
}

type Failure = (Area, SkipReason);

/// Reads the content as what it is, if that is one of the things that facts come from.
fn parse(
    item: &Item<'_>,
    content: &[u8],
    kind: FileKind,
    plan: &Plan,
    limits: &Limits,
) -> Result<Parsed, Failure> {
    match &plan.role {
        Role::Manifest => return manifest(content, limits).map(Parsed::Manifest),
        Role::ProtobufManifest => {
            let document = arsc::parse_proto_xml(content, limits);
            return document
                .map(Parsed::Manifest)
                .map_err(|why| (Area::Manifest, why.into()));
        }
        Role::ProtobufXml(type_name) if plan.keep_document => {
            let document = arsc::parse_proto_xml(content, limits);
            return document
                .map(|document| Parsed::Xml(type_name.clone(), document))
                .map_err(|why| (Area::Xml, why.into()));
        }
        Role::Profile => {
            let profile = ios::provisioning_profile(content, limits);
            return profile.map(Parsed::Profile).map_err(|why| (Area::Ios, why));
        }
        Role::HarmonyJson => {
            let value = harmony::json(content, limits);
            return value
                .map(Parsed::Json)
                .map_err(|why| (Area::Harmony, why.into()));
        }
        _ => {}
    }
    match kind {
        kind if kind != FileKind::Dex && item.path.ends_with(".dex") => {
            Err((Area::Code, dex::DexError::NotDex.into()))
        }
        FileKind::Dex if item.path.ends_with(".dex") => dex_file(content, plan.keep_dex, limits),
        FileKind::BinaryXml => match &plan.role {
            Role::Xml(type_name) if plan.keep_document => axml::parse(content, limits)
                .map(|document| Parsed::Xml(type_name.clone(), document))
                .map_err(|why| (Area::Xml, why.into())),
            Role::Xml(_) => Err((Area::Xml, over("xml_documents_max"))),
            _ => axml::parse(content, limits)
                .map(|document| Parsed::References(document.references().collect()))
                .map_err(|why| (Area::Xml, why.into())),
        },
        FileKind::Xml => match &plan.role {
            Role::SourceXml(type_name) if plan.keep_document => xml::parse(content, limits)
                .map(|document| Parsed::Xml(type_name.clone(), document))
                .map_err(|why| (Area::Xml, why.into())),
            Role::SourceXml(_) => Err((Area::Xml, over("xml_documents_max"))),
            _ => Ok(Parsed::Nothing),
        },
        FileKind::Elf => elf_file(content, plan, limits),
        FileKind::Macho => macho_file(content, plan, limits),
        FileKind::PropertyList => property_list::parse(content, limits)
            .map(Parsed::PropertyList)
            .map_err(|why| (Area::Ios, why.into())),
        _ => Ok(Parsed::Nothing),
    }
}

fn over(limit: &'static str) -> SkipReason {
    SkipReason::OverLimit { limit }
}

/// A manifest: binary as in packages, text as in sources.
fn manifest(content: &[u8], limits: &Limits) -> Result<Document, Failure> {
    if content.trim_ascii_start().starts_with(b"<") || content.starts_with(b"\xef\xbb\xbf<") {
        return xml::parse(content, limits).map_err(|why| (Area::Manifest, why.into()));
    }
    axml::parse(content, limits).map_err(|why| (Area::Manifest, why.into()))
}

fn dex_file(content: &[u8], keep: bool, limits: &Limits) -> Result<Parsed, Failure> {
    if !keep {
        return Err((Area::Code, over("dex_files_max or dex_bytes_max")));
    }
    dex::parse(content, limits)
        .map(Parsed::Dex)
        .map_err(|why| (Area::Code, why.into()))
}

fn elf_file(content: &[u8], plan: &Plan, limits: &Limits) -> Result<Parsed, Failure> {
    let limits = native_limits(plan, limits);
    let parsed = elf::parse(content, &limits).map_err(|why| (Area::Native, why.into()))?;
    Ok(Parsed::Elf(Box::new(parsed)))
}

fn macho_file(content: &[u8], plan: &Plan, limits: &Limits) -> Result<Parsed, Failure> {
    let limits = native_limits(plan, limits);
    macho::parse(content, &limits)
        .map(Parsed::Macho)
        .map_err(|why| (Area::Native, why.into()))
}

fn native_limits(plan: &Plan, limits: &Limits) -> Limits {
    let native_string_bytes_max = limits.native_string_bytes_max.min(plan.text_bytes);
    Limits {
        native_string_bytes_max,
        ..limits.clone()
    }
}

fn is_kept_as_text(kind: FileKind) -> bool {
    matches!(
        kind,
        FileKind::Json
            | FileKind::Xml
            | FileKind::Html
            | FileKind::Script
            | FileKind::Source
            | FileKind::Text
            | FileKind::PrivateKey
            | FileKind::Certificate
    )
}

/// Keeps as much of a text as was planned.
fn keep_text(item: &Item<'_>, content: &[u8], plan: &Plan, read: &mut Read) {
    let kept = content.get(..plan.text_bytes).unwrap_or(content);
    let truncated = kept.len() < content.len();
    if truncated {
        read.skipped
            .push((Area::Text, over("text_bytes_max or text_total_bytes_max")));
    }
    if !kept.is_empty() {
        let text = String::from_utf8_lossy(kept).into_owned();
        read.text = Some(TextFile {
            path: item.location(),
            text,
            truncated,
        });
    }
}
