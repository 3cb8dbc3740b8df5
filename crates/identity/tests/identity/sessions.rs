//! The life of sessions.

use std::sync::Arc;

use hefu_gm::{Zeroizing, rng::SystemRng, sm2::EphemeralSecret};
use hefu_identity::{
    IdentityConfig, LoginRequest, OpenIdentityError, StoreKey,
    sessions::{RestoreError, SessionConfig},
};
use hefu_store::{DeviceStatus, SessionRecord, Store};
use hefu_tally::{
    ids::SessionId,
    key::SessionKey,
    session_key::{self, Side},
};

use crate::fixture::{Institution, NOW, PASSWORD, config, open, sqlite};

#[tokio::test]
async fn both_sides_agree_on_the_key() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let half = EphemeralSecret::make(&mut SystemRng).unwrap();
    let login = LoginRequest {
        device: &phone,
        user: "zhang",
        password: Zeroizing::new(PASSWORD.as_bytes().to_vec()),
        client_half: &half.public_key(),
    };
    let opened = bank
        .identity
        .log_in(login, NOW, &mut SystemRng)
        .await
        .unwrap();
    let session = &opened.session;
    let key = session_key::derive(Side::Client, half, &opened.agreement, phone.id, session.id);
    let key = SessionKey::from_bytes(&key.unwrap());
    session
        .key
        .verify(b"request", &key.tag(b"request"))
        .unwrap();
    assert_eq!((session.user.as_str(), session.device), ("zhang", phone.id));
    assert_eq!(session.expires_at, NOW.plus_secs(43_200));
    assert_eq!(opened.idle_s, 600);

    let login = LoginRequest {
        device: &phone,
        user: "zhang",
        password: Zeroizing::new(PASSWORD.as_bytes().to_vec()),
        client_half: &[4; 65],
    };
    let refused = bank
        .identity
        .log_in(login, NOW, &mut SystemRng)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), "agreement");
}

#[tokio::test]
async fn ids_and_tokens_are_new_with_every_login_and_each_opens_its_own_session() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let (first, second) = (
        bank.session(&phone, "zhang", NOW).await,
        bank.session(&phone, "zhang", NOW).await,
    );
    let (first_token, second_token) = (
        first.token.dangerous_text().as_bytes(),
        second.token.dangerous_text().as_bytes(),
    );
    assert_ne!(first.session.id, second.session.id);
    assert_ne!(first_token, second_token);
    assert_eq!(first_token.len(), 43);
    assert!(first.session.is_token(first_token));
    assert!(!first.session.is_token(second_token));
    let sessions = &bank.identity.sessions;
    assert_eq!(
        sessions.find_by_token(second_token, NOW).unwrap().id,
        second.session.id
    );
    for wrong in [
        &b""[..],
        b"short",
        &first_token[1..],
        &[b'A'; 43],
        &[b'A'; 10_000],
    ] {
        assert!(!first.session.is_token(wrong));
        assert!(sessions.find_by_token(wrong, NOW).is_none());
    }
    let printed = format!("{first:?}");
    assert!(!printed.contains(first.token.dangerous_text()), "{printed}");
    assert!(
        !printed.contains(&first.session.id.to_string()),
        "{printed}"
    );
    assert!(!printed.contains("zhang"), "{printed}");
}

#[tokio::test]
async fn a_session_ends_when_idle_and_in_any_case() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let opened = bank.session(&phone, "zhang", NOW).await;
    let find = |after_s| {
        bank.identity
            .sessions
            .find(opened.session.id, NOW.plus_secs(after_s))
    };
    assert!(find(599).is_some());
    assert!(find(600).is_none(), "idle for ten minutes");
    let mut used_s = 0;
    while used_s + 599 < 43_200 {
        used_s += 599;
        find(used_s).unwrap().touch(NOW.plus_secs(used_s));
    }
    assert!(find(43_199).is_some());
    opened.session.touch(NOW.plus_secs(43_199));
    assert!(find(43_200).is_none(), "over after twelve hours");

    bank.identity.tend(NOW.plus_secs(43_200)).await.unwrap();
    assert!(bank.identity.sessions.is_empty());
    assert!(bank.store.sessions(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_touch_never_goes_back() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let session = bank.session(&phone, "zhang", NOW).await.session;
    session.touch(NOW.plus_secs(500));
    session.touch(NOW.plus_secs(100));
    assert!(session.is_open(NOW.plus_secs(1_000)));
}

#[tokio::test]
async fn a_newer_login_ends_the_oldest_over_the_limit() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    bank.add_user("li").await;
    let phone = bank.phone_of(None).await;
    let others = bank.session(&phone, "li", NOW).await;
    let first = bank.session(&phone, "zhang", NOW).await;
    let second = bank.session(&phone, "zhang", NOW.plus_secs(1)).await;
    let third = bank.session(&phone, "zhang", NOW.plus_secs(2)).await;
    assert_eq!(third.ended, [first.session.id]);
    let is_open = |id| bank.identity.sessions.find(id, NOW.plus_secs(2)).is_some();
    assert!(!is_open(first.session.id));
    for open in [&second, &third, &others] {
        assert!(is_open(open.session.id));
    }
}

#[tokio::test]
async fn a_closed_session_is_gone_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path()).await;
    let bank = Institution::with(Arc::<_>::clone(&store) as Arc<dyn Store>, config()).await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let closed = bank.session(&phone, "zhang", NOW).await;
    let open = bank.session(&phone, "zhang", NOW).await;
    assert!(
        bank.identity
            .sessions
            .close(closed.session.id)
            .await
            .unwrap()
    );
    assert!(
        !bank
            .identity
            .sessions
            .close(closed.session.id)
            .await
            .unwrap()
    );
    assert!(
        bank.identity
            .sessions
            .find(closed.session.id, NOW)
            .is_none()
    );
    store.close().await;

    let bank = bank
        .restarted(sqlite(folder.path()).await, NOW.plus_secs(1))
        .await;
    let sessions = &bank.identity.sessions;
    assert!(sessions.find(closed.session.id, NOW).is_none());
    assert!(
        sessions
            .find_by_token(closed.token.dangerous_text().as_bytes(), NOW)
            .is_none()
    );
    assert!(
        sessions.find(open.session.id, NOW).is_some(),
        "the honest twin"
    );
}

#[tokio::test]
async fn open_sessions_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path()).await;
    let bank = Institution::with(Arc::<_>::clone(&store) as Arc<dyn Store>, config()).await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let used = bank.session(&phone, "zhang", NOW).await;
    let unused = bank.session(&phone, "zhang", NOW).await;
    used.session.touch(NOW.plus_secs(590));
    bank.identity.tend(NOW.plus_secs(595)).await.unwrap();
    used.session.touch(NOW.plus_secs(599)); // Lost: it is written with the next tending only.
    store.close().await;

    let restarted = NOW.plus_secs(610);
    let bank = bank.restarted(sqlite(folder.path()).await, restarted).await;
    let sessions = &bank.identity.sessions;
    let token = used.token.dangerous_text().as_bytes();
    let found = sessions.find_by_token(token, restarted).unwrap();
    assert_eq!(found.id, used.session.id);
    let tag = used.session.key.tag(b"request");
    found.key.verify(b"request", &tag).unwrap();
    assert_eq!(found.touched_at(), NOW.plus_secs(590));
    assert_eq!(
        (found.user.as_str(), found.subject.as_str()),
        ("zhang", "customer of zhang")
    );
    assert!(
        sessions.find(unused.session.id, restarted).is_none(),
        "idle meanwhile"
    );
    assert_eq!(sessions.len(), 1);
}

#[tokio::test]
async fn another_store_key_opens_nothing() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    bank.session(&phone, "zhang", NOW).await;
    let stored = bank.store.sessions(None, 9).await.unwrap();
    let plain = format!("{:?}", stored[0]);
    assert!(!plain.contains("zhang"), "{plain}");

    let other = StoreKey::make(&mut SystemRng).unwrap();
    let (store, authority) = (Arc::clone(&bank.store), Arc::clone(&bank.authority));
    let refused = open(store, authority, &other, config(), NOW)
        .await
        .unwrap_err();
    assert!(
        matches!(refused, OpenIdentityError::Restore(RestoreError::Sealed)),
        "{refused}"
    );
    let (store, authority) = (Arc::clone(&bank.store), Arc::clone(&bank.authority));
    let identity = open(store, authority, &bank.key, config(), NOW)
        .await
        .unwrap();
    assert_eq!(identity.sessions.len(), 1);
}

#[tokio::test]
async fn a_row_that_somebody_altered_opens_nothing() {
    let alterations: [fn(&mut SessionRecord); 7] = [
        |row| row.id = SessionId::from_bytes([7; 16]),
        |row| row.subject = "customer of li".to_owned(),
        |row| row.token_digest = [7; 32],
        |row| row.expires_at = row.expires_at.plus_secs(86_400),
        |row| row.idle_ms += 1,
        |row| row.opened_at = row.opened_at.plus_millis(1),
        |row| *row.sealed_key.last_mut().unwrap() ^= 1,
    ];
    for (alter, number) in alterations.into_iter().zip(1..) {
        let bank = Institution::new().await;
        bank.add_user("zhang").await;
        let phone = bank.phone_of(None).await;
        let id = bank.session(&phone, "zhang", NOW).await.session.id;
        let mut row = bank.store.sessions(None, 9).await.unwrap().remove(0);
        let reopened = async || {
            let (store, authority) = (Arc::clone(&bank.store), Arc::clone(&bank.authority));
            open(store, authority, &bank.key, config(), NOW).await
        };
        assert!(reopened().await.is_ok(), "the honest twin");

        // Somebody who can write to the database makes the session another customer's, or lets it
        // live for longer.
        alter(&mut row);
        bank.store.end_sessions(&[id]).await.unwrap();
        bank.store.open_session(&row, 9).await.unwrap();
        let refused = reopened().await.unwrap_err();
        let is_sealed = matches!(refused, OpenIdentityError::Restore(RestoreError::Sealed));
        assert!(is_sealed, "alteration {number}: {refused}");
    }
}

#[tokio::test]
async fn when_the_store_fails_what_ends_has_ended_and_nothing_opens() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path()).await;
    let bank = Institution::with(Arc::<_>::clone(&store) as Arc<dyn Store>, config()).await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let other_phone = bank.phone_of(None).await;
    let closing = bank.session(&phone, "zhang", NOW).await;
    let freezing = bank.session(&other_phone, "zhang", NOW).await;
    store.close().await;

    let identity = &bank.identity;
    assert!(identity.sessions.close(closing.session.id).await.is_err());
    assert!(identity.sessions.find(closing.session.id, NOW).is_none());
    let frozen = identity
        .set_device_status(other_phone.id, DeviceStatus::Frozen, NOW)
        .await;
    assert!(frozen.is_err());
    assert!(identity.sessions.find(freezing.session.id, NOW).is_none());
    assert!(
        identity.devices.find(other_phone.id).await.is_err(),
        "not known, so not let in"
    );
    let refused = bank
        .log_in(&phone, "zhang", PASSWORD, NOW)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), "store");
    assert!(identity.tend(NOW).await.is_err());
    assert!(identity.sessions.is_empty());
}

#[tokio::test]
async fn there_are_no_more_sessions_than_allowed_in_all() {
    let sessions = SessionConfig {
        sessions_max: 1,
        ..SessionConfig::default()
    };
    let config = IdentityConfig {
        sessions,
        ..config()
    };
    let store = Arc::new(hefu_store::memory::MemoryStore::new());
    let bank = Institution::with(store, config).await;
    bank.add_user("zhang").await;
    bank.add_user("li").await;
    let phone = bank.phone_of(None).await;
    let open = bank.session(&phone, "zhang", NOW).await;
    let refused = bank.log_in(&phone, "li", PASSWORD, NOW).await.unwrap_err();
    assert_eq!(refused.reason(), "sessions-full");
    bank.identity.sessions.close(open.session.id).await.unwrap();
    bank.session(&phone, "li", NOW).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logins_and_a_freeze_at_once_leave_no_session_behind() {
    let bank = Arc::new(Institution::new().await);
    bank.add_user("zhang").await;
    for _ in 0..20 {
        let phone = bank.phone_of(None).await;
        let logins: Vec<_> = (0..6)
            .map(|_| {
                let (bank, phone) = (Arc::clone(&bank), Arc::clone(&phone));
                tokio::spawn(async move { bank.log_in(&phone, "zhang", PASSWORD, NOW).await })
            })
            .collect();
        let freeze = bank
            .identity
            .set_device_status(phone.id, DeviceStatus::Frozen, NOW);
        freeze.await.unwrap();
        for login in logins {
            if let Ok(opened) = login.await.unwrap() {
                let id = opened.session.id;
                assert!(bank.identity.sessions.find(id, NOW).is_none());
            }
        }
        assert!(bank.store.sessions(None, 99).await.unwrap().is_empty());
        assert!(bank.identity.sessions.is_empty());
    }
}
