//! Components and the classes behind them.

use std::collections::BTreeMap;

use crate::facts::android::{Component, ComponentKind, Protection};
use crate::facts::code::Class;
use crate::facts::{Android, Code};

/// The outermost class: `com.bank.Login` of `com.bank.Login$Task$1`.
pub(crate) fn outer_class(class: &str) -> &str {
    class.split('$').next().unwrap_or(class)
}

/// The class that does a component's work: of an alias, that of its activity.
pub(crate) fn class_of(component: &Component) -> &str {
    component
        .target_activity
        .as_deref()
        .filter(|_| component.kind == ComponentKind::ActivityAlias)
        .unwrap_or(&component.name)
}

/// Whether any app can reach a component: exported, and neither without permission nor with one
/// that any app is granted.
pub(crate) fn is_open(android: &Android, component: &Component) -> bool {
    let granted_to_all = |permission: &str| {
        android
            .declared_permissions()
            .any(|declared| declared.name == permission && is_weak(declared.protection))
    };
    component.exported
        && component.enabled
        && (component.is_exported_without_permission()
            || component.permission.as_deref().is_some_and(granted_to_all))
}

/// Whether apps of other signers are granted a permission of this level.
pub(crate) fn is_weak(protection: Protection) -> bool {
    matches!(protection, Protection::Normal | Protection::Dangerous)
}

/// The components that any app can reach, by the class that does their work.
pub(crate) fn open_components(android: &Android) -> BTreeMap<&str, &Component> {
    android
        .components()
        .filter(|component| is_open(android, component))
        .map(|component| (class_of(component), component))
        .collect()
}

/// A class of the package and those that it extends, as far as the package defines them.
pub(crate) fn with_superclasses<'a>(code: &'a Code, class: &str) -> Vec<Class<'a>> {
    /// Hostile files have cycles.
    const DEPTH_MAX: usize = 16;
    let first = code.class(class);
    let next = |class: &Class<'a>| code.class(&class.superclass()?);
    std::iter::successors(first, next).take(DEPTH_MAX).collect()
}

/// Whether a class belongs to a widespread library, whose behaviour is its makers' design.
///
/// This is not who wrote a class, which [`own`](super::own) asks: most libraries in that list are
/// SDKs that somebody chose for the app, and answers for where they do what an app must not do.
pub(crate) fn is_of_library(class: &str) -> bool {
    const PREFIXES: [&str; 16] = [
        "android.",
        "androidx.",
        "com.google.android.",
        "com.google.firebase.",
        "com.google.common.",
        "com.google.gson.",
        "com.google.protobuf.",
        "com.squareup.",
        "dalvik.",
        "io.reactivex.",
        "java.",
        "javax.",
        "kotlin.",
        "kotlinx.",
        "okhttp3.",
        "org.apache.",
    ];
    PREFIXES.iter().any(|prefix| class.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::{is_of_library, outer_class};

    #[test]
    fn names_tell_where_a_class_belongs() {
        assert_eq!(outer_class("com.bank.Login$Task$1"), "com.bank.Login");
        assert_eq!(outer_class("com.bank.Login"), "com.bank.Login");
        assert!(is_of_library("androidx.core.A") && !is_of_library("androidxx.A"));
        // A test app may well be in a package of the platform's maker.
        assert!(!is_of_library("com.android.insecurebankv2.Login"));
    }
}
