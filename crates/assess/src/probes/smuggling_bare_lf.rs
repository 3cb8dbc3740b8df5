//! Lines end in a bare line feed or carriage return, or fold.
//!
//! Clauses: JR-6.2.4.c, CJ-6.4.3.b.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "smuggling-bare-lf",
    title: "Lines end in a bare line feed or carriage return, or fold",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let head = range.read().await?.sign(&range.trust).head();
            let bare = head.replace("\r\n", "\n");
            let one_bare = head.replacen("\r\nX-Function-No", "\nX-Function-No", 1);
            let hidden = head.replacen(
                "\r\n\r\n",
                "\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n",
                1,
            );
            let returns = head.replacen("\r\nX-Function-No", "\rX-Function-No", 1);
            let folded = head.replacen("\r\n\r\n", "\r\nX: a\r\n b\r\n\r\n", 1);
            let spaced = head.replacen("X-Function-No:", "X-Function-No :", 1);
            let nul = head.replacen("\r\n\r\n", "\r\nX: a\0b\r\n\r\n", 1);
            let mut replies = Vec::new();
            for attack in [bare, one_bare, hidden, returns, folded, spaced, nul] {
                replies.push(range.send(range.phone(), attack.as_bytes()).await);
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
