//! Handshakes that succeed.

use hefu_tlcp::CipherSuite;

use crate::support::pki::mutual;
use crate::support::wire::send;
use crate::support::{Pair, Wire, pki};

#[test]
fn every_suite_with_certificates_on_both_sides() {
    for suite in CipherSuite::ALL {
        let (client, server) = mutual(suite);
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        pair.connect();
        assert_eq!(pair.client.suite(), Some(suite));
        assert_eq!(pair.server.suite(), Some(suite));
        assert_eq!(
            pair.server.peer_certificate(),
            pki().client.certificates().first()
        );
        assert_eq!(
            pair.client.peer_certificate(),
            pki().server.certificates().first()
        );
        let Pair { client, server } = &mut pair;
        assert_eq!(send(client, server, b"ping", Wire::Whole), b"ping");
        assert_eq!(send(server, client, b"pong", Wire::Whole), b"pong");
    }
}
