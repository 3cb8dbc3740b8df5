//! Certificates and the state of devices.

use hefu_gm::rng::SystemRng;
use hefu_identity::{
    LoginError,
    authority::{Authority, ChannelRequest},
    devices::CertificateRefusal,
    users::{AuthenticateError, LoginRefusal},
};
use hefu_store::DeviceStatus;
use hefu_tally::ids::DeviceId;

use crate::fixture::{Institution, NOW, PASSWORD, Phone, der};

#[tokio::test]
async fn only_the_devices_own_certificate_is_accepted() {
    let bank = Institution::new().await;
    let code = bank.code_for(None).await;
    let phone = Phone::new();
    let enrolled = bank.enrol(&phone, &code, NOW).await.unwrap();
    let own = der(&enrolled.certificate_pem);
    let devices = &bank.identity.devices;
    assert_eq!(
        devices.by_certificate(&own, NOW).await.unwrap().id,
        enrolled.device
    );

    // From our own authority and with the right name, but not the one that was given.
    let request = ChannelRequest::parse(&phone.csr).unwrap();
    let issue = |device| {
        let issued = bank
            .authority
            .issue_device(device, &request, 90, NOW, &mut SystemRng);
        der(&issued.unwrap().pem)
    };
    let another = devices
        .by_certificate(&issue(enrolled.device), NOW)
        .await
        .unwrap_err();
    assert!(
        matches!(another, CertificateRefusal::NotItsOwn),
        "{another}"
    );
    let unknown = issue(DeviceId::from_bytes([9; 16]));
    let unknown = devices.by_certificate(&unknown, NOW).await.unwrap_err();
    assert!(
        matches!(unknown, CertificateRefusal::UnknownDevice),
        "{unknown}"
    );

    let foreign = Authority::make("Other", 90, NOW, &mut SystemRng).unwrap();
    let foreign = foreign.issue_device(enrolled.device, &request, 90, NOW, &mut SystemRng);
    let foreign = devices
        .by_certificate(&der(&foreign.unwrap().pem), NOW)
        .await
        .unwrap_err();
    assert!(
        matches!(foreign, CertificateRefusal::NotItsOwn),
        "{foreign}"
    );

    let server = bank
        .authority
        .issue_server(&["a"], 90, NOW, &mut SystemRng)
        .unwrap();
    let server = der(&server.certificate.pem);
    let server = devices.by_certificate(&server, NOW).await.unwrap_err();
    assert!(
        matches!(server, CertificateRefusal::NamesNoDevice),
        "{server}"
    );

    let over = devices
        .by_certificate(&own, enrolled.not_after)
        .await
        .unwrap_err();
    assert!(matches!(over, CertificateRefusal::Expired), "{over}");
    assert!(
        devices
            .by_certificate(&own, enrolled.not_after.plus_millis(-1))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_lost_device_is_shut_out_at_once_and_may_come_back_unless_revoked() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    let code = bank.code_for(Some("zhang")).await;
    let enrolled = bank.enrol(&Phone::new(), &code, NOW).await.unwrap();
    let certificate = der(&enrolled.certificate_pem);
    let devices = &bank.identity.devices;
    let device = devices.find(enrolled.device).await.unwrap().unwrap();
    let kept = bank.phone_of(Some("zhang")).await;
    let lost_session = bank.session(&device, "zhang", NOW).await;
    let kept_session = bank.session(&kept, "zhang", NOW).await;
    let is_open = |opened: &hefu_identity::sessions::OpenedSession| {
        let by_id = bank
            .identity
            .sessions
            .find(opened.session.id, NOW)
            .is_some();
        let token = opened.token.dangerous_text().as_bytes();
        let by_token = bank.identity.sessions.find_by_token(token, NOW).is_some();
        assert_eq!(by_id, by_token);
        by_id
    };
    assert!(is_open(&lost_session) && is_open(&kept_session));

    let set = async |status| {
        bank.identity
            .set_device_status(enrolled.device, status, NOW)
            .await
            .unwrap()
    };
    assert_eq!(
        set(DeviceStatus::Frozen).await.unwrap(),
        [lost_session.session.id]
    );
    assert!(!is_open(&lost_session) && is_open(&kept_session));
    assert!(
        !devices
            .find(enrolled.device)
            .await
            .unwrap()
            .unwrap()
            .is_active()
    );
    let frozen = devices.by_certificate(&certificate, NOW).await.unwrap_err();
    assert!(
        matches!(frozen, CertificateRefusal::NotActive(DeviceStatus::Frozen)),
        "{frozen}"
    );
    // A request that had looked the device up before.
    let login = bank
        .log_in(&device, "zhang", PASSWORD, NOW)
        .await
        .unwrap_err();
    assert_eq!(login.reason(), "not-active");

    assert_eq!(set(DeviceStatus::Active).await.unwrap(), []);
    assert!(devices.by_certificate(&certificate, NOW).await.is_ok());
    assert!(!is_open(&lost_session), "what ended stays ended");
    let again = bank.session(&device, "zhang", NOW).await;

    assert_eq!(
        set(DeviceStatus::Revoked).await.unwrap(),
        [again.session.id]
    );
    assert_eq!(set(DeviceStatus::Active).await, None, "revoked is for ever");
    assert!(devices.by_certificate(&certificate, NOW).await.is_err());
}

#[tokio::test]
async fn a_device_of_one_user_neither_logs_in_nor_locks_out_another() {
    let bank = Institution::new().await;
    bank.add_user("zhang").await;
    bank.add_user("li").await;
    let (zhangs, anybodys) = (
        bank.phone_of(Some("zhang")).await,
        bank.phone_of(None).await,
    );
    for _ in 0..20 {
        let refused = bank.log_in(&zhangs, "li", PASSWORD, NOW).await.unwrap_err();
        assert!(matches!(
            refused,
            LoginError::Authenticate(AuthenticateError::Refused(LoginRefusal::AnothersDevice))
        ));
    }
    assert!(
        bank.log_in(&anybodys, "li", PASSWORD, NOW).await.is_ok(),
        "li is not locked"
    );
    assert!(bank.log_in(&zhangs, "zhang", PASSWORD, NOW).await.is_ok());
}
