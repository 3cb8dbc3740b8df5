//! Geometry of the charts; the templates draw it.

use std::fmt;

use hefu_evidence::{Class, ClassLatency};
use hefu_standards::coverage::{State, Totals};
use hefu_store::{DeviceStatus, LATENCY_BOUNDS_MICROS, LATENCY_BUCKETS};

use crate::words::Words;

/// A bar made of parts, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The start of its elements' ids; unique on the page.
    pub(crate) id: String,
    pub(crate) title: String,
    /// The same as the parts, in words.
    pub(crate) description: String,
    pub(crate) parts: Vec<Part>,
}

/// A part of a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it stands for.
    pub(crate) fill: Fill,
    /// Where it begins, in percent of the bar.
    pub(crate) x: String,
    /// In percent of the bar.
    pub(crate) width: String,
}

impl Bar {
    /// The clauses in each state, on a scale that ends at `whole` clauses.
    pub(crate) fn of_totals(
        words: &Words,
        id: String,
        title: String,
        totals: &Totals,
        whole: usize,
    ) -> Self {
        let counts = State::ALL.map(|state| (state, totals.in_state(state)));
        let said: Vec<String> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{} {}", words.state(state), words.number(count)))
            .collect();
        let counts = counts.map(|(state, count)| (Fill::State(state), count));
        let description = said.join(words.t("list-comma").as_str());
        Self {
            id,
            title,
            description,
            parts: parts(&counts, whole),
        }
    }

    /// Parts of any kind that add up to the whole.
    pub(crate) fn of_counts(
        id: String,
        title: String,
        description: String,
        counts: &[(Fill, usize)],
    ) -> Self {
        let whole = counts.iter().map(|(_, count)| count).sum();
        Self {
            id,
            title,
            description,
            parts: parts(counts, whole),
        }
    }
}

/// What something drawn stands for: a colour, and for many a pattern, so that nobody depends on the
/// colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Clauses in a state.
    State(State),
    /// Devices in a status.
    Device(DeviceStatus),
    /// Requests within their limit.
    Within,
    /// Requests over their limit.
    Over,
}

impl Fill {
    /// Whether a pattern is drawn over the colour.
    pub(crate) fn has_pattern(&self) -> bool {
        matches!(
            self,
            Self::State(State::Attested | State::Excepted | State::PartlyPlanned)
                | Self::Device(DeviceStatus::Frozen)
                | Self::Over
        )
    }
}

/// As the stylesheet names it.
impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(State::PartlyPlanned) => f.write_str("partly-planned"),
            Self::State(state) => f.write_str(state.as_str()),
            Self::Device(status) => f.write_str(status.as_str()),
            Self::Within => f.write_str("within"),
            Self::Over => f.write_str("over"),
        }
    }
}

fn parts(counts: &[(Fill, usize)], whole: usize) -> Vec<Part> {
    let mut before = 0;
    let mut parts = Vec::new();
    for (fill, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let end = before + count;
        let width = per_myriad(end, whole) - per_myriad(before, whole);
        parts.push(Part {
            fill: *fill,
            x: percent(per_myriad(before, whole)),
            width: percent(width),
        });
        before = end;
    }
    parts
}

fn per_myriad(part: usize, whole: usize) -> usize {
    part.saturating_mul(10_000) / whole.max(1)
}

fn percent(per_myriad: usize) -> String {
    format!("{}.{:02}%", per_myriad / 100, per_myriad % 100)
}

/// How the latencies of a class spread, with its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) columns: Vec<Column>,
    /// Where the limit stands.
    pub(crate) limit_x: usize,
    pub(crate) limit_label: String,
}

/// The requests of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) height: usize,
    /// The upper bound, under its right edge; none for the last, which has none.
    pub(crate) bound: Option<String>,
    pub(crate) bound_x: usize,
    pub(crate) requests: u64,
    pub(crate) is_over: bool,
    /// The percentiles that fall into it, such as `p50 p95`.
    pub(crate) percentiles: String,
    pub(crate) range: String,
}

/// The measures of a histogram, in units of its view box.
impl Histogram {
    pub(crate) const LEFT: usize = 8;
    pub(crate) const TOP: usize = 40;
    pub(crate) const COLUMN_WIDTH: usize = 39;
    pub(crate) const HEIGHT: usize = 100;
    const HEIGHT_MIN: usize = 3;
    pub(crate) const BASE: usize = Self::TOP + Self::HEIGHT;
    pub(crate) const GAP: usize = 4;
    pub(crate) const BAR_WIDTH: usize = Self::COLUMN_WIDTH - Self::GAP;
    pub(crate) const RIGHT: usize = Self::LEFT + LATENCY_BUCKETS * Self::COLUMN_WIDTH;

    pub(crate) fn of(words: &Words, latency: &ClassLatency) -> Self {
        let class = latency.class;
        let limit_micros = class.limit_ms() * 1_000;
        let most = latency.buckets.iter().copied().max().unwrap_or(0).max(1);
        let columns = latency.buckets.iter().enumerate().map(|(index, requests)| {
            let height = height(*requests, most);
            let x = Self::LEFT + index * Self::COLUMN_WIDTH;
            let bound = LATENCY_BOUNDS_MICROS.get(index);
            Column {
                x: x + Self::GAP / 2,
                y: Self::BASE - height,
                height,
                bound: bound.map(|bound| short(*bound)),
                bound_x: x + Self::COLUMN_WIDTH,
                requests: *requests,
                is_over: bound.is_none_or(|bound| *bound > limit_micros),
                percentiles: percentiles_in(latency, index),
                range: range(words, index),
            }
        });
        let limit_index = LATENCY_BOUNDS_MICROS
            .iter()
            .position(|bound| *bound == limit_micros);
        let limit_columns = limit_index.map_or(LATENCY_BUCKETS, |index| index + 1);
        Self {
            id: format!("histogram-{class}"),
            title: format!("{} · {}", words.class(&class), words.t("latency-histogram")),
            description: describe(words, latency),
            columns: columns.collect(),
            limit_x: Self::LEFT + limit_columns * Self::COLUMN_WIDTH,
            limit_label: words.tv("latency-limit", format_args!("{} ms", class.limit_ms())),
        }
    }
}

/// Of any request there is something to see.
fn height(requests: u64, most: u64) -> usize {
    let scaled = u128::from(requests) * Histogram::HEIGHT as u128 / u128::from(most);
    let scaled = usize::try_from(scaled).unwrap_or(Histogram::HEIGHT);
    if requests > 0 {
        scaled.clamp(Histogram::HEIGHT_MIN, Histogram::HEIGHT)
    } else {
        0
    }
}

/// What a percentile is called and how many of a thousand it covers.
pub(crate) const PERCENTILES: [(&str, u16); 3] = [("p50", 500), ("p95", 950), ("p99", 990)];

/// A bucket's bound that so many of a thousand requests kept, in words; a dash without requests.
pub(crate) fn percentile(words: &Words, latency: &ClassLatency, per_mille: u16) -> String {
    let last = LATENCY_BOUNDS_MICROS.last().map_or(0, |bound| *bound);
    match latency.bound_micros(per_mille) {
        _ if latency.requests() == 0 => "–".to_owned(),
        Some(bound) => format!("≤ {}", written(words, bound)),
        None => format!("> {}", written(words, last)),
    }
}

fn percentiles_in(latency: &ClassLatency, index: usize) -> String {
    let bound = LATENCY_BOUNDS_MICROS.get(index).copied();
    let here = PERCENTILES.iter().filter(|(_, per_mille)| {
        latency.requests() > 0 && latency.bound_micros(*per_mille) == bound
    });
    here.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

fn describe(words: &Words, latency: &ClassLatency) -> String {
    let over = latency.requests() - latency.within_limit();
    let mut said = vec![words.tn("latency-requests", latency.requests())];
    said.extend(
        PERCENTILES
            .iter()
            .map(|(name, per_mille)| format!("{name} {}", percentile(words, latency, *per_mille))),
    );
    said.push(words.tv("latency-over-share", words.share(over, latency.requests())));
    said.join(words.t("list-comma").as_str())
}

fn range(words: &Words, index: usize) -> String {
    let lower = index
        .checked_sub(1)
        .and_then(|index| LATENCY_BOUNDS_MICROS.get(index));
    match (lower, LATENCY_BOUNDS_MICROS.get(index)) {
        (None, Some(upper)) => format!("≤ {}", written(words, *upper)),
        (Some(lower), Some(upper)) => {
            format!("{} – {}", written(words, *lower), written(words, *upper))
        }
        (lower, None) => format!("> {}", written(words, lower.copied().unwrap_or(0))),
    }
}

/// Bounds are round numbers: without decimals that say nothing.
fn written(words: &Words, micros: u32) -> String {
    words.micros(&micros).replace(".0 ", " ")
}

/// For the axis: milliseconds, or seconds with their unit.
fn short(micros: u32) -> String {
    match micros {
        ..1_000 => format!(".{}", micros / 10).trim_end_matches('0').to_owned(),
        1_000..1_000_000 => {
            let tenths = format!("{}.{}", micros / 1_000, micros % 1_000 / 100);
            tenths.trim_end_matches(".0").to_owned()
        }
        _ => format!("{}s", micros / 1_000_000),
    }
}

/// How far a class's p95 reaches towards its limit.
pub(crate) fn towards_limit(words: &Words, class: Class, latency: &ClassLatency) -> Bar {
    let within = usize::try_from(latency.within_limit()).unwrap_or(usize::MAX);
    let all = usize::try_from(latency.requests()).unwrap_or(usize::MAX);
    Bar::of_counts(
        format!("within-{class}"),
        words.class(&class),
        describe(words, latency),
        &[(Fill::Within, within), (Fill::Over, all - within)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use jiff::tz::Offset;

    fn words() -> Words {
        Words::new(Language::En, Offset::UTC)
    }

    #[test]
    fn the_parts_of_a_bar_touch_and_fill_it() {
        let [a, b, c, d] = [
            Fill::Within,
            Fill::Over,
            Fill::State(State::Planned),
            Fill::State(State::Checked),
        ];
        let counts = [(a, 1), (b, 0), (c, 1), (d, 1)];
        let bar = Bar::of_counts("x".into(), "x".into(), "x".into(), &counts);
        let drawn: Vec<_> = bar
            .parts
            .iter()
            .map(|p| (p.fill, &*p.x, &*p.width))
            .collect();
        assert_eq!(
            drawn,
            [
                (a, "0.00%", "33.33%"),
                (c, "33.33%", "33.33%"),
                (d, "66.66%", "33.34%")
            ]
        );
        assert!(
            Bar::of_counts("x".into(), "x".into(), "x".into(), &[(a, 0)])
                .parts
                .is_empty()
        );
    }

    #[test]
    fn a_bar_of_states_says_in_words_what_it_shows() {
        let totals = Totals {
            clauses: 4,
            enforced: 1,
            attested: 3,
            ..Totals::default()
        };
        let bar = Bar::of_totals(&words(), "x".into(), "x".into(), &totals, 8);
        assert_eq!(bar.description, "Enforced 1, Attested 3");
        assert_eq!(bar.parts[1].x, "12.50%");
        assert_eq!(bar.parts[1].width, "37.50%");
    }

    #[test]
    fn what_is_over_the_limit_stands_right_of_its_line() {
        let mut buckets = [0; LATENCY_BUCKETS];
        (buckets[3], buckets[8], buckets[15]) = (950, 49, 1);
        for class in Class::ALL {
            let latency = ClassLatency { class, buckets };
            let histogram = Histogram::of(&words(), &latency);
            for column in &histogram.columns {
                assert_eq!(
                    column.is_over,
                    column.x > histogram.limit_x,
                    "{class} {column:?}"
                );
                assert_eq!(column.y + column.height, Histogram::BASE);
            }
            let over: u64 = histogram
                .columns
                .iter()
                .filter(|c| c.is_over)
                .map(|c| c.requests)
                .sum();
            assert_eq!(over, latency.requests() - latency.within_limit());
            assert_eq!(histogram.columns[3].height, Histogram::HEIGHT);
            assert_eq!(
                histogram.columns[15].height, 3,
                "one request is not invisible"
            );
            assert_eq!(histogram.columns[3].percentiles, "p50 p95");
            assert_eq!(histogram.columns[8].percentiles, "p99");
        }
    }

    #[test]
    fn ranges_and_bounds_are_round() {
        let shorts: Vec<String> = LATENCY_BOUNDS_MICROS
            .iter()
            .map(|bound| short(*bound))
            .collect();
        assert_eq!(
            shorts.join(" "),
            ".25 .5 1 2.5 5 10 25 50 100 200 300 400 500 1s 5s"
        );
        assert_eq!(range(&words(), 0), "≤ 250 µs");
        assert_eq!(range(&words(), 3), "1 ms – 2.5 ms");
        assert_eq!(range(&words(), 15), "> 5 s");
    }
}
