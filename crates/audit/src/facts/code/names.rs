//! Names as in Java, and as in dex files.

use std::borrow::Cow;

use crate::dex;

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
