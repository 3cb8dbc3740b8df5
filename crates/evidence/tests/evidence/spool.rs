//! What recorder and importer promise.

use std::{
    fs::{self, OpenOptions},
    path::Path,
    sync::Arc,
    time::Duration,
};

use hefu_evidence::{Importer, RecordError, Recorder, SpoolConfig, SpoolError};
use hefu_store::{Store, sqlite::SqliteStore};

use crate::fixture::{assert_gapless, event, everything, memory, number};

const SMALL: SpoolConfig = SpoolConfig {
    segment_bytes_max: 2_000,
    bytes_max: 20_000,
};

fn open(folder: &Path, last_stored_seq: u64) -> (Recorder, Importer) {
    Recorder::open(folder, SMALL, last_stored_seq).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".spool"));
    names.sort();
    names
}

fn numbers(events: &[hefu_evidence::EventRecord]) -> Vec<u64> {
    events.iter().map(number).collect()
}

#[tokio::test]
async fn what_is_recorded_is_stored_once_in_order_and_its_files_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = memory();
    let (recorder, mut importer) = open(folder.path(), 0);
    for number in 1..=50 {
        recorder.record(&event(number)).unwrap();
    }
    assert!(files(folder.path()).len() > 2, "several files");
    assert_eq!(importer.import(&*store).await.unwrap(), 50);
    assert_eq!(importer.import(&*store).await.unwrap(), 0);
    assert_eq!(files(folder.path()).len(), 1, "the one that is written");
    for number in 51..=60 {
        recorder.record(&event(number)).unwrap();
    }
    assert_eq!(importer.import(&*store).await.unwrap(), 10);
    let events = everything(&*store).await;
    assert_gapless(&events);
    assert_eq!(numbers(&events), (1..=60).collect::<Vec<_>>());
    assert_eq!(&*events[2].clauses[0], "CJ-6.3.d.4");
    let health = recorder.health();
    assert!(health.is_recording);
    assert_eq!(
        (health.recorded, health.unrecorded, health.imported),
        (60, 0, 60)
    );
    assert_eq!((health.torn_bytes, health.failed_imports), (0, 0));
}

#[tokio::test]
async fn what_was_not_imported_is_replayed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = memory();
    for start in 0..4 {
        let last = store.last_event_seq().await.unwrap();
        let (recorder, mut importer) = open(folder.path(), last);
        for number in 1..=20 {
            recorder.record(&event(start * 20 + number)).unwrap();
        }
        if start % 2 == 1 {
            importer.import(&*store).await.unwrap();
        }
    }
    let events = everything(&*store).await;
    assert_gapless(&events);
    assert_eq!(numbers(&events), (1..=80).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_event_that_was_torn_off_is_skipped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = {
        let (recorder, _) = open(folder.path(), 0);
        for number in [1, 2, 4] {
            recorder.record(&event(number)).unwrap();
        }
        folder.path().join(&files(folder.path())[0])
    };
    let whole = fs::read(&path).unwrap();
    // Somewhere in the third event, which has the clause set of the first two.
    let end = |count: u64| {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, _) = open(folder.path(), 0);
        for number in 1..=count {
            recorder.record(&event(number)).unwrap();
        }
        usize::try_from(recorder.health().spooled_bytes).unwrap()
    };
    for cut in end(2)..whole.len() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(path.file_name().unwrap()), &whole[..cut]).unwrap();
        let store = memory();
        let (recorder, mut importer) = open(folder.path(), 0);
        recorder.record(&event(5)).unwrap();
        importer.import(&*store).await.unwrap();
        let events = everything(&*store).await;
        assert_gapless(&events);
        assert_eq!(numbers(&events), [1, 2, 5]);
        let torn = recorder.health().torn_bytes;
        assert_eq!(torn, u64::try_from(cut - end(2)).unwrap());
    }
}

#[tokio::test]
async fn a_file_that_holds_no_event_yet_gives_way() {
    for header_bytes in [0, 7, 16, 20] {
        let folder = tempfile::tempdir().unwrap();
        let name = {
            let _opened = open(folder.path(), 0);
            files(folder.path()).remove(0)
        };
        let path = folder.path().join(name);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(header_bytes).unwrap();
        let store = memory();
        let (recorder, mut importer) = open(folder.path(), 0);
        recorder.record(&event(1)).unwrap();
        importer.import(&*store).await.unwrap();
        assert_eq!(numbers(&everything(&*store).await), [1]);
        assert!(path.exists(), "it is written again");
        recorder.record(&event(2)).unwrap();
        importer.import(&*store).await.unwrap();
        assert_eq!(numbers(&everything(&*store).await), [1, 2]);
    }
}

#[tokio::test]
async fn a_full_spool_refuses_until_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = memory();
    let (recorder, mut importer) = open(folder.path(), 0);
    let mut recorded = 0;
    let refused = loop {
        match recorder.record(&event(recorded + 1)) {
            Ok(()) => recorded += 1,
            Err(error) => break error,
        }
        assert!(recorded < 1_000, "it has no bound");
    };
    assert!(matches!(refused, RecordError::Full), "{refused}");
    assert!(!recorder.is_recording());
    let health = recorder.health();
    assert!(health.spooled_bytes <= SMALL.bytes_max);
    assert_eq!(health.unrecorded, 1);

    importer.import(&*store).await.unwrap();
    assert!(
        recorder.is_recording(),
        "there is room again, without anybody trying"
    );
    recorder.record(&event(recorded + 1)).unwrap();
    importer.import(&*store).await.unwrap();
    let events = everything(&*store).await;
    assert_gapless(&events);
    assert_eq!(numbers(&events), (1..=recorded + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn while_the_store_fails_events_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hefu.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    store.close().await;
    let (recorder, mut importer) = open(&folder.path().join("spool"), 0);
    for number in 1..=30 {
        recorder.record(&event(number)).unwrap();
    }
    for failed in 1..=3 {
        assert!(importer.import(&store).await.is_err());
        assert_eq!(recorder.health().failed_imports, failed);
    }
    assert!(recorder.is_recording());
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(importer.import(&store).await.unwrap(), 30);
    assert_eq!(recorder.health().failed_imports, 0);
    assert_eq!(
        numbers(&everything(&store).await),
        (1..=30).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_the_store_took_before_a_crash_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = memory();
    let copy = tempfile::tempdir().unwrap();
    {
        let (recorder, mut importer) = open(folder.path(), 0);
        for number in 1..=30 {
            recorder.record(&event(number)).unwrap();
        }
        // The files as they were between the store's commit and their deletion.
        for name in files(folder.path()) {
            fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
        }
        importer.import(&*store).await.unwrap();
    }
    let (recorder, mut importer) = open(copy.path(), store.last_event_seq().await.unwrap());
    recorder.record(&event(31)).unwrap();
    assert_eq!(importer.import(&*store).await.unwrap(), 1);
    assert_eq!(
        numbers(&everything(&*store).await),
        (1..=31).collect::<Vec<_>>()
    );
    let evidence = store.clause_evidence().await.unwrap();
    assert!(
        evidence
            .iter()
            .any(|seen| seen.allowed + seen.refused == 31)
    );
}

#[tokio::test]
async fn numbers_go_on_when_the_spool_is_lost() {
    let store = memory();
    for start in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, mut importer) = open(folder.path(), store.last_event_seq().await.unwrap());
        recorder.record(&event(start + 1)).unwrap();
        assert_eq!(importer.import(&*store).await.unwrap(), 1);
    }
    assert_gapless(&everything(&*store).await);
}

#[tokio::test]
async fn a_damaged_file_costs_its_rest_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = memory();
    {
        let (recorder, _) = open(folder.path(), 0);
        for number in 1..=80 {
            recorder.record(&event(number)).unwrap();
        }
    }
    let names = files(folder.path());
    assert!(names.len() > 2, "{names:?}");
    let path = folder.path().join(&names[1]);
    let first_of = |name: &str| name.trim_end_matches(".spool").parse::<u64>().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&path, &bytes).unwrap();

    let (recorder, mut importer) = open(folder.path(), 0);
    importer.import(&*store).await.unwrap();
    assert!(recorder.health().torn_bytes > 0);
    let numbers = numbers(&everything(&*store).await);
    let (damaged, after) = (first_of(&names[1]), first_of(&names[2]));
    assert!(
        (1..=damaged).all(|number| numbers.contains(&number)),
        "before the damage"
    );
    assert!(
        (after..=80).all(|number| numbers.contains(&number)),
        "other files"
    );
    assert!(numbers.is_sorted());
}

#[tokio::test]
async fn another_format_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("00000000000000000001.spool");
    let foreign = b"something of another program, longer than a header".to_vec();
    fs::write(&path, &foreign).unwrap();
    let (recorder, mut importer) = open(folder.path(), 7);
    recorder.record(&event(1)).unwrap();
    assert!(importer.import(&*memory()).await.is_err());
    assert_eq!(fs::read(&path).unwrap(), foreign);
}

#[test]
fn one_process_uses_a_spool_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), 0);
    let second = Recorder::open(folder.path(), SMALL, 0);
    assert!(matches!(second, Err(SpoolError::InUse(_))));
    drop(first);
    open(folder.path(), 0);
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    assert!(matches!(
        Recorder::open(&file, SMALL, 0),
        Err(SpoolError::Io { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_record_while_it_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = memory();
    let config = SpoolConfig {
        segment_bytes_max: 20_000,
        bytes_max: 100 << 20,
    };
    let (recorder, importer) = Recorder::open(folder.path(), config, 0).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let events: Arc<dyn hefu_store::Events> = store.clone();
    let running = tokio::spawn(importer.run(events, Duration::from_millis(1), async {
        let _ = stopped.await;
    }));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let recorder = recorder.clone();
            tokio::task::spawn_blocking(move || {
                for number in 1..=2_000 {
                    recorder.record(&event(thread * 2_000 + number)).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
    stop.send(()).unwrap();
    running.await.unwrap();
    let events = everything(&*store).await;
    assert_gapless(&events);
    let mut numbers = numbers(&events);
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8_000).collect::<Vec<_>>());
    assert_eq!(files(folder.path()).len(), 1);
}
