//! Native libraries of Android and HarmonyOS (ELF).
//!
//! Read as the loader does, from program headers and the dynamic section; section headers, which
//! packers like to destroy, only add to that.

use std::collections::BTreeSet;

use goblin::container::Ctx;
use goblin::elf::dynamic::{
    DF_1_NOW, DF_BIND_NOW, DF_TEXTREL, DT_BIND_NOW, DT_NEEDED, DT_RPATH, DT_RUNPATH, Dynamic,
};
use goblin::elf::header::{
    EM_386, EM_AARCH64, EM_ARM, EM_MIPS, EM_RISCV, EM_X86_64, ET_DYN, ET_EXEC, Header,
};
use goblin::elf::program_header::{
    PF_W, PF_X, PT_GNU_RELRO, PT_GNU_STACK, PT_INTERP, PT_LOAD, ProgramHeader,
};
use goblin::elf::section_header::{SHT_NOTE, SHT_PROGBITS, SHT_SYMTAB, SectionHeader};
use goblin::elf::sym::{STB_GLOBAL, STB_WEAK, Sym, Symtab};

use crate::bytes::{c_string_at, slice_at, u32_at};
use crate::limits::Limits;
use crate::strings::Strings;

/// Why bytes cannot be read as ELF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// The head of the file is not that of ELF, or damaged.
    #[error("not an ELF file")]
    NotElf,
    /// The program headers are damaged.
    #[error("the program headers cannot be read")]
    ProgramHeaders,
    /// More program headers than any loader accepts.
    #[error("more program headers than a loader accepts")]
    TooManyProgramHeaders,
    /// The dynamic section is damaged.
    #[error("the dynamic section cannot be read")]
    Dynamic,
    /// More symbols than [`Limits::native_symbols_max`].
    #[error("more symbols than the limit")]
    TooManySymbols,
}

/// Kind of ELF file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// A shared library, or an executable that can be loaded anywhere.
    Shared,
    /// An executable for a fixed address.
    Executable,
    /// Anything else.
    Other(u16),
}

/// Which tables are read-only once the library is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relro {
    /// None.
    None,
    /// All but the table of functions bound late.
    Partial,
    /// All: everything is bound at load time.
    Full,
}

/// What the Android NDK notes in a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NdkNote {
    /// Platform version that the library was built for.
    pub api_level: u32,
    /// NDK release such as `r25c`; empty in old notes.
    pub ndk: String,
}

/// Facts of an ELF file.
#[derive(Debug, Clone)]
pub struct Elf {
    /// `arm64-v8a`, `armeabi-v7a`, `x86`, `x86_64`, `mips`, `mips64`, `riscv64`, or the machine's
    /// number.
    pub abi: String,
    /// 64 bits, not 32.
    pub is_64_bit: bool,
    /// Kind of file.
    pub file_type: FileType,
    /// It names a program loader: it is a program, not a library.
    pub has_interpreter: bool,
    /// The stack is not executable.
    pub nx: bool,
    /// Read-only relocations.
    pub relro: Relro,
    /// It imports or defines `__stack_chk_fail`: functions check their stack frames.
    pub stack_canary: bool,
    /// Checked variants that it imports (`__memcpy_chk`).
    pub fortified: Vec<String>,
    /// Functions that it imports which have a checked variant (`memcpy`).
    pub fortifiable: Vec<String>,
    /// The table of local symbols was removed.
    pub stripped: bool,
    /// It carries debug information.
    pub has_debug_info: bool,
    /// Search path for libraries, of the old kind.
    pub rpath: Option<String>,
    /// Search path for libraries, of the new kind.
    pub runpath: Option<String>,
    /// Libraries that it needs.
    pub needed: Vec<String>,
    /// Its own name.
    pub soname: Option<String>,
    /// Code is changed while loading.
    pub text_relocations: bool,
    /// A segment is writable and executable at once.
    pub writable_code: bool,
    /// Least alignment of loaded segments, in bytes; 16 384 or more runs with 16 KiB pages.
    pub segment_alignment: u64,
    /// Symbols that it imports, sorted.
    pub imports: Vec<String>,
    /// Symbols that it exports, sorted.
    pub exports: Vec<String>,
    /// Identifier of the build, in hexadecimal.
    pub build_id: Option<String>,
    /// What the NDK noted.
    pub ndk: Option<NdkNote>,
    /// Compilers that took part (`.comment`).
    pub compilers: Vec<String>,
    /// Section headers can be read. Packers destroy them.
    pub has_sections: bool,
    /// Printable strings of its constants and data.
    pub strings: Strings,
}

impl Elf {
    /// Whether it runs on devices with memory pages of 16 KiB. 32-bit code is not concerned.
    #[must_use]
    pub fn supports_16k_pages(&self) -> bool {
        !self.is_64_bit || self.segment_alignment >= 16_384
    }

    /// Whether it can be loaded at any address.
    #[must_use]
    pub fn is_position_independent(&self) -> bool {
        self.file_type == FileType::Shared
    }

    /// Functions that Java code calls by name.
    pub fn jni_exports(&self) -> impl Iterator<Item = &str> {
        self.exports
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("Java_"))
    }

    /// Whether it imports the symbol.
    #[must_use]
    pub fn imports(&self, symbol: &str) -> bool {
        self.imports
            .binary_search_by(|known| known.as_str().cmp(symbol))
            .is_ok()
    }
}

/// Whether `bytes` start like ELF.
#[must_use]
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// Reads an ELF file.
///
/// # Errors
///
/// Files whose headers or dynamic section are damaged, or over a limit.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Elf, ElfError> {
    /// Real libraries have a dozen.
    const PROGRAM_HEADERS_MAX: u16 = 1_024;
    let header = goblin::elf::Elf::parse_header(bytes).map_err(|_| ElfError::NotElf)?;
    if header.e_phnum > PROGRAM_HEADERS_MAX {
        return Err(ElfError::TooManyProgramHeaders);
    }
    let container = header.container().map_err(|_| ElfError::NotElf)?;
    let endianness = header.endianness().map_err(|_| ElfError::NotElf)?;
    let context = Ctx::new(container, endianness);
    let programs = ProgramHeader::parse(
        bytes,
        to_usize(header.e_phoff),
        header.e_phnum.into(),
        context,
    )
    .map_err(|_| ElfError::ProgramHeaders)?;
    let dynamic = Dynamic::parse(bytes, &programs, context).map_err(|_| ElfError::Dynamic)?;
    let sections = sections(bytes, &header, context);
    let mut elf = from_headers(&header, container.is_big(), &programs);
    if let Some(dynamic) = &dynamic {
        read_dynamic(&mut elf, bytes, dynamic);
        let symbols = dynamic_symbols(bytes, dynamic, context, limits)?;
        read_symbols(&mut elf, bytes, dynamic, &symbols);
    }
    elf.has_sections = !sections.is_empty();
    elf.stripped = !sections
        .iter()
        .any(|(section, _)| section.sh_type == SHT_SYMTAB);
    elf.has_debug_info = sections.iter().any(|(_, name)| name.starts_with(".debug_"));
    read_notes(&mut elf, bytes, &sections);
    read_strings(&mut elf, bytes, &programs, &sections, limits);
    Ok(elf)
}

fn to_usize(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Section headers with their names; none if they cannot be read.
fn sections(bytes: &[u8], header: &Header, context: Ctx) -> Vec<(SectionHeader, String)> {
    let parsed = SectionHeader::parse(
        bytes,
        to_usize(header.e_shoff),
        header.e_shnum.into(),
        context,
    );
    let sections = parsed.unwrap_or_default();
    let names = sections
        .get(usize::from(header.e_shstrndx))
        .map_or(0, |names| names.sh_offset);
    sections
        .into_iter()
        .map(|section| {
            let name = c_string_at(bytes, to_usize(names).saturating_add(section.sh_name));
            (
                section,
                String::from_utf8_lossy(name.unwrap_or_default()).into_owned(),
            )
        })
        .collect()
}

fn from_headers(header: &Header, is_64_bit: bool, programs: &[ProgramHeader]) -> Elf {
    let stack = programs
        .iter()
        .find(|program| program.p_type == PT_GNU_STACK);
    let relro = programs
        .iter()
        .any(|program| program.p_type == PT_GNU_RELRO);
    let loaded = || programs.iter().filter(|program| program.p_type == PT_LOAD);
    Elf {
        abi: abi(header.e_machine, is_64_bit),
        is_64_bit,
        file_type: match header.e_type {
            ET_DYN => FileType::Shared,
            ET_EXEC => FileType::Executable,
            other => FileType::Other(other),
        },
        has_interpreter: programs.iter().any(|program| program.p_type == PT_INTERP),
        nx: stack.is_some_and(|stack| stack.p_flags & PF_X == 0),
        relro: if relro { Relro::Partial } else { Relro::None },
        stack_canary: false,
        fortified: Vec::new(),
        fortifiable: Vec::new(),
        stripped: true,
        has_debug_info: false,
        rpath: None,
        runpath: None,
        needed: Vec::new(),
        soname: None,
        text_relocations: false,
        writable_code: loaded().any(|program| program.p_flags & (PF_W | PF_X) == PF_W | PF_X),
        segment_alignment: loaded().map(|program| program.p_align).min().unwrap_or(0),
        imports: Vec::new(),
        exports: Vec::new(),
        build_id: None,
        ndk: None,
        compilers: Vec::new(),
        has_sections: false,
        strings: Strings::default(),
    }
}

fn abi(machine: u16, is_64_bit: bool) -> String {
    match (machine, is_64_bit) {
        (EM_AARCH64, _) => "arm64-v8a".to_owned(),
        (EM_ARM, _) => "armeabi-v7a".to_owned(),
        (EM_386, _) => "x86".to_owned(),
        (EM_X86_64, _) => "x86_64".to_owned(),
        (EM_MIPS, false) => "mips".to_owned(),
        (EM_MIPS, true) => "mips64".to_owned(),
        (EM_RISCV, _) => "riscv64".to_owned(),
        (other, _) => format!("machine-{other}"),
    }
}

fn dynamic_string(bytes: &[u8], dynamic: &Dynamic, offset: u64) -> Option<String> {
    let at = dynamic.info.strtab.checked_add(to_usize(offset))?;
    let name = c_string_at(bytes, at).ok()?;
    Some(String::from_utf8_lossy(name).into_owned())
}

fn read_dynamic(elf: &mut Elf, bytes: &[u8], dynamic: &Dynamic) {
    /// Libraries that one library needs; stops lists of millions.
    const NEEDED_MAX: usize = 4_096;
    let text = |offset| dynamic_string(bytes, dynamic, offset);
    let mut bind_now =
        dynamic.info.flags & DF_BIND_NOW != 0 || dynamic.info.flags_1 & DF_1_NOW != 0;
    for entry in &dynamic.dyns {
        match entry.d_tag {
            DT_NEEDED if elf.needed.len() < NEEDED_MAX => elf.needed.extend(text(entry.d_val)),
            DT_RPATH => elf.rpath = text(entry.d_val),
            DT_RUNPATH => elf.runpath = text(entry.d_val),
            DT_BIND_NOW => bind_now = true,
            _ => {}
        }
    }
    if dynamic.info.soname != 0 {
        elf.soname = text(dynamic.info.soname as u64);
    }
    if bind_now && elf.relro == Relro::Partial {
        elf.relro = Relro::Full;
    }
    elf.text_relocations = dynamic.info.textrel || dynamic.info.flags & DF_TEXTREL != 0;
}

/// The symbols that the loader sees. Their number stands in the hash table, of either kind.
fn dynamic_symbols(
    bytes: &[u8],
    dynamic: &Dynamic,
    context: Ctx,
    limits: &Limits,
) -> Result<Vec<Sym>, ElfError> {
    let info = &dynamic.info;
    let count = match (info.hash, info.gnu_hash) {
        // `nchain` is the second word.
        (Some(hash), _) => u32_at(bytes, to_usize(hash).saturating_add(4)).unwrap_or(0) as usize,
        (None, Some(hash)) => gnu_hash_count(bytes, to_usize(hash), context).unwrap_or(0),
        (None, None) => 0,
    };
    if count > limits.native_symbols_max {
        return Err(ElfError::TooManySymbols);
    }
    let table = Symtab::parse(bytes, info.symtab, count, context);
    Ok(table
        .map(|table| table.iter().collect())
        .unwrap_or_default())
}

/// One more than the highest symbol that a GNU hash table leads to.
fn gnu_hash_count(bytes: &[u8], at: usize, context: Ctx) -> Option<usize> {
    let word = |number: usize| u32_at(bytes, at.checked_add(number.checked_mul(4)?)?).ok();
    let (buckets, first, bloom) = (word(0)? as usize, word(1)? as usize, word(2)? as usize);
    let bloom_words = if context.is_big() {
        bloom.checked_mul(2)?
    } else {
        bloom
    };
    let buckets_at = bloom_words.checked_add(4)?;
    let mut highest = 0;
    for bucket in 0..buckets {
        highest = highest.max(word(buckets_at + bucket)? as usize);
    }
    if highest < first {
        return Some(first);
    }
    let chains = buckets_at.checked_add(buckets)?;
    while word(chains.checked_add(highest - first)?)? & 1 == 0 {
        highest += 1;
    }
    Some(highest + 1)
}

/// Functions with a checked variant in Android's C library.
const FORTIFIABLE: [&str; 28] = [
    "fgets",
    "fread",
    "fwrite",
    "getcwd",
    "memcpy",
    "memmove",
    "memset",
    "poll",
    "pread",
    "read",
    "readlink",
    "recv",
    "recvfrom",
    "send",
    "snprintf",
    "sprintf",
    "stpcpy",
    "stpncpy",
    "strcat",
    "strchr",
    "strcpy",
    "strlcat",
    "strlcpy",
    "strlen",
    "strncat",
    "strncpy",
    "vsnprintf",
    "vsprintf",
];

fn read_symbols(elf: &mut Elf, bytes: &[u8], dynamic: &Dynamic, symbols: &[Sym]) {
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    // Names may all point into one long string; together they take no more than the table twice.
    let mut room = bytes.len().saturating_mul(2);
    for symbol in symbols {
        let Some(name) = dynamic_string(bytes, dynamic, symbol.st_name as u64) else {
            continue;
        };
        let Some(left) = room.checked_sub(name.len()) else {
            break;
        };
        room = left;
        if name.is_empty() {
            continue;
        }
        if symbol.st_shndx == 0 {
            imports.insert(name);
        } else if matches!(symbol.st_bind(), STB_GLOBAL | STB_WEAK) {
            exports.insert(name);
        }
    }
    elf.stack_canary = ["__stack_chk_fail", "__stack_chk_guard"]
        .iter()
        .any(|name| imports.contains(*name) || exports.contains(*name));
    elf.fortified = imports
        .iter()
        .filter(|name| name.starts_with("__") && name.ends_with("_chk"))
        .cloned()
        .collect();
    elf.fortifiable = imports
        .iter()
        .filter(|name| FORTIFIABLE.contains(&name.as_str()))
        .cloned()
        .collect();
    elf.imports = imports.into_iter().collect();
    elf.exports = exports.into_iter().collect();
}

/// Build identifier, NDK and compilers.
fn read_notes(elf: &mut Elf, bytes: &[u8], sections: &[(SectionHeader, String)]) {
    for (section, name) in sections {
        let data = slice_at(
            bytes,
            to_usize(section.sh_offset),
            to_usize(section.sh_size),
        );
        let Ok(data) = data else { continue };
        if section.sh_type == SHT_NOTE && data.len() < 4_096 {
            read_note(elf, data);
        } else if name == ".comment" && data.len() < 4_096 {
            let mut compilers: Vec<String> = data
                .split(|byte| *byte == 0)
                .filter(|text| !text.is_empty())
                .map(|text| String::from_utf8_lossy(text).into_owned())
                .collect();
            compilers.dedup();
            elf.compilers = compilers;
        }
    }
}

/// `namesz descsz type name desc`, each padded to four bytes.
fn read_note(elf: &mut Elf, note: &[u8]) {
    const BUILD_ID: u32 = 3;
    const NDK: u32 = 1;
    let mut parse = || {
        let name_bytes = u32_at(note, 0).ok()? as usize;
        let description_bytes = u32_at(note, 4).ok()? as usize;
        let kind = u32_at(note, 8).ok()?;
        let name = slice_at(note, 12, name_bytes).ok()?;
        let at = 12_usize.checked_add(name_bytes.checked_next_multiple_of(4)?)?;
        let description = slice_at(note, at, description_bytes).ok()?;
        match (name, kind) {
            (b"GNU\0", BUILD_ID) => {
                elf.build_id = Some(
                    description
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect(),
                );
            }
            (b"Android\0", NDK) => {
                let ndk = slice_at(description, 4, 64).unwrap_or_default();
                let ndk = ndk.split(|byte| *byte == 0).next().unwrap_or_default();
                elf.ndk = Some(NdkNote {
                    api_level: u32_at(description, 0).ok()?,
                    ndk: String::from_utf8_lossy(ndk).into_owned(),
                });
            }
            _ => {}
        }
        Some(())
    };
    // A damaged note tells nothing, and nothing depends on it.
    let _: Option<()> = parse();
}

/// Constants and data; without section headers, everything that is loaded.
fn read_strings(
    elf: &mut Elf,
    bytes: &[u8],
    programs: &[ProgramHeader],
    sections: &[(SectionHeader, String)],
    limits: &Limits,
) {
    const ALLOCATED: u64 = 0x2;
    const EXECUTABLE: u64 = 0x4;
    let data_sections = sections.iter().filter(|(section, _)| {
        section.sh_type == SHT_PROGBITS && section.sh_flags & (ALLOCATED | EXECUTABLE) == ALLOCATED
    });
    let mut ranges: Vec<(usize, usize)> = data_sections
        .map(|(section, _)| (to_usize(section.sh_offset), to_usize(section.sh_size)))
        .collect();
    if ranges.is_empty() {
        let loaded = programs.iter().filter(|program| program.p_type == PT_LOAD);
        ranges = loaded
            .map(|program| (to_usize(program.p_offset), to_usize(program.p_filesz)))
            .collect();
    }
    ranges.sort_unstable();
    let mut scanned_to = 0;
    for (from, length) in ranges {
        let end = from.saturating_add(length).min(bytes.len());
        // Ranges may overlap on purpose; every byte is looked at once.
        let from = from.max(scanned_to);
        if let Some(data) = bytes.get(from..end) {
            let (count_max, bytes_max) =
                (limits.native_strings_max, limits.native_string_bytes_max);
            elf.strings.scan(data, from, count_max, bytes_max);
            scanned_to = end;
        }
    }
}
