//! The wire between a client and a server.

use std::io::{Read, Write};
use std::sync::Arc;

use hefu_tlcp::{
    ClientConfig, ClientConnection, Connection, Error, ServerConfig, ServerConnection, Side,
};

use super::pki::{NOW_S, server_name};

/// How bytes go over.
#[derive(Clone, Copy)]
pub(crate) enum Wire {
    /// As many as there are.
    Whole,
    /// At most this many at once.
    Pieces(usize),
}

pub(crate) struct Pair {
    pub(crate) client: ClientConnection,
    pub(crate) server: ServerConnection,
}

/// What happened until nobody had more to say.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) client: Result<(), Error>,
    pub(crate) server: Result<(), Error>,
}

impl Pair {
    pub(crate) fn new(client: ClientConfig, server: ServerConfig) -> Self {
        Self::shared(&Arc::new(client), &Arc::new(server))
    }

    pub(crate) fn shared(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Self {
        Self::at(client, server, NOW_S)
    }

    pub(crate) fn at(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, now_s: i64) -> Self {
        Self {
            client: ClientConnection::new(Arc::clone(client), server_name(), now_s).unwrap(),
            server: ServerConnection::new(Arc::clone(server), now_s),
        }
    }

    /// Moves bytes until both sides are done with the handshake.
    pub(crate) fn shake(&mut self, wire: Wire) -> Outcome {
        let mut outcome = Outcome {
            client: Ok(()),
            server: Ok(()),
        };
        while self.client.wants_write() || self.server.wants_write() {
            let answer = transfer(&mut self.client, &mut self.server, wire);
            outcome.server = outcome.server.and(answer);
            let answer = transfer(&mut self.server, &mut self.client, wire);
            outcome.client = outcome.client.and(answer);
        }
        outcome
    }

    /// Shakes hands, which must succeed.
    pub(crate) fn connect(&mut self) {
        let outcome = self.shake(Wire::Whole);
        assert_eq!(outcome.client, Ok(()));
        assert_eq!(outcome.server, Ok(()));
        assert!(!self.client.is_handshaking() && !self.server.is_handshaking());
    }
}

/// Moves all bytes that `from` has to `to`, and has them worked on.
pub(crate) fn transfer<A: Side, B: Side>(
    from: &mut Connection<A>,
    to: &mut Connection<B>,
    wire: Wire,
) -> Result<(), Error> {
    let bytes = take(from);
    give(to, &bytes, wire)
}

/// All bytes that `from` has for its peer.
pub(crate) fn take<A: Side>(from: &mut Connection<A>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// Gives bytes to `to`, and has them worked on.
pub(crate) fn give<B: Side>(to: &mut Connection<B>, bytes: &[u8], wire: Wire) -> Result<(), Error> {
    let piece = match wire {
        Wire::Whole => bytes.len().max(1),
        Wire::Pieces(piece) => piece,
    };
    for mut piece in bytes.chunks(piece) {
        while !piece.is_empty() {
            to.read_tls(&mut piece).unwrap();
            to.process()?;
        }
    }
    Ok(())
}

/// Sends `data` from one side and reads it on the other.
pub(crate) fn send<A: Side, B: Side>(
    from: &mut Connection<A>,
    to: &mut Connection<B>,
    data: &[u8],
    wire: Wire,
) -> Vec<u8> {
    let mut received = Vec::new();
    let mut rest = data;
    while !rest.is_empty() || from.wants_write() {
        if let Ok(count) = from.writer().write(rest) {
            rest = &rest[count..];
        }
        let bytes = take(from);
        let piece = match wire {
            Wire::Whole => bytes.len().max(1),
            Wire::Pieces(piece) => piece,
        };
        for mut piece in bytes.chunks(piece) {
            while !piece.is_empty() {
                to.read_tls(&mut piece).unwrap();
                to.process().unwrap();
                read_all(to, &mut received);
            }
        }
    }
    received
}

/// Reads what is there.
pub(crate) fn read_all<B: Side>(from: &mut Connection<B>, out: &mut Vec<u8>) {
    let mut chunk = [0; 4096];
    loop {
        match from.reader().read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => out.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
            Err(error) => panic!("{error}"),
        }
    }
}
