//! The device bundle: an enrolled device in one file.

use std::fs;
use std::sync::Arc;

use hefu_client::bundle::BundleError;
use hefu_client::{DeviceBundle, Method, Protection};
use serde_json::Value;

use crate::double::{CODE, Double, PASSWORD, Phone, options};

#[tokio::test]
async fn a_bundle_is_the_device_for_who_can_open_it() {
    let double = Double::start().await;
    let phone = Phone::enrolled(&double).await;
    let bundle = DeviceBundle {
        trust: double.trust.clone(),
        enrolment: phone.client.enrolment().unwrap(),
        keys: Arc::clone(&phone.keys),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device.json");
    let passphrase = Protection::Passphrase("correct horse");
    for protection in [
        passphrase,
        Protection::Key(&[1; 32]),
        Protection::DangerousNone,
    ] {
        bundle.save(&path, protection).unwrap();
        let loaded = DeviceBundle::load(&path, protection).unwrap();
        assert_eq!(loaded.enrolment, bundle.enrolment);
        let client = loaded.client(options().0).unwrap();
        let session = client.open_session("alice", PASSWORD).await.unwrap();
        let get = session.request(Method::GET, "/hello", "Q1001".parse().unwrap());
        assert!(get.send().await.is_ok());

        let wrong = DeviceBundle::load(&path, Protection::Passphrase("wrong"));
        assert!(matches!(wrong, Err(BundleError::Keys(_))));
        for text in [
            format!("{loaded:?}"),
            format!("{client:?}"),
            format!("{session:?}"),
        ] {
            assert!(!text.contains("PRIVATE") && !text.contains(CODE), "{text}");
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_bundle_whose_parts_were_exchanged_is_refused() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut saved = Vec::new();
    for name in ["a", "b"] {
        double.give_code();
        let phone = Phone::enrolled(&double).await;
        let bundle = DeviceBundle {
            trust: double.trust.clone(),
            enrolment: phone.client.enrolment().unwrap(),
            keys: Arc::clone(&phone.keys),
        };
        let path = folder.path().join(name);
        bundle.save(&path, Protection::DangerousNone).unwrap();
        saved.push(serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).unwrap());
    }
    let path = folder.path().join("c");
    let load = |json: &Value| {
        fs::write(&path, json.to_string()).unwrap();
        DeviceBundle::load(&path, Protection::DangerousNone)
            .and_then(|bundle| bundle.client(options().0))
    };
    assert!(load(&saved[0]).is_ok());
    let mut exchanged = saved[0].clone();
    exchanged["keys"] = saved[1]["keys"].clone();
    assert!(matches!(load(&exchanged), Err(BundleError::Setup(_))));
    let mut device = saved[0].clone();
    device["enrolment"]["device"] = saved[1]["enrolment"]["device"].clone();
    assert!(matches!(load(&device), Err(BundleError::Setup(_))));
    let mut trust = saved[0].clone();
    trust["trust"]["signing_key"]["id"] = "g-AAAAAAAAAAAAAAAAAAAAAA".into();
    assert!(matches!(load(&trust), Err(BundleError::Trust(_))));
    let mut newer = saved[0].clone();
    newer["version"] = 2.into();
    assert!(matches!(load(&newer), Err(BundleError::Shape)));
    assert!(matches!(load(&Value::Null), Err(BundleError::Shape)));
}
