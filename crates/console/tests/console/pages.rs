//! What the pages say, in both languages, whatever the data.

use axum::http::StatusCode;
use hefu_evidence::EventRecord;
use hefu_store::EventOutcome;
use hefu_tally::ids::RequestId;

use crate::{
    sample::device,
    visitor::{Deployment, NOW},
};

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&lt;";

fn hostile_event() -> EventRecord {
    EventRecord {
        seq: 0,
        request_id: RequestId::from_bytes([7; 16]),
        at: NOW,
        function: Some(HOSTILE.into()),
        device: Some(device(3, NOW).id),
        guard: HOSTILE.into(),
        clauses: vec![HOSTILE.into(), "AN-1".into()].into(),
        outcome: EventOutcome::Refused,
        code: Some(HOSTILE.into()),
        reason: HOSTILE.into(),
        class: Some(HOSTILE.into()),
        status: 401,
        micros: u32::MAX,
        served: false,
    }
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let deployment = Deployment::new().await;
    let mut hostile = device(200, NOW);
    hostile.model = HOSTILE.to_owned();
    hostile.platform = HOSTILE.to_owned();
    deployment.sample.enrol(&hostile).await;
    let request = deployment.sample.record(hostile_event()).await;
    let mut operator = deployment.operator().await;
    let query = "%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%27";
    for page in [
        "/".to_owned(),
        "/events".to_owned(),
        format!("/events/{request}"),
        format!("/events?guard={query}"),
        format!("/events?request={query}"),
        format!("/devices?id={query}"),
        format!("/devices/{}", hostile.id),
        format!("/coverage?q={query}"),
        format!("/live/events?guard={query}&after=0"),
        format!("/nowhere/{query}"),
    ] {
        let answer = operator.get(&page).await;
        assert!(!answer.text.contains("<script>"), "{page}");
        assert!(!answer.text.contains("<img"), "{page}");
        for name in crate::markup::attribute_names(&answer.text) {
            let is_own = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b':');
            assert!(
                is_own && !name.starts_with("on"),
                "no attribute ends early: {name:?} in {page}\n{}",
                answer.text
            );
        }
    }
    let shown = operator.get(&format!("/devices/{}", hostile.id)).await.text;
    assert!(
        shown.contains("&#60;script&#62;alert(1)"),
        "it is shown all the same"
    );
    let shown = operator.get(&format!("/events/{request}")).await.text;
    assert!(shown.contains("&#60;script&#62;alert(1)"));
}

#[tokio::test]
async fn the_language_follows_the_browser_and_then_the_switch() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let page = operator.get("/coverage").await.text;
    assert!(page.contains("<html lang=\"en\">") && page.contains("Coverage of the clauses"));
    operator.language = "zh-CN,zh;q=0.9,en;q=0.8";
    let page = operator.get("/coverage").await;
    assert!(page.text.contains("<html lang=\"zh-Hans\">") && page.text.contains("条款覆盖"));

    let form = format!(
        "token={}&language=en&next=%2Fevents%3Foutcome%3Drefused",
        page.token()
    );
    let answer = operator.post("/language", &form).await;
    assert_eq!(answer.header("location"), "/events?outcome=refused");
    assert!(
        operator
            .get("/coverage")
            .await
            .text
            .contains("<html lang=\"en\">")
    );
    let form = format!("token={}&language=fr", page.token());
    assert_eq!(
        operator.post("/language", &form).await.status,
        StatusCode::BAD_REQUEST
    );
    operator.cookies.insert("hefu-language".into(), "fr".into());
    assert!(
        operator
            .get("/coverage")
            .await
            .text
            .contains("<html lang=\"zh-Hans\">")
    );
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let request = deployment.sample.happen(NOW).await;
    for language in ["en", "zh"] {
        operator.language = language;
        for page in [
            "/".to_owned(),
            "/coverage".to_owned(),
            "/clauses/CJ-6.3.d.4".to_owned(),
            "/events".to_owned(),
            format!("/events/{request}"),
            "/latency?span=6h".to_owned(),
            "/devices".to_owned(),
            format!("/devices/{}", device(1, NOW).id),
            "/nowhere".to_owned(),
        ] {
            let text = operator.get(&page).await.text;
            assert!(!text.contains("Unknown localization"), "{language} {page}");
            assert_eq!(text.matches("<h1").count(), 1, "{language} {page}");
            assert_eq!(text.matches("<main").count(), 1, "{language} {page}");
            ids_are_unique(&text, &page);
            charts_have_words(&text, &page);
            tables_have_scopes(&text, &page);
        }
    }
}

fn ids_are_unique(text: &str, page: &str) {
    let mut ids: Vec<&str> = text
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "{page}");
    for label in text.split(" aria-labelledby=\"").skip(1) {
        for id in label.split('"').next().unwrap().split(' ') {
            assert!(ids.contains(&id), "{page}: nothing is called {id}");
        }
    }
}

fn charts_have_words(text: &str, page: &str) {
    for svg in text.split("<svg").skip(1) {
        let svg = svg.split("</svg>").next().unwrap();
        let is_said =
            svg.contains("role=\"img\"") && svg.contains("<title") && svg.contains("<desc");
        assert!(
            is_said || svg.contains("aria-hidden=\"true\""),
            "{page}: {svg}"
        );
    }
}

fn tables_have_scopes(text: &str, page: &str) {
    assert_eq!(
        text.matches("<table").count(),
        text.matches("<caption").count(),
        "{page}"
    );
    for header in text
        .split("<th")
        .skip(1)
        .filter(|rest| !rest.starts_with("ead"))
    {
        assert!(
            header.starts_with(" scope="),
            "{page}: {:?}",
            header.get(..40)
        );
    }
}

#[tokio::test]
async fn an_attested_clause_is_never_shown_as_passed() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let page = operator
        .get_part("/coverage?state=attested", "clauses")
        .await
        .text;
    let lines: Vec<&str> = page.split("<tr>").skip(2).collect();
    assert!(lines.len() > 10);
    for line in lines {
        assert!(line.contains("Attested"), "{line}");
        assert!(
            !line.contains("Enforced") && !line.contains("Checked"),
            "{line}"
        );
        assert!(!line.to_lowercase().contains("passed") || line.contains("class=\"counts\""));
    }
    let clause = page
        .split("/clauses/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let page = operator.get(&format!("/clauses/{clause}")).await.text;
    assert!(page.contains("It is never counted as passed."));
}

#[tokio::test]
async fn the_coverage_table_is_filtered_as_a_part_and_as_a_page() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let rows = |text: &str| text.matches("<th scope=\"row\"><a class=\"id\"").count();
    let page = operator.get("/coverage").await;
    assert_eq!(rows(&page.text), 359);
    let part = operator.get_part("/coverage?document=AN", "clauses").await;
    assert_eq!(rows(&part.text), 12);
    assert!(!part.text.contains("<html") && part.text.contains("12 clauses found"));
    assert!(part.header("vary").contains("HX-Request"));
    let page = operator.get("/coverage?document=AN").await;
    assert_eq!(rows(&page.text), 12);
    assert!(page.text.contains("<html") && page.text.contains("value=\"AN\" selected"));
    let none = operator
        .get_part("/coverage?q=no+such+words", "clauses")
        .await;
    assert!(none.text.contains("No clause fits this filter."));
}

#[tokio::test]
async fn a_clause_shows_both_languages_what_serves_it_and_what_was_seen() {
    let deployment = Deployment::new().await;
    let seen = EventRecord {
        guard: "replay".into(),
        clauses: vec!["CJ-6.3.d.4".into()].into(),
        reason: "nonce-seen".into(),
        ..hostile_event()
    };
    deployment.sample.record(seen).await;
    let mut operator = deployment.operator().await;
    let page = operator.get("/clauses/CJ-6.3.d.4").await.text;
    for words in [
        "Replay of requests is prevented",
        "防止请求重放",
        "crates/gateway/src/guards/replay.rs",
        "crates/assess/src/probes/registration_replayed.rs",
        "nonce-seen",
        "Enforced",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for nowhere in [
        "/clauses/CJ-99",
        "/clauses/cj-6.3.d.4",
        "/clauses/%2e%2e",
        "/clauses/x",
    ] {
        assert_eq!(
            operator.get(nowhere).await.status,
            StatusCode::NOT_FOUND,
            "{nowhere}"
        );
    }
}

#[tokio::test]
async fn events_are_paged_towards_the_past_without_gaps() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let mut path = "/events".to_owned();
    let mut seen: Vec<u64> = Vec::new();
    loop {
        let page = operator.get(&path).await.text;
        let of_page: Vec<u64> = page
            .split("id=\"event-")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect();
        assert!(of_page.len() <= 50);
        seen.extend(of_page);
        let Some(older) = page.split("id=\"events-older\" href=\"").nth(1) else {
            break;
        };
        path = older.split('"').next().unwrap().to_owned();
        assert_eq!(
            page.contains("hx-trigger"),
            seen.len() <= 50,
            "only the newest page lives"
        );
    }
    let last = seen[0];
    assert_eq!(seen, (1..=last).rev().collect::<Vec<_>>());
    for wrong in [
        "/events?before=-1",
        "/events?before=x",
        "/events?before=99999999999999999999",
    ] {
        assert_eq!(
            operator.get(wrong).await.status,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    assert!(
        operator
            .get("/events?before=0")
            .await
            .text
            .contains("No events.")
    );
}

#[tokio::test]
async fn the_live_table_comes_only_when_something_came() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let page = operator.get("/events?guard=replay").await.text;
    let live = page
        .split("hx-get=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let live = live.replace("&#38;", "&");
    assert!(
        live.starts_with("/live/events?guard=replay&after="),
        "{live}"
    );
    assert_eq!(
        operator.get_part(&live, "events").await.status,
        StatusCode::NO_CONTENT
    );

    let mut event = hostile_event();
    event.guard = "schema".into();
    deployment.sample.record(event.clone()).await;
    let answer = operator.get_part(&live, "events").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "another guard");

    event.guard = "replay".into();
    event.request_id = RequestId::from_bytes([8; 16]);
    deployment.sample.record(event).await;
    let answer = operator.get_part(&live, "events").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.text.matches("class=\"fresh\"").count(), 1);
    assert!(!answer.text.contains("<html"));

    let paused = operator.get("/events?live=off").await.text;
    assert!(!paused.contains("hx-trigger") && paused.contains("Resume"));
}

#[tokio::test]
async fn events_are_filtered() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let id = deployment.sample.record(hostile_event()).await;
    let rows = |text: &str| text.matches("id=\"event-").count();
    let page = operator
        .get("/events?outcome=refused&guard=replay")
        .await
        .text;
    assert!(rows(&page) > 5);
    assert!(!page.contains("badge allowed"));
    let page = operator.get(&format!("/events?request={id}")).await.text;
    assert_eq!(rows(&page), 1);
    let upper = id.to_string().to_uppercase();
    assert_eq!(
        rows(&operator.get(&format!("/events?request={upper}")).await.text),
        1
    );
    let page = operator.get("/events?request=0199").await.text;
    assert_eq!(rows(&page), 0);
    assert!(page.contains("A request id looks like") && page.contains("aria-invalid=\"true\""));
    assert!(rows(&operator.get("/events?function=T2001").await.text) > 5);
    assert_eq!(
        rows(
            &operator
                .get("/events?clause=AN-1&outcome=refused&guard=schema")
                .await
                .text
        ),
        0
    );
    let long = format!("/events?guard={}", "x".repeat(65));
    assert_eq!(operator.get(&long).await.status, StatusCode::BAD_REQUEST);
    let longest = format!("/events?guard={}", "x".repeat(64));
    assert_eq!(operator.get(&longest).await.status, StatusCode::OK);
}

#[tokio::test]
async fn devices_are_paged_without_gaps_and_found_by_id() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let mut path = "/devices".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = operator.get(&path).await.text;
        let links = page.split("<a class=\"id\" href=\"/devices/").skip(1);
        let of_page: Vec<String> = links
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect();
        assert!(of_page.len() <= 50);
        seen.extend(of_page);
        let Some(next) = page.split("rel=\"next\" href=\"").nth(1) else {
            break;
        };
        path = next.split('"').next().unwrap().to_owned();
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len()), (73, 73));

    let id = device(5, NOW).id;
    let found = operator.get(&format!("/devices?id=+{id}+")).await;
    assert_eq!(found.header("location"), format!("/devices/{id}"));
    let missed = operator.get("/devices?id=d-1").await;
    assert!(missed.text.contains("There is no device of this id."));
    assert_eq!(
        operator.get("/devices?after=d-1").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        operator.get("/devices/d-1").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn latency_is_held_against_the_limits() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let page = operator.get("/latency?span=6h").await.text;
    for words in [
        "limit 300 ms",
        "limit 100 ms",
        "limit 500 ms",
        "Over the limit",
        "p99",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(page.matches("class=\"histogram\"").count(), 3);
    assert_eq!(
        operator.get("/latency?span=1y").await.status,
        StatusCode::BAD_REQUEST
    );
    deployment.clock.advance_millis(20 * 60_000);
    let quiet = deployment
        .operator()
        .await
        .get("/latency?span=15m")
        .await
        .text;
    assert_eq!(quiet.matches("No requests in this span.").count(), 3);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_one_plain_page() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    deployment.sample.break_store(true);
    let mut texts = Vec::new();
    for page in [
        "/coverage",
        "/events",
        "/latency",
        "/devices",
        "/clauses/AN-1",
    ] {
        let answer = operator.get(page).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
        assert!(!answer.text.contains("secret-inner-detail"));
        texts.push(answer.text.replace(&format!("value=\"{page}\""), "here"));
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "uniform");
    deployment.sample.break_store(false);
    assert_eq!(operator.get("/coverage").await.status, StatusCode::OK);
}

#[tokio::test]
async fn addresses_are_bounded() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let path = |bytes: usize| format!("/devices?x={}", "x".repeat(bytes - "/devices?x=".len()));
    assert_eq!(operator.get(&path(2_048)).await.status, StatusCode::OK);
    assert_eq!(
        operator.get(&path(2_049)).await.status,
        StatusCode::URI_TOO_LONG
    );
    let many = (0..17).map(|n| format!("n{n}=1&")).collect::<String>();
    assert_eq!(
        operator.get(&format!("/devices?{many}")).await.status,
        StatusCode::BAD_REQUEST
    );
}

/// The smallest pieces that others depend on: what a screen reader is told.
#[tokio::test]
async fn a_bar_is_drawn_and_told() {
    let deployment = Deployment::new().await;
    let mut operator = deployment.operator().await;
    let page = operator.get("/").await.text;
    let bar = page.split("<div class=\"bar-medium\">").nth(1).unwrap();
    insta::assert_snapshot!(bar.split("</div>").next().unwrap().replace("><", ">\n<"), @r#"
    <svg class="bar" role="img" aria-labelledby="devices-title devices-desc" focusable="false">
    <title id="devices-title">Devices by status</title>
    <desc id="devices-desc">Active 67, Frozen 3, Revoked 3</desc>
    <rect class="fill-active" x="0.00%" width="91.78%" height="100%"/>
    <rect class="fill-frozen" x="91.78%" width="4.11%" height="100%"/>
    <rect fill="url(#pattern-frozen)" x="91.78%" width="4.11%" height="100%"/>
    <rect class="fill-revoked" x="95.89%" width="4.11%" height="100%"/>
    </svg>
    "#);
}
