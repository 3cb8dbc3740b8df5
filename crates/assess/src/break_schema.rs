//! Bodies that break one rule each: an honest body in which one member's text is replaced.

use serde_json::Value;

use crate::bundle::Schema;

/// Stands for the member until the bytes are put in.
const MARK: &str = "hefu-member-to-break";

/// The honest body with `raw` in the place of the member at `pointer`, whatever it is.
pub(crate) fn with_raw(schema: &Schema, pointer: &str, raw: &str) -> Vec<u8> {
    with_bytes(schema, pointer, raw.as_bytes())
}

/// [`with_raw`] for what is not even text.
pub(crate) fn with_bytes(schema: &Schema, pointer: &str, raw: &[u8]) -> Vec<u8> {
    let mut body = schema.body.clone();
    if let Some(member) = body.pointer_mut(pointer) {
        *member = Value::from(MARK);
    }
    let text = body.to_string();
    let mark = format!("\"{MARK}\"");
    match text.split_once(&mark) {
        Some((before, after)) => [before.as_bytes(), raw, after.as_bytes()].concat(),
        // The bundle's pointer leads nowhere: what is sent is refused for being no JSON, but then
        // the twin is what shows that the bundle is wrong.
        None => Vec::new(),
    }
}
