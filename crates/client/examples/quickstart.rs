//! From an enrolment code to a transfer, against the sample bank behind a gateway:
//!
//! ```text
//! quickstart TRUST_FILE CODE USER FROM_ACCOUNT TO_ACCOUNT
//! ```
//!
//! The password and the payment password are read from the standard input, one a line.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::io::BufRead as _;
use std::sync::Arc;

use hefu_client::{Client, DeviceInfo, Method, Options, SendError, SoftwareKeyStore};
use hefu_gm::{Zeroizing, rng::SystemRng};
use hefu_tally::messages::Platform;
use hefu_tally::nonce;
use hefu_tally::trust::TrustFile;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [trust_file, code, user, from, to] = arguments.as_slice() else {
        return Err("usage: quickstart TRUST_FILE CODE USER FROM_ACCOUNT TO_ACCOUNT".into());
    };
    let trust = TrustFile::from_json(&std::fs::read(trust_file)?)?;

    // On a phone the keys are in its secure hardware, behind the trait KeyStore.
    let keys = Arc::new(SoftwareKeyStore::in_memory());
    let client = Client::new(trust, keys, Options::default())?;
    let device = DeviceInfo {
        platform: Platform::Other,
        model: "quickstart".to_owned(),
    };
    let enrolment = client.enrol(code, &device).await?;
    println!("enrolled as {}", enrolment.device);

    let session = client.open_session(user, &secret("password")?).await?;
    println!("session {} until {}", session.id(), session.expires_at());

    let path = format!("/customers/{user}/accounts");
    let accounts = session
        .request(Method::GET, &path, "A1001".parse()?)
        .send()
        .await?;
    println!("{:#}", accounts.json::<Value>()?);

    // Moving money is key business: the device's own key signs, the payment password is sealed, and
    // an idempotency key makes it safe to ask twice.
    let transfer = session
        .request(Method::POST, "/transfers", "T2001".parse()?)
        .json(&json!({
            "from_account": from,
            "to_account": to,
            "amount_cents": 100,
            "payment_password": secret("payment password")?.as_str(),
        }))
        .seal("/payment_password")
        .idempotency_key(&nonce::make(&mut SystemRng)?)
        .signed_by_device();
    println!("{}", transfer.prepare()?.explain());
    match transfer.send().await {
        Ok(response) => println!("{} {:#}", response.status(), response.json::<Value>()?),
        Err(SendError::Refused(refusal)) => println!("{refusal}"),
        Err(error) => println!("{error}: {:?}", error.advice()),
    }
    session.close().await?;
    Ok(())
}

/// Reads a secret from the standard input.
fn secret(name: &str) -> Result<Zeroizing<String>, Box<dyn Error>> {
    println!("{name}:");
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(Zeroizing::new(
        line.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}
