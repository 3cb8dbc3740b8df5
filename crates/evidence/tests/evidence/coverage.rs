//! Clauses with what was seen of them.

use std::sync::Arc;

use hefu_evidence::{Evidence, Importer, Recorder, SpoolConfig};
use hefu_standards::{Kind, Served, catalogue, coverage, coverage::State, reasons};

use crate::fixture::{NOW, event, memory};

static REGISTRY: &[Served] = &[Served {
    krate: "hefu-gateway",
    module: "guards::replay",
    file: "crates/gateway/src/guards/replay.rs",
    kind: Kind::Code,
    clauses: &["CJ-6.3.d.4", "AN-1"],
}];

#[tokio::test]
async fn what_was_recorded_stands_beside_its_clause() {
    let folder = tempfile::tempdir().unwrap();
    let store = memory();
    let (recorder, mut importer): (Recorder, Importer) =
        Recorder::open(folder.path(), SpoolConfig::default(), 0).unwrap();
    for number in 1..=6 {
        recorder.record(&event(number)).unwrap();
    }
    importer.import(&*Arc::clone(&store)).await.unwrap();
    assert_eq!(store.last_event_seq().await.unwrap(), 6);

    let evidence = Evidence::new(store);
    let rows = evidence
        .coverage(coverage(catalogue(), &[REGISTRY], reasons()))
        .await
        .unwrap();
    assert_eq!(rows.len(), 359, "every clause, seen or not");
    let row = |id: &str| rows.iter().find(|row| row.row.id.as_str() == id).unwrap();

    let replay = row("CJ-6.3.d.4");
    assert_eq!((replay.allowed, replay.refused), (4, 2));
    assert_eq!(replay.allowed_at_ms, Some(NOW.millis() + 5));
    assert_eq!(replay.refused_at_ms, Some(NOW.millis() + 6));
    assert_eq!(replay.state, State::Enforced);

    let session = row("JR-6.2.2.a");
    assert_eq!((session.allowed, session.refused), (4, 0));
    assert_eq!(session.refused_at_ms, None);
    assert_ne!(
        session.state,
        State::Enforced,
        "evidence without code lifts no clause"
    );

    let unseen = row("AN-2");
    assert_eq!((unseen.allowed, unseen.refused), (0, 0));

    let [trade, quote, bus] = evidence.latency(NOW).await.unwrap();
    assert_eq!((trade.requests(), trade.within_limit()), (4, 4));
    assert_eq!((quote.requests(), bus.requests()), (0, 0));
    assert_eq!(trade.bound_micros(990), Some(2_500));
    assert_eq!(evidence.latency_by_minute(NOW).await.unwrap().len(), 1);

    assert_eq!(evidence.forget_before(NOW.plus_secs(60)).await.unwrap(), 6);
    let rows = evidence
        .coverage(coverage(catalogue(), &[REGISTRY], reasons()))
        .await
        .unwrap();
    let replay = rows
        .iter()
        .find(|row| row.row.id.as_str() == "CJ-6.3.d.4")
        .unwrap();
    assert_eq!(
        (replay.allowed, replay.refused),
        (4, 2),
        "the evidence stays"
    );
}
