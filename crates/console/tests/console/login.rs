//! Who gets in, and for how long.

use axum::http::StatusCode;

use crate::visitor::{Deployment, PASSWORD};

const PAGES: [&str; 10] = [
    "/",
    "/coverage",
    "/clauses/CJ-6.3.d.4",
    "/events",
    "/events/0199c2b4-5a00-7000-8000-0123456789ab",
    "/latency",
    "/devices",
    "/devices/d-AAAAAAAAAAAAAAAAAAAAAA",
    "/live/events",
    "/live/recent",
];

#[tokio::test]
async fn every_page_but_the_login_asks_for_it() {
    let deployment = Deployment::new().await;
    let mut stranger = deployment.stranger();
    for page in PAGES {
        let answer = stranger.get(page).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page}");
        assert!(answer.header("location").starts_with("/login"), "{page}");
        assert!(answer.text.is_empty(), "{page}");
    }
    let nowhere = stranger.get("/no/such/page").await;
    assert_eq!(
        nowhere.status,
        StatusCode::SEE_OTHER,
        "a stranger learns no addresses"
    );
    for open in ["/login", "/static/console.css", "/static/htmx.js"] {
        assert_eq!(stranger.get(open).await.status, StatusCode::OK, "{open}");
    }

    let mut operator = deployment.operator().await;
    for page in [
        "/",
        "/coverage",
        "/clauses/CJ-6.3.d.4",
        "/events",
        "/latency",
        "/devices",
    ] {
        assert_eq!(operator.get(page).await.status, StatusCode::OK, "{page}");
    }
}

#[tokio::test]
async fn after_the_login_one_is_where_one_wanted_to_go() {
    let deployment = Deployment::new().await;
    let mut visitor = deployment.stranger();
    let answer = visitor.get("/coverage?document=AN").await;
    let login = answer.header("location").to_owned();
    assert_eq!(login, "/login?next=%2Fcoverage%3Fdocument%3DAN");
    let page = visitor.get(&login).await;
    assert!(
        page.text
            .contains(r#"name="next" value="/coverage?document=AN""#),
        "{}",
        page.text
    );

    let form = format!("token={}&password=correct+horse&next=", page.token());
    let answer = visitor
        .clone()
        .post("/login", &format!("{form}%2Fcoverage%3Fdocument%3DAN"))
        .await;
    assert_eq!(answer.header("location"), "/coverage?document=AN");
    let answer = visitor
        .post("/login", &format!("{form}%2F%2Fevil.example%2F"))
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/", "never to another host");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_right_one_is_not() {
    let deployment = Deployment::new().await;
    let mut visitor = deployment.stranger();
    let answers = [
        visitor.log_in("wrong horse").await,
        visitor.log_in("").await,
        visitor.log_in("x").await,
    ];
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text.contains("That is not the password"));
        assert_eq!(answer.text, answers[0].text, "all failures look the same");
    }
    assert_eq!(visitor.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(visitor.log_in(PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(visitor.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn tries_run_out_also_for_the_right_password_and_come_back() {
    let deployment = Deployment::new().await;
    let mut visitor = deployment.stranger();
    let mut tries = 0;
    while visitor.log_in("wrong horse").await.status == StatusCode::FORBIDDEN {
        tries += 1;
        assert!(tries <= 10);
    }
    let answer = visitor.log_in(PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.text.contains("Wait a minute"));
    deployment.clock.advance_millis(60_000);
    assert_eq!(visitor.log_in(PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_starts_anew_with_the_login_and_ends_with_the_logout() {
    let deployment = Deployment::new().await;
    let mut visitor = deployment.stranger();
    visitor.get("/login").await;
    let before = visitor.cookies.clone();
    visitor.log_in(PASSWORD).await;
    assert!(before.contains_key("hefu-login") && !visitor.cookies.contains_key("hefu-login"));
    assert!(
        !before
            .values()
            .any(|value| visitor.cookies.values().any(|other| other == value))
    );

    let mut thief = visitor.clone();
    assert_eq!(thief.get("/").await.status, StatusCode::OK);
    let token = visitor.get("/").await.token();
    let answer = visitor.post("/logout", &format!("token={token}")).await;
    assert_eq!(answer.header("location"), "/login");
    assert!(!visitor.cookies.contains_key("hefu-console"));
    assert_eq!(
        thief.get("/").await.status,
        StatusCode::SEE_OTHER,
        "ended on the server too"
    );
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_and_a_page_that_refreshes_itself_is_no_use() {
    let deployment = Deployment::new().await;
    let (mut active, mut idle) = (deployment.operator().await, deployment.operator().await);
    for _ in 0..31 {
        deployment.clock.advance_millis(60_000);
        assert_eq!(active.get("/events").await.status, StatusCode::OK);
        idle.get_part("/live/events?after=999999", "events").await;
    }
    let answer = idle.get_part("/live/events?after=999999", "events").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.header("hx-redirect"),
        "/login",
        "the browser is taken to the login"
    );
    assert!(!answer.text.contains("<table"));

    for _ in 0..12 * 60 {
        deployment.clock.advance_millis(60_000);
        active.get("/events?before=1").await;
    }
    assert_eq!(
        active.get("/").await.status,
        StatusCode::SEE_OTHER,
        "in any case after a day's work"
    );
}

#[tokio::test]
async fn made_up_and_mangled_cookies_open_nothing() {
    let deployment = Deployment::new().await;
    let operator = deployment.operator().await;
    let real = operator.cookies["hefu-console"].clone();
    let mut flipped = real.clone().into_bytes();
    flipped[0] = if flipped[0] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    for made_up in [
        "",
        "x",
        &"A".repeat(43),
        &flipped,
        &format!("{real}A"),
        real.split_at(1).1,
    ] {
        let mut visitor = deployment.stranger();
        visitor
            .cookies
            .insert("hefu-console".into(), made_up.into());
        assert_eq!(
            visitor.get("/").await.status,
            StatusCode::SEE_OTHER,
            "{made_up}"
        );
    }
    let mut honest = deployment.stranger();
    honest.cookies.insert("hefu-console".into(), real);
    assert_eq!(honest.get("/").await.status, StatusCode::OK);
}
