//! Health and metrics, on the operators' side alone.

use axum::{
    body::{Body, to_bytes},
    http::{Request as HttpRequest, StatusCode},
};
use tower::ServiceExt as _;

use crate::support::{Key, Request, World};

async fn get(world: &World, path: &str) -> (StatusCode, String) {
    let request = HttpRequest::get(path).body(Body::empty()).unwrap();
    let response = world.gateway().ops_router().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

pub(crate) async fn metrics(world: &World) -> String {
    get(world, "/metrics").await.1
}

#[tokio::test]
async fn a_gateway_that_can_serve_says_so() {
    let world = World::start().await;
    assert_eq!(get(&world, "/health/live").await.0, StatusCode::OK);
    let (status, body) = get(&world, "/health/ready").await;
    assert_eq!(status, StatusCode::OK);
    let expected = r#"{"ready":true,"accepting":true,"events":true,"nonces":true,"service":true}"#;
    assert_eq!(body, expected);
}

#[tokio::test]
async fn metrics_have_bounded_labels_whatever_strangers_send() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    world
        .call(
            &phone,
            Key::Session,
            Request::new("GET", "/faults/none", "F1"),
        )
        .await;
    for stranger in 0..50 {
        let request = Request::new("GET", &format!("/x{stranger}"), &format!("X{stranger}"));
        world
            .call(&phone, Key::Session, request)
            .await
            .assert_status(404);
    }
    let metrics = metrics(&world).await;
    let passed = r#"hefu_gateway_requests_total{function="F1",class="bus",code="ok",guard=""} 1"#;
    assert!(metrics.contains(passed), "{metrics}");
    let refused =
        r#"hefu_gateway_requests_total{function="",class="",code="not-found",guard="route"} 50"#;
    assert!(metrics.contains(refused), "{metrics}");
    assert!(!metrics.contains("X1"));
}

#[tokio::test]
async fn the_data_plane_shows_none_of_it() {
    let world = World::start().await;
    for path in ["/health/live", "/health/ready", "/metrics", "/"] {
        let text = format!("GET {path} HTTP/1.1\r\nHost: localhost:8443\r\n\r\n");
        world
            .wire()
            .await
            .send_raw(&text)
            .await
            .assert_refused(404, "not-found");
    }
}
