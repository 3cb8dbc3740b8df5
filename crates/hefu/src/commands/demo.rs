//! `hefu demo`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use hefu_assess::range::Range;
use hefu_assess::{Assessment, AttackResult};
use serde::Serialize;

use super::{Outcome, print};
use crate::cli::{DemoArguments, OutputFormat};
use crate::demo::{Addresses, Demo, Honest, Phone};
use crate::table::{Bar, table};

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'demo> {
    phones: &'demo [Phone],
    honest: Honest,
    attacks: &'demo [AttackResult],
    held: bool,
    millis: u64,
    console: String,
}

pub(super) fn run(arguments: DemoArguments) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(demo(arguments))
}

async fn demo(arguments: DemoArguments) -> Outcome {
    let say = |text: &str| {
        if arguments.format == OutputFormat::Text {
            eprintln!("{text}");
        }
    };
    let own_folder = tempfile::Builder::new().prefix("hefu-demo-").tempdir()?;
    let data = arguments
        .data
        .as_deref()
        .unwrap_or_else(|| own_folder.path());
    let addresses = Addresses {
        gateway: arguments.listen,
        console: arguments.console,
    };

    say("Starting a bank, its gateway and its console; enrolling two phones …");
    let demo = Demo::start(data, addresses).await?;
    say(&format!(
        "Gateway {}   console http://{}",
        demo.origin(),
        demo.console()
    ));
    for Phone { user, channel } in demo.phones() {
        say(&format!("{user}'s phone speaks {}", channel.to_uppercase()));
    }
    say("Honest customers look at accounts and quotes, and send each other money …");
    let honest = demo.honest_traffic().await?;
    say(&format!(
        "{} honest requests, {} failed.",
        honest.sent, honest.failed
    ));

    say(
        "Now attackers: captured registrations, replays, forged signatures, other people's accounts …",
    );
    let range = Range::new(demo.origin(), demo.bundle().clone())?;
    let watched = arguments.format == OutputFormat::Text;
    let bar = Bar::new(std::io::stderr().is_terminal(), hefu_assess::probes().len());
    let assessment = if watched {
        hefu_assess::assess(&range, &bar).await
    } else {
        hefu_assess::assess(&range, &()).await
    };
    bar.finish();

    let held = honest.failed == 0 && assessment.held();
    match arguments.format {
        OutputFormat::Text => print(&table(&assessment))?,
        OutputFormat::Json => print_json(&demo, honest, &assessment, held)?,
    }
    if !arguments.once {
        print(&format!(
            "\n  The console is at http://{}, its password {}\n  Ctrl-C stops everything.\n",
            demo.console(),
            demo.console_password(),
        ))?;
        tokio::signal::ctrl_c().await?;
    }
    demo.stop().await;
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print_json(
    demo: &Demo,
    honest: Honest,
    assessment: &Assessment,
    held: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let report = Report {
        phones: demo.phones(),
        honest,
        attacks: &assessment.attacks,
        held,
        millis: assessment.millis,
        console: format!("http://{}", demo.console()),
    };
    print(&(serde_json::to_string(&report)? + "\n"))?;
    Ok(())
}
