//! What the gateway answers, before it is bytes.

use std::{borrow::Cow, fmt::Write as _};

use bytes::Bytes;
use hefu_tally::fields::Fields;

/// A response of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// Names in lower case. `content-length`, `date` and `connection` belong to the transport.
    pub(crate) fields: Vec<(&'static str, Cow<'static, str>)>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Bytes) -> Self {
        let mut fields: Vec<(_, Cow<'static, str>)> = Vec::with_capacity(8);
        // Answers are for one device, once; and JSON, whatever somebody makes of the bytes.
        fields.push(("cache-control", Cow::Borrowed("no-store")));
        fields.push(("x-content-type-options", Cow::Borrowed("nosniff")));
        Self {
            status,
            body,
            fields,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Writes the response as HTTP/1.1 to the end of `out`.
    ///
    /// A response to `HEAD` carries no body, and tells no length (RFC 9110 §8.6 lets it).
    pub(crate) fn encode(&self, out: &mut Vec<u8>, unix_s: u64, is_head: bool, closes: bool) {
        let mut line = String::with_capacity(64);
        let _ = write!(
            line,
            "HTTP/1.1 {} {}\r\ndate: ",
            self.status,
            reason_phrase(self.status)
        );
        write_date(&mut line, unix_s);
        if self.status != 204 && !is_head {
            let _ = write!(line, "\r\ncontent-length: {}", self.body.len());
        }
        out.extend_from_slice(line.as_bytes());
        for (name, value) in &self.fields {
            for part in ["\r\n", name, ": ", value] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        if closes {
            out.extend_from_slice(b"\r\nconnection: close");
        }
        out.extend_from_slice(b"\r\n\r\n");
        if !is_head && self.status != 204 {
            out.extend_from_slice(&self.body);
        }
    }
}

impl Fields for Reply {
    fn values<'reply>(&'reply self, name: &str) -> impl Iterator<Item = &'reply [u8]> {
        self.fields
            .iter()
            .filter(move |(field, _)| *field == name)
            .map(|(_, value)| value.as_bytes())
    }
}

/// Clients read the number; the phrase is for people with a packet dump.
const fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// IMF-fixdate (RFC 9110 §5.6.7).
fn write_date(out: &mut String, unix_s: u64) {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let days = unix_s / 86_400;
    let second = unix_s % 86_400;
    // Days to a civil date by eras of 400 years that begin on 1 March, so that leap days come last.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12;
    let year = year_of_era + era * 400 + u64::from(month < 2);
    let name = |names: &[&'static str], index: u64| -> &'static str {
        usize::try_from(index)
            .ok()
            .and_then(|index| names.get(index))
            .copied()
            .unwrap_or_default()
    };
    let _ = write!(
        out,
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days % 7),
        name(&MONTHS, month),
        second / 3_600,
        second / 60 % 60,
        second % 60,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (unix_s, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_760_000_000, "Thu, 09 Oct 2025 08:53:20 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            let mut out = String::new();
            write_date(&mut out, unix_s);
            assert_eq!(out, date);
        }
    }

    #[test]
    fn framing_follows_the_status_and_the_method() {
        let text = |reply: &Reply, is_head| {
            let mut out = Vec::new();
            reply.encode(&mut out, 0, is_head, false);
            String::from_utf8(out).unwrap()
        };
        let full = Reply::new(200, Bytes::from_static(b"{}")).with("x-request-id", "1");
        let head = "HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                    content-length: 2\r\ncache-control: no-store\r\n\
                    x-content-type-options: nosniff\r\nx-request-id: 1\r\n\r\n";
        assert_eq!(text(&full, false), format!("{head}{{}}"));
        assert_eq!(text(&full, true), head.replace("content-length: 2\r\n", ""));
        let empty = Reply::new(204, Bytes::new());
        assert!(!text(&empty, false).contains("content-length"));
    }
}
