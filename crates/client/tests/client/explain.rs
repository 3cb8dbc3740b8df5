//! What a request says about itself.

use hefu_client::Method;
use serde_json::json;

use crate::double::{Double, Phone};

#[tokio::test]
async fn an_explanation_gives_each_header_its_reason_and_no_secret() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let token = session
        .dangerous_authorization()
        .strip_prefix("Hefu ")
        .unwrap()
        .to_owned();
    let prepared = session
        .request(Method::POST, "/transfers?x=1", "T2001".parse().unwrap())
        .json(&json!({"amount_cents": 100, "payment_password": "246810"}))
        .seal("/payment_password")
        .header("accept-language", "zh")
        .prepare()
        .unwrap();
    let explanation = prepared.explain();
    assert_eq!(explanation.method, "POST");
    assert!(explanation.target_uri.ends_with("/transfers?x=1"));
    assert_eq!(explanation.sealed, ["/payment_password"]);
    assert_eq!(explanation.headers.len(), prepared.headers.len());
    for (explained, (name, value)) in explanation.headers.iter().zip(&prepared.headers) {
        assert_eq!(&explained.name, name);
        assert!(!explained.reason.is_empty());
        let is_secret = name == "authorization";
        assert_eq!(&explained.value == value, !is_secret, "{name}");
    }
    let mut lines = explanation.signature_base.lines();
    assert_eq!(lines.next(), Some("\"@method\": POST"));
    assert_eq!(lines.nth(2), Some("\"authorization\": Hefu (redacted)"));
    assert!(
        lines
            .last()
            .unwrap()
            .starts_with("\"@signature-params\": (")
    );

    for text in [
        format!("{explanation}"),
        format!("{explanation:?}"),
        format!("{prepared:?}"),
        format!("{session:?}"),
    ] {
        assert!(!text.contains(&token) && !text.contains("246810"), "{text}");
    }
    assert!(
        String::from_utf8_lossy(&prepared.to_bytes()).contains(&token),
        "the honest twin"
    );
}
