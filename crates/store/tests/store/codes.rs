//! Enrolment codes.

use std::sync::Arc;

use hefu_store::{Enrolled, Store};

use crate::fixture::{NOW, code, device};

pub(crate) async fn a_code_is_found_by_its_selector_and_taken_once(store: Arc<dyn Store>) {
    let mut made = code("7K2M9QX");
    made.user = Some("zhang".to_owned());
    assert!(store.insert_code(&made).await.unwrap());
    assert!(!store.insert_code(&code("7K2M9QX")).await.unwrap());

    assert_eq!(store.take_code_try("7K2M9QY", 5, NOW).await.unwrap(), None);
    let taken = store
        .take_code_try("7K2M9QX", 5, NOW)
        .await
        .unwrap()
        .unwrap();
    made.tries = 1;
    assert_eq!(taken, made);

    assert_eq!(
        store.enrol_device(&device(), "7K2M9QX", NOW).await.unwrap(),
        Enrolled::Done
    );
    assert_eq!(
        store.take_code_try("7K2M9QX", 5, NOW).await.unwrap(),
        None,
        "it is used"
    );
    let again = store.enrol_device(&device(), "7K2M9QX", NOW).await.unwrap();
    assert_eq!(again, Enrolled::CodeSpent);
}

pub(crate) async fn tries_are_bounded_however_many_come_at_once(store: Arc<dyn Store>) {
    assert!(store.insert_code(&code("A")).await.unwrap());
    assert!(store.insert_code(&code("B")).await.unwrap());
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.take_code_try("A", 5, NOW).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for one in tries {
        taken += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!(taken, 5);
    assert!(
        store.take_code_try("B", 5, NOW).await.unwrap().is_some(),
        "another code's tries"
    );
}

pub(crate) async fn a_code_dies_with_its_time(store: Arc<dyn Store>) {
    assert!(store.insert_code(&code("A")).await.unwrap());
    assert!(
        store
            .take_code_try("A", 5, NOW.plus_millis(59_999))
            .await
            .unwrap()
            .is_some()
    );
    let end = NOW.plus_secs(60);
    assert!(store.take_code_try("A", 5, end).await.unwrap().is_none());
    assert_eq!(
        store.enrol_device(&device(), "A", end).await.unwrap(),
        Enrolled::CodeSpent
    );
}

pub(crate) async fn expired_codes_are_purged(store: Arc<dyn Store>) {
    assert!(store.insert_code(&code("A")).await.unwrap());
    assert_eq!(store.purge_codes(NOW.plus_secs(60)).await.unwrap(), 0);
    assert_eq!(store.purge_codes(NOW.plus_secs(61)).await.unwrap(), 1);
    assert!(store.take_code_try("A", 5, NOW).await.unwrap().is_none());
}
