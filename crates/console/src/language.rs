//! The two languages of the pages.

use std::fmt;

/// Most entries of `Accept-Language` that are looked at. Stops: a header that is all commas.
const ACCEPTED_MAX: usize = 16;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// As cookies and forms name it.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// As `lang` attributes name it: with the script, so that browsers pick the right glyphs.
    pub(crate) fn html_tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-Hans",
        }
    }

    /// Its own name for itself.
    pub(crate) fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Zh => "中文",
        }
    }

    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language that an `Accept-Language` header likes best; English when it likes neither.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (0, Self::En);
        for entry in header.split(',').take(ACCEPTED_MAX) {
            let mut parts = entry.split(';').map(str::trim_ascii);
            let range = parts.next().unwrap_or_default();
            let primary = range.split('-').next().unwrap_or_default();
            let language = Self::ALL
                .into_iter()
                .find(|language| primary.eq_ignore_ascii_case(language.tag()));
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1_000, per_mille);
            // Of equals, the first.
            if let Some(language) = language
                && quality > best.0
            {
                best = (quality, language);
            }
        }
        best.1
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A weight such as `0.85`, at most 1 with three decimals; anything else counts nothing.
fn per_mille(weight: &str) -> u16 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let is_plain = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = format!("{decimals:0<3}").parse().unwrap_or(0);
    match whole {
        "1" => 1_000,
        "0" if is_plain => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_wins() {
        for (header, language) in [
            ("", Language::En),
            ("fr, de;q=0.8", Language::En),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Zh),
            ("en-US,en;q=0.9,zh-CN;q=0.8", Language::En),
            ("en;q=0.2, ZH-Hant-TW;q=0.25", Language::Zh),
            ("en;q=0, zh;q=0.001", Language::Zh),
            ("en, zh", Language::En),
            ("zh;q=x, en;q=0.1", Language::En),
            ("zh;q=0.1234, en;q=0.1", Language::En),
            ("zhx, en;q=0.1", Language::En),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
        let late = format!("{}zh", "fr,".repeat(ACCEPTED_MAX));
        assert_eq!(Language::accepted(&late), Language::En);
    }
}
