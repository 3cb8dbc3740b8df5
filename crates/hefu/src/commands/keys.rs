//! `hefu keys`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hefu_gm::Zeroizing;
use hefu_gm::pbes2::Scheme;
use hefu_gm::x509::{
    Certificate, Name, RevocationReason, Role, SerialNumber, ServerName, SubjectName,
};
use hefu_tally::clock::{Clock as _, SystemClock};

use super::input::secret_line;
use super::{Outcome, print};
use crate::authority_folder::{AuthorityFolder, KeyProtection, PairOrder};
use crate::cli::{
    CaArguments, IssueArguments, KeyEncryption, KeysCommand, NewKeysArgument, PairRole,
    PasswordArgument, RenewArguments, RevokeArguments, RevokeReason,
};
use crate::config::{self, Config};
use crate::files;
use crate::secret::Purpose;

type Failure = Box<dyn std::error::Error>;

pub(super) fn run(command: KeysCommand) -> Outcome {
    match command {
        KeysCommand::Seal(arguments) => {
            let master = Config::load(&arguments.config)?.master_key()?;
            let secret = secret_line("the secret to seal")?;
            print(&format!(
                "{}\n",
                master.seal(Purpose::Configuration, secret.as_bytes())?
            ))?;
        }
        KeysCommand::Ca(arguments) => ca(&arguments)?,
        KeysCommand::Issue(arguments) => issue(&arguments)?,
        KeysCommand::Renew(arguments) => renew(&arguments)?,
        KeysCommand::Revoke(arguments) => revoke(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn ca(arguments: &CaArguments) -> Result<(), Failure> {
    let subject = subject(&arguments.subject)?;
    let above = match &arguments.under {
        Some(folder) => Some(open(folder, &arguments.password)?),
        None => None,
    };
    let password = new_password(&arguments.new_keys)?;
    let (length, protection) = (
        (arguments.days, arguments.path_length),
        protection(&password, &arguments.new_keys),
    );
    let (folder, now_s) = (&arguments.folder, now_s());
    let made = match &above {
        Some(above) => above.make_below(folder, &subject, length, protection, now_s)?,
        None => AuthorityFolder::make_root(folder, &subject, length, protection, now_s)?,
    };
    let path = folder.display();
    print(&format!(
        "Made the authority {}, which holds for {} days, in {path}:\n\
         \x20 ca.pem     its certificate; whoever trusts a root trusts what it issues\n\
         \x20 ca.key     its key, encrypted; back it up, and keep the password elsewhere\n\
         \x20 chain.pem  its certificate and those above it\n\
         \x20 ca.crl     its revocation list, empty, for 30 days\n\n\
         Next: hefu keys issue server --ca {path} --subject CN=… --name … --out gateway\n",
        made.certificate().subject(),
        arguments.days,
    ))?;
    Ok(())
}

fn issue(arguments: &IssueArguments) -> Result<(), Failure> {
    let subject = subject(&arguments.subject)?;
    let names = arguments
        .name
        .iter()
        .map(|name| subject_name(name))
        .collect::<Result<Vec<_>, _>>()?;
    if arguments.role == PairRole::Server && names.is_empty() {
        return Err(
            "a server is known by its names: give each DNS name or address with --name".into(),
        );
    }
    let ca = open(&arguments.ca, &arguments.password)?;
    let password = new_password(&arguments.new_keys)?;
    let order = PairOrder {
        subject: &subject,
        role: match arguments.role {
            PairRole::Server => Role::Server,
            PairRole::Client => Role::Client,
        },
        names: &names,
        days: arguments.days,
    };
    let protection = protection(&password, &arguments.new_keys);
    let sign = ca.issue_pair(&arguments.out, &order, protection, now_s())?;
    report_pair(&sign, &arguments.out, &arguments.ca, arguments.days)
}

fn renew(arguments: &RenewArguments) -> Result<(), Failure> {
    let ca = open(&arguments.ca, &arguments.password)?;
    let password = new_password(&arguments.new_keys)?;
    let to = (arguments.out.as_path(), arguments.days);
    let protection = protection(&password, &arguments.new_keys);
    let sign = ca.renew_pair(&arguments.pair, to, protection, now_s())?;
    report_pair(&sign, &arguments.out, &arguments.ca, arguments.days)?;
    print(&format!(
        "The old pair holds until it ends. Where its keys may have leaked:\n\
         \x20 hefu keys revoke --ca {} --reason key-compromise {} {}\n",
        arguments.ca.display(),
        arguments.pair.join("sign.pem").display(),
        arguments.pair.join("enc.pem").display(),
    ))?;
    Ok(())
}

fn revoke(arguments: &RevokeArguments) -> Result<(), Failure> {
    let serials = arguments
        .serial
        .iter()
        .map(|text| {
            SerialNumber::from_hex(text)
                .ok_or_else(|| format!("--serial {text}: not a serial number in hexadecimal"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let ca = open(&arguments.ca, &arguments.password)?;
    let reason = match arguments.reason {
        RevokeReason::KeyCompromise => RevocationReason::KeyCompromise,
        RevokeReason::Superseded => RevocationReason::Superseded,
        RevokeReason::CessationOfOperation => RevocationReason::CessationOfOperation,
        RevokeReason::AffiliationChanged => RevocationReason::AffiliationChanged,
        RevokeReason::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        RevokeReason::Unspecified => RevocationReason::Unspecified,
    };
    let with = (reason, arguments.days);
    let count = ca.revoke(&arguments.certificates, &serials, with, now_s())?;
    print(&format!(
        "{} certificates are on {}, which holds for {} days.\n\
         Next: give it to whoever verifies certificates of this authority, and write it anew before \
         it ends.\n",
        count,
        arguments.ca.join("ca.crl").display(),
        arguments.days,
    ))?;
    Ok(())
}

fn report_pair(sign: &Certificate, out: &Path, ca: &Path, days: u32) -> Result<(), Failure> {
    let out = out.display();
    print(&format!(
        "Issued a pair to {} for {days} days, in {out}:\n\
         \x20 sign.pem, sign.key  signs handshakes\n\
         \x20 enc.pem, enc.key    decrypts keys\n\
         \x20 chain.pem           the authorities above it\n\n\
         Before it ends: hefu keys renew {out} --ca {} --out …\n",
        sign.subject(),
        ca.display(),
    ))?;
    Ok(())
}

fn open(folder: &Path, password: &PasswordArgument) -> Result<AuthorityFolder, Failure> {
    let file = password
        .password_file
        .clone()
        .or_else(config::key_password_from_environment);
    let password = secret(file.as_ref(), "the password of the authority's key")?;
    Ok(AuthorityFolder::open(folder, password.as_bytes())?)
}

fn new_password(new_keys: &NewKeysArgument) -> Result<Zeroizing<String>, Failure> {
    let file = new_keys.key_password_file.as_ref();
    secret(file, "a password for the new keys")
}

/// The first line of a private file, or a line of standard input.
fn secret(file: Option<&PathBuf>, what: &'static str) -> Result<Zeroizing<String>, Failure> {
    let Some(path) = file else {
        return Ok(secret_line(what)?);
    };
    let text = files::read_private(path)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(format!("{} is empty; its first line is {what}", path.display()).into());
    }
    Ok(Zeroizing::new(line.to_owned()))
}

fn protection<'a>(password: &'a Zeroizing<String>, new: &NewKeysArgument) -> KeyProtection<'a> {
    KeyProtection {
        password: password.as_bytes(),
        scheme: Scheme {
            iterations: new.iterations,
            ..match new.encryption {
                KeyEncryption::Sm => Scheme::SM,
                KeyEncryption::Aes => Scheme::AES,
            }
        },
    }
}

fn subject(text: &str) -> Result<Name, String> {
    match Name::parse(text) {
        Ok(name) if !name.is_empty() => Ok(name),
        Ok(_) => Err("--subject is empty; for example \"CN=gateway.example,O=Bank,C=CN\"".into()),
        Err(error) => Err(format!("--subject {text}: {error}")),
    }
}

fn subject_name(text: &str) -> Result<SubjectName, String> {
    // A wildcard is a name to present, and not one to look for.
    let host = text.strip_prefix("*.").unwrap_or(text);
    match ServerName::parse(host) {
        Ok(ServerName::Ip(address)) if host == text => Ok(SubjectName::Ip(address)),
        Ok(ServerName::Dns(_)) => Ok(SubjectName::Dns(text.to_ascii_lowercase())),
        _ => Err(format!(
            "--name {text}: neither a DNS name in ASCII nor an IP address"
        )),
    }
}

fn now_s() -> i64 {
    SystemClock.now().secs()
}
