//! Another key signs in the name of a device and of a session.
//!
//! Clauses: CJ-6.3.d.3, JR-6.1.5.3, JR-6.1.4.c.

use hefu_tally::key::{SessionKey, SigningKey};

use crate::probe::{Finding, Pace, Probe};
use crate::range::RangeError;

pub(crate) static PROBE: Probe = Probe {
    id: "signature-of-another-key",
    title: "Another key signs in the name of a device and of a session",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let part = |_| RangeError::Part("randomness");
            let another = SigningKey::make(range.phone().bundle().algorithm).map_err(part)?;
            let read = &range.bundle.functions.read;
            let session = range.session(range.phone()).await?;
            let mut by_device = range.by_device(range.phone(), "GET", &read.own, &read.function);
            by_device.authorization = Some(session.authorization());
            by_device.signature.signer = &another;
            let as_device = range
                .send(range.phone(), &by_device.sign(&range.trust).to_bytes())
                .await;

            let guessed = SessionKey::from_bytes(&[0; 32]);
            let mut by_session = range.read().await?;
            by_session.signature.signer = &guessed;
            let as_session = range
                .send(range.phone(), &by_session.sign(&range.trust).to_bytes())
                .await;

            let mut nobody = range.read().await?;
            nobody.signature.key_id = "s-AAAAAAAAAAAAAAAAAAAAAA".to_owned();
            let as_nobody = range
                .send(range.phone(), &nobody.sign(&range.trust).to_bytes())
                .await;
            Ok(Finding::of_all(&[as_device, as_session, as_nobody], twin))
        })
    },
};
