//! The limits on what a stranger's package may ask of the auditor.

/// Every bound on hostile input in one place. Each field names the attack it stops.
///
/// Whatever is over a limit is recorded in [`Coverage`](crate::facts::Coverage) as skipped; it is
/// never silently dropped. The defaults leave room for the largest apps in the stores.
///
/// ```
/// use hefu_audit::Limits;
///
/// // A CI runner with little memory lowers what it is willing to unpack.
/// let limits = Limits { unpacked_bytes_max: 1 << 30, ..Limits::default() };
/// assert!(limits.entry_bytes_max <= limits.unpacked_bytes_max);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one input file. Stops a huge file from being read into memory at all.
    pub input_bytes_max: u64,
    /// Entries over all parts of a package, or files of a source tree. Stops archives of millions
    /// of empty entries, whose bookkeeping alone would fill memory.
    pub entries_max: usize,
    /// Bytes that one entry may unpack to. Stops a zip bomb in a single entry.
    pub entry_bytes_max: u64,
    /// Bytes that all entries together may unpack to. Stops zip bombs spread over many entries,
    /// among them overlapping ones that share one compressed body.
    pub unpacked_bytes_max: u64,
    /// Parts (split APKs, HAPs of an APP) of one package. Stops containers of containers.
    pub parts_max: usize,

    /// Nesting of XML elements. Stops stack and path-length exhaustion in what walks the tree.
    pub xml_depth_max: usize,
    /// Elements of one XML document. Stops a small file that expands into a huge tree.
    pub xml_elements_max: usize,
    /// Attributes of one XML element. Stops quadratic look-ups.
    pub xml_attributes_max: usize,
    /// XML documents kept per package. Stops thousands of generated layouts from filling memory.
    pub xml_documents_max: usize,
    /// Bytes of one XML or property list document. Stops a text of hundreds of megabytes that
    /// would be copied into a tree.
    pub xml_bytes_max: usize,

    /// Strings of one string pool. Stops pools whose count claims gigabytes of offsets.
    pub pool_strings_max: usize,
    /// Values over all configurations of one resource table. Stops sparse tables that claim
    /// millions of entries in a few bytes.
    pub resource_values_max: usize,
    /// References followed from one resource to the next. Stops reference cycles.
    pub resource_reference_depth_max: usize,

    /// Dex files of one package. Stops work multiplied by thousands of tiny dex files.
    pub dex_files_max: usize,
    /// Bytes of all dex files together. Stops packages that unpack to gigabytes of code, which is
    /// kept while checks run.
    pub dex_bytes_max: u64,
    /// Code units of one method. Real methods stop at 65 536 (the class file format's own bound);
    /// stops a method that spans the whole file.
    pub method_code_units_max: usize,
    /// Register states (registers × basic blocks) kept for one method while constants are
    /// propagated. Stops methods of 65 535 registers and thousands of branches; such a method is
    /// analysed block by block instead and counted as approximated.
    pub method_states_max: usize,
    /// Element writes kept for one method. Stops generated tables from filling memory; arrays
    /// with more are reported as not constant.
    pub array_stores_max: usize,

    /// Strings kept from one native binary. Stops a binary that is one long list of strings.
    pub native_strings_max: usize,
    /// Bytes of strings kept from one native binary. Stops the same with long strings.
    pub native_string_bytes_max: usize,
    /// Symbols read from one native binary. Stops symbol tables that overlap the whole file.
    pub native_symbols_max: usize,

    /// Instructions of one method of a program. Stops a method that spans the whole file, whose
    /// branches each keep what is known until they arrive.
    pub objc_method_instructions_max: usize,
    /// Instructions of all methods of a program together. Stops programs that are one long list of
    /// branches.
    pub objc_instructions_max: usize,
    /// Calls kept of all methods of a program together. Stops code of nothing but calls from
    /// filling memory.
    pub objc_calls_max: usize,
    /// Bytes of selectors, names and constants that calls refer to. Stops references into the
    /// middle of one long text from multiplying it.
    pub objc_name_bytes_max: usize,

    /// Bytes of one text file kept for checks that read texts. Stops bundled dictionaries and
    /// books from filling memory; the rest of such a file is counted as not read.
    pub text_bytes_max: usize,
    /// Bytes of texts and of strings of native binaries kept from all files together. The same,
    /// spread over many files.
    pub text_total_bytes_max: usize,
    /// Depth of folders in a source tree. Stops cycles and absurd nesting.
    pub folder_depth_max: usize,
    /// Skipped things listed one by one; further ones are only counted. Stops a report of
    /// millions of lines.
    pub skipped_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input_bytes_max: 4 << 30,
            entries_max: 200_000,
            entry_bytes_max: 512 << 20,
            unpacked_bytes_max: 2 << 30,
            parts_max: 256,
            xml_depth_max: 256,
            xml_elements_max: 200_000,
            xml_attributes_max: 4_096,
            xml_documents_max: 20_000,
            xml_bytes_max: 16 << 20,
            pool_strings_max: 2_000_000,
            resource_values_max: 4_000_000,
            resource_reference_depth_max: 20,
            dex_files_max: 256,
            dex_bytes_max: 512 << 20,
            method_code_units_max: 1 << 17,
            method_states_max: 1 << 20,
            array_stores_max: 4_096,
            native_strings_max: 100_000,
            native_string_bytes_max: 4 << 20,
            native_symbols_max: 500_000,
            objc_method_instructions_max: 1 << 16,
            objc_instructions_max: 32 << 20,
            objc_calls_max: 2_000_000,
            objc_name_bytes_max: 16 << 20,
            text_bytes_max: 4 << 20,
            text_total_bytes_max: 128 << 20,
            folder_depth_max: 64,
            skipped_max: 1_000,
        }
    }
}
