//! Constants with the names that developers gave them: fields, resources, settings.

use crate::check::{Evidence, Words, words};
use crate::facts::Facts;
use crate::inventory::library_of;
use crate::property_list::Value;

/// A constant and its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// The name: of a field, a resource, a setting.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: String,
    /// Where it is written, without words.
    pub(crate) place: Evidence,
}

const NOWHERE: Words = words("here", "此处");
/// Constants returned. Generated packages have any number.
const NAMED_MAX: usize = 4_096;
/// Longer values are data.
const VALUE_BYTES_MAX: usize = 4_096;

/// The constants whose names `wanted` asks for. Of code, fields of known libraries are left out:
/// their names are not those that the app's developers chose.
pub(crate) fn named(facts: &Facts, wanted: impl Fn(&str) -> bool) -> Vec<Named> {
    let mut found = Vec::new();
    fields(facts, &wanted, &mut found);
    resources(facts, &wanted, &mut found);
    meta_data(facts, &wanted, &mut found);
    settings(facts, &wanted, &mut found);
    found.truncate(NAMED_MAX);
    found.retain(|named| !named.value.is_empty() && named.value.len() <= VALUE_BYTES_MAX);
    found
}

fn fields(facts: &Facts, wanted: &impl Fn(&str) -> bool, found: &mut Vec<Named>) {
    let code = &facts.code;
    for class in code.classes() {
        let mut library = None;
        for field in class.fields() {
            let name = field.name();
            if found.len() >= NAMED_MAX || !wanted(&name) {
                continue;
            }
            let class_name = class.name();
            let known = *library.get_or_insert_with(|| library_of(facts, &class_name).is_some());
            if known
                || class_name
                    .rsplit('.')
                    .next()
                    .is_some_and(|name| name.starts_with("R$"))
            {
                break;
            }
            if let Some(value) = field.initial_value().and_then(|value| value.text()) {
                let place = Evidence::in_file(NOWHERE, class.file());
                found.push(Named {
                    name: name.clone().into_owned(),
                    value: value.into_owned(),
                    place: place.class(format!("{class_name}.{name}")),
                });
            }
            for access in field.accesses() {
                if let Some(value) = access.value().and_then(|value| value.text()) {
                    found.push(Named {
                        name: name.clone().into_owned(),
                        value: value.into_owned(),
                        place: Evidence::at(NOWHERE, &access.site()),
                    });
                }
            }
        }
    }
}

fn resources(facts: &Facts, wanted: &impl Fn(&str) -> bool, found: &mut Vec<Named>) {
    for literal in facts.resource_literals() {
        let crate::facts::Place::Resource { index } = literal.place else {
            continue;
        };
        // Sentences are for people.
        if literal.text.contains(' ') || literal.text.len() < 4 || !literal.text.is_ascii() {
            continue;
        }
        let Some(name) = facts.resource_of(index) else {
            continue;
        };
        let short = name.rsplit('/').next().unwrap_or(&name);
        if name.starts_with("string/") && wanted(short) {
            found.push(Named {
                name: short.to_owned(),
                value: literal.text.into_owned(),
                place: Evidence::in_xml(NOWHERE, "resources.arsc", format!("@{name}")),
            });
        }
    }
}

fn meta_data(facts: &Facts, wanted: &impl Fn(&str) -> bool, found: &mut Vec<Named>) {
    let Some(android) = &facts.android else {
        return;
    };
    for manifest in &android.manifests {
        let components = manifest
            .components
            .iter()
            .flat_map(|component| &component.meta_data);
        for data in manifest.application.meta_data.iter().chain(components) {
            let Some(value) = data.value.as_ref().filter(|_| wanted(&data.name)) else {
                continue;
            };
            found.push(Named {
                name: data.name.clone(),
                value: value.clone(),
                place: Evidence::in_xml(NOWHERE, &manifest.file, &data.xml_path),
            });
        }
    }
}

/// Property lists, and lines such as `name = value` and `"name": "value"` of text files.
fn settings(facts: &Facts, wanted: &impl Fn(&str) -> bool, found: &mut Vec<Named>) {
    let bundles = facts.ios.iter().flat_map(|ios| &ios.bundles);
    let bundles = bundles.filter_map(|bundle| bundle.info.as_ref());
    let lists = bundles.map(|info| (info.file.as_str(), &info.values));
    let others = facts.property_lists.iter();
    let lists = lists.chain(others.map(|list| (list.path.as_str(), &list.values)));
    for (file, values) in lists {
        let Value::Dictionary(entries) = values else {
            continue;
        };
        for (name, value) in entries {
            if let Value::Text(value) = value
                && wanted(name)
            {
                found.push(Named {
                    name: name.clone(),
                    value: value.clone(),
                    place: Evidence::in_xml(NOWHERE, file, name.as_str()),
                });
            }
        }
    }
    for file in &facts.texts {
        for (number, line) in (1..).zip(file.text.lines()) {
            if found.len() >= NAMED_MAX {
                return;
            }
            if line.len() > 1_024 {
                continue;
            }
            let Some((name, value)) = assignment(line) else {
                continue;
            };
            if wanted(name) {
                found.push(Named {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    place: Evidence::in_xml(NOWHERE, &file.path, format!("line {number}")),
                });
            }
        }
    }
}

/// Name and value of a line that gives a name a constant value.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let at = line.find(['=', ':'])?;
    let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
    let name = name
        .trim()
        .trim_matches(['"', '\''])
        .rsplit(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '-')))
        .next()?;
    let value = value.trim().trim_end_matches([',', ';']);
    let quoted = value.len() >= 2
        && (value.starts_with('"') && value.ends_with('"')
            || value.starts_with('\'') && value.ends_with('\''));
    let value = match quoted {
        true => value.get(1..value.len() - 1)?,
        false => value,
    };
    let plain = |char: char| {
        char.is_ascii_graphic() && !matches!(char, '(' | ')' | '{' | '"' | '\'' | '<' | '>' | ';')
    };
    (!name.is_empty() && name.len() < 64 && value.chars().all(plain)).then_some((name, value))
}

/// Whether a value under a secret's name is more than the name of something else, an example or a
/// text for people.
pub(crate) fn is_value(name: &str, value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let placeholders = [
        "example",
        "your_",
        "your-",
        "xxxx",
        "changeme",
        "placeholder",
        "<",
        "{",
        "%",
        "$",
        "todo",
        "null",
        "undefined",
        "****",
        "http://",
        "https://",
        "content://",
    ];
    let is_name =
        super::naming::is_about_secrets(value) && !value.bytes().any(|byte| byte.is_ascii_digit());
    let is_identifier = value.contains('.')
        && value.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$')
        });
    (6..=512).contains(&value.len())
        && value.is_ascii()
        && !value.contains(' ')
        && !is_name
        && !is_identifier
        && !lower.eq_ignore_ascii_case(name)
        && !placeholders.iter().any(|part| lower.contains(part))
}

/// Whether a value is mixed enough that nobody would give it to a map or a setting as its name.
pub(crate) fn is_mixed(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 2 && (letters >= 2 || digits >= 6)
        || value
            .bytes()
            .any(|byte| matches!(byte, b'!' | b'@' | b'#' | b'&' | b'*'))
}

#[cfg(test)]
mod tests {
    use super::{assignment, is_mixed, is_value};

    #[test]
    fn assignments_of_many_languages_are_read() {
        for line in [
            "db.password=hunter22",
            "  \"db.password\": \"hunter22\",",
            "String db.password = \"hunter22\";",
            "db.password: 'hunter22'",
        ] {
            assert_eq!(
                assignment(line),
                Some(("db.password", "hunter22")),
                "{line}"
            );
        }
        assert_eq!(assignment("password = ask(user)"), None);
    }

    #[test]
    fn values_are_told_from_names() {
        for value in ["hunter22", "pizzapizza", "Zx9!kk"] {
            assert!(is_value("password", value), "{value}");
        }
        for value in [
            "password_hint",
            "com.bank.password",
            "your_password",
            "${PASSWORD}",
            "Enter a password",
            "abc",
        ] {
            assert!(!is_value("password", value), "{value}");
        }
        assert!(is_mixed("hunter22") && !is_mixed("pizzapizza"));
    }
}
