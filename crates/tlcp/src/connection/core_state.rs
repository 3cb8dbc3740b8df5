//! The state that does not know which side it is on.

use std::collections::VecDeque;
use std::sync::Arc;

use hefu_gm::provider::Provider;

use super::Event;
use super::io::Received;
use crate::alert::{Alert, AlertLevel};
use crate::error::{Error, InternalError, PeerError};
use crate::messages::{self, HandshakeType};
use crate::record::{
    ContentType, HandshakeJoiner, Incoming, Opener, Outgoing, PLAINTEXT_BYTES_MAX, Sealer,
};
use crate::schedule::{DirectionKeys, KeyBlock};
use crate::suite::{CipherSuite, Protection};
use crate::transcript::Transcript;
use crate::verify::VerifiedPeer;

/// Most bytes of application data under way to the transport; more is taken when the transport took
/// some. Stops a peer that does not read from filling our memory.
const OUTGOING_BYTES_MAX: usize = 64 * 1024;

/// Most records without content in a row; each costs work and brings nothing.
const EMPTY_RECORDS_MAX: usize = 32;

/// Most warnings on one connection, and most wishes to negotiate again.
const WARNINGS_MAX: usize = 4;
const RENEGOTIATIONS_MAX: usize = 1;

/// Which way records go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    FromClient,
    FromServer,
}

/// What the handshake found out.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) suite: Option<CipherSuite>,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) server_name: Option<String>,
    pub(crate) peer: Option<VerifiedPeer>,
    pub(crate) resumed: bool,
}

/// See the module.
pub struct Core {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) facts: Facts,
    pub(super) incoming: Incoming,
    pub(super) joiner: HandshakeJoiner,
    pub(super) plaintext: Received,
    pub(super) outgoing: Outgoing,
    pub(super) events: VecDeque<Event>,
    /// The handshake is done.
    pub(super) established: bool,
    /// The peer sent `close_notify`; what comes after it is not looked at.
    pub(super) peer_closed: bool,
    /// We sent `close_notify` or a fatal alert; nothing may follow.
    pub(super) closed: bool,
    /// The transport has no more bytes.
    pub(super) transport_ended: bool,
    pub(super) failed: Option<Error>,
    opener: Opener,
    /// Takes the place of `opener` at the peer's `change_cipher_spec`.
    next_opener: Option<Opener>,
    sealer: Sealer,
    empty_records: usize,
    warnings: usize,
    renegotiations: usize,
}

/// What a record brought, beside what is in the buffers now.
pub(super) enum Pulled {
    Done,
    Handshake,
    ChangeCipherSpec,
}

impl Core {
    pub(crate) fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            provider,
            facts: Facts::default(),
            incoming: Incoming::default(),
            joiner: HandshakeJoiner::default(),
            plaintext: Received::default(),
            outgoing: Outgoing::default(),
            events: VecDeque::new(),
            established: false,
            peer_closed: false,
            closed: false,
            transport_ended: false,
            failed: None,
            opener: Opener::plain(),
            next_opener: None,
            sealer: Sealer::plain(),
            empty_records: 0,
            warnings: 0,
            renegotiations: 0,
        }
    }

    pub(super) fn wants_read(&self) -> bool {
        self.failed.is_none()
            && !self.peer_closed
            && self.plaintext.waiting() < PLAINTEXT_BYTES_MAX
            && self.incoming.has_room()
    }

    /// Opens the next record, if one is whole, and puts its content where it belongs.
    pub(super) fn pull_record(&mut self) -> Result<Option<Pulled>, Error> {
        if self.peer_closed {
            return Ok(None);
        }
        let Some(record) = self.incoming.next_record()? else {
            return Ok(None);
        };
        let kind = record.kind;
        let range = self.opener.open(kind, record.fragment)?;
        let content = record.fragment.get(range).unwrap_or_default();
        if content.len() > PLAINTEXT_BYTES_MAX {
            return Err(PeerError::RecordOverflow.into());
        }
        let is_empty = content.is_empty();
        let pulled = match kind {
            ContentType::Alert => {
                let alert =
                    <[u8; 2]>::try_from(content).map_err(|_| PeerError::MalformedControl)?;
                self.on_alert(alert)?;
                Pulled::Done
            }
            ContentType::ChangeCipherSpec => {
                if content != [1] {
                    return Err(PeerError::MalformedControl.into());
                }
                if !self.joiner.is_empty() {
                    return Err(PeerError::Interleaved.into());
                }
                Pulled::ChangeCipherSpec
            }
            ContentType::Handshake => {
                self.joiner.push(content);
                Pulled::Handshake
            }
            ContentType::ApplicationData => {
                if !self.established {
                    return Err(PeerError::UnexpectedApplicationData.into());
                }
                if !self.joiner.is_empty() {
                    return Err(PeerError::Interleaved.into());
                }
                self.plaintext.push(content);
                Pulled::Done
            }
        };
        self.empty_records = if is_empty { self.empty_records + 1 } else { 0 };
        if self.empty_records > EMPTY_RECORDS_MAX {
            return Err(PeerError::EmptyRecords.into());
        }
        Ok(Some(pulled))
    }

    fn on_alert(&mut self, [level, alert]: [u8; 2]) -> Result<(), Error> {
        let level = AlertLevel::from_id(level).ok_or(PeerError::MalformedControl)?;
        let alert = Alert::from_id(alert);
        match (level, alert) {
            (_, Alert::CloseNotify) => {
                self.peer_closed = true;
                self.events.push_back(Event::PeerClosed);
                Ok(())
            }
            (AlertLevel::Fatal, alert) => Err(Error::Alert(alert)),
            (AlertLevel::Warning, alert) => {
                self.warnings += 1;
                if self.warnings > WARNINGS_MAX {
                    return Err(PeerError::Warnings.into());
                }
                self.events.push_back(Event::Warning(alert));
                Ok(())
            }
        }
    }

    /// Answers the wish for another handshake, and lets the connection go on.
    pub(super) fn refuse_renegotiation(&mut self) -> Result<(), Error> {
        self.renegotiations += 1;
        if self.renegotiations > RENEGOTIATIONS_MAX {
            return Err(PeerError::Renegotiation.into());
        }
        self.send_alert(AlertLevel::Warning, Alert::NoRenegotiation);
        Ok(())
    }

    /// Sends a handshake message in records of its own: some peers read no further than the first
    /// message of a record.
    pub(crate) fn send_message(
        &mut self,
        transcript: &mut Transcript,
        kind: HandshakeType,
        body: &[u8],
    ) -> Result<(), Error> {
        let message = messages::write(kind, body);
        transcript.add(&message)?;
        for fragment in message.chunks(PLAINTEXT_BYTES_MAX) {
            self.send_record(ContentType::Handshake, fragment)?;
        }
        Ok(())
    }

    /// Sends `change_cipher_spec`, and protects what follows.
    pub(crate) fn send_change_cipher_spec(
        &mut self,
        keys: &DirectionKeys,
        protection: Protection,
    ) -> Result<(), Error> {
        self.send_record(ContentType::ChangeCipherSpec, &[1])?;
        self.sealer = Sealer::new(&*self.provider, protection, keys)?;
        Ok(())
    }

    /// What the peer protects after its `change_cipher_spec` is opened with these keys.
    pub(crate) fn expect_change_cipher_spec(
        &mut self,
        keys: &DirectionKeys,
        protection: Protection,
    ) -> Result<(), Error> {
        self.next_opener = Some(Opener::new(&*self.provider, protection, keys)?);
        Ok(())
    }

    /// The peer's `change_cipher_spec` came where it belongs.
    pub(crate) fn change_opener(&mut self) -> Result<(), Error> {
        self.opener = self
            .next_opener
            .take()
            .ok_or(PeerError::UnexpectedChangeCipherSpec)?;
        Ok(())
    }

    /// The next records of the peer are in clear, for a test that has not its keys.
    #[cfg(test)]
    pub(super) fn open_in_clear(&mut self) {
        self.opener = Opener::plain();
    }

    pub(crate) fn is_established(&self) -> bool {
        self.established
    }

    pub(crate) fn establish(&mut self) {
        self.established = true;
        self.events.push_back(Event::HandshakeDone);
    }

    /// Seals as much of `text` as there is room for, and gives its length.
    pub(super) fn send_data(&mut self, text: &[u8]) -> Result<usize, Error> {
        let mut taken = 0;
        for fragment in text.chunks(PLAINTEXT_BYTES_MAX) {
            if self.outgoing.waiting_bytes() >= OUTGOING_BYTES_MAX {
                break;
            }
            if self.sealer.is_exhausted() {
                return Err(InternalError::KeyExhausted.into());
            }
            self.send_record(ContentType::ApplicationData, fragment)?;
            taken += fragment.len();
        }
        Ok(taken)
    }

    fn send_record(&mut self, kind: ContentType, text: &[u8]) -> Result<(), InternalError> {
        self.sealer
            .seal(&*self.provider, kind, text, self.outgoing.end())
    }

    pub(super) fn send_close_notify(&mut self) {
        if !self.closed {
            self.send_alert(AlertLevel::Warning, Alert::CloseNotify);
            self.closed = true;
        }
    }

    /// The first error stays; its alert is the last that goes out.
    pub(super) fn fail(&mut self, error: Error) {
        self.failed = Some(error);
        match error.alert() {
            Some(Alert::CloseNotify) => self.send_close_notify(),
            Some(alert) if !self.closed => self.send_alert(AlertLevel::Fatal, alert),
            Some(_) | None => {}
        }
        self.closed = true;
    }

    fn send_alert(&mut self, level: AlertLevel, alert: Alert) {
        // When even an alert cannot be sealed the transport's end must tell the peer.
        let _ = self.send_record(ContentType::Alert, &[level.id(), alert.id()]);
    }
}

impl KeyBlock {
    pub(crate) fn of(&self, direction: Direction) -> &DirectionKeys {
        match direction {
            Direction::FromClient => &self.client,
            Direction::FromServer => &self.server,
        }
    }
}
