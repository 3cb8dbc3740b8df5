//! `hefu device`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use hefu_assess::bundle::{Bundle, Functions};
use hefu_client::{ChannelPolicy, DeviceBundle, Options, Protection};
use hefu_gm::rng::SystemRng;
use hefu_identity::Identity;
use hefu_tally::clock::{Clock as _, SystemClock};
use hefu_tally::trust::TrustFile;

use super::input::secret_line;
use super::{Outcome, block_on, print};
use crate::bundle::{enrol, expired, expired_tlcp, for_assessor};
use crate::cli::{BundleArguments, ChannelChoice, DeviceCommand};
use crate::config::Config;
use crate::files;
use crate::keys::Keys;

pub(super) fn run(command: DeviceCommand) -> Outcome {
    match command {
        DeviceCommand::Code { config, user } => {
            let config = Config::load(&config.config)?;
            let code = block_on(async {
                let identity = config.open_identity().await?;
                make_code(&identity, user.as_deref()).await
            })??;
            print(&format!("{code}\n"))?;
        }
        DeviceCommand::Enrol {
            trust,
            code,
            channel,
            out,
        } => {
            let trust = TrustFile::from_json(files::read(&trust)?.as_bytes())?;
            let code = match code {
                Some(code) => code,
                None => secret_line("the enrolment code")?.to_string(),
            };
            let phone = block_on(enrol(&trust, &code, "hefu command", channel.into()))??;
            phone.save(&out, Protection::DangerousNone)?;
            print(&format!(
                "Enrolled as {}. Its keys and certificate are in {}, readable by you alone.\n\
                 Next: hefu call GET /… --function … --device {} --user …\n",
                phone.enrolment.device,
                out.display(),
                out.display(),
            ))?;
        }
        DeviceCommand::Renew { device, within } => renew(&device, within)?,
        DeviceCommand::Bundle(arguments) => return bundle(&arguments),
    }
    Ok(ExitCode::SUCCESS)
}

/// A device from the file that `hefu device enrol` wrote.
pub(super) fn load_device(path: &Path) -> Result<DeviceBundle, String> {
    DeviceBundle::load(path, Protection::DangerousNone).map_err(|error| {
        format!(
            "{}: {error}; `hefu device enrol` writes one",
            path.display()
        )
    })
}

fn renew(path: &Path, within_days: Option<u32>) -> Result<(), Box<dyn std::error::Error>> {
    let mut device = load_device(path)?;
    let mut options = Options::from(ChannelChoice::of(&device.enrolment));
    if let Some(days) = within_days {
        options.renew_before = Duration::from_secs(u64::from(days) * 86_400);
    }
    let client = device.client(options)?;
    // What comes back replaces what is there, which opens nothing any more: a file that cannot be
    // written is noticed before the gateway is asked.
    device.save(path, Protection::DangerousNone)?;
    let renewed = block_on(async {
        match within_days {
            Some(_) => client.renew_if_due().await,
            None => client.renew().await.map(Some),
        }
    })?
    .map_err(|error| {
        format!(
            "{} keeps its old certificates: {error}. Where they have ended, the way back is `hefu \
             device code` and `hefu device enrol`",
            path.display()
        )
    })?;
    let Some(enrolment) = renewed else {
        return Ok(print(&format!(
            "{} is not due yet; nothing was asked for.\n",
            path.display()
        ))?);
    };
    device.enrolment = enrolment;
    device.save(path, Protection::DangerousNone)?;
    print(&format!(
        "{} has new certificates, in {}. The old ones open nothing any more; its sessions have to be \
         opened again.\n",
        device.enrolment.device,
        path.display()
    ))?;
    Ok(())
}

async fn make_code(
    identity: &Identity,
    user: Option<&str>,
) -> Result<String, Box<dyn std::error::Error>> {
    let code = identity
        .enrolment
        .make_code(user, SystemClock.now(), &mut SystemRng)
        .await?;
    Ok(code.dangerous_text().to_string())
}

fn bundle(arguments: &BundleArguments) -> Outcome {
    let config = Config::load(&arguments.config.config)?;
    let functions: Functions = serde_json::from_str(&files::read(&arguments.functions)?)
        .map_err(|error| format!("{}: {error}", arguments.functions.display()))?;
    let passwords = [
        secret_line("the user's password")?,
        secret_line("the other's password")?,
    ];
    let keys = Keys::load(&config.data_folder(), &config.master_key()?)?;
    let trust = keys.trust(config.origin()?.as_str())?;
    let bundle = block_on(async {
        let identity = config.open_identity().await?;
        let mut phones = Vec::new();
        for (user, password) in [&arguments.user, &arguments.other]
            .into_iter()
            .zip(&passwords)
        {
            let code = make_code(&identity, Some(user)).await?;
            let equipped = Options {
                channel: ChannelPolicy::TlcpWhereEquipped,
                ..Options::default()
            };
            let phone = enrol(&trust, &code, "assessor", equipped).await?;
            phones.push(for_assessor(&phone, user, password)?);
        }
        let device = phones.first().ok_or("no phone was enrolled")?.device;
        Ok::<_, Box<dyn std::error::Error>>(Bundle {
            version: 1,
            trust: serde_json::from_str(&trust.to_json()?)?,
            codes: vec![
                make_code(&identity, None).await?,
                make_code(&identity, None).await?,
            ],
            // An authority younger than two days cannot have issued what expired yesterday.
            expired: expired(&keys.authority, device, SystemClock.now()).ok(),
            expired_tlcp: expired_tlcp(&keys.authority, device, SystemClock.now())
                .ok()
                .flatten(),
            phones,
            functions,
        })
    })??;
    files::write_private_new(
        &arguments.out,
        serde_json::to_string_pretty(&bundle)?.as_bytes(),
    )?;
    print(&format!(
        "Wrote {}. Next: hefu assess --target {} --device-bundle {}\n",
        arguments.out.display(),
        trust.origin,
        arguments.out.display(),
    ))?;
    Ok(ExitCode::SUCCESS)
}
