//! Application data: every size, both ways, bounded buffers, and the two ends a stream can have.

use std::io::{ErrorKind, Read, Write};

use hefu_tlcp::{CipherSuite, Error, Event, UsageError};

use crate::support::pki::mutual;
use crate::support::wire::{give, read_all, send, take};
use crate::support::{Pair, Wire};

fn connected(suite: CipherSuite) -> Pair {
    let (client, server) = mutual(suite);
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    pair.connect();
    pair
}

#[test]
fn one_byte_to_a_mebibyte_both_ways() {
    let data: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EccSm4CbcSm3] {
        let Pair {
            mut client,
            mut server,
        } = connected(suite);
        for bytes in [
            1,
            15,
            16,
            17,
            1000,
            16_383,
            16_384,
            16_385,
            100_000,
            1 << 20,
        ] {
            let data = &data[..bytes];
            assert!(send(&mut client, &mut server, data, Wire::Whole) == data);
            assert!(send(&mut server, &mut client, data, Wire::Whole) == data);
        }
        assert!(send(&mut client, &mut server, &data[..5000], Wire::Pieces(1)) == data[..5000]);
    }
}

/// Every length around a block, so that each length of padding is seen.
#[test]
fn every_length_of_padding() {
    let data: Vec<u8> = (0..=255).collect();
    let Pair {
        mut client,
        mut server,
    } = connected(CipherSuite::EccSm4CbcSm3);
    for bytes in 1..=data.len() {
        let data = &data[..bytes];
        assert_eq!(send(&mut client, &mut server, data, Wire::Whole), data);
    }
}

#[test]
fn neither_side_holds_more_than_its_limits() {
    let Pair {
        mut client,
        mut server,
    } = connected(CipherSuite::EccSm4GcmSm3);
    let megabyte = vec![7; 1 << 20];
    // The writer stops at 64 KiB and the record that crosses them.
    let mut taken = 0;
    let error = loop {
        match client.writer().write(&megabyte) {
            Ok(count) => taken += count,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert!((64 * 1024..=80 * 1024).contains(&taken), "{taken}");

    // The reader's side takes no more once a record's worth of data waits.
    let wire = take(&mut client);
    let mut rest = &wire[..];
    while server.wants_read() {
        server.read_tls(&mut rest).unwrap();
        server.process().unwrap();
    }
    assert!(!rest.is_empty());
    let progress = server.process().unwrap();
    assert!(progress.plaintext_bytes < 2 * 16_384 + 2048, "{progress:?}");
    let mut received = Vec::new();
    read_all(&mut server, &mut received);
    assert!(server.wants_read());
    let mut received_later = Vec::new();
    while !rest.is_empty() {
        server.read_tls(&mut rest).unwrap();
        server.process().unwrap();
        read_all(&mut server, &mut received_later);
    }
    assert_eq!(received.len() + received_later.len(), taken);
}

/// A reader that always leaves a byte does not make the buffer grow.
#[test]
fn data_that_is_taken_makes_room() {
    let Pair {
        mut client,
        mut server,
    } = connected(CipherSuite::EccSm4GcmSm3);
    for round in 0..200 {
        client.writer().write_all(&[1; 1000]).unwrap();
        give(&mut server, &take(&mut client), Wire::Whole).unwrap();
        let wanted = if round == 0 { 999 } else { 1000 };
        let mut out = vec![0; wanted];
        server.reader().read_exact(&mut out).unwrap();
        let progress = server.process().unwrap();
        assert_eq!(progress.plaintext_bytes, 1);
    }
}

#[test]
fn close_notify_ends_one_direction() {
    let Pair {
        mut client,
        mut server,
    } = connected(CipherSuite::EccSm4GcmSm3);
    client.writer().write_all(b"last words").unwrap();
    client.send_close_notify();
    client.send_close_notify();
    let misuse = client.writer().write(b"more").unwrap_err();
    assert_eq!(misuse.kind(), ErrorKind::BrokenPipe);
    let misuse = misuse.into_inner().unwrap().downcast::<Error>().unwrap();
    assert_eq!(*misuse, Error::Usage(UsageError::Closed));
    give(&mut server, &take(&mut client), Wire::Whole).unwrap();
    assert!(server.process().unwrap().peer_has_closed);
    assert!(!server.wants_read());
    let mut received = String::new();
    server.reader().read_to_string(&mut received).unwrap();
    assert_eq!(received, "last words");
    assert_eq!(server.next_event(), Some(Event::HandshakeDone));
    assert_eq!(server.next_event(), Some(Event::PeerClosed));
    // The other direction is open still.
    assert_eq!(
        send(&mut server, &mut client, b"farewell", Wire::Whole),
        b"farewell"
    );
}

/// An end of the transport without `close_notify` may be an attacker's.
#[test]
fn a_cut_connection_is_no_end() {
    let mut pair = connected(CipherSuite::EccSm4GcmSm3);
    pair.client.writer().write_all(b"half of").unwrap();
    let bytes = take(&mut pair.client);
    give(&mut pair.server, &bytes, Wire::Whole).unwrap();
    assert_eq!(pair.server.read_tls(&mut &b""[..]).unwrap(), 0);
    let mut out = Vec::new();
    let error = pair.server.reader().read_to_end(&mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(out, b"half of");
}

#[test]
fn nothing_is_written_before_the_handshake_is_done() {
    let (client, server) = mutual(CipherSuite::EccSm4GcmSm3);
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    let error = pair.client.writer().write(b"early").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    pair.connect();
    assert!(pair.client.writer().write(b"now").is_ok());
}
