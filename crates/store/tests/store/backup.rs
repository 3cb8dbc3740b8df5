//! Backups.

use std::fs;

use hefu_store::{
    EnrolmentCodes as _,
    backup::{BackupError, Backups, backup},
    sqlite::SqliteStore,
};

use crate::fixture::{NOW, code};

#[tokio::test]
async fn a_backup_holds_what_was_there_and_the_newest_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("hefu.sqlite"))
        .await
        .unwrap();
    let backups = Backups::new(folder.path().join("backups"), 2);
    assert!(backups.list().unwrap().is_empty());
    assert!(backups.is_due(3_600, NOW).unwrap());

    store.insert_code(&code("A")).await.unwrap();
    let first = backups.make(&store, NOW).await.unwrap();
    assert_eq!(first.file_name().unwrap(), "hefu-20251009T085320Z.sqlite");
    assert!(!backups.is_due(3_600, NOW.plus_secs(3_599)).unwrap());
    assert!(backups.is_due(3_600, NOW.plus_secs(3_600)).unwrap());

    store.insert_code(&code("B")).await.unwrap();
    let restored = SqliteStore::open(&first).await.unwrap();
    assert!(restored.take_code_try("A", 5, NOW).await.unwrap().is_some());
    assert!(restored.take_code_try("B", 5, NOW).await.unwrap().is_none());
    restored.close().await;

    let second = backups.make(&store, NOW.plus_secs(3_600)).await.unwrap();
    let third = backups.make(&store, NOW.plus_secs(7_200)).await.unwrap();
    assert_eq!(
        backups.list().unwrap(),
        [second, third],
        "the oldest made room"
    );
}

#[tokio::test]
async fn nothing_is_overwritten_and_no_database_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hefu.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let there = folder.path().join("there");
    fs::write(&there, "something else").unwrap();
    assert!(matches!(
        store.backup(&there).await,
        Err(BackupError::File { .. })
    ));
    assert_eq!(fs::read_to_string(&there).unwrap(), "something else");
    let not_a_folder = Backups::new(there, 1).make(&store, NOW).await;
    assert!(matches!(not_a_folder, Err(BackupError::File { .. })));

    let missing = folder.path().join("missing.sqlite");
    let refused = backup(&missing, &folder.path().join("copy")).await;
    assert!(matches!(refused, Err(BackupError::Store(_))));
    assert!(!missing.exists() && !folder.path().join("copy").exists());

    backup(&path, &folder.path().join("copy")).await.unwrap();
    assert!(folder.path().join("copy").exists());
}
