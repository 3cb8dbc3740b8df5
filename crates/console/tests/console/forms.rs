//! Forms: only our own pages may send them.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use hefu_console::Source as _;
use hefu_store::DeviceStatus;

use crate::{
    sample::device,
    visitor::{Deployment, HOST, NOW, ORIGIN},
};

#[tokio::test]
async fn a_form_needs_our_origin_and_its_own_token() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let token = operator.get("/").await.token();
    let of_another = deployment.operator().await.get("/").await.token();
    let good = format!("token={token}&language=zh&next=%2F");

    for origin in [
        None,
        Some("null"),
        Some("http://evil.example"),
        Some("https://127.0.0.1:8444"),
        Some("http://127.0.0.1:8445"),
        Some("http://localhost:8444"),
    ] {
        let mut request = operator.request(Method::POST, "/language");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let answer = operator
            .send(request.body(Body::from(good.clone())).unwrap())
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin:?}");
    }
    for form in [
        "language=zh&next=%2F".to_owned(),
        "token=&language=zh".to_owned(),
        format!("token={of_another}&language=zh"),
        format!("token={}&language=zh", token.split_at(1).1),
    ] {
        let answer = operator.post("/language", &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}");
    }
    assert!(!operator.cookies.contains_key("hefu-language"));

    let answer = operator.post("/language", &good).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(operator.cookies["hefu-language"], "zh");
}

#[tokio::test]
async fn a_login_form_of_another_browser_is_refused() {
    let deployment = Deployment::new().await;
    let (mut victim, mut attacker) = (deployment.stranger(), deployment.stranger());
    let attackers = attacker.get("/login").await.token();
    let own = victim.get("/login").await.token();
    let form = |token: &str| format!("token={token}&next=%2F&password=correct+horse");
    let answer = victim.post("/login", &form(&attackers)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(victim.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        victim.post("/login", &form(&own)).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(victim.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_device_is_frozen_thawed_and_after_a_confirmation_revoked() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let id = device(1, NOW).id;
    let path = format!("/devices/{id}/status");
    let token = operator.get(&format!("/devices/{id}")).await.token();
    let status = async || deployment.sample.device(id).await.unwrap().unwrap().status;

    let answer = operator.post(&path, "status=frozen").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(status().await, DeviceStatus::Active);

    let answer = operator
        .post(&path, &format!("token={token}&status=frozen"))
        .await;
    assert_eq!(answer.header("location"), format!("/devices/{id}"));
    assert_eq!(status().await, DeviceStatus::Frozen);
    assert!(
        operator
            .get(&format!("/devices/{id}"))
            .await
            .text
            .contains("Thaw")
    );
    operator
        .post(&path, &format!("token={token}&status=active"))
        .await;
    assert_eq!(status().await, DeviceStatus::Active);

    let answer = operator
        .post(&path, &format!("token={token}&status=revoked"))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "not confirmed");
    assert_eq!(status().await, DeviceStatus::Active);
    operator
        .post(
            &path,
            &format!("token={token}&status=revoked&confirmed=yes"),
        )
        .await;
    assert_eq!(status().await, DeviceStatus::Revoked);
    let page = operator.get(&format!("/devices/{id}")).await;
    assert!(
        !page.text.contains("name=\"status\""),
        "nothing is left to do"
    );
    let answer = operator
        .post(&path, &format!("token={token}&status=active"))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(status().await, DeviceStatus::Revoked);

    let nobody = "/devices/d-AAAAAAAAAAAAAAAAAAAAAA/status";
    let answer = operator
        .post(nobody, &format!("token={token}&status=frozen"))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stranger_changes_nothing() {
    let deployment = Deployment::new().await;
    let mut stranger = deployment.stranger();
    let token = stranger.get("/login").await.token();
    let id = device(1, NOW).id;
    let form = format!("token={token}&status=frozen");
    let answer = stranger.post(&format!("/devices/{id}/status"), &form).await;
    assert_eq!(answer.header("location"), "/login");
    let status = deployment.sample.device(id).await.unwrap().unwrap().status;
    assert_eq!(status, DeviceStatus::Active);
}

#[tokio::test]
async fn forms_are_bounded() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let token = operator.get("/").await.token();
    let form = |size: usize| format!("token={token}&language=zh&next={}", "a".repeat(size));
    let answer = operator.post("/language", &form(8_192)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        operator.post("/language", &form(4_096)).await.status,
        StatusCode::SEE_OTHER
    );
    let twice = format!("token={token}&token={token}&language=zh");
    assert_eq!(
        operator.post("/language", &twice).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn other_methods_are_refused() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let request = operator
            .request(method.clone(), "/devices")
            .header(header::ORIGIN, ORIGIN);
        let answer = operator.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(answer.text.contains("cannot be used that way"), "{method}");
    }
    let request = operator
        .request(Method::HEAD, "/devices")
        .body(Body::empty())
        .unwrap();
    assert_eq!(operator.send(request).await.status, StatusCode::OK);
    assert_eq!(HOST, ORIGIN.trim_start_matches("http://"));
}
