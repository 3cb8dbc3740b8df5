//! Masks on a response: what may be shown of it.
//!
//! Two ways to the same end. [`by_walk`] copies the text and replaces the marked values in it; it
//! is the one in use. [`by_tree`] takes the parsed value apart; it is the plain statement of what
//! a mask does, and the tests hold the first to it.
//!
//! Clauses: JR-6.2.3.a, CJ-4.3.5.b, AP-4.1.1.3.

use std::borrow::Cow;

use super::{
    json::{unescape, write_string},
    schema::{
        lint::MaskRule,
        marks::{Mark, Marks, NodeIndex},
    },
    value::{Members, Value},
    walk::{self, NotJson},
};

/// The text with every marked value masked.
pub(super) fn by_walk<'text>(text: &'text str, marks: &Marks) -> Result<Cow<'text, [u8]>, NotJson> {
    if marks.is_empty() {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut copied = 0;
    let mut masked = String::new();
    walk::walk(text, marks, &mut |found| {
        let Mark::Mask(rule) = found.mark else {
            return Ok(());
        };
        let raw = text.get(found.at.clone()).ok_or(NotJson)?;
        if raw == "null" {
            return Ok(());
        }
        out.extend_from_slice(text.as_bytes().get(copied..found.at.start).ok_or(NotJson)?);
        copied = found.at.end;
        match rule {
            MaskRule::Never => out.extend_from_slice(b"null"),
            MaskRule::Partly(mask) => {
                // Anything but a string would leave unmasked: refuse the response instead.
                let inside = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
                let value = unescape(inside.ok_or(NotJson)?).map_err(|_| NotJson)?;
                masked.clear();
                mask.apply_into(&value, &mut masked);
                write_string(&masked, &mut out);
            }
        }
        Ok(())
    })?;
    out.extend_from_slice(text.as_bytes().get(copied..).ok_or(NotJson)?);
    Ok(Cow::Owned(out))
}

/// Masks every marked value of a parsed response.
pub(super) fn by_tree(value: &mut Value<'_>, marks: &Marks) -> Result<(), NotJson> {
    marks
        .root()
        .map_or(Ok(()), |root| mask_value(value, marks, root))
}

fn mask_value(value: &mut Value<'_>, marks: &Marks, index: NodeIndex) -> Result<(), NotJson> {
    let node = marks.node(index).ok_or(NotJson)?;
    match (node.mark, value) {
        (Some(Mark::Mask(_)), Value::Null) | (Some(Mark::Sealed(_)), _) => {}
        (Some(Mark::Mask(MaskRule::Never)), value) => *value = Value::Null,
        (Some(Mark::Mask(MaskRule::Partly(mask))), Value::Text(text)) => {
            *text = Cow::Owned(mask.apply(text))
        }
        (Some(Mark::Mask(MaskRule::Partly(_))), _) => return Err(NotJson),
        (None, Value::Map(Members(members))) => {
            for (name, member) in members {
                if let Some(index) = node.member(name) {
                    mask_value(member, marks, index)?;
                }
            }
        }
        (None, Value::List(items)) => {
            for item in items {
                if let Some(index) = node.items {
                    mask_value(item, marks, index)?;
                }
            }
        }
        (None, _) => {}
    }
    Ok(())
}
