//! `hefu init`: everything a deployment needs, in one folder, nothing overwritten.

use std::process::ExitCode;

use hefu_gateway::Origin;
use hefu_gm::Zeroizing;
use hefu_gm::rng::{self, SystemRng};
use hefu_tally::clock::{Clock as _, SystemClock};

use super::{Outcome, print};
use crate::cli::InitArguments;
use crate::files;
use crate::keys::Keys;
use crate::secret::{MasterKey, Purpose};

pub(super) fn run(arguments: &InitArguments) -> Outcome {
    let origin = Origin::parse(&arguments.origin)
        .map_err(|error| format!("--origin: {error}; for example https://gateway.example:8443"))?;
    let folder = &arguments.folder;
    let data = folder.join("hefu-data");
    let config = folder.join("hefu.toml");
    if config.exists() || data.exists() {
        return Err(format!(
            "{} holds a deployment already; name another folder, or move hefu.toml and hefu-data away",
            folder.display()
        )
        .into());
    }
    files::make_private_folder(&data)?;
    let master = MasterKey::make()?;
    master.save(&data.join("master.key"))?;
    let keys = Keys::make(&master, SystemClock.now())?;
    keys.save(&data, &master)?;
    let trust = keys.trust(origin.as_str())?.to_json()?;
    files::write_new(&folder.join("trust.json"), trust.as_bytes())?;
    let password = make_password()?;
    let sealed = master.seal(Purpose::Configuration, password.as_bytes())?;
    let text = template(arguments, &origin, &sealed);
    files::write_private_new(&config, text.as_bytes())?;

    print(&format!(
        "Wrote, in {}:\n\
         \x20 hefu.toml             the configuration; every key is explained in it\n\
         \x20 trust.json            ship it inside your app\n\
         \x20 hefu-data/            keys (sealed) and state; back it up\n\
         \x20 hefu-data/master.key  opens the sealed keys; keep it apart from backups\n\n\
         The console's password is {}\n\
         It is shown once, and stands sealed in hefu.toml.\n\n\
         Next: put your service's OpenAPI document at {} (docs/CONTRACT.md), then\n\
         \x20 hefu serve --config {}\n",
        folder.display(),
        password.as_str(),
        folder.join(&arguments.contract).display(),
        config.display(),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Twenty characters of an alphabet of 32: a hundred bits.
pub(crate) fn make_password() -> Result<Zeroizing<String>, rng::RngError> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let mut random = Zeroizing::new([0; 20]);
    rng::fill(&mut SystemRng, random.as_mut_slice())?;
    let character = |byte: &u8| {
        ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .map(char::from)
    };
    Ok(Zeroizing::new(
        random.iter().filter_map(character).collect(),
    ))
}

fn template(arguments: &InitArguments, origin: &Origin, sealed_password: &str) -> String {
    let authority = origin.authority();
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = authority.rsplit_once(':').map_or("443", |(_, port)| port);
    format!(
        include_str!("init.toml"),
        origin = origin.as_str(),
        port = port,
        host = host,
        service = arguments.service,
        contract = arguments.contract.display(),
        password = sealed_password,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_init_writes_is_a_configuration_whose_secrets_open() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = InitArguments {
            folder: folder.path().join("deployment"),
            contract: "openapi.yaml".into(),
            service: "127.0.0.1:8080".parse().unwrap(),
            origin: "https://localhost:8443".into(),
        };
        run(&arguments).unwrap();
        let config = Config::load(&arguments.folder.join("hefu.toml")).unwrap();
        let master = config.master_key().unwrap();
        assert!(config.console_password(&master).unwrap().is_some());
        assert!(Keys::load(&config.data_folder(), &master).is_ok());
        let again = run(&arguments).unwrap_err().to_string();
        assert!(again.contains("already"), "{again}");
    }
}
