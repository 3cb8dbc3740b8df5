//! Logging in.

use hefu_gm::{Zeroizing, rng::SystemRng};
use hefu_identity::{
    LoginError,
    password::NewPassword,
    users::{AddUserError, AuthenticateError, LoginRefusal, SetPasswordError},
};
use hefu_store::UserStatus;
use hefu_tally::problem::Code;

use crate::fixture::{Institution, NOW, PASSWORD};

fn password(text: &str) -> NewPassword {
    NewPassword::parse(Zeroizing::new(text.to_owned())).unwrap()
}

fn refusal(error: &LoginError) -> LoginRefusal {
    let LoginError::Authenticate(AuthenticateError::Refused(refusal)) = error else {
        panic!("{error}");
    };
    *refusal
}

#[tokio::test]
async fn every_refusal_looks_alike_outside_and_is_told_apart_inside() {
    let bank = Institution::new().await;
    for name in ["zhang", "wang", "chen"] {
        bank.add_user(name).await;
    }
    let phone = bank.phone_of(None).await;
    bank.identity
        .set_user_status("wang", UserStatus::Frozen)
        .await
        .unwrap();
    for _ in 0..5 {
        bank.log_in(&phone, "chen", "wrong horse 1", NOW)
            .await
            .unwrap_err();
    }
    let long = "x".repeat(10_000);
    for (name, password, expected) in [
        ("zhang", "wrong horse 1", LoginRefusal::WrongPassword),
        ("zhang", "", LoginRefusal::WrongPassword),
        ("zhang", long.as_str(), LoginRefusal::WrongPassword),
        ("nobody", PASSWORD, LoginRefusal::UnknownOrLocked),
        ("", PASSWORD, LoginRefusal::UnknownOrLocked),
        (long.as_str(), PASSWORD, LoginRefusal::UnknownOrLocked),
        ("zhang\0", PASSWORD, LoginRefusal::UnknownOrLocked),
        ("chen", PASSWORD, LoginRefusal::UnknownOrLocked),
        ("wang", PASSWORD, LoginRefusal::Frozen),
    ] {
        let error = bank.log_in(&phone, name, password, NOW).await.unwrap_err();
        assert_eq!(refusal(&error), expected, "{name:.9}");
        assert_eq!(error.public_code(), Code::Unauthenticated);
        assert_eq!(
            error.to_string(),
            "the login was refused",
            "no name, no reason"
        );
    }
    let opened = bank.session(&phone, "zhang", NOW).await;
    assert_eq!(opened.session.subject, "customer of zhang");
}

#[tokio::test]
async fn failed_logins_lock_for_a_while_and_a_success_starts_anew() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    for _ in 0..3 {
        for _ in 0..4 {
            bank.log_in(&phone, "zhang", "wrong horse 1", NOW)
                .await
                .unwrap_err();
        }
        bank.session(&phone, "zhang", NOW).await;
    }
    for _ in 0..5 {
        bank.log_in(&phone, "zhang", "wrong horse 1", NOW)
            .await
            .unwrap_err();
    }
    let locked = bank
        .log_in(&phone, "zhang", PASSWORD, NOW.plus_millis(299_999))
        .await;
    assert_eq!(refusal(&locked.unwrap_err()), LoginRefusal::UnknownOrLocked);
    bank.session(&phone, "zhang", NOW.plus_secs(300)).await;
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_and_the_old_password() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let phone = bank.phone_of(None).await;
    let before = bank.session(&phone, "zhang", NOW).await;
    let users = &bank.identity;
    let ended = users
        .set_password("zhang", password("another horse 2"), NOW, &mut SystemRng)
        .await;
    assert_eq!(ended.unwrap(), [before.session.id]);
    assert!(
        bank.identity
            .sessions
            .find(before.session.id, NOW)
            .is_none()
    );
    bank.log_in(&phone, "zhang", PASSWORD, NOW)
        .await
        .unwrap_err();
    bank.log_in(&phone, "zhang", "another horse 2", NOW)
        .await
        .unwrap();
    let unknown = users
        .set_password("li", password("another horse 2"), NOW, &mut SystemRng)
        .await;
    assert!(matches!(unknown, Err(SetPasswordError::UnknownUser)));
}

#[tokio::test]
async fn freezing_a_user_ends_their_sessions() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    bank.add_user("li").await;
    let phone = bank.phone_of(None).await;
    let (zhangs, lis) = (
        bank.session(&phone, "zhang", NOW).await,
        bank.session(&phone, "li", NOW).await,
    );
    let ended = bank
        .identity
        .set_user_status("zhang", UserStatus::Frozen)
        .await
        .unwrap();
    assert_eq!(ended.unwrap(), [zhangs.session.id]);
    let sessions = &bank.identity.sessions;
    assert!(sessions.find(zhangs.session.id, NOW).is_none());
    assert!(sessions.find(lis.session.id, NOW).is_some());
}

#[tokio::test]
async fn a_user_is_added_once_and_no_password_is_stored() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let stored = bank.store.user("zhang").await.unwrap().unwrap();
    assert!(stored.password.as_phc().starts_with("$argon2id$"));
    assert!(!format!("{stored:?}").contains("argon2"));
    let users = &bank.identity.users;
    let add = async |name: &str| {
        users
            .add(name, "customer", password(PASSWORD), NOW, &mut SystemRng)
            .await
    };
    assert!(matches!(add("zhang").await, Err(AddUserError::Exists)));
    for wrong in ["", "a\tb", &"x".repeat(65)] {
        assert!(
            matches!(add(wrong).await, Err(AddUserError::Name)),
            "{wrong}"
        );
    }
    add(&"张".repeat(64)).await.unwrap();
}
