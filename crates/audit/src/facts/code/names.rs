//! Names as in Java, and as in dex files.

use std::borrow::Cow;

use crate::dex::{self, StringId};

use super::DexFile;

/// The Java name of a descriptor: `Lcom/bank/Login;` → `com.bank.Login`, `[B` → `byte[]`.
#[must_use]
pub fn java_name(descriptor: &[u8]) -> Cow<'_, str> {
    let dimensions = descriptor.iter().take_while(|byte| **byte == b'[').count();
    let element = descriptor.get(dimensions..).unwrap_or_default();
    let name = match element {
        b"V" => Cow::Borrowed("void"),
        b"Z" => Cow::Borrowed("boolean"),
        b"B" => Cow::Borrowed("byte"),
        b"S" => Cow::Borrowed("short"),
        b"C" => Cow::Borrowed("char"),
        b"I" => Cow::Borrowed("int"),
        b"J" => Cow::Borrowed("long"),
        b"F" => Cow::Borrowed("float"),
        b"D" => Cow::Borrowed("double"),
        [b'L', name @ .., b';'] => {
            let name = dex::decode_mutf8(name);
            if name.contains('/') {
                Cow::Owned(name.replace('/', "."))
            } else {
                name
            }
        }
        other => dex::decode_mutf8(other),
    };
    match dimensions {
        0 => name,
        _ => Cow::Owned(format!("{name}{}", "[]".repeat(dimensions))),
    }
}

/// The descriptor of a class by its Java name: `com.bank.Login` → `Lcom/bank/Login;`.
pub(super) fn descriptor_of(class: &str) -> String {
    format!("L{};", class.replace('.', "/"))
}

/// What the descriptors of all classes of a package start with.
pub(super) fn descriptor_prefix(package: &str) -> String {
    format!("L{}/", package.replace('.', "/"))
}

/// The names of methods that code refers to, over all dex files: in which of them each stands.
#[derive(Debug, Default)]
pub(super) struct MethodNames(Vec<(u32, StringId)>);

impl MethodNames {
    pub(super) fn new(files: &[DexFile]) -> Self {
        let named = files.iter().zip(0..).flat_map(|(file, number)| {
            let names = file.dex.tables.method_names();
            names.map(move |name| (number, name))
        });
        let mut names: Vec<(u32, StringId)> = named.collect();
        // Stable, so that files stay in order. Each file's names are in order already.
        names.sort_by(|left, right| bytes(files, *left).cmp(bytes(files, *right)));
        Self(names)
    }

    /// The files that refer to a method of this name, each with the name's number in it.
    pub(super) fn find(&self, files: &[DexFile], name: &[u8]) -> &[(u32, StringId)] {
        let from = self.0.partition_point(|known| bytes(files, *known) < name);
        let rest = self.0.get(from..).unwrap_or_default();
        // There are few files, and most names are in few of them.
        let same = rest
            .iter()
            .take_while(|known| bytes(files, **known) == name);
        rest.get(..same.count()).unwrap_or_default()
    }
}

fn bytes(files: &[DexFile], (file, name): (u32, StringId)) -> &[u8] {
    files
        .get(file as usize)
        .map_or(&[], |file| file.dex.tables.string_bytes(name))
}

#[cfg(test)]
mod tests {
    use super::{descriptor_of, java_name};

    #[test]
    fn names_are_those_of_the_source() {
        assert_eq!(java_name(b"Lcom/bank/Login$1;"), "com.bank.Login$1");
        assert_eq!(java_name(b"[[B"), "byte[][]");
        assert_eq!(java_name(b"[Ljava/lang/String;"), "java.lang.String[]");
        assert_eq!(java_name(b"La;"), "a");
        assert_eq!(java_name(b""), "");
        assert_eq!(descriptor_of("com.bank.Login$1"), "Lcom/bank/Login$1;");
    }
}
