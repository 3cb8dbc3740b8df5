//! What only a file can show: it lasts, it is the owner's, and it refuses what it does not know.

use std::fs;

use hefu_store::{
    Devices as _, EnrolmentCodes as _, EventOutcome, Events as _, Sessions as _, Store as _,
    sqlite::{OpenError, SqliteStore},
};
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::fixture::{NOW, code, event, session, with_user_and_device};

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hefu.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let device = with_user_and_device(&store, "zhang").await;
    let open = session("zhang", device);
    store.open_session(&open, 2).await.unwrap();
    store.insert_code(&code("A")).await.unwrap();
    store
        .append_events(&[event(1, EventOutcome::Refused, &["AN-1"])])
        .await
        .unwrap();
    let before = store.device(device).await.unwrap();
    store.check().await.unwrap();
    store.close().await;
    assert!(
        store.check().await.is_err(),
        "a closed store does not answer"
    );

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.device(device).await.unwrap(), before);
    assert_eq!(store.sessions(None, 9).await.unwrap(), [open]);
    assert!(store.take_code_try("A", 5, NOW).await.unwrap().is_some());
    assert_eq!(store.last_event_seq().await.unwrap(), 1);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hefu.sqlite");
    SqliteStore::open(&path).await.unwrap().close().await;
    let url = format!("sqlite://{}", path.display());
    let mut newer = SqliteConnection::connect(&url).await.unwrap();
    newer
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
             execution_time) VALUES (999, 'newer', TRUE, x'00', 0)",
        )
        .await
        .unwrap();
    newer.close().await.unwrap();
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert!(
        matches!(refused, OpenError::Newer { found: 999, .. }),
        "{refused:?}"
    );

    let mut older = SqliteConnection::connect(&url).await.unwrap();
    older
        .execute("DELETE FROM _sqlx_migrations WHERE version = 999")
        .await
        .unwrap();
    older.close().await.unwrap();
    assert!(SqliteStore::open(&path).await.is_ok(), "the honest twin");
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "not a database ".repeat(100);
    fs::write(&path, &text).unwrap();
    assert!(matches!(
        SqliteStore::open(&path).await.unwrap_err(),
        OpenError::Open { .. }
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let nowhere = folder.path().join("missing/hefu.sqlite");
    assert!(matches!(
        SqliteStore::open(&nowhere).await.unwrap_err(),
        OpenError::Make { .. }
    ));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("hefu.sqlite"))
        .await
        .unwrap();
    store.insert_code(&code("A")).await.unwrap();
    store
        .backup(&folder.path().join("copy.sqlite"))
        .await
        .unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{entry:?}"
        );
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "copy.sqlite",
            "hefu.sqlite",
            "hefu.sqlite-shm",
            "hefu.sqlite-wal"
        ]
    );
}
