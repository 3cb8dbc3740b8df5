//! Existing and missing accounts look and take alike.
//!
//! Clauses: JR-6.2.4.a, JR-6.2.1.1.a.

use std::time::Duration;

use hefu_tally::clock::Stopwatch;

use crate::draft::Signed;
use crate::probe::{Finding, Pace, Probe, is_plain};
use crate::wire::{Reply, Wire};

pub(crate) static PROBE: Probe = Probe {
    id: "uniform-errors",
    title: "Existing and missing accounts look and take alike",
    clauses: hefu_standards::clauses!(),
    pace: Pace::Alone,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let read = &range.bundle.functions.read;
            let Some(mut wire) = range.connect(range.phone()).await else {
                return Ok(Finding::judged(false, twin, "no connection"));
            };
            let mut shapes = Vec::new();
            let (mut foreign_micros, mut missing_micros) = (Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                let session = range.session(range.phone()).await?;
                let pair = [
                    (&read.foreign, &mut foreign_micros),
                    (&read.missing, &mut missing_micros),
                ];
                for (target, micros) in pair {
                    let make = || range.by_session(session, "GET", target, &read.function);
                    let (reply, took) = timed(&mut wire, || make().sign(&range.trust)).await;
                    // The first rounds warm caches up on both sides.
                    if round >= WARM_UP {
                        micros.push(took);
                    }
                    shapes.push(shape(&reply));
                }
            }
            shapes.dedup();
            let (foreign, missing) = (median(&mut foreign_micros), median(&mut missing_micros));
            let alike = foreign.abs_diff(missing) <= 2_000.max(foreign.min(missing) / 2);
            let answer = format!("{} shapes, {foreign} and {missing} us", shapes.len());
            Ok(Finding::judged(
                shapes.len() == 1 && shapes.iter().all(Option::is_some) && alike,
                twin,
                answer,
            ))
        })
    },
};

const ROUNDS: usize = 20;
const WARM_UP: usize = 4;

/// A probe that floods may have run before; its refusals for haste are waited out, not measured.
const TOO_FAST_MAX: usize = 5;

/// Sends and measures one request, again when the target finds it too much.
async fn timed(wire: &mut Wire, make: impl Fn() -> Signed) -> (Reply, u64) {
    for _ in 0..TOO_FAST_MAX {
        let bytes = make().to_bytes();
        let watch = Stopwatch::start();
        let reply = wire.exchange(&bytes).await;
        let micros = watch.elapsed_micros();
        if !matches!(&reply, Reply::Answer(answer) if answer.status == 429) {
            return (reply, micros);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    (Reply::Silent, 0)
}

/// Everything of a refusal but what has to differ: its id, its time, its signature.
fn shape(reply: &Reply) -> Option<(u16, Vec<String>, String)> {
    let Reply::Answer(answer) = reply else {
        return None;
    };
    if !reply.refused() || !is_plain(reply) {
        return None;
    }
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let names = answer.fields.iter().map(|(name, _)| name.clone()).collect();
    Some((
        answer.status,
        names,
        format!("{} {}", problem.get("code")?, problem.get("title")?),
    ))
}

fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
