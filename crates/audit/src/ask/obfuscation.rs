//! How much of the app's own code has names that tell nothing.

use std::collections::HashSet;

use super::own::Own;
use crate::facts::code::Class;
use crate::facts::{Android, Facts};

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Classes of the app's own that an obfuscator may rename.
    pub(crate) classes: usize,
    /// Of them, those whose name tells nothing.
    pub(crate) classes_renamed: usize,
    /// Methods of these and of declared components that an obfuscator may rename.
    pub(crate) methods: usize,
    /// Of them, those whose name tells nothing.
    pub(crate) methods_renamed: usize,
    /// Some that were not renamed: file and class.
    pub(crate) examples: Vec<(String, String)>,
}

/// Methods that the platform names and apps override most.
const PLATFORM: [&str; 12] = [
    "call",
    "compare",
    "compareTo",
    "delete",
    "doInBackground",
    "equals",
    "hashCode",
    "insert",
    "query",
    "run",
    "toString",
    "update",
];

/// Examples kept.
const EXAMPLES_MAX: usize = 5;

impl Measure {
    /// Counts. What the manifest names has to keep its name and does not count, with its inner
    /// classes; neither does what build tools generate.
    pub(crate) fn of(facts: &Facts) -> Self {
        let own = Own::of(facts);
        let components = facts.android.iter().flat_map(Android::components);
        let mut kept: HashSet<&str> = components
            .map(|component| component.name.as_str())
            .collect();
        let application = facts.android.as_ref().and_then(Android::manifest);
        kept.extend(application.and_then(|manifest| manifest.application.name.as_deref()));
        let mut measure = Self::default();
        for class in facts.code.classes() {
            let name = class.name();
            let outer = name.split('$').next().unwrap_or_default();
            if !own.may_have_written(&name) || is_generated(outer) {
                continue;
            }
            if !kept.contains(outer) {
                measure.count_class(class, &name);
            }
            measure.count_methods(class);
        }
        measure
    }

    fn count_class(&mut self, class: Class<'_>, name: &str) {
        self.classes += 1;
        if is_meaningless(simple_name(name)) {
            self.classes_renamed += 1;
        } else if self.examples.len() < EXAMPLES_MAX {
            self.examples
                .push((class.file().to_owned(), name.to_owned()));
        }
    }

    fn count_methods(&mut self, class: Class<'_>) {
        for method in class.methods() {
            let name = method.name();
            // Constructors, accessors and lambdas are named by the compiler, natives by libraries,
            // callbacks by the platform.
            let is_callback = name.starts_with("on") || PLATFORM.contains(&name.as_ref());
            if name.starts_with('<') || name.contains('$') || method.is_native() || is_callback {
                continue;
            }
            self.methods += 1;
            self.methods_renamed += usize::from(is_meaningless(&name));
        }
    }

    /// Percent of the classes that were renamed; `None` if there are none to rename.
    pub(crate) fn percent(&self) -> Option<u32> {
        let percent = (self.classes_renamed * 100).checked_div(self.classes)?;
        u32::try_from(percent).ok()
    }
}

fn simple_name(class: &str) -> &str {
    let name = class.rsplit('.').next().unwrap_or(class);
    // Of an inner class the inner name; numbers of anonymous ones tell nothing themselves.
    let inner = name
        .rsplit('$')
        .find(|part| !part.is_empty() && !part.bytes().all(|byte| byte.is_ascii_digit()));
    inner.unwrap_or(name)
}

/// Whether build tools write the class.
pub(crate) fn is_generated(class: &str) -> bool {
    let name = class.rsplit('.').next().unwrap_or(class);
    matches!(name, "R" | "BR" | "BuildConfig" | "DataBinderMapperImpl") || name.ends_with("Binding")
}

/// Names of one or two letters, of letters that look alike, or of no letters at all.
pub(crate) fn is_meaningless(name: &str) -> bool {
    let alike =
        |letters: &str| name.len() > 2 && name.chars().all(|letter| letters.contains(letter));
    name.chars().count() <= 2
        || alike("oO0")
        || alike("iIlL1")
        || !name.chars().any(|letter| letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_obfuscators_are_meaningless() {
        for name in ["a", "ab", "OoO0", "lIlI1", "ۥ۟"] {
            assert!(is_meaningless(name), "{name}");
        }
        for name in ["Pay", "pin", "ooh", "Login"] {
            assert!(!is_meaningless(name), "{name}");
        }
        assert_eq!(simple_name("com.bank.Login$1"), "Login");
        assert_eq!(simple_name("com.bank.Login$a"), "a");
    }
}
