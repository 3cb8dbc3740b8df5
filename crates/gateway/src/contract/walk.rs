//! Walks a JSON text beside the graph of its marks, without building a tree.
//!
//! The text has been read by [`json`](super::json) before, so its grammar is known to be right; a
//! text that was not is left with an error, never with a wrong answer. What leads to no mark is
//! passed over at the speed of finding quotes and brackets.

use std::{borrow::Cow, ops::Range};

use memchr::memchr3;

use super::{
    document::escape_token,
    json::{closing_quote, unescape},
    schema::marks::{Mark, Marks, NodeIndex},
};

/// Deeper than any text that is read.
const DEPTH_MAX: usize = 128;

/// The text is no JSON after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotJson;

/// A marked value.
pub(super) struct Found<'walk> {
    pub(super) mark: Mark,
    /// Where it stands in the text, quotes included.
    pub(super) at: Range<usize>,
    path: &'walk [Step<'walk>],
}

enum Step<'text> {
    Member(Cow<'text, str>),
    Item(usize),
}

impl Found<'_> {
    /// Its JSON pointer.
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in self.path {
            pointer.push('/');
            match step {
                Step::Member(name) => pointer.push_str(&escape_token(name)),
                Step::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

/// Shows every marked value to `visit`, in the text's order.
pub(super) fn walk(
    text: &str,
    marks: &Marks,
    visit: &mut impl FnMut(&Found<'_>) -> Result<(), NotJson>,
) -> Result<(), NotJson> {
    let Some(root) = marks.root() else {
        return Ok(());
    };
    Walk {
        text,
        bytes: text.as_bytes(),
        at: 0,
        marks,
        path: Vec::new(),
        visit,
    }
    .value(root)
}

struct Walk<'walk, V> {
    text: &'walk str,
    bytes: &'walk [u8],
    at: usize,
    marks: &'walk Marks,
    path: Vec<Step<'walk>>,
    visit: &'walk mut V,
}

impl<'walk, V: FnMut(&Found<'_>) -> Result<(), NotJson>> Walk<'walk, V> {
    fn peek(&self) -> Result<u8, NotJson> {
        self.bytes.get(self.at).copied().ok_or(NotJson)
    }

    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.peek()? != byte {
            return Err(NotJson);
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another part follows; else the closing bracket has been passed.
    fn another(&mut self, close: u8) -> Result<bool, NotJson> {
        self.skip_space();
        let byte = self.peek()?;
        self.at += 1;
        if byte == b',' {
            Ok(true)
        } else if byte == close {
            Ok(false)
        } else {
            Err(NotJson)
        }
    }

    /// Whether there is no part at all; then the closing bracket has been passed.
    fn is_empty(&mut self, close: u8) -> Result<bool, NotJson> {
        self.skip_space();
        let empty = self.peek()? == close;
        self.at += usize::from(empty);
        Ok(empty)
    }

    fn value(&mut self, index: NodeIndex) -> Result<(), NotJson> {
        self.skip_space();
        let marks = self.marks;
        let node = marks.node(index).ok_or(NotJson)?;
        if let Some(mark) = node.mark {
            let start = self.at;
            self.skip_value()?;
            return (self.visit)(&Found {
                mark,
                at: start..self.at,
                path: &self.path,
            });
        }
        match self.peek()? {
            _ if self.path.len() > DEPTH_MAX => Err(NotJson),
            b'{' => {
                self.at += 1;
                if self.is_empty(b'}')? {
                    return Ok(());
                }
                loop {
                    self.skip_space();
                    let name = self.string()?;
                    let text: &'walk str = self.text;
                    let raw = text.get(name).ok_or(NotJson)?;
                    self.skip_space();
                    self.expect(b':')?;
                    let name = unescape(raw).map_err(|_| NotJson)?;
                    let index = node.member(&name);
                    self.member(name, index)?;
                    if !self.another(b'}')? {
                        return Ok(());
                    }
                }
            }
            b'[' => match node.items {
                None => self.skip_value(),
                Some(items) => self.items(items),
            },
            _ => self.skip_value(),
        }
    }

    fn member(&mut self, name: Cow<'walk, str>, index: Option<NodeIndex>) -> Result<(), NotJson> {
        let Some(index) = index else {
            self.skip_space();
            return self.skip_value();
        };
        self.path.push(Step::Member(name));
        self.value(index)?;
        self.path.pop();
        Ok(())
    }

    fn items(&mut self, index: NodeIndex) -> Result<(), NotJson> {
        self.at += 1;
        if self.is_empty(b']')? {
            return Ok(());
        }
        let mut item = 0;
        loop {
            self.path.push(Step::Item(item));
            self.value(index)?;
            self.path.pop();
            item += 1;
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// Passes a string; gives what stands between its quotes.
    fn string(&mut self) -> Result<Range<usize>, NotJson> {
        self.expect(b'"')?;
        let length = closing_quote(self.bytes.get(self.at..).ok_or(NotJson)?).ok_or(NotJson)?;
        let inside = self.at..self.at + length;
        self.at = inside.end + 1;
        Ok(inside)
    }

    fn skip_value(&mut self) -> Result<(), NotJson> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            open @ (b'{' | b'[') => self.skip_brackets(open),
            _ => {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                self.at += length;
                if length == 0 { Err(NotJson) } else { Ok(()) }
            }
        }
    }

    /// Passes an array or object. Only brackets of its own kind count: the others are balanced
    /// inside it.
    fn skip_brackets(&mut self, open: u8) -> Result<(), NotJson> {
        let close = if open == b'{' { b'}' } else { b']' };
        let mut depth = 0_usize;
        loop {
            let rest = self.bytes.get(self.at..).ok_or(NotJson)?;
            self.at += memchr3(b'"', open, close, rest).ok_or(NotJson)?;
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                byte if byte == open => depth += 1,
                _ => depth -= 1,
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }
}
