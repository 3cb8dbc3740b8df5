//! An operator's way through the pages, in a real browser.

use fantoccini::{Locator, key::Key};
use hefu_tally::clock::{Clock as _, SystemClock};

use crate::chromium::Screen;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_logs_in_and_opens_every_page() {
    let screen = Screen::open("en").await;
    screen.go("/latency").await;
    assert_eq!(screen.text("h1").await, "Log in", "the login comes first");
    screen.log_in().await;
    for (link, title) in [
        ("/coverage", "Coverage of the clauses"),
        ("/events", "Events"),
        ("/latency", "Latency by class"),
        ("/devices", "Devices"),
    ] {
        screen.click(&format!(".places a[href=\"{link}\"]")).await;
        let heading = format!(".places a[href=\"{link}\"][aria-current=\"page\"]");
        screen
            .client
            .wait()
            .for_element(Locator::Css(&heading))
            .await
            .unwrap();
        assert_eq!(screen.text("h1").await, title);
    }
    screen.click(".devices tbody th a").await;
    screen
        .client
        .wait()
        .for_element(Locator::Css("#facts-heading"))
        .await
        .unwrap();
    screen.go("/clauses/CJ-6.3.d.4").await;
    assert!(screen.text(".wording").await.contains("防止请求重放"));
    screen
        .click("#events-heading ~ .scroll a.id[href^=\"/events/\"]")
        .await;
    assert!(screen.text("h1").await.starts_with("Request"));

    screen
        .click(".top-forms form[action=\"/logout\"] button")
        .await;
    screen
        .client
        .wait()
        .for_element(Locator::Css("#password"))
        .await
        .unwrap();
    screen.go("/devices").await;
    assert_eq!(screen.text("h1").await, "Log in");
    assert_eq!(screen.complaints().await, [""; 0]);
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clauses_are_filtered_without_a_new_page() {
    let screen = Screen::open("en").await;
    screen.log_in().await;
    screen.go("/coverage").await;
    assert_eq!(screen.count(".clause-table tbody tr").await, 359);
    screen
        .client
        .execute("window.stillHere = true", vec![])
        .await
        .unwrap();

    let document = screen.client.find(Locator::Css("#document")).await.unwrap();
    document.select_by_value("AN").await.unwrap();
    until(
        &screen,
        "return document.querySelectorAll('.clause-table tbody tr').length === 12",
    )
    .await;
    assert_eq!(screen.text("#clauses-count").await, "12 clauses found");
    let text = screen.client.find(Locator::Css("#q")).await.unwrap();
    text.send_keys("replay").await.unwrap();
    until(&screen, "const n = document.querySelectorAll('.clause-table tbody tr').length; return n > 0 && n < 12")
        .await;
    let url = screen.client.current_url().await.unwrap();
    assert!(
        url.query().unwrap().contains("document=AN") && url.query().unwrap().contains("q=replay")
    );
    let here = screen
        .client
        .execute("return window.stillHere", vec![])
        .await
        .unwrap();
    assert_eq!(here, true);

    screen.client.refresh().await.unwrap();
    let kept = screen
        .client
        .find(Locator::Css("#q"))
        .await
        .unwrap()
        .prop("value")
        .await
        .unwrap();
    assert_eq!(kept.as_deref(), Some("replay"), "the address says it all");
    assert_eq!(screen.complaints().await, [""; 0]);
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_event_appears_by_itself_and_the_page_says_when_it_cannot() {
    let screen = Screen::open("en").await;
    screen.log_in().await;
    screen.go("/events").await;
    let request = screen.sample.happen(SystemClock.now()).await;
    let row = format!(".fresh a[href=\"/events/{request}\"]");
    screen
        .client
        .wait()
        .for_element(Locator::Css(&row))
        .await
        .unwrap();
    assert_eq!(screen.count(".events tbody tr").await, 50);
    assert_eq!(screen.complaints().await, [""; 0]);

    screen.sample.break_store(true);
    until(&screen, "return !document.getElementById('stale').hidden").await;
    screen.sample.break_store(false);
    until(&screen, "return document.getElementById('stale').hidden").await;

    screen.click("#events-pause").await;
    screen
        .client
        .wait()
        .for_element(Locator::Css("#events-resume"))
        .await
        .unwrap();
    let polls = screen.client.execute(
        "return document.querySelectorAll('[hx-trigger]').length",
        vec![],
    );
    assert_eq!(polls.await.unwrap(), 0);

    screen.go("/").await;
    let request = screen.sample.happen(SystemClock.now()).await;
    let row = format!("#recent .fresh a[href=\"/events/{request}\"]");
    screen
        .client
        .wait()
        .for_element(Locator::Css(&row))
        .await
        .unwrap();
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_switched_and_stays() {
    let screen = Screen::open("zh-CN").await;
    screen.log_in().await;
    screen.go("/coverage?document=AN").await;
    assert_eq!(screen.text("h1").await, "条款覆盖");
    screen.click(".languages button[lang=\"en\"]").await;
    screen
        .client
        .wait()
        .for_element(Locator::Css("html[lang=\"en\"]"))
        .await
        .unwrap();
    assert_eq!(screen.text("h1").await, "Coverage of the clauses");
    assert!(
        screen
            .client
            .current_url()
            .await
            .unwrap()
            .as_str()
            .ends_with("/coverage?document=AN")
    );
    screen.go("/devices").await;
    assert_eq!(screen.text("h1").await, "Devices");
    assert_eq!(screen.complaints().await, [""; 0]);
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    let screen = Screen::open("en").await;
    screen.log_in().await;
    screen.go("/coverage").await;
    let body = screen.client.find(Locator::Css("body")).await.unwrap();
    body.send_keys(&Key::Tab.to_string()).await.unwrap();
    let focused = screen.client.active_element().await.unwrap();
    assert_eq!(focused.text().await.unwrap(), "Skip to the content");
    focused.send_keys(&Key::Enter.to_string()).await.unwrap();
    let focused = screen.client.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().as_deref(), Some("main"));
    focused.send_keys(&Key::Tab.to_string()).await.unwrap();
    let script = "const style = getComputedStyle(document.activeElement); \
        return document.activeElement.closest('main') !== null && style.outlineStyle === 'solid' \
        && parseFloat(style.outlineWidth) >= 2";
    assert_eq!(
        screen.client.execute(script, vec![]).await.unwrap(),
        true,
        "focus is seen"
    );
    screen.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_stand_out_in_both_schemes_and_narrow_windows_do_not_overflow() {
    let screen = Screen::open("en").await;
    screen.log_in().await;
    for scheme in ["light", "dark"] {
        screen.prefer(scheme).await;
        for page in [
            "/",
            "/coverage?document=AN",
            "/events",
            "/latency",
            "/devices",
            "/clauses/AN-1",
        ] {
            screen.go(page).await;
            let faint = screen.client.execute(CONTRAST, vec![]).await.unwrap();
            assert_eq!(faint, serde_json::json!([]), "{scheme} {page}");
        }
    }
    screen.client.set_window_size(500, 900).await.unwrap();
    for page in [
        "/",
        "/coverage?document=AN",
        "/events",
        "/latency",
        "/devices",
        "/clauses/AN-1",
    ] {
        screen.go(page).await;
        let script = "return document.documentElement.scrollWidth - window.innerWidth";
        let over = screen.client.execute(script, vec![]).await.unwrap();
        assert!(over.as_i64().unwrap() <= 0, "{page} is {over} px too wide");
    }
    screen.close().await;
}

/// Texts whose contrast with what is behind them is below 4.5 (3 for large ones), WCAG 2.2's 1.4.3.
const CONTRAST: &str = r"
    const rgb = (color) => color.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const line = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        return 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b);
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = rgb(getComputedStyle(at).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const faint = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        const element = walker.currentNode.parentElement;
        if (!text || element.closest('.unseen, svg title, svg desc, [hidden], option')) continue;
        const style = getComputedStyle(element);
        const ink = element.closest('svg') ? style.fill : style.color;
        const [a, b] = [light(rgb(ink)), light(behind(element))].sort((a, b) => b - a);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < (isLarge ? 3 : 4.5)) faint.add(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
    }
    return [...faint];
";

/// Waits until the script gives true.
async fn until(screen: &Screen, script: &str) {
    let ready = async || screen.client.execute(script, vec![]).await.unwrap() == true;
    let deadline = std::time::Duration::from_secs(20);
    let wait = async {
        while !ready().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(deadline, wait)
        .await
        .unwrap_or_else(|_| panic!("never: {script}"));
}
