//! What every answer carries, and under which names there is one.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};

use crate::visitor::{Deployment, HOST, ORIGIN, PASSWORD};

#[tokio::test]
async fn every_answer_is_dressed() {
    let deployment = Deployment::new().await;
    let (mut stranger, mut operator) = (deployment.stranger(), deployment.operator().await);
    let mut forged = deployment.stranger();
    let answers = [
        stranger.get("/").await,
        stranger.get("/login").await,
        stranger.get("/static/htmx.js").await,
        operator.get("/").await,
        operator.get("/nowhere").await,
        operator.get("/coverage?state=passed").await,
        forged.post("/login", "").await,
    ];
    for answer in answers {
        let csp = answer.header("content-security-policy");
        assert!(csp.starts_with("default-src 'none';"), "{csp}");
        assert!(csp.contains("frame-ancestors 'none'"), "{csp}");
        assert!(!csp.contains("unsafe") && !csp.contains("http"), "{csp}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        let kept = answer.header("cache-control");
        let is_asset = answer.header("content-type").contains("javascript");
        assert_eq!(kept, if is_asset { "no-cache" } else { "no-store" });
        assert_eq!(answer.header("strict-transport-security"), "");
    }
}

#[tokio::test]
async fn no_page_has_a_script_or_style_of_its_own_or_asks_another_host() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let mut pages = vec![deployment.stranger().get("/login").await];
    for page in [
        "/",
        "/coverage",
        "/clauses/AN-1",
        "/events",
        "/latency",
        "/devices",
        "/nowhere",
    ] {
        pages.push(operator.get(page).await);
    }
    for page in pages {
        let text = &page.text;
        assert!(text.contains("</html>"), "{text}");
        assert!(
            !text.contains("<style") && !text.contains(" style="),
            "{text}"
        );
        assert!(!text.contains("://"), "{text}");
        for name in crate::markup::attribute_names(text) {
            assert!(!name.starts_with("on"), "no handlers: {name}");
        }
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/static/"), "{script}");
            assert!(script.contains("defer></script>"));
        }
    }
}

#[tokio::test]
async fn only_listed_names_are_answered() {
    let deployment = Deployment::under(&[ORIGIN, "https://console.bank.example"]).await;
    let status = async |host: &[&str], uri: &str| {
        let mut request = Request::builder().method(Method::GET).uri(uri);
        for host in host {
            request = request.header(header::HOST, *host);
        }
        let request = request.body(Body::empty()).unwrap();
        deployment.stranger().send(request).await.status
    };
    for host in [HOST, "console.bank.example", "CONSOLE.bank.example"] {
        assert_eq!(status(&[host], "/login").await, StatusCode::OK, "{host}");
    }
    for host in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:8445",
        "localhost:8444",
        "evil.example:8444",
        "",
    ] {
        assert_eq!(
            status(&[host], "/login").await,
            StatusCode::MISDIRECTED_REQUEST,
            "{host}"
        );
        assert_eq!(
            status(&[host], "/static/htmx.js").await,
            StatusCode::MISDIRECTED_REQUEST
        );
    }
    assert_eq!(status(&[], "/login").await, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(
        status(&[HOST, HOST], "/login").await,
        StatusCode::MISDIRECTED_REQUEST
    );
    let contradicted = status(&[HOST], "http://evil.example/login").await;
    assert_eq!(contradicted, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn with_https_cookies_are_secure_and_bound_to_the_host() {
    let deployment = Deployment::under(&["https://console.bank.example"]).await;
    let mut stranger = deployment.stranger();
    let request = |method| {
        Request::builder()
            .method(method)
            .header(header::HOST, "console.bank.example")
    };
    let login = request(Method::GET)
        .uri("/login")
        .body(Body::empty())
        .unwrap();
    let page = stranger.send(login).await;
    let set = page.header("set-cookie");
    assert!(set.starts_with("__Host-hefu-login="), "{set}");
    assert!(
        set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000");

    let form = format!(
        "token={}&password={}",
        page.token(),
        PASSWORD.replace(' ', "+")
    );
    let cookie = format!(
        "__Host-hefu-login={}",
        stranger.cookies["__Host-hefu-login"]
    );
    let send = async |origin: &str| {
        let request = request(Method::POST)
            .uri("/login")
            .header(header::COOKIE, &cookie);
        let request = request
            .header(header::ORIGIN, origin)
            .body(Body::from(form.clone()));
        deployment.stranger().send(request.unwrap()).await
    };
    let refused = send("http://console.bank.example").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let answer = send("https://console.bank.example").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(
        answer
            .header("set-cookie")
            .starts_with("__Host-hefu-console=")
    );
}

#[tokio::test]
async fn no_secret_is_in_an_address_or_a_page() {
    let deployment = Deployment::new().await;
    let mut visitor = deployment.stranger();
    let answer = visitor.log_in(PASSWORD).await;
    let session = visitor.cookies["hefu-console"].clone();
    assert!(!answer.header("location").contains(&session));
    for page in ["/", "/events", "/devices"] {
        let page = visitor.get(page).await;
        assert!(!page.text.contains(&session) && !page.text.contains(PASSWORD));
        assert!(
            !page.text.contains(&format!("token={}", page.token())),
            "only in forms"
        );
    }
}

#[tokio::test]
async fn assets_are_asked_for_again_and_sent_once() {
    let deployment = Deployment::new().await;
    let mut stranger = deployment.stranger();
    let first = stranger.get("/static/console.css").await;
    assert!(first.text.contains("prefers-color-scheme: dark"));
    let request = stranger.request(Method::GET, "/static/console.css");
    let request = request.header(header::IF_NONE_MATCH, first.header("etag"));
    let again = stranger.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert!(again.text.is_empty());
    for other in [
        "/static/..%2fCargo.toml",
        "/static/htmx-LICENSE",
        "/static/",
    ] {
        let status = stranger.get(other).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{other}");
    }
}
