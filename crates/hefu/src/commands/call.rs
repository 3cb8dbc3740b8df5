//! `hefu call`: a developer's curl with the client inside.

use std::fmt::Write as _;
use std::process::ExitCode;

use hefu_client::{Explanation, Method, Request};
use serde_json::Value;

use super::device::load_device;
use super::input::secret_line;
use super::{Outcome, block_on, print};
use crate::cli::{CallArguments, ChannelChoice};
use crate::files;

pub(super) fn run(arguments: CallArguments) -> Outcome {
    block_on(call(arguments))?
}

async fn call(arguments: CallArguments) -> Outcome {
    let device = load_device(&arguments.device)?;
    let client = device.client(ChannelChoice::of(&device.enrolment).into())?;
    let method: Method = arguments.method.to_uppercase().parse()?;
    let function = arguments.function.parse()?;
    let session = match &arguments.user {
        Some(user) => {
            let password = secret_line("the user's password")?;
            Some(
                client
                    .open_session(user, &password)
                    .await
                    .map_err(|error| format!("{user} could not log in: {error}"))?,
            )
        }
        None => None,
    };
    let request = match &session {
        Some(session) => session.request(method, &arguments.path, function),
        None => client.request(method, &arguments.path, function),
    };
    let request = complete(request, &arguments)?;
    if arguments.explain {
        print(&explained(&request.prepare()?.explain()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let response = request.send().await?;
    print(&format!("{}\n", String::from_utf8_lossy(response.body())))?;
    if let Some(session) = session {
        session.close().await?;
    }
    Ok(if response.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn complete<'call>(
    mut request: Request<'call>,
    arguments: &CallArguments,
) -> Result<Request<'call>, Box<dyn std::error::Error>> {
    if let Some(data) = &arguments.data {
        let text = match data.strip_prefix('@') {
            Some(path) => files::read(path.as_ref())?,
            None => data.clone(),
        };
        let body: Value =
            serde_json::from_str(&text).map_err(|error| format!("--data is no JSON: {error}"))?;
        request = request.json(&body);
    }
    for pointer in &arguments.seal {
        request = request.seal(pointer);
    }
    if arguments.key_business {
        request = request.signed_by_device();
    }
    if let Some(window_s) = arguments.window_s {
        let window = hefu_tally::time::Window::from_secs(window_s)
            .ok_or("--window-s is 1 to 300 seconds")?;
        request = request.window(window);
    }
    if let Some(key) = &arguments.idempotency_key {
        request = request.idempotency_key(key);
    }
    Ok(request)
}

fn explained(explanation: &Explanation) -> String {
    let mut text = format!("{} {}\n\n", explanation.method, explanation.target_uri);
    text.push_str("Signed, line by line (RFC 9421, section 2.5):\n");
    for line in explanation.signature_base.lines() {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("\nSent:\n");
    for header in &explanation.headers {
        let _ = writeln!(
            text,
            "  {}: {}\n      {}",
            header.name, header.value, header.reason
        );
    }
    text
}
