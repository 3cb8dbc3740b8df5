//! Connections that begin without encryption.

use crate::facts::code::{Call, Code};

/// Methods that take the address of a connection as their first argument.
const SINKS: &[(&str, &[&str])] = &[
    ("java.net.URL", &["<init>"]),
    ("java.net.URI", &["<init>", "create"]),
    ("org.apache.http.client.methods.HttpPost", &["<init>"]),
    ("org.apache.http.client.methods.HttpGet", &["<init>"]),
    ("org.apache.http.client.methods.HttpPut", &["<init>"]),
    ("okhttp3.Request$Builder", &["url"]),
    ("retrofit2.Retrofit$Builder", &["baseUrl"]),
    ("android.webkit.WebView", &["loadUrl", "postUrl"]),
];

/// The calls that open a connection to an address of http, with the start of the address.
pub(crate) fn connections(code: &Code) -> Vec<(Call<'_>, String)> {
    let calls = SINKS
        .iter()
        .flat_map(|(class, names)| names.iter().flat_map(|name| code.calls_to(class, name)));
    calls
        .filter_map(|call| cleartext(&call).map(|address| (call, address)))
        .collect()
}

/// The start of the address that a call gets, if it begins with http.
fn cleartext(call: &Call<'_>) -> Option<String> {
    let address = call.argument(0)?;
    let parts = address.parts();
    let first = parts.first().unwrap_or(&address);
    first.resolve().iter().find_map(|value| {
        let text = value.text()?;
        let is_plain = text
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("http://"));
        let is_local = ["http://localhost", "http://127.0.0.1", "http://schemas."]
            .iter()
            .any(|local| text.starts_with(local));
        (is_plain && !is_local).then(|| text.into_owned())
    })
}
