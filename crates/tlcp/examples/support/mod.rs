//! Certificates and keys from a folder, as `tlcp_peer make-certificates` writes it:
//! `ca.pem`, `issuers.pem`, and for `server` and `client` each `NAME.sign.pem`, `NAME.sign.key`,
//! `NAME.enc.pem` and `NAME.enc.key`.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use hefu_gm::provider::Provider;
use hefu_gm::sm2::PrivateKey;
use hefu_gm::x509::{Certificate, Trust};
use hefu_tlcp::Identity;

/// The authorities in `ca.pem`.
pub(crate) fn trust(folder: &Path) -> Result<Trust, Box<dyn Error>> {
    Ok(Trust::from_pem(&read(folder, "ca.pem")?)?)
}

/// Both certificates of `name` with their keys, or only the one that signs.
pub(crate) fn identity(
    provider: &dyn Provider,
    folder: &Path,
    name: &str,
    sign_only: bool,
) -> Result<Arc<Identity>, Box<dyn Error>> {
    let certificate = |kind: &str| -> Result<Certificate, Box<dyn Error>> {
        let text = read(folder, &format!("{name}.{kind}.pem"))?;
        Ok(Certificate::from_pem(&text)?)
    };
    let key = |kind: &str| -> Result<PrivateKey, Box<dyn Error>> {
        let text = read(folder, &format!("{name}.{kind}.key"))?;
        Ok(PrivateKey::from_pem(&text)?)
    };
    let issuers = match read(folder, "issuers.pem") {
        Ok(text) => Certificate::list_from_pem(&text)?,
        Err(_) => Vec::new(),
    };
    let sign = (certificate("sign")?, provider.signing_key(key("sign")?)?);
    Ok(Arc::new(if sign_only {
        Identity::sign_only(sign, issuers)?
    } else {
        let encrypt = (certificate("enc")?, provider.decryption_key(key("enc")?)?);
        Identity::new(sign, encrypt, issuers)?
    }))
}

fn read(folder: &Path, file: &str) -> Result<String, Box<dyn Error>> {
    let path = folder.join(file);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}
