//! Users.

use std::sync::Arc;

use hefu_store::{LoginLimit, PasswordHash, Store, UserStatus};

use crate::fixture::{NOW, session, user, with_user_and_device};

const LIMIT: LoginLimit = LoginLimit {
    failures_max: 3,
    lock_ms: 60_000,
};

pub(crate) async fn a_user_is_stored_once_and_read_as_it_was(store: Arc<dyn Store>) {
    let zhang = user("张");
    assert!(store.insert_user(&zhang).await.unwrap());
    assert_eq!(store.user("张").await.unwrap().unwrap(), zhang);
    assert!(!store.insert_user(&zhang).await.unwrap());
    assert_eq!(store.user("li").await.unwrap(), None);
}

pub(crate) async fn logins_lock_and_unlock(store: Arc<dyn Store>) {
    assert!(store.insert_user(&user("zhang")).await.unwrap());
    let take = |now| store.take_login("zhang", LIMIT, now);
    for failures in [1, 2, 0] {
        let taken = take(NOW).await.unwrap().unwrap();
        assert_eq!(taken.failed_logins, failures);
    }
    assert_eq!(take(NOW).await.unwrap(), None, "locked");
    assert_eq!(take(NOW.plus_millis(59_999)).await.unwrap(), None);
    assert!(
        take(NOW.plus_secs(60)).await.unwrap().is_some(),
        "open again"
    );

    store.clear_logins("zhang").await.unwrap();
    let cleared = store.user("zhang").await.unwrap().unwrap();
    assert_eq!(
        (cleared.failed_logins, cleared.locked_until.millis()),
        (0, 0)
    );
    assert_eq!(store.take_login("nobody", LIMIT, NOW).await.unwrap(), None);
}

pub(crate) async fn no_more_logins_are_claimed_than_allowed(store: Arc<dyn Store>) {
    assert!(store.insert_user(&user("zhang")).await.unwrap());
    let logins: Vec<_> = (0..40)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.take_login("zhang", LIMIT, NOW).await.unwrap() })
        })
        .collect();
    let mut claimed = 0;
    for one in logins {
        claimed += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!(claimed, 3);
}

pub(crate) async fn a_new_password_ends_sessions(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let open = session("zhang", device);
    store.open_session(&open, 9).await.unwrap();
    let password = PasswordHash::from_phc("$argon2id$2".to_owned());
    let later = NOW.plus_secs(9);
    let ended = store.set_password("zhang", &password, later).await.unwrap();
    assert_eq!(ended.unwrap(), [open.id]);
    assert!(store.sessions(None, 9).await.unwrap().is_empty());
    let changed = store.user("zhang").await.unwrap().unwrap();
    assert_eq!(
        (changed.password, changed.password_at),
        (password.clone(), later)
    );
    assert_eq!(
        store.set_password("li", &password, later).await.unwrap(),
        None
    );
}

pub(crate) async fn a_frozen_user_has_no_sessions(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let open = session("zhang", device);
    store.open_session(&open, 9).await.unwrap();
    let ended = store
        .set_user_status("zhang", UserStatus::Frozen)
        .await
        .unwrap();
    assert_eq!(ended.unwrap(), [open.id]);
    assert_eq!(
        store.user("zhang").await.unwrap().unwrap().status,
        UserStatus::Frozen
    );
    let thawed = store
        .set_user_status("zhang", UserStatus::Active)
        .await
        .unwrap();
    assert_eq!(thawed.unwrap(), []);
    assert_eq!(
        store
            .set_user_status("li", UserStatus::Frozen)
            .await
            .unwrap(),
        None
    );
}
