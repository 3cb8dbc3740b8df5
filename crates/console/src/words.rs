//! Everything that is said in words or written as a number, in the operator's language.

use std::{borrow::Cow, collections::HashMap, fmt};

use fluent_templates::{LanguageIdentifier, Loader as _, fluent_bundle::FluentValue, langid};
use hefu_evidence::Class;
use hefu_standards::{Bilingual, Clause, Home, coverage::State};
use hefu_tally::clock::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::language::Language;

fluent_templates::static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "en",
        // Nothing here mixes directions of writing; the marks would only be copied along.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static EN: LanguageIdentifier = langid!("en");
static ZH: LanguageIdentifier = langid!("zh");

/// A number of things, owned or as templates hand it over.
pub(crate) trait Count {
    fn count(self) -> u64;
}

impl Count for u64 {
    fn count(self) -> u64 {
        self
    }
}

impl Count for usize {
    fn count(self) -> u64 {
        u64::try_from(self).unwrap_or(u64::MAX)
    }
}

impl Count for u32 {
    fn count(self) -> u64 {
        self.into()
    }
}

impl<T: Count + Copy> Count for &T {
    fn count(self) -> u64 {
        (*self).count()
    }
}

/// Words, numbers and times of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) language: Language,
    offset: Offset,
}

impl Words {
    pub(crate) fn new(language: Language, offset: Offset) -> Self {
        Self { language, offset }
    }

    /// The words of that key.
    pub(crate) fn t(&self, key: &str) -> String {
        WORDS.lookup(self.identifier(), key)
    }

    /// The words of that key for so many: `$count` to choose the form by, `$n` to show.
    pub(crate) fn tn(&self, key: &str, count: impl Count) -> String {
        let count = count.count();
        // Fluent counts in floating point; what it chooses by needs no more.
        let chosen_by = u32::try_from(count).unwrap_or(u32::MAX);
        let arguments = HashMap::from([
            (Cow::Borrowed("count"), FluentValue::from(chosen_by)),
            (Cow::Borrowed("n"), FluentValue::from(grouped(count))),
        ]);
        WORDS.lookup_with_args(self.identifier(), key, &arguments)
    }

    /// The words of that key around `$value`.
    pub(crate) fn tv(&self, key: &str, value: impl fmt::Display) -> String {
        let value = FluentValue::from(value.to_string());
        let arguments = HashMap::from([(Cow::Borrowed("value"), value)]);
        WORDS.lookup_with_args(self.identifier(), key, &arguments)
    }

    /// The words of a dictionary's entry, such as `home-` and `signing`; of one without words, the
    /// entry's name.
    pub(crate) fn entry(&self, dictionary: &str, name: &str) -> String {
        let key = format!("{dictionary}-{}", name.replace(' ', "-"));
        WORDS
            .try_lookup(self.identifier(), &key)
            .unwrap_or_else(|| name.to_owned())
    }

    pub(crate) fn home(&self, home: &Home) -> String {
        self.entry("home", home.as_str())
    }

    pub(crate) fn state(&self, state: &State) -> String {
        self.entry("state", state.as_str())
    }

    pub(crate) fn class(&self, class: &Class) -> String {
        self.entry("class", class.as_str())
    }

    pub(crate) fn of<'a>(&self, words: &'a Bilingual) -> &'a str {
        match self.language {
            Language::En => &words.en,
            Language::Zh => &words.zh,
        }
    }

    pub(crate) fn clause<'a>(&self, clause: &'a Clause) -> &'a str {
        match self.language {
            Language::En => &clause.en,
            Language::Zh => &clause.zh,
        }
    }

    /// `12,345`.
    pub(crate) fn number(&self, number: impl Count) -> String {
        grouped(number.count())
    }

    /// A part of a whole in percent, never rounded to nothing or to all of it.
    pub(crate) fn share(&self, part: u64, whole: u64) -> String {
        let per_mille = match (part, whole) {
            (_, 0) => return "–".to_owned(),
            (0, _) => return "0%".to_owned(),
            (part, whole) if part >= whole => return "100%".to_owned(),
            (part, whole) => u128::from(part) * 1_000 / u128::from(whole),
        };
        match per_mille {
            0 => "<0.1%".to_owned(),
            _ => format!("{}.{}%", per_mille / 10, per_mille % 10),
        }
    }

    /// `850 µs`, `12.3 ms`, `1.2 s`.
    pub(crate) fn micros(&self, micros: &u32) -> String {
        match *micros {
            0..1_000 => format!("{micros} µs"),
            1_000..100_000 => tenths(*micros / 100, "ms"),
            100_000..1_000_000 => format!("{} ms", *micros / 1_000),
            _ => tenths(*micros / 100_000, "s"),
        }
    }

    /// `2026-03-01 09:30:00`.
    pub(crate) fn date_time(&self, at: &Timestamp) -> String {
        self.written("%Y-%m-%d %H:%M:%S", *at)
    }

    /// `2026-03-01`.
    pub(crate) fn date(&self, at: &Timestamp) -> String {
        self.written("%Y-%m-%d", *at)
    }

    /// `09:30:00.125`.
    pub(crate) fn clock_time(&self, at: &Timestamp) -> String {
        self.written("%H:%M:%S%.3f", *at)
    }

    /// For the `datetime` attribute.
    pub(crate) fn machine_time(&self, at: &Timestamp) -> String {
        Self::new(self.language, Offset::UTC).written("%Y-%m-%dT%H:%M:%S%.3fZ", *at)
    }

    /// How long before `now`.
    pub(crate) fn ago(&self, at: &Timestamp, now: &Timestamp) -> String {
        let seconds = u64::try_from(now.secs().saturating_sub(at.secs())).unwrap_or(0);
        match seconds {
            ..5 => self.t("ago-now"),
            5..90 => self.tn("ago-seconds", seconds),
            90..5_400 => self.tn("ago-minutes", (seconds + 30) / 60),
            5_400..129_600 => self.tn("ago-hours", (seconds + 1_800) / 3_600),
            _ => self.tn("ago-days", (seconds + 43_200) / 86_400),
        }
    }

    /// The offset that times are written in: `UTC+8`.
    pub(crate) fn zone(&self) -> String {
        let minutes = self.offset.seconds() / 60;
        let sign = if minutes < 0 { '−' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        match (hours, rest) {
            (0, 0) => "UTC".to_owned(),
            (_, 0) => format!("UTC{sign}{hours}"),
            _ => format!("UTC{sign}{hours}:{rest:02}"),
        }
    }

    fn written(&self, format: &str, at: Timestamp) -> String {
        jiff::Timestamp::from_millisecond(at.millis()).map_or_else(
            |_| at.to_string(),
            |at| {
                at.to_zoned(TimeZone::fixed(self.offset))
                    .strftime(format)
                    .to_string()
            },
        )
    }

    fn identifier(&self) -> &'static LanguageIdentifier {
        match self.language {
            Language::En => &EN,
            Language::Zh => &ZH,
        }
    }
}

fn tenths(tenths: u32, unit: &str) -> String {
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, fs, path::Path};

    fn words(language: Language) -> Words {
        Words::new(language, Offset::constant(8))
    }

    /// Keys with the variables that their words use.
    fn keys(language: Language) -> BTreeMap<String, Vec<String>> {
        let path = format!("locales/{language}/console.ftl");
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut last = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" =")
                && !line.starts_with(' ')
            {
                last = key.to_owned();
                assert!(
                    keys.insert(last.clone(), Vec::new()).is_none(),
                    "{key} twice"
                );
            }
            // What the form is chosen by may be used by one language alone.
            let variables = line.split('$').skip(1).map(|rest| {
                rest.split(|c: char| !c.is_ascii_alphanumeric())
                    .next()
                    .unwrap()
                    .to_owned()
            });
            let known = keys.entry(last.clone()).or_default();
            known.extend(variables.filter(|variable| variable != "count"));
            known.sort();
            known.dedup();
        }
        keys.remove("");
        keys
    }

    /// What stands between `open` and the next quotation mark, in every template and source.
    fn used(open: &str) -> Vec<String> {
        let mut used = Vec::new();
        let mut folders = vec!["templates".to_owned(), "src".to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder)).unwrap()
            {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(format!("{folder}/{}", entry.file_name().display()));
                    continue;
                }
                let text = fs::read_to_string(entry.path()).unwrap();
                let text = text.split("mod tests {").next().unwrap_or_default();
                let found = text
                    .split(open)
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next());
                used.extend(found.map(str::to_owned));
            }
        }
        used
    }

    #[test]
    fn both_languages_say_the_same_things() {
        let (en, zh) = (keys(Language::En), keys(Language::Zh));
        assert!(en.len() > 100, "{}", en.len());
        assert_eq!(en, zh);
    }

    #[test]
    fn every_key_has_words_and_every_word_is_used() {
        let en = keys(Language::En);
        let mut used: Vec<String> = [".t(\"", ".tn(\"", ".tv(\""]
            .iter()
            .flat_map(|open| used(open))
            .collect();
        for key in &used {
            assert!(en.contains_key(key), "{key} has no words");
        }
        let entries = |dictionary: &str, names: &[&str]| -> Vec<String> {
            names
                .iter()
                .map(|name| format!("{dictionary}-{}", name.replace(' ', "-")))
                .collect()
        };
        let homes: Vec<&str> = Home::ALL.iter().map(|home| home.as_str()).collect();
        used.extend(entries("home", &homes));
        used.extend(entries("state", &State::ALL.map(State::as_str)));
        used.extend(entries("about-state", &State::ALL.map(State::as_str)));
        used.extend(entries("class", &Class::ALL.map(Class::as_str)));
        used.extend(entries("outcome", &["allowed", "refused"]));
        used.extend(entries("device", &["active", "frozen", "revoked"]));
        used.extend(entries("about-device", &["active", "frozen", "revoked"]));
        used.extend(entries("platform", &["android", "ios", "harmony", "other"]));
        used.extend(entries("how", &["E", "C", "A"]));
        used.extend(entries("missing", &["code", "probe", "check"]));
        used.extend(entries(
            "error",
            &["400", "403", "404", "405", "413", "414", "421", "503"],
        ));
        for key in &used {
            assert!(en.contains_key(key), "{key} has no words");
        }
        for key in en.keys() {
            assert!(used.contains(key), "{key} is never used");
        }
    }

    #[test]
    fn numbers_are_grouped_and_shares_never_rounded_away() {
        let words = words(Language::En);
        assert_eq!(words.number(7_u64), "7");
        assert_eq!(words.number(1_234_567_u64), "1,234,567");
        assert_eq!(words.share(1, 100_000), "<0.1%");
        assert_eq!(words.share(99_999, 100_000), "99.9%");
        assert_eq!(words.share(5, 5), "100%");
        assert_eq!(words.share(0, 5), "0%");
        assert_eq!(words.share(0, 0), "–");
    }

    #[test]
    fn times_are_written_in_the_operators_zone() {
        let words = words(Language::Zh);
        let at = Timestamp::from_millis(1_772_328_600_125);
        assert_eq!(words.date_time(&at), "2026-03-01 09:30:00");
        assert_eq!(words.clock_time(&at), "09:30:00.125");
        assert_eq!(words.machine_time(&at), "2026-03-01T01:30:00.125Z");
        assert_eq!(words.zone(), "UTC+8");
        assert_eq!(Words::new(Language::En, Offset::UTC).zone(), "UTC");
        assert!(
            words
                .date_time(&Timestamp::from_millis(i64::MAX))
                .contains("ms")
        );
    }

    #[test]
    fn ago_is_told_in_the_largest_fitting_unit() {
        let now = Timestamp::from_secs(1_000_000);
        let ago = |language, seconds: i64| words(language).ago(&now.plus_secs(-seconds), &now);
        assert_eq!(ago(Language::En, 0), "just now");
        assert_eq!(ago(Language::En, 60), "60 seconds ago");
        assert_eq!(ago(Language::En, 90), "2 minutes ago");
        assert_eq!(ago(Language::En, 7_200), "2 hours ago");
        assert_eq!(ago(Language::En, 86_400 * 3), "3 days ago");
        assert_eq!(ago(Language::Zh, 7_200), "2 小时前");
        assert_eq!(ago(Language::En, -5), "just now");
    }

    #[test]
    fn micros_keep_three_digits() {
        let words = words(Language::En);
        for (micros, text) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1.0 ms"),
            (12_345, "12.3 ms"),
            (300_000, "300 ms"),
            (1_250_000, "1.2 s"),
        ] {
            assert_eq!(words.micros(&micros), text);
        }
    }
}
