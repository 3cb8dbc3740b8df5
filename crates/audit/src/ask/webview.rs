//! WebViews of the platform and the kernels that apps bring along (X5 of Tencent, U4 of UC).

use crate::check::{Outcome, words};
use crate::facts::Facts;
use crate::facts::code::{Call, Code};

/// Classes of views.
const VIEWS: [&str; 3] = [
    "android.webkit.WebView",
    "com.tencent.smtt.sdk.WebView",
    "com.uc.webview.export.WebView",
];
/// Classes of settings.
const SETTINGS: [&str; 3] = [
    "android.webkit.WebSettings",
    "com.tencent.smtt.sdk.WebSettings",
    "com.uc.webview.export.WebSettings",
];
/// Classes that are told about pages.
pub(crate) const CLIENTS: [&str; 3] = [
    "android.webkit.WebViewClient",
    "com.tencent.smtt.sdk.WebViewClient",
    "com.uc.webview.export.WebViewClient",
];

/// The calls of a method of views.
pub(crate) fn view_calls<'a>(code: &'a Code, name: &str) -> Vec<Call<'a>> {
    let calls = VIEWS.iter().flat_map(|class| code.calls_to(class, name));
    calls.collect()
}

/// The calls of a method of settings.
pub(crate) fn setting_calls<'a>(code: &'a Code, name: &str) -> Vec<Call<'a>> {
    let calls = SETTINGS.iter().flat_map(|class| code.calls_to(class, name));
    calls.collect()
}

/// The calls that switch a setting on: whose argument can be true.
pub(crate) fn switched_on<'a>(code: &'a Code, name: &str) -> Vec<Call<'a>> {
    let calls = setting_calls(code, name).into_iter();
    calls.filter(|call| call.ints(0).contains(&1)).collect()
}

/// The calls that load something into a view; the first argument tells what.
pub(crate) fn loads(code: &Code) -> Vec<Call<'_>> {
    let names = ["loadUrl", "postUrl", "loadData", "loadDataWithBaseURL"];
    let calls = names.iter().flat_map(|name| view_calls(code, name));
    calls.collect()
}

/// Whether the package shows web pages at all.
pub(crate) fn is_used(code: &Code) -> bool {
    let names = ["getSettings", "loadUrl", "loadData", "loadDataWithBaseURL"];
    names.iter().any(|name| !view_calls(code, name).is_empty())
}

/// The class around inner ones: `com.bank.Page` for `com.bank.Page$1`.
pub(crate) fn outer_class(class: &str) -> &str {
    class.split('$').next().unwrap_or(class)
}

/// What a check of web pages answers where the app shows none.
pub(crate) fn absent(facts: &Facts) -> Outcome {
    super::without_code(facts).unwrap_or(Outcome::NotApplicable(words(
        "the app shows no web pages",
        "应用不显示网页",
    )))
}
