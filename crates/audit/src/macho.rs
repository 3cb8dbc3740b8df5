//! Programs and libraries of iOS (Mach-O), thin or universal.

mod arm64;
mod calls;
mod objc;

use std::collections::BTreeSet;

use crate::bytes::{Truncated, c_string_at, slice_at, u8_at, u32_at, u32_be_at, u64_at};
use crate::limits::Limits;
use crate::property_list::{self, PropertyListError, Value};
use crate::strings::Strings;

pub use self::calls::{Call, Callee, NameId, Names, Operand};
pub use self::objc::{ObjcClass, ObjcField, ObjcMethod};

/// Why bytes cannot be read as Mach-O.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MachoError {
    /// The head of the file is not that of Mach-O, or damaged.
    #[error("not a Mach-O file")]
    NotMacho,
    /// Cut short.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// More architectures than there are.
    #[error("more architectures than there are")]
    TooManyArchitectures,
    /// A load command is damaged.
    #[error("load command {number} cannot be read")]
    LoadCommand {
        /// Which, from 0.
        number: u32,
    },
    /// More symbols than [`Limits::native_symbols_max`].
    #[error("more symbols than the limit")]
    TooManySymbols,
}

/// Kind of Mach-O file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// A program.
    Executable,
    /// A library.
    Library,
    /// A bundle that is loaded at run time.
    Bundle,
    /// Anything else.
    Other(u32),
}

/// Where a program or library runs, and since which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// `ios`, `ios-simulator`, `macos`, …
    pub name: String,
    /// Oldest system version that it runs on.
    pub minimum: String,
    /// Version of the system that it was built for.
    pub sdk: String,
}

/// Facts of a Mach-O file for one architecture.
#[derive(Debug, Clone)]
pub struct Slice {
    /// `arm64`, `arm64e`, `armv7`, `x86_64`, …
    pub architecture: String,
    /// Where the slice starts in the file, in bytes.
    pub offset: u32,
    /// Kind of file.
    pub file_type: FileType,
    /// Programs are loaded at a random address.
    pub pie: bool,
    /// The stack is executable.
    pub allows_stack_execution: bool,
    /// It asks for a heap that is not executable; the linker says so for some processors only.
    pub no_heap_execution: bool,
    /// A segment is writable and executable at once.
    pub writable_code: bool,
    /// Its code is encrypted by the store; strings and code cannot be read.
    pub encrypted: bool,
    /// It carries a code signature.
    pub has_code_signature: bool,
    /// It imports `___stack_chk_fail`: functions check their stack frames.
    pub stack_canary: bool,
    /// Reference counts are managed by the compiler.
    pub arc: bool,
    /// Parts are written in Swift.
    pub swift: bool,
    /// Local symbols were removed.
    pub stripped: bool,
    /// It carries debug symbols (paths of sources and objects).
    pub has_debug_symbols: bool,
    /// Where it runs.
    pub platform: Option<Platform>,
    /// Search paths for libraries.
    pub rpaths: Vec<String>,
    /// Libraries that it loads.
    pub libraries: Vec<String>,
    /// Symbols that it imports, sorted.
    pub imports: Vec<String>,
    /// Symbols that it exports or keeps, sorted.
    pub symbols: Vec<String>,
    /// Identifier of the build, in hexadecimal.
    pub uuid: Option<String>,
    /// Entitlements in the code signature.
    pub entitlements: Option<Value>,
    /// Why the entitlements cannot be read, if there are some.
    pub entitlements_error: Option<PropertyListError>,
    /// Classes written in Objective-C, with their methods.
    pub objc_classes: Vec<ObjcClass>,
    /// Whether what methods call was read: only code for 64-bit ARM is.
    pub calls_read: bool,
    /// Methods whose calls were left out, because they or all together are over a limit.
    pub methods_unread: usize,
    /// The texts that calls refer to.
    pub names: Names,
    /// Printable strings of its constants.
    pub strings: Strings,
}

impl Slice {
    /// Whether it imports the symbol.
    #[must_use]
    pub fn imports(&self, symbol: &str) -> bool {
        self.imports
            .binary_search_by(|known| known.as_str().cmp(symbol))
            .is_ok()
    }
}

/// Whether `bytes` start like Mach-O.
#[must_use]
pub fn is_macho(bytes: &[u8]) -> bool {
    match u32_be_at(bytes, 0) {
        Ok(0xfeed_face | 0xfeed_facf | 0xcefa_edfe | 0xcffa_edfe) => true,
        // Java class files start the same; their next word is a version over 40.
        Ok(FAT) => u32_be_at(bytes, 4).is_ok_and(|count| count > 0 && count < 40),
        _ => false,
    }
}

const FAT: u32 = 0xcafe_babe;

/// Reads a Mach-O file: one slice for each architecture.
///
/// # Errors
///
/// Files whose headers or load commands are damaged, or over a limit.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Vec<Slice>, MachoError> {
    /// There are not twenty processors to build for.
    const ARCHITECTURES_MAX: u32 = 20;
    if u32_be_at(bytes, 0)? != FAT {
        return Ok(vec![slice(bytes, 0, limits)?]);
    }
    let count = u32_be_at(bytes, 4)?;
    if count > ARCHITECTURES_MAX {
        return Err(MachoError::TooManyArchitectures);
    }
    (0..count as usize)
        .map(|number| {
            let entry = 8 + number * 20;
            let (offset, size) = (u32_be_at(bytes, entry + 8)?, u32_be_at(bytes, entry + 12)?);
            slice(
                slice_at(bytes, offset as usize, size as usize)?,
                offset,
                limits,
            )
        })
        .collect()
}

/// A part of the file that is mapped into memory.
struct Section {
    name: String,
    address: u64,
    size: u64,
    offset: u32,
    flags: u32,
    /// What these two mean depends on the kind of section.
    reserved: (u32, u32),
}

/// What the load commands point to.
#[derive(Default)]
struct Layout {
    is_64_bit: bool,
    sections: Vec<Section>,
    /// Address, size in the file, offset in the file.
    segments: Vec<(u64, u64, u64)>,
    /// Offset and number of symbols, offset of their names.
    symbols: Option<(u32, u32, u32)>,
    /// Offset and number of symbols of stubs.
    indirect_symbols: Option<(u32, u32)>,
    /// Offset and size of the table of functions.
    function_starts: Option<(u32, u32)>,
    signature: Option<(u32, u32)>,
}

fn slice(bytes: &[u8], offset: u32, limits: &Limits) -> Result<Slice, MachoError> {
    let is_64_bit = match u32_at(bytes, 0)? {
        0xfeed_face => false,
        0xfeed_facf => true,
        // The other byte order went with PowerPC.
        _ => return Err(MachoError::NotMacho),
    };
    let mut slice = from_header(bytes, offset)?;
    let mut layout = Layout {
        is_64_bit,
        ..Layout::default()
    };
    let mut at = if is_64_bit { 32 } else { 28 };
    for number in 0..u32_at(bytes, 16)? {
        let bad = MachoError::LoadCommand { number };
        let size = u32_at(bytes, at + 4)? as usize;
        let command = slice_at(bytes, at, size).map_err(|_| bad)?;
        if size < 8 {
            return Err(bad);
        }
        read_command(command, &mut slice, &mut layout).map_err(|_| bad)?;
        at += size;
    }
    read_symbols(bytes, &mut slice, &layout, limits)?;
    read_entitlements(bytes, &mut slice, &layout, limits);
    if !slice.encrypted {
        read_constants(bytes, &mut slice, &layout, limits);
    }
    Ok(slice)
}

fn from_header(bytes: &[u8], offset: u32) -> Result<Slice, Truncated> {
    const ALLOW_STACK_EXECUTION: u32 = 0x2_0000;
    const PIE: u32 = 0x20_0000;
    const NO_HEAP_EXECUTION: u32 = 0x100_0000;
    let flags = u32_at(bytes, 24)?;
    Ok(Slice {
        architecture: architecture(u32_at(bytes, 4)?, u32_at(bytes, 8)?),
        offset,
        file_type: match u32_at(bytes, 12)? {
            2 => FileType::Executable,
            6 => FileType::Library,
            8 => FileType::Bundle,
            other => FileType::Other(other),
        },
        pie: flags & PIE != 0,
        allows_stack_execution: flags & ALLOW_STACK_EXECUTION != 0,
        no_heap_execution: flags & NO_HEAP_EXECUTION != 0,
        writable_code: false,
        encrypted: false,
        has_code_signature: false,
        stack_canary: false,
        arc: false,
        swift: false,
        stripped: true,
        has_debug_symbols: false,
        platform: None,
        rpaths: Vec::new(),
        libraries: Vec::new(),
        imports: Vec::new(),
        symbols: Vec::new(),
        uuid: None,
        entitlements: None,
        entitlements_error: None,
        objc_classes: Vec::new(),
        calls_read: false,
        methods_unread: 0,
        names: Names::default(),
        strings: Strings::default(),
    })
}

fn architecture(cpu: u32, subtype: u32) -> String {
    let name = match (cpu, subtype & 0xff_ffff) {
        (12, 9) => "armv7",
        (12, 11) => "armv7s",
        (12, _) => "arm",
        (0x0100_000c, 2) => "arm64e",
        (0x0100_000c, _) => "arm64",
        (0x0200_000c, _) => "arm64_32",
        (7, _) => "i386",
        (0x0100_0007, _) => "x86_64",
        _ => return format!("cpu-{cpu:#x}"),
    };
    name.to_owned()
}

fn read_command(command: &[u8], slice: &mut Slice, layout: &mut Layout) -> Result<(), Truncated> {
    let word = |at: usize| u32_at(command, at);
    match word(0)? {
        0x1 => {
            segment_32(command, layout)?;
            slice.writable_code |= is_writable_code(word(44)?);
        }
        0x19 => {
            segment_64(command, layout)?;
            slice.writable_code |= is_writable_code(word(60)?);
        }
        0x2 => layout.symbols = Some((word(8)?, word(12)?, word(16)?)),
        0xb => layout.indirect_symbols = Some((word(56)?, word(60)?)),
        0xc | 0x20 | 0x8000_0018 | 0x8000_001f | 0x8000_0023 => {
            slice.libraries.push(text(command, word(8)?)?);
        }
        0x8000_001c => slice.rpaths.push(text(command, word(8)?)?),
        0x1b => {
            let uuid = slice_at(command, 8, 16)?;
            slice.uuid = Some(uuid.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        0x1d => layout.signature = Some((word(8)?, word(12)?)),
        0x26 => layout.function_starts = Some((word(8)?, word(12)?)),
        0x21 | 0x2c => slice.encrypted |= word(16)? != 0,
        kind @ (0x24 | 0x25 | 0x2f | 0x30) => {
            let name = match kind {
                0x24 => "macos",
                0x25 => "ios",
                0x2f => "tvos",
                _ => "watchos",
            };
            slice.platform = Some(platform(name, word(8)?, word(12)?));
        }
        0x32 => {
            let name = match word(8)? {
                1 => "macos",
                2 => "ios",
                3 => "tvos",
                4 => "watchos",
                6 => "mac-catalyst",
                7 => "ios-simulator",
                11 => "visionos",
                _ => "other",
            };
            slice.platform = Some(platform(name, word(12)?, word(16)?));
        }
        _ => {}
    }
    slice.has_code_signature = layout.signature.is_some();
    Ok(())
}

fn text(command: &[u8], offset: u32) -> Result<String, Truncated> {
    let rest = command.get(offset as usize..).ok_or(Truncated)?;
    let end = memchr::memchr(0, rest).unwrap_or(rest.len());
    Ok(String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned())
}

fn platform(name: &str, minimum: u32, sdk: u32) -> Platform {
    let version = |packed: u32| match packed & 0xff {
        0 => format!("{}.{}", packed >> 16, packed >> 8 & 0xff),
        patch => format!("{}.{}.{patch}", packed >> 16, packed >> 8 & 0xff),
    };
    Platform {
        name: name.to_owned(),
        minimum: version(minimum),
        sdk: version(sdk),
    }
}

/// Whether memory of this initial protection can be written and run.
const fn is_writable_code(protection: u32) -> bool {
    const WRITE: u32 = 2;
    const EXECUTE: u32 = 4;
    protection & (WRITE | EXECUTE) == WRITE | EXECUTE
}

/// Segments of one file; every address is looked up among them.
const SEGMENTS_MAX: usize = 256;

fn segment_32(command: &[u8], layout: &mut Layout) -> Result<(), Truncated> {
    if layout.segments.len() >= SEGMENTS_MAX {
        return Err(Truncated);
    }
    let word = |at: usize| u32_at(command, at).map(u64::from);
    layout.segments.push((word(24)?, word(36)?, word(32)?));
    for number in 0..u32_at(command, 48)? as usize {
        let section = slice_at(command, 56 + number.saturating_mul(68), 68)?;
        layout.sections.push(Section {
            name: text(slice_at(section, 0, 16)?, 0)?,
            address: u32_at(section, 32)?.into(),
            size: u32_at(section, 36)?.into(),
            offset: u32_at(section, 40)?,
            flags: u32_at(section, 56)?,
            reserved: (u32_at(section, 60)?, u32_at(section, 64)?),
        });
    }
    Ok(())
}

fn segment_64(command: &[u8], layout: &mut Layout) -> Result<(), Truncated> {
    if layout.segments.len() >= SEGMENTS_MAX {
        return Err(Truncated);
    }
    let word = |at: usize| u64_at(command, at);
    layout.segments.push((word(24)?, word(48)?, word(40)?));
    for number in 0..u32_at(command, 64)? as usize {
        let section = slice_at(command, 72 + number.saturating_mul(80), 80)?;
        layout.sections.push(Section {
            name: text(slice_at(section, 0, 16)?, 0)?,
            address: u64_at(section, 32)?,
            size: u64_at(section, 40)?,
            offset: u32_at(section, 48)?,
            flags: u32_at(section, 64)?,
            reserved: (u32_at(section, 68)?, u32_at(section, 72)?),
        });
    }
    Ok(())
}

fn read_symbols(
    bytes: &[u8],
    slice: &mut Slice,
    layout: &Layout,
    limits: &Limits,
) -> Result<(), MachoError> {
    const STAB: u8 = 0xe0;
    const EXTERNAL: u8 = 0x01;
    const TYPE: u8 = 0x0e;
    let Some((offset, count, names)) = layout.symbols else {
        return Ok(());
    };
    if count as usize > limits.native_symbols_max {
        return Err(MachoError::TooManySymbols);
    }
    let size = if layout.is_64_bit { 16 } else { 12 };
    let table = slice_at(bytes, offset as usize, count as usize * size)?;
    let (mut imports, mut symbols) = (BTreeSet::new(), BTreeSet::new());
    // Names may all point into one long string; together they take no more than the file twice.
    let mut room = bytes.len().saturating_mul(2);
    for entry in table.chunks_exact(size) {
        let (name_offset, kind) = (u32_at(entry, 0)?, u8_at(entry, 4)?);
        let at = (names as usize).saturating_add(name_offset as usize);
        let name = c_string_at(bytes, at).unwrap_or_default();
        let Some(left) = room.checked_sub(name.len()) else {
            break;
        };
        room = left;
        let name = String::from_utf8_lossy(name).into_owned();
        // The linker leaves this one behind even when told to strip.
        if name.is_empty() || name.starts_with("radr://") {
            continue;
        }
        if kind & STAB != 0 {
            slice.has_debug_symbols = true;
            slice.stripped = false;
        } else if kind & TYPE == 0 {
            imports.insert(name);
        } else {
            slice.stripped &= kind & EXTERNAL != 0;
            symbols.insert(name);
        }
    }
    slice.stack_canary = imports.contains("___stack_chk_fail");
    slice.arc = [
        "_objc_release",
        "_objc_storeStrong",
        "_objc_retain",
        "_swift_release",
    ]
    .iter()
    .any(|name| imports.contains(*name));
    slice.swift = imports.iter().any(|name| name.starts_with("_swift_"));
    slice.imports = imports.into_iter().collect();
    slice.symbols = symbols.into_iter().collect();
    Ok(())
}

/// Finds the entitlements among the blobs of the code signature.
fn read_entitlements(bytes: &[u8], slice: &mut Slice, layout: &Layout, limits: &Limits) {
    const SUPER_BLOB: u32 = 0xfade_0cc0;
    const ENTITLEMENTS: u32 = 0xfade_7171;
    /// A signature has about ten.
    const BLOBS_MAX: u32 = 64;
    let find = || -> Option<&[u8]> {
        let (offset, size) = layout.signature?;
        let signature = slice_at(bytes, offset as usize, size as usize).ok()?;
        if u32_be_at(signature, 0).ok()? != SUPER_BLOB {
            return None;
        }
        let count = u32_be_at(signature, 8).ok()?.min(BLOBS_MAX) as usize;
        let blob = (0..count).find_map(|number| {
            let at = u32_be_at(signature, 16 + number * 8).ok()? as usize;
            (u32_be_at(signature, at).ok()? == ENTITLEMENTS).then_some(at)
        })?;
        let length = (u32_be_at(signature, blob + 4).ok()? as usize).checked_sub(8)?;
        slice_at(signature, blob + 8, length).ok()
    };
    match find().map(|text| property_list::parse(text, limits)) {
        Some(Ok(entitlements)) => slice.entitlements = Some(entitlements),
        Some(Err(error)) => slice.entitlements_error = Some(error),
        None => {}
    }
}

/// Strings and classes, which are readable unless the code is encrypted.
fn read_constants(bytes: &[u8], slice: &mut Slice, layout: &Layout, limits: &Limits) {
    const STRING_SECTIONS: [&str; 7] = [
        "__cstring",
        "__const",
        "__data",
        "__objc_classname",
        "__objc_methname",
        "__swift5_reflstr",
        "__oslogstring",
    ];
    let mut ranges: Vec<(usize, usize)> = layout
        .sections
        .iter()
        .filter(|section| STRING_SECTIONS.contains(&section.name.as_str()))
        .map(|section| {
            (
                section.offset as usize,
                usize::try_from(section.size).unwrap_or(0),
            )
        })
        .collect();
    ranges.sort_unstable();
    let mut scanned_to = 0;
    for (from, length) in ranges {
        let end = from.saturating_add(length).min(bytes.len());
        // Sections may overlap on purpose; every byte is looked at once.
        let from = from.max(scanned_to);
        if let Some(data) = bytes.get(from..end) {
            let (count_max, bytes_max) =
                (limits.native_strings_max, limits.native_string_bytes_max);
            slice.strings.scan(data, from, count_max, bytes_max);
            scanned_to = end;
        }
    }
    let image = objc::Image::new(bytes, &layout.segments, layout.is_64_bit);
    let lists = layout
        .sections
        .iter()
        .filter(|section| section.name == "__objc_classlist");
    for list in lists {
        slice
            .objc_classes
            .extend(image.classes(list.address, list.size));
    }
    if slice.architecture.starts_with("arm64") && layout.is_64_bit {
        calls::read(&image, slice, layout, limits);
    }
}
