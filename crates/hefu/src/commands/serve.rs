//! `hefu serve`.

use std::process::ExitCode;

use hefu_gateway::contract::Contract;
use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, block_on, print};
use crate::cli::ConfigArgument;
use crate::config::Config;
use crate::deployment::{Deployment, Plan};
use crate::keys::Keys;
use crate::telemetry;

pub(super) fn run(arguments: &ConfigArgument) -> Outcome {
    let config = Config::load(&arguments.config)?;
    let master = config.master_key()?;
    let plan = Plan {
        listen: config.gateway.listen,
        origin: config.origin()?,
        names: config.gateway.names.clone(),
        tlcp: config.tlcp.enabled,
        workers: config.workers(),
        limits: config.gateway.limits.clone(),
        service: config.service.address,
        contract: Contract::load(&config.resolve(&config.service.contract))?,
        data: config.data_folder(),
        keys: Keys::load(&config.data_folder(), &master)?,
        identity: config.identity(),
        operators: config.console.listen,
        password: config.console_password(&master)?,
    };
    let origin = plan.origin.as_str().to_owned();
    let channels = match (plan.tlcp, plan.keys.authority.tlcp()) {
        (true, Some(_)) => "TLS and TLCP",
        _ => "TLS",
    };
    block_on(async {
        let _telemetry = telemetry::start(&config.telemetry)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let deployment = Deployment::start(plan).await?;
        print(&format!(
            "Protecting {} at {origin} (listening on {}, {}).\nConsole: http://{}\n",
            config.service.address,
            deployment.address(),
            channels,
            deployment.operators(),
        ))?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        print("Stopping: requests in flight end first.\n")?;
        let report = deployment.shutdown().await;
        if report.connections_cut > 0 {
            print(&format!(
                "{} connections did not end in time.\n",
                report.connections_cut
            ))?;
        }
        Ok::<_, Box<dyn std::error::Error>>(ExitCode::SUCCESS)
    })?
}
