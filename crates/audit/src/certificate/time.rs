//! The two kinds of time in certificates.

use crate::signature::ber::{Malformed, Tag, Value};

const DAY_SECONDS: i64 = 86_400;

/// A time as Unix seconds.
pub(super) fn unix_seconds(value: Value<'_>) -> Result<i64, Malformed> {
    let text = str::from_utf8(value.contents).map_err(|_| Malformed)?;
    if !text.is_ascii() {
        return Err(Malformed);
    }
    let (year, rest) = match value.tag {
        Tag::UTC_TIME => {
            let (digits, rest) = text.split_at_checked(2).ok_or(Malformed)?;
            let year = number(digits)?;
            // RFC 5280, section 4.1.2.5.1.
            (if year >= 50 { 1900 + year } else { 2000 + year }, rest)
        }
        Tag::GENERALIZED_TIME => {
            let (digits, rest) = text.split_at_checked(4).ok_or(Malformed)?;
            (number(digits)?, rest)
        }
        _ => return Err(Malformed),
    };
    let field = |position: usize| number(rest.get(position..position + 2).ok_or(Malformed)?);
    let (month, day, hour, minute) = (field(0)?, field(2)?, field(4)?, field(6)?);
    let after_minute = rest.get(8..).ok_or(Malformed)?;
    // Old writers leave the seconds out.
    let has_seconds = after_minute.starts_with(|c: char| c.is_ascii_digit());
    let second = if has_seconds { field(8)? } else { 0 };
    let zone = after_minute
        .get(if has_seconds { 2 } else { 0 }..)
        .ok_or(Malformed)?;
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !in_range {
        return Err(Malformed);
    }
    let local =
        days_from_civil(year, month, day) * DAY_SECONDS + hour * 3_600 + minute * 60 + second;
    Ok(local - zone_seconds(zone)?)
}

fn number(digits: &str) -> Result<i64, Malformed> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().map_err(|_| Malformed)
    } else {
        Err(Malformed)
    }
}

/// `Z`, or the distance to it as `+0800`. A fraction of a second before it is dropped.
fn zone_seconds(zone: &str) -> Result<i64, Malformed> {
    let zone =
        zone.trim_start_matches(['.', ',', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let (sign, digits) = match (zone, zone.split_at_checked(1)) {
        ("Z", _) => return Ok(0),
        (_, Some(("+", digits))) => (1, digits),
        (_, Some(("-", digits))) => (-1, digits),
        _ => return Err(Malformed),
    };
    let (hours, minutes) = digits.split_at_checked(2).ok_or(Malformed)?;
    Ok(sign * (number(hours)? * 3_600 + number(minutes)? * 60))
}

/// Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is
/// the last one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(tag: Tag, text: &str) -> Result<i64, Malformed> {
        unix_seconds(Value {
            tag,
            contents: text.as_bytes(),
            encoded: &[],
        })
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        assert_eq!(time(Tag::UTC_TIME, "700101000000Z"), Ok(0));
        assert_eq!(time(Tag::UTC_TIME, "160331161443Z"), Ok(1_459_440_883));
        assert_eq!(time(Tag::UTC_TIME, "1603311614Z"), Ok(1_459_440_840));
        assert_eq!(time(Tag::UTC_TIME, "160401001443+0800"), Ok(1_459_440_883));
        assert_eq!(time(Tag::UTC_TIME, "491231235959Z"), Ok(2_524_607_999));
        assert_eq!(time(Tag::UTC_TIME, "500101000000Z"), Ok(-631_152_000));
        assert_eq!(
            time(Tag::GENERALIZED_TIME, "20500101000000Z"),
            Ok(2_524_608_000)
        );
        assert_eq!(
            time(Tag::GENERALIZED_TIME, "20240229120000.5Z"),
            Ok(1_709_208_000)
        );
    }

    #[test]
    fn malformed_times_are_refused() {
        for text in [
            "",
            "16",
            "160331",
            "161331161443Z",
            "160331161443",
            "16033116144xZ",
            "160331161443+",
            "1６0331161443Z",
        ] {
            assert_eq!(time(Tag::UTC_TIME, text), Err(Malformed), "{text}");
        }
        assert_eq!(time(Tag::INTEGER, "160331161443Z"), Err(Malformed));
    }
}
