//! Comparisons of values with constants.

use std::borrow::Cow;

use crate::facts::code::{Call, Origin};

/// Methods that compare two texts.
pub(crate) const COMPARISONS: &[(&str, &str)] = &[
    ("java.lang.String", "equals"),
    ("java.lang.String", "equalsIgnoreCase"),
    ("java.lang.String", "contentEquals"),
    ("java.lang.Object", "equals"),
    ("android.text.TextUtils", "equals"),
    ("kotlin.jvm.internal.Intrinsics", "areEqual"),
    ("kotlin.text.StringsKt", "equals"),
];

/// The constant and the other side of a comparison that has exactly one constant.
pub(crate) fn compared<'a>(call: &Call<'a>) -> Option<(Cow<'a, str>, Origin<'a>)> {
    let mut sides = call.receiver().into_iter().chain(call.arguments());
    let (left, right) = (sides.next()?, sides.next()?);
    match (left.text(), right.text()) {
        (Some(constant), None) => Some((constant, right)),
        (None, Some(constant)) => Some((constant, left)),
        _ => None,
    }
}
