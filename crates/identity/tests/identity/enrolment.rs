//! Enrolling devices.

use std::sync::Arc;

use hefu_identity::{code::EnrolmentCode, enrolment::EnrolError};
use hefu_store::DeviceStatus;
use hefu_tally::{clock::Timestamp, problem::Code};

use crate::fixture::{Institution, NOW, Phone, der};

#[tokio::test]
async fn a_code_enrols_one_device_with_its_own_certificate() {
    let bank = Institution::new().await;
    let code = bank.code_for(Some("zhang")).await;
    let phone = Phone::new();
    let enrolled = bank.enrol(&phone, &code, NOW).await.unwrap();
    assert_eq!(enrolled.device, phone.signature_key.device_id());
    assert_eq!(enrolled.not_after, NOW.plus_secs(90 * 86_400));
    assert_eq!(enrolled.chain_pem, bank.authority.certificate_pem());

    let der = der(&enrolled.certificate_pem);
    let device = bank
        .identity
        .devices
        .by_certificate(&der, NOW)
        .await
        .unwrap();
    assert_eq!(device.id, enrolled.device);
    assert_eq!(device.user.as_deref(), Some("zhang"));
    let stored = bank.store.device(enrolled.device).await.unwrap().unwrap();
    assert_eq!(stored.signature_key, phone.signature_key);
    assert_eq!(
        (stored.status, &*stored.model),
        (DeviceStatus::Active, "手机 7")
    );

    let other = bank.enrol(&Phone::new(), &code, NOW).await.unwrap_err();
    assert!(matches!(other, EnrolError::CodeSpent), "{other}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_registrations_with_one_code_one_succeeds() {
    let bank = Arc::new(Institution::new().await);
    let code: Arc<str> = bank.code_for(None).await.into();
    let registrations: Vec<_> = (0..20)
        .map(|_| {
            let (bank, code) = (Arc::clone(&bank), Arc::clone(&code));
            tokio::spawn(async move { bank.enrol(&Phone::new(), &code, NOW).await.is_ok() })
        })
        .collect();
    let mut enrolled = 0;
    for registration in registrations {
        enrolled += usize::from(registration.await.unwrap());
    }
    assert_eq!(enrolled, 1);
}

#[tokio::test]
async fn five_wrong_secrets_end_a_code_and_only_that_code() {
    let bank = Institution::new().await;
    let (code, others) = (bank.code_for(None).await, bank.code_for(None).await);
    for _ in 0..5 {
        let wrong = bank
            .enrol(&Phone::new(), &guess_at(&code), NOW)
            .await
            .unwrap_err();
        assert!(matches!(wrong, EnrolError::CodeWrong), "{wrong}");
    }
    let right = bank.enrol(&Phone::new(), &code, NOW).await.unwrap_err();
    assert!(matches!(right, EnrolError::CodeSpent), "{right}");
    bank.enrol(&Phone::new(), &others, NOW).await.unwrap();

    let almost = bank.code_for(None).await;
    for _ in 0..4 {
        bank.enrol(&Phone::new(), &guess_at(&almost), NOW)
            .await
            .unwrap_err();
    }
    bank.enrol(&Phone::new(), &almost, NOW).await.unwrap();
}

/// Another well-formed code with the same selector.
fn guess_at(code: &str) -> String {
    let selector = EnrolmentCode::parse(code).unwrap().selector();
    let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let guesses = alphabet
        .chars()
        .map(|check| format!("{selector}0000000000000000{check}"));
    guesses
        .into_iter()
        .find(|guess| EnrolmentCode::parse(guess).is_ok())
        .unwrap()
}

#[tokio::test]
async fn slips_and_unfit_requests_cost_no_try() {
    let bank = Institution::new().await;
    let code = bank.code_for(None).await;
    let last = if code.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", code.split_at(code.len() - 1).0);
    let unfit = |phone: fn(&mut Phone)| {
        let mut unfit = Phone::new();
        phone(&mut unfit);
        unfit
    };
    for _ in 0..6 {
        let error = bank.enrol(&Phone::new(), &mistyped, NOW).await.unwrap_err();
        assert!(matches!(error, EnrolError::CodeMalformed), "{error}");
        let altered = unfit(|phone| *phone.csr.last_mut().unwrap() ^= 1);
        let error = bank.enrol(&altered, &code, NOW).await.unwrap_err();
        assert!(matches!(error, EnrolError::ChannelRequest), "{error}");
        let model = "12345678901234567890123456789012345678901234567890123456789012345";
        assert_eq!(model.len(), 65);
        for model in [model, "a\nb"] {
            let phone = Phone {
                model,
                ..Phone::new()
            };
            let error = bank.enrol(&phone, &code, NOW).await.unwrap_err();
            assert!(matches!(error, EnrolError::Model), "{error}");
        }
    }
    bank.enrol(&Phone::new(), &code, NOW).await.unwrap();
}

#[tokio::test]
async fn a_code_dies_after_a_day_and_a_device_is_enrolled_once() {
    let bank = Institution::new().await;
    let code = bank.code_for(None).await;
    let late = bank
        .enrol(&Phone::new(), &code, NOW.plus_secs(86_400))
        .await
        .unwrap_err();
    assert!(matches!(late, EnrolError::CodeSpent), "{late}");
    let phone = Phone::new();
    bank.enrol(&phone, &code, NOW.plus_secs(86_399))
        .await
        .unwrap();

    let second_code = bank.code_for(None).await;
    let again = bank.enrol(&phone, &second_code, NOW).await.unwrap_err();
    assert!(matches!(again, EnrolError::DeviceExists), "{again}");
    bank.enrol(&Phone::new(), &second_code, NOW).await.unwrap();
}

#[tokio::test]
async fn refusals_over_codes_look_alike() {
    let alike = [
        EnrolError::CodeMalformed,
        EnrolError::CodeSpent,
        EnrolError::CodeWrong,
        EnrolError::DeviceExists,
    ];
    for error in &alike {
        assert_eq!(error.public_code(), Code::Unauthenticated);
    }
    let mut reasons: Vec<_> = alike.iter().map(EnrolError::reason).collect();
    reasons.dedup();
    assert_eq!(reasons.len(), alike.len(), "inside they are told apart");
    assert_eq!(EnrolError::ChannelRequest.public_code(), Code::Invalid);
}

#[tokio::test]
async fn old_codes_are_cleared_away() {
    let bank = Institution::new().await;
    bank.code_for(None).await;
    let week = 7 * 86_400;
    let purged = async |now: Timestamp| {
        bank.identity.tend(now).await.unwrap();
        bank.store
            .purge_codes(Timestamp::from_secs(i64::from(u32::MAX)))
            .await
            .unwrap()
            == 0
    };
    assert!(purged(NOW.plus_secs(86_400 + week + 1)).await);
    bank.code_for(None).await;
    assert!(
        !purged(NOW.plus_secs(86_400 + week)).await,
        "kept for those who ask"
    );
}
