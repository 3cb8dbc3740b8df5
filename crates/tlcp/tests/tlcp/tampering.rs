//! Somebody on the wire changes, repeats, drops and reorders what goes over it.

use hefu_tlcp::{CipherSuite, Error, PeerError};

use crate::support::pki::mutual;
use crate::support::wire::{give, send, take};
use crate::support::{Pair, Wire, pki};

fn pair(suite: CipherSuite) -> Pair {
    let (client, server) = mutual(suite);
    Pair::new(client.build().unwrap(), server.build().unwrap())
}

/// The bytes that go over in a handshake: the client's hello, the server's flight, the client's
/// flight, the server's end.
#[derive(Clone, Copy, Debug)]
enum Flight {
    Hello,
    Server,
    Client,
    End,
}

/// Shakes hands and calls `touch` with one of the flights; tells whether both sides got to the end.
fn shake_touched(suite: CipherSuite, flight: Flight, touch: impl Fn(&mut Vec<u8>)) -> bool {
    let Pair {
        mut client,
        mut server,
    } = pair(suite);
    let go = |bytes: &mut Vec<u8>, now: Flight| {
        if core::mem::discriminant(&now) == core::mem::discriminant(&flight) {
            touch(bytes);
        }
    };
    let mut bytes = take(&mut client);
    go(&mut bytes, Flight::Hello);
    let _ = give(&mut server, &bytes, Wire::Whole);
    let mut bytes = take(&mut server);
    go(&mut bytes, Flight::Server);
    let _ = give(&mut client, &bytes, Wire::Whole);
    let mut bytes = take(&mut client);
    go(&mut bytes, Flight::Client);
    let _ = give(&mut server, &bytes, Wire::Whole);
    let mut bytes = take(&mut server);
    go(&mut bytes, Flight::End);
    let _ = give(&mut client, &bytes, Wire::Whole);
    !client.is_handshaking() && !server.is_handshaking()
}

/// A changed bit anywhere in a handshake stops it: what is not signed or encrypted is in the
/// transcript that `Finished` proves.
#[test]
fn a_changed_bit_stops_the_handshake() {
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EcdheSm4CbcSm3] {
        for flight in [Flight::Hello, Flight::Server, Flight::Client, Flight::End] {
            assert!(shake_touched(suite, flight, |_| {}), "the honest twin");
            let bytes = core::cell::Cell::new(0);
            shake_touched(suite, flight, |flight| bytes.set(flight.len()));
            // A prime step, so that every part of the messages gets its turn.
            for at in (0..bytes.get()).step_by(13) {
                let both = shake_touched(suite, flight, |flight| {
                    // Signatures and ciphertexts differ in length from run to run.
                    let at = at.min(flight.len() - 1);
                    flight[at] ^= 1 << (at % 8);
                });
                assert!(!both, "{suite} {flight:?} byte {at}");
            }
        }
    }
}

/// A suite taken out of the offer, by a person who would like a weaker one, is noticed.
#[test]
fn a_narrowed_offer_is_noticed() {
    let client = pki().client_config().build().unwrap();
    let server = pki().server_config().build().unwrap();
    let Pair {
        mut client,
        mut server,
    } = Pair::new(client, server);
    let mut hello = take(&mut client);
    let favourite = CipherSuite::EcdheSm4GcmSm3.id().to_be_bytes();
    let at = hello.windows(2).position(|two| two == favourite).unwrap();
    hello[at..at + 2].copy_from_slice(&CipherSuite::EccSm4CbcSm3.id().to_be_bytes());
    give(&mut server, &hello, Wire::Whole).unwrap();
    let flight = take(&mut server);
    let _ = give(&mut client, &flight, Wire::Whole);
    let flight = take(&mut client);
    assert!(give(&mut server, &flight, Wire::Whole).is_err());
    assert!(server.is_handshaking());
}

/// A recorded handshake does not work a second time.
#[test]
fn a_replayed_flight_is_refused() {
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EcdheSm4GcmSm3] {
        let Pair {
            mut client,
            mut server,
        } = pair(suite);
        let hello = take(&mut client);
        give(&mut server, &hello, Wire::Whole).unwrap();
        give(&mut client, &take(&mut server), Wire::Whole).unwrap();
        let flight = take(&mut client);
        give(&mut server, &flight, Wire::Whole).unwrap();
        assert!(!server.is_handshaking());

        let mut again = pair(suite).server;
        give(&mut again, &hello, Wire::Whole).unwrap();
        take(&mut again);
        assert_eq!(
            give(&mut again, &flight, Wire::Whole),
            Err(Error::Peer(PeerError::BadSignature(
                hefu_tlcp::messages::HandshakeType::CertificateVerify
            )))
        );
    }
}

/// One record of application data from the client of a connected pair, and its server.
fn record(suite: CipherSuite, data: &[u8]) -> (Vec<u8>, Pair) {
    use std::io::Write;
    let mut pair = pair(suite);
    pair.connect();
    pair.client.writer().write_all(data).unwrap();
    (take(&mut pair.client), pair)
}

#[test]
fn a_changed_record_is_refused() {
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EccSm4CbcSm3] {
        let (honest, mut twin) = record(suite, b"pay 100 to Li");
        give(&mut twin.server, &honest, Wire::Whole).unwrap();
        for at in 0..honest.len() {
            let (mut bytes, mut pair) = record(suite, b"pay 100 to Li");
            bytes[at] ^= 0x10;
            let refused = give(&mut pair.server, &bytes, Wire::Whole);
            match at {
                0 => assert_eq!(refused, Err(Error::Peer(PeerError::RecordType))),
                1 | 2 => assert_eq!(refused, Err(Error::Peer(PeerError::RecordVersion))),
                // A longer record than there are bytes is one that never comes whole.
                3 | 4 if refused.is_ok() => {}
                _ => assert_eq!(refused, Err(Error::Peer(PeerError::BadRecordMac)), "{at}"),
            }
            let progress = pair.server.process();
            assert!(progress.is_err() || progress.is_ok_and(|now| now.plaintext_bytes == 0));
        }
    }
}

#[test]
fn repeated_dropped_and_reordered_records_are_refused() {
    use std::io::Write;
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EccSm4CbcSm3] {
        let records = || {
            let mut pair = pair(suite);
            pair.connect();
            let three = [b"one", b"two", b"six"].map(|data| {
                pair.client.writer().write_all(data).unwrap();
                take(&mut pair.client)
            });
            (three, pair)
        };
        let refused = Err(Error::Peer(PeerError::BadRecordMac));
        for (order, verdict) in [
            (&[0, 1, 2][..], Ok(())),
            (&[0, 0], refused),
            (&[0, 2], refused),
            (&[1], refused),
            (&[1, 0], refused),
        ] {
            let (three, mut pair) = records();
            let bytes = order.iter().flat_map(|index| three[*index].clone());
            let bytes: Vec<u8> = bytes.collect();
            assert_eq!(give(&mut pair.server, &bytes, Wire::Whole), verdict);
        }
        // A record does not come back to where it came from.
        let (three, mut pair) = records();
        assert_eq!(give(&mut pair.client, &three[0], Wire::Whole), refused);
    }
}

/// What was received before the attack stays, and nothing comes after it.
#[test]
fn a_failed_connection_stays_failed() {
    let (bytes, mut pair) = record(CipherSuite::EccSm4GcmSm3, b"first");
    give(&mut pair.server, &bytes, Wire::Whole).unwrap();
    let error = give(&mut pair.server, &bytes, Wire::Whole).unwrap_err();
    assert_eq!(pair.server.process(), Err(error));
    let mut received = [0; 5];
    std::io::Read::read_exact(&mut pair.server.reader(), &mut received).unwrap();
    assert_eq!(&received, b"first");
    assert!(std::io::Write::write(&mut pair.server.writer(), b"x").is_err());
    assert!(!pair.server.wants_read());
    let alert = take(&mut pair.server);
    assert!(give(&mut pair.client, &alert, Wire::Whole).is_err());
}

/// The connection goes on after all this only where nothing was touched.
#[test]
fn an_untouched_connection_goes_on() {
    let mut pair = pair(CipherSuite::EcdheSm4CbcSm3);
    pair.connect();
    let Pair { client, server } = &mut pair;
    for _ in 0..100 {
        assert_eq!(send(client, server, b"again", Wire::Pieces(7)), b"again");
    }
}
