//! A process is killed while it records and imports; the next one finds everything that was
//! acknowledged, once.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use hefu_evidence::{Recorder, SpoolConfig};
use hefu_store::{Events as _, sqlite::SqliteStore};

use crate::fixture::{assert_gapless, event, everything, number};

const CONFIG: SpoolConfig = SpoolConfig {
    segment_bytes_max: 50_000,
    bytes_max: 100 << 20,
};
const THREADS: u64 = 4;
const ROUNDS: u64 = 5;
/// So many events a thread and round at most, so that numbers never meet.
const NUMBERS: u64 = 1 << 32;

async fn open(folder: &Path) -> (SqliteStore, Recorder, hefu_evidence::Importer) {
    let store = SqliteStore::open(&folder.join("hefu.sqlite"))
        .await
        .unwrap();
    let last = store.last_event_seq().await.unwrap();
    let (recorder, importer) = Recorder::open(&folder.join("spool"), CONFIG, last).unwrap();
    (store, recorder, importer)
}

/// The process that is killed. It is told where and with which numbers on its standard input, and
/// prints the number of each event once it is recorded.
#[test]
#[ignore = "started by the test below, as a process of its own"]
fn records_until_it_is_killed() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let Some((round, folder)) = line.trim_end().split_once(' ') else {
        return; // Nobody started it on purpose.
    };
    let round: u64 = round.parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (store, recorder, importer) = open(Path::new(folder)).await;
        tokio::spawn(importer.run(
            Arc::new(store),
            Duration::from_millis(1),
            std::future::pending(),
        ));
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let recorder = recorder.clone();
                tokio::task::spawn_blocking(move || {
                    let first = (round * THREADS + thread) * NUMBERS;
                    for number in first.. {
                        recorder.record(&event(number)).unwrap();
                        writeln!(io::stdout(), "recorded {number}").unwrap();
                    }
                })
            })
            .collect();
        for thread in threads {
            let _ = thread.await;
        }
    });
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut process = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::records_until_it_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        writeln!(input, "{round} {}", folder.path().display()).unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut seen = 0;
        for line in output.lines() {
            // The last line may be torn off as well: it ends at the kill, and is none then.
            let line = line.unwrap();
            let Some(number) = line.strip_prefix("recorded ").and_then(|n| n.parse().ok()) else {
                continue;
            };
            acknowledged.push(number);
            seen += 1;
            if seen == 300 + round * 517 {
                process.kill().unwrap();
            }
        }
        assert!(!process.wait().unwrap().success());
        assert!(seen >= 300, "it was killed in the middle: {seen}");
    }
    let (store, recorder, mut importer) = open(folder.path()).await;
    recorder.record(&event(u64::from(u32::MAX))).unwrap();
    importer.import(&store).await.unwrap();
    let events = everything(&store).await;
    assert_gapless(&events);
    let mut stored: Vec<_> = events.iter().map(number).collect();
    stored.sort_unstable();
    let count = stored.len();
    stored.dedup();
    assert_eq!(stored.len(), count, "nothing twice");
    for number in &acknowledged {
        assert!(
            stored.binary_search(number).is_ok(),
            "event {number} was acknowledged"
        );
    }
    let evidence = store.clause_evidence().await.unwrap();
    let summed = evidence
        .iter()
        .find(|seen| &*seen.clause == "AN-1")
        .unwrap();
    assert_eq!(
        summed.allowed + summed.refused,
        count as u64,
        "the sums agree"
    );
}
