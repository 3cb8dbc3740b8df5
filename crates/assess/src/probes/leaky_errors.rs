//! Errors are provoked that could show stack traces, framework names or versions.
//!
//! Clauses: JR-6.2.5, JR-6.2.4.a.

use crate::probe::{Finding, Pace, Probe};
use crate::wire::Reply;

pub(crate) static PROBE: Probe = Probe {
    id: "leaky-errors",
    title: "Errors are provoked that could show stack traces, framework names or versions",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            if let Some(failing) = &range.bundle.functions.failing {
                let session = range.session(range.phone()).await?;
                let draft = range.by_session(session, "GET", &failing.path, &failing.function);
                replies.push(
                    range
                        .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                        .await,
                );
            }
            for garbage in [
                &b"GET\r\n\r\n"[..],
                b"\x00\x01\x02\x03\r\n\r\n",
                b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
            ] {
                replies.push(range.send(range.phone(), garbage).await);
            }
            let telling = replies.iter().find_map(telling);
            let finding = Finding::of_all(&replies, twin);
            Ok(match telling {
                Some(what) => Finding::judged(false, twin, what),
                None => finding,
            })
        })
    },
};

/// Words that an error has no reason to hold.
const TELLING: [&str; 14] = [
    "panicked",
    "stack",
    "trace",
    "exception",
    "src/",
    ".rs:",
    "sqlite",
    "select ",
    "axum",
    "hyper",
    "nginx",
    "express",
    "java.",
    "version",
];

fn telling(reply: &Reply) -> Option<String> {
    let Reply::Answer(answer) = reply else {
        return None;
    };
    let body = String::from_utf8_lossy(&answer.body).to_lowercase();
    let word = TELLING
        .iter()
        .find(|word| body.contains(**word))
        .map(|word| (*word).to_owned());
    let field = ["server", "x-powered-by", "via", "x-aspnet-version"]
        .into_iter()
        .find(|name| answer.field(name).is_some());
    word.or(field.map(str::to_owned))
}
