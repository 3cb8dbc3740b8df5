//! Sessions.

use std::sync::Arc;

use hefu_store::{DeviceStatus, Opened, PAGE_ROWS_MAX, Store, StoreError, Touch, UserStatus};
use hefu_tally::ids::{DeviceId, SessionId};

use crate::fixture::{NOW, session, with_user_and_device};

async fn ids(store: &dyn Store) -> Vec<SessionId> {
    store
        .sessions(None, 99)
        .await
        .unwrap()
        .iter()
        .map(|session| session.id)
        .collect()
}

pub(crate) async fn a_session_is_read_as_it_was_and_ends_once(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let open = session("zhang", device);
    let opened = store.open_session(&open, 2).await.unwrap();
    assert_eq!(opened, Opened::Done { ended: vec![] });
    assert_eq!(
        store.sessions(None, 9).await.unwrap(),
        std::slice::from_ref(&open)
    );
    let ids_to_end = [open.id, SessionId::from_bytes([0; 16])];
    assert_eq!(store.end_sessions(&ids_to_end).await.unwrap(), 1);
    assert_eq!(store.end_sessions(&ids_to_end).await.unwrap(), 0);
    let many = vec![open.id; usize::try_from(PAGE_ROWS_MAX).unwrap() + 1];
    assert!(matches!(
        store.end_sessions(&many).await,
        Err(StoreError::TooMany { .. })
    ));
    assert!(ids(&*store).await.is_empty());
}

pub(crate) async fn the_oldest_sessions_end_over_the_limit(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let others_device = with_user_and_device(&*store, "li").await;
    let others = session("li", others_device);
    store.open_session(&others, 2).await.unwrap();
    let mut opened = Vec::new();
    for at in 0..4 {
        let mut open = session("zhang", device);
        open.opened_at = NOW.plus_secs(at);
        let Opened::Done { ended } = store.open_session(&open, 2).await.unwrap() else {
            panic!("refused");
        };
        let expected: Vec<SessionId> = opened.iter().rev().nth(1).copied().into_iter().collect();
        assert_eq!(ended, expected);
        opened.push(open.id);
    }
    let mut left = vec![opened[2], opened[3], others.id];
    left.sort_unstable();
    assert_eq!(ids(&*store).await, left);
}

pub(crate) async fn the_limit_holds_for_logins_at_once(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let logins: Vec<_> = (0..20)
        .map(|_| {
            let (store, open) = (Arc::clone(&store), session("zhang", device));
            tokio::spawn(async move { store.open_session(&open, 2).await.unwrap() })
        })
        .collect();
    let mut ended_in_all = 0;
    for login in logins {
        let Opened::Done { ended } = login.await.unwrap() else {
            panic!("refused")
        };
        ended_in_all += ended.len();
    }
    assert_eq!(ended_in_all, 18);
    assert_eq!(ids(&*store).await.len(), 2);
}

pub(crate) async fn nothing_is_opened_for_the_frozen_and_the_unknown(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let open = async |user: &str, device| store.open_session(&session(user, device), 2).await;

    store
        .set_device_status(device, DeviceStatus::Frozen, NOW)
        .await
        .unwrap();
    assert_eq!(open("zhang", device).await.unwrap(), Opened::Refused);
    store
        .set_device_status(device, DeviceStatus::Active, NOW)
        .await
        .unwrap();

    store
        .set_user_status("zhang", UserStatus::Frozen)
        .await
        .unwrap();
    assert_eq!(open("zhang", device).await.unwrap(), Opened::Refused);
    store
        .set_user_status("zhang", UserStatus::Active)
        .await
        .unwrap();

    assert_eq!(open("nobody", device).await.unwrap(), Opened::Refused);
    let unknown = DeviceId::from_bytes([0; 16]);
    assert_eq!(open("zhang", unknown).await.unwrap(), Opened::Refused);
    assert!(ids(&*store).await.is_empty());
    assert_eq!(
        open("zhang", device).await.unwrap(),
        Opened::Done { ended: vec![] }
    );
}

pub(crate) async fn use_moves_forward_only(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let open = session("zhang", device);
    store.open_session(&open, 2).await.unwrap();
    let touch = async |id, at| store.touch_sessions(&[Touch { id, at }]).await.unwrap();
    let touched = async || store.sessions(None, 9).await.unwrap()[0].touched_at;
    touch(open.id, NOW.plus_secs(9)).await;
    assert_eq!(touched().await, NOW.plus_secs(9));
    touch(open.id, NOW.plus_secs(5)).await;
    assert_eq!(touched().await, NOW.plus_secs(9));
    touch(SessionId::from_bytes([0; 16]), NOW.plus_secs(20)).await;
    assert_eq!(touched().await, NOW.plus_secs(9));
    let many = vec![
        Touch {
            id: open.id,
            at: NOW
        };
        usize::try_from(PAGE_ROWS_MAX).unwrap() + 1
    ];
    let refused = store.touch_sessions(&many).await;
    assert!(matches!(refused, Err(StoreError::TooMany { .. })));
}

pub(crate) async fn what_is_idle_or_over_is_purged(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let (idle, mut used, mut over) = (
        session("zhang", device),
        session("zhang", device),
        session("zhang", device),
    );
    used.touched_at = NOW.plus_secs(1);
    over.expires_at = NOW.plus_secs(600);
    over.touched_at = NOW.plus_secs(599);
    for open in [&idle, &used, &over] {
        store.open_session(open, 9).await.unwrap();
    }
    assert_eq!(
        store
            .purge_sessions(NOW.plus_millis(599_999))
            .await
            .unwrap(),
        0
    );
    assert_eq!(store.purge_sessions(NOW.plus_secs(600)).await.unwrap(), 2);
    assert_eq!(ids(&*store).await, [used.id]);
}

pub(crate) async fn pages_hold_every_session_once(store: Arc<dyn Store>) {
    let device = with_user_and_device(&*store, "zhang").await;
    let mut all = Vec::new();
    for _ in 0..7 {
        let open = session("zhang", device);
        store.open_session(&open, 99).await.unwrap();
        all.push(open.id);
    }
    all.sort_unstable();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.sessions(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|open| open.id));
    }
    assert_eq!(seen, all);
}
