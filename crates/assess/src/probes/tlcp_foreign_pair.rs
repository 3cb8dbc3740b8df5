//! A TLCP client's pair is of another authority of the same name, and names the victim's device.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b, CJ-6.3.c.

use hefu_gm::provider;
use hefu_gm::rng::SystemRng;
use hefu_gm::x509::{Authority, Certificate, Name, Order, Profile, Role, Validity};

use crate::bundle::TlcpBundle;
use crate::probe::{Finding, Pace, Probe};
use crate::range::RangeError;
use crate::tlcp::{Shake, honest, identity, make_key};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-foreign-pair",
    title: "A TLCP client's pair is of another authority of the same name, and names the victim's device",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let victim = Certificate::from_pem(&shake.pair()?.sign_pem);
            let victim = victim.map_err(|_| RangeError::Part("TLCP pair"))?;
            let name = shake.authority().map(|authority| authority.subject());
            let name = name.ok_or(RangeError::Part("TLCP authority"))?;
            let pair = forge(name, &victim)?;
            let attack = shake.shake(Some(identity(&pair)?), &[], honest()).await;
            Ok(Finding::judged(attack.is_refused(), twin, attack.summary()))
        })
    },
};

/// A pair with the victim's names, of an authority with the target's name.
fn forge(name: &Name, victim: &Certificate) -> Result<TlcpBundle, RangeError> {
    let part = || RangeError::Part("TLCP pair");
    let validity = victim.validity();
    let from_s = validity.not_before_s() - 1;
    let dates = Validity::new(from_s, validity.not_after_s()).map_err(|_| part())?;
    let key = provider::software()
        .signing_key(make_key()?)
        .map_err(|_| part())?;
    let authority =
        Authority::make_root(key, name, dates, 0, &mut SystemRng).map_err(|_| part())?;
    let issue = |profile| {
        let key = make_key()?;
        let order = Order {
            subject: victim.subject(),
            public_key: key.public_key(),
            validity,
            profile,
            names: victim.subject_names(),
        };
        let certificate = authority
            .issue(&order, &mut SystemRng)
            .map_err(|_| part())?;
        Ok::<_, RangeError>((certificate.to_pem(), key.to_pkcs8_pem().to_string()))
    };
    let (sign_pem, sign_key_pem) = issue(Profile::Sign(Role::Client))?;
    let (encryption_pem, encryption_key_pem) = issue(Profile::Encrypt(Role::Client))?;
    Ok(TlcpBundle {
        sign_pem,
        sign_key_pem,
        encryption_pem,
        encryption_key_pem,
        chain_pem: authority.certificate().to_pem(),
    })
}
