//! Bytes from strangers: limits hold, and nothing panics or hangs.

use hefu_tlcp::messages::HandshakeType;
use hefu_tlcp::{CipherSuite, Connection, Error, PeerError, Side};

use crate::support::pki::mutual;
use crate::support::wire::{give, take};
use crate::support::{Pair, Wire};

fn fresh() -> Pair {
    let (client, server) = mutual(CipherSuite::EccSm4GcmSm3);
    Pair::new(client.build().unwrap(), server.build().unwrap())
}

fn handshake_record(body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[22, 1, 1, high, low], body].concat()
}

#[test]
fn what_is_not_tlcp_is_refused_at_once() {
    let refused = |bytes: &[u8]| give(&mut fresh().server, bytes, Wire::Whole);
    assert_eq!(
        refused(b"GET / HTTP/1.1\r\n\r\n"),
        Err(Error::Peer(PeerError::RecordType))
    );
    // TLS 1.2, and a hello of TLS in a record of TLCP.
    assert_eq!(
        refused(&[22, 3, 1, 0, 5]),
        Err(Error::Peer(PeerError::RecordVersion))
    );
    let mut hello = take(&mut fresh().client);
    hello[9..11].copy_from_slice(&[3, 3]);
    assert_eq!(
        refused(&hello),
        Err(Error::Peer(PeerError::Version(0x0303)))
    );
    hello[9..11].copy_from_slice(&[1, 0]);
    assert_eq!(
        refused(&hello),
        Err(Error::Peer(PeerError::Version(0x0100)))
    );
    // A later version of the same is what a newer client offers.
    hello[9..11].copy_from_slice(&[1, 2]);
    assert_eq!(refused(&hello), Ok(()));
}

#[test]
fn lengths_are_judged_before_their_bytes_come() {
    let refused = |bytes: &[u8]| give(&mut fresh().server, bytes, Wire::Whole);
    assert_eq!(
        refused(&[22, 1, 1, 0xff, 0xff]),
        Err(Error::Peer(PeerError::RecordOverflow))
    );
    assert_eq!(
        refused(&handshake_record(&[1, 0xff, 0xff, 0xff])),
        Err(Error::Peer(PeerError::MessageTooLong(
            HandshakeType::ClientHello
        )))
    );
    // A plaintext over 16 KiB, in a fragment that protection would explain.
    assert_eq!(
        refused(&handshake_record(&[1; 16_385])),
        Err(Error::Peer(PeerError::RecordOverflow))
    );
}

#[test]
fn records_without_content_are_counted() {
    let empty = handshake_record(&[]);
    let mut pair = fresh();
    for _ in 0..32 {
        give(&mut pair.server, &empty, Wire::Whole).unwrap();
    }
    assert_eq!(
        give(&mut pair.server, &empty, Wire::Whole),
        Err(Error::Peer(PeerError::EmptyRecords))
    );
    // A few are harmless.
    let mut pair = fresh();
    give(&mut pair.server, &empty.repeat(3), Wire::Whole).unwrap();
    pair.connect();
}

#[test]
fn change_cipher_spec_does_not_cut_a_message() {
    let mut pair = fresh();
    let begun = handshake_record(&[1, 0, 0, 50, 1, 1]);
    give(&mut pair.server, &begun, Wire::Whole).unwrap();
    assert_eq!(
        give(&mut pair.server, &[20, 1, 1, 0, 1, 1], Wire::Whole),
        Err(Error::Peer(PeerError::Interleaved))
    );
    let mut pair = fresh();
    assert_eq!(
        give(&mut pair.server, &[20, 1, 1, 0, 1, 2], Wire::Whole),
        Err(Error::Peer(PeerError::MalformedControl))
    );
}

/// Noise, and mutations of real flights: the connection fails or waits, and that is all.
#[test]
fn noise_gets_nowhere() {
    let mut random = XorShift(0x9e37_79b9_7f4a_7c15);
    for _ in 0..300 {
        let mut bytes: Vec<u8> = (0..random.below(300)).map(|_| random.byte()).collect();
        if let [kind, major, minor, high, ..] = bytes.as_mut_slice() {
            [*kind, *major, *minor, *high] = [22, 1, 1, 0];
        }
        let mut pair = fresh();
        drown(&mut pair.server, &bytes);
        drown(&mut pair.client, &bytes);
    }
    for _ in 0..150 {
        let mut pair = fresh();
        let mut hello = take(&mut pair.client);
        random.mutate(&mut hello);
        drown(&mut pair.server, &hello);
        let mut pair = fresh();
        give(&mut pair.server, &take(&mut pair.client), Wire::Whole).unwrap();
        let mut flight = take(&mut pair.server);
        random.mutate(&mut flight);
        drown(&mut pair.client, &flight);
    }
}

fn drown<S: Side>(connection: &mut Connection<S>, bytes: &[u8]) {
    let _ = give(connection, bytes, Wire::Whole);
    assert!(connection.is_handshaking());
    take(connection);
}

/// The same noise every time, so that a failure can be repeated.
struct XorShift(u64);

impl XorShift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes[at] = self.byte(),
                1 => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, self.byte()),
            }
        }
    }
}
