//! Moments and days as property lists and profiles write them.

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// The Unix seconds of `2018-01-27T09:18:04Z`, or of the start of `2018-01-27`; `None` if it is
/// neither.
pub(crate) fn unix_seconds(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.strip_suffix('Z')?, ':')?;
    let is_date =
        (1..=9_999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let is_time =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    (is_date && is_time).then(|| days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(str::parse);
    let numbers = [
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    ];
    parts.next().is_none().then_some(numbers)
}

/// Days from 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the day
/// that leap years add comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::unix_seconds;

    #[test]
    fn moments_are_those_of_the_calendar() {
        assert_eq!(unix_seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_seconds("2018-01-27T09:18:04Z"), Some(1_517_044_684));
        assert_eq!(unix_seconds("2024-02-29"), Some(1_709_164_800));
        assert_eq!(unix_seconds("2000-03-01"), Some(951_868_800));
        for wrong in [
            "",
            "2018-13-01",
            "2018-01-27T09:18Z",
            "2018-01-27 09:18:04",
            "x-y-z",
            "1-2-3-4",
        ] {
            assert_eq!(unix_seconds(wrong), None, "{wrong}");
        }
    }
}
