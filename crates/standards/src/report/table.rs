//! Tables for terminals and for Markdown.

use serde::Serialize;

/// Where a column's values stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows under a heading; each has one value a column.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns
            .iter()
            .map(|(name, align)| ((*name).to_owned(), *align))
            .collect();
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, values: impl IntoIterator<Item = String>) {
        self.rows.push(values.into_iter().collect());
    }

    /// Columns as wide as their widest value. Widths count characters, so wide ones belong last.
    pub(super) fn text(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut widths = vec![0; names.len()];
        for row in std::iter::once(&names).chain(&self.rows) {
            for (width, value) in widths.iter_mut().zip(row) {
                *width = value.chars().count().max(*width);
            }
        }
        let mut text = String::new();
        for row in std::iter::once(&names).chain(&self.rows) {
            let cells = row.iter().zip(&self.columns).zip(&widths);
            let cells: Vec<String> = cells
                .map(|((value, (_, align)), width)| match align {
                    Align::Left => format!("{value:<width$}"),
                    Align::Right => format!("{value:>width$}"),
                })
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    pub(super) fn markdown(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let rule = self.columns.iter().map(|(_, align)| match align {
            Align::Left => "---".to_owned(),
            Align::Right => "---:".to_owned(),
        });
        let rows = self
            .rows
            .iter()
            .map(|row| row.iter().map(|value| cell(value)).collect());
        [names, rule.collect::<Vec<_>>()]
            .into_iter()
            .chain(rows)
            .map(|row: Vec<String>| format!("| {} |\n", row.join(" | ")))
            .collect()
    }
}

/// Text that Markdown takes for text.
pub(super) fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '|' | '<' | '*' | '_' | '`' | '[' | ']') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Indented JSON with a final newline.
pub(super) fn json(value: &impl Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "reports are strings, lists and fixed names"
    )]
    let text = serde_json::to_string_pretty(value).expect("a report has no map keys but strings");
    text + "\n"
}
