//! Every message in every state: the legal ones advance, all others are refused.

use super::{Connection, Event, Side};
use crate::error::{Error, PeerError};
use crate::messages::{self, HandshakeType};
use crate::suite::CipherSuite;
use crate::support::ocsp::Said;
use crate::support::pki::mutual;
use crate::support::wire::{give, take};
use crate::support::{Pair, Wire, pki};
use crate::transcript::Transcript;
use crate::verify::{ServerTrust, Stapling};
use crate::{ClientConfig, ServerConfig, TicketKeys, session::MemorySessions};
use hefu_gm::sm4;
use std::sync::Arc;

/// What can come: a handshake message, or something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Input {
    Message(HandshakeType),
    ChangeCipherSpec,
    Data,
}

use HandshakeType as H;
use Input::{ChangeCipherSpec, Data, Message};

impl Input {
    fn all() -> impl Iterator<Item = Self> {
        H::ALL
            .into_iter()
            .map(Message)
            .chain([ChangeCipherSpec, Data])
    }

    /// In clear. The body is one that the state machine reads when the message is legal there.
    fn record(self, bodies: &[(H, Vec<u8>)]) -> Vec<u8> {
        let (kind, content) = match self {
            Message(kind) => {
                let body = bodies.iter().find(|(known, _)| *known == kind);
                let body = body.map(|(_, body)| body.clone()).unwrap_or_default();
                (22, messages::write(kind, &body))
            }
            ChangeCipherSpec => (20, vec![1]),
            Data => (23, vec![0x61]),
        };
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[kind, 1, 1, high, low], &content[..]].concat()
    }

    fn refusal(self) -> Error {
        match self {
            Message(kind) => PeerError::UnexpectedMessage(kind),
            ChangeCipherSpec => PeerError::UnexpectedChangeCipherSpec,
            Data => PeerError::UnexpectedApplicationData,
        }
        .into()
    }
}

/// One kind of handshake: how to begin it, and what each side receives in it, in order. Where two
/// inputs are legal the first is what comes.
struct Course {
    begin: Box<dyn Fn() -> Pair>,
    to_client: &'static [&'static [Input]],
    to_server: &'static [&'static [Input]],
}

const REQUEST_OR_DONE: &[Input] = &[Message(H::CertificateRequest), Message(H::ServerHelloDone)];
const STATUS_OR_KEY_EXCHANGE: &[Input] =
    &[Message(H::CertificateStatus), Message(H::ServerKeyExchange)];
const DONE_OR_REQUEST: &[Input] = &[Message(H::ServerHelloDone), Message(H::CertificateRequest)];

const FULL_TO_SERVER: &[&[Input]] = &[
    &[Message(H::ClientHello)],
    &[Message(H::Certificate)],
    &[Message(H::ClientKeyExchange)],
    &[Message(H::CertificateVerify)],
    &[ChangeCipherSpec],
    &[Message(H::Finished)],
    &[Data],
];
const FULL_TO_SERVER_WITHOUT_CLIENT: &[&[Input]] = &[
    &[Message(H::ClientHello)],
    &[Message(H::ClientKeyExchange)],
    &[ChangeCipherSpec],
    &[Message(H::Finished)],
    &[Data],
];

fn courses() -> Vec<Course> {
    vec![
        full(CipherSuite::EccSm4GcmSm3),
        full(CipherSuite::EcdheSm4CbcSm3),
        without_client(),
        resumed(),
        with_ticket(),
        with_ticket_renewed(),
        with_status(),
    ]
}

fn full(suite: CipherSuite) -> Course {
    Course {
        begin: Box::new(move || {
            let (client, server) = mutual(suite);
            Pair::new(client.build().unwrap(), server.build().unwrap())
        }),
        to_client: &[
            &[Message(H::ServerHello)],
            &[Message(H::Certificate)],
            &[Message(H::ServerKeyExchange)],
            REQUEST_OR_DONE,
            &[Message(H::ServerHelloDone)],
            &[ChangeCipherSpec],
            &[Message(H::Finished)],
            &[Data],
        ],
        to_server: FULL_TO_SERVER,
    }
}

fn without_client() -> Course {
    Course {
        begin: Box::new(|| {
            let client = pki().client_config_without_identity();
            let server = pki().server_config_without_clients();
            Pair::new(client.build().unwrap(), server.build().unwrap())
        }),
        to_client: &[
            &[Message(H::ServerHello)],
            &[Message(H::Certificate)],
            &[Message(H::ServerKeyExchange)],
            DONE_OR_REQUEST,
            &[ChangeCipherSpec],
            &[Message(H::Finished)],
            &[Data],
        ],
        to_server: FULL_TO_SERVER_WITHOUT_CLIENT,
    }
}

fn resumed() -> Course {
    Course {
        begin: Box::new(resumable()),
        to_client: &[
            &[Message(H::ServerHello)],
            &[ChangeCipherSpec],
            &[Message(H::Finished)],
            &[Data],
        ],
        to_server: &[
            &[Message(H::ClientHello)],
            &[ChangeCipherSpec],
            &[Message(H::Finished)],
            &[Data],
        ],
    }
}

fn with_ticket() -> Course {
    Course {
        begin: Box::new(|| {
            let client = pki().client_config().tickets(true);
            let client = client.sessions(Arc::new(MemorySessions::new(1)));
            let server = pki().server_config().tickets(ticket_keys());
            Pair::new(client.build().unwrap(), server.build().unwrap())
        }),
        to_client: &[
            &[Message(H::ServerHello)],
            &[Message(H::Certificate)],
            &[Message(H::ServerKeyExchange)],
            REQUEST_OR_DONE,
            &[Message(H::ServerHelloDone)],
            &[Message(H::NewSessionTicket)],
            &[ChangeCipherSpec],
            &[Message(H::Finished)],
            &[Data],
        ],
        to_server: FULL_TO_SERVER,
    }
}

/// The ticket is of the previous key, and is replaced.
fn with_ticket_renewed() -> Course {
    Course {
        begin: Box::new(|| {
            let keys = ticket_keys();
            let client = pki().client_config().tickets(true);
            let client = client.sessions(Arc::new(MemorySessions::new(1)));
            let client = client.suites(&[CipherSuite::EccSm4GcmSm3]);
            let server = pki().server_config().tickets(Arc::clone(&keys));
            let (client, server) = (client.build().unwrap(), server.build().unwrap());
            let (client, server) = (Arc::new(client), Arc::new(server));
            Pair::shared(&client, &server).connect();
            keys.rotate(&sm4::Key::from([8; sm4::KEY_BYTES])).unwrap();
            Pair::shared(&client, &server)
        }),
        to_client: &[
            &[Message(H::ServerHello)],
            &[Message(H::NewSessionTicket)],
            &[ChangeCipherSpec],
            &[Message(H::Finished)],
            &[Data],
        ],
        to_server: resumed().to_server,
    }
}

fn with_status() -> Course {
    Course {
        begin: Box::new(|| {
            let trust = ServerTrust::new(Arc::clone(&pki().provider), pki().trust());
            let trust = trust.with_stapling(Stapling::WhereGiven);
            let client = ClientConfig::builder(Arc::clone(&pki().provider), Arc::new(trust));
            let status = pki().ocsp(Said::Good, &[&pki().server.certificates()[0]]);
            pki().server.staple(Some(&status)).unwrap();
            let server = pki().server_config_without_clients();
            Pair::new(client.build().unwrap(), server.build().unwrap())
        }),
        to_client: &[
            &[Message(H::ServerHello)],
            &[Message(H::Certificate)],
            STATUS_OR_KEY_EXCHANGE,
            &[Message(H::ServerKeyExchange)],
            DONE_OR_REQUEST,
            &[ChangeCipherSpec],
            &[Message(H::Finished)],
            &[Data],
        ],
        to_server: FULL_TO_SERVER_WITHOUT_CLIENT,
    }
}

fn ticket_keys() -> Arc<TicketKeys> {
    let key = sm4::Key::from([7; sm4::KEY_BYTES]);
    Arc::new(TicketKeys::new(Arc::clone(&pki().provider), &key).unwrap())
}

/// Pairs whose client has a session that its server takes up again, as long as none of them fails.
fn resumable() -> impl Fn() -> Pair {
    || {
        let client: Arc<ClientConfig> = Arc::new(
            pki()
                .client_config()
                .suites(&[CipherSuite::EccSm4GcmSm3])
                .sessions(Arc::new(MemorySessions::new(1)))
                .build()
                .unwrap(),
        );
        let server: Arc<ServerConfig> = Arc::new(
            pki()
                .server_config()
                .sessions(Arc::new(MemorySessions::new(1)))
                .build()
                .unwrap(),
        );
        Pair::shared(&client, &server).connect();
        Pair::shared(&client, &server)
    }
}

/// The records of a flight; each carries one message.
fn records(flight: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut rest = flight;
    while let [_, 1, 1, high, low, ..] = rest {
        let bytes = 5 + usize::from(u16::from_be_bytes([*high, *low]));
        let (record, after) = rest.split_at(bytes);
        records.push(record.to_vec());
        rest = after;
    }
    records
}

/// The bodies of all messages that go in clear in an honest full handshake with this suite.
fn bodies(suite: CipherSuite) -> Vec<(H, Vec<u8>)> {
    let (client, server) = mutual(suite);
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    let mut bodies = vec![
        (H::Finished, vec![0; 12]),
        (H::NewSessionTicket, vec![0; 6]),
        (H::CertificateStatus, vec![1, 0, 0, 1, 0]),
    ];
    for _ in 0..2 {
        let mut flights = vec![take(&mut pair.client)];
        give(&mut pair.server, &flights[0], Wire::Whole).unwrap();
        flights.push(take(&mut pair.server));
        give(&mut pair.client, &flights[1], Wire::Whole).unwrap();
        let in_clear = |flight: &Vec<u8>| {
            let records = records(flight).into_iter();
            records.take_while(|record| record.first() != Some(&20))
        };
        for record in flights.iter().flat_map(in_clear) {
            if let [22, _, _, _, _, kind, _, _, _, body @ ..] = record.as_slice()
                && let Some(kind) = H::from_id(*kind)
            {
                bodies.push((kind, body.to_vec()));
            }
        }
    }
    bodies
}

/// Moves `count` records to the client, and all others as they come; gives the pair back with
/// everything that was not moved.
fn advance(begin: &dyn Fn() -> Pair, to_client: bool, count: usize) -> Pair {
    let mut pair = begin();
    let mut moved = 0;
    loop {
        let for_server = records(&take(&mut pair.client));
        for record in &for_server {
            if !to_client && moved == count {
                return pair;
            }
            give(&mut pair.server, record, Wire::Whole).unwrap();
            moved += usize::from(!to_client);
        }
        let for_client = records(&take(&mut pair.server));
        for record in &for_client {
            if to_client && moved == count {
                return pair;
            }
            give(&mut pair.client, record, Wire::Whole).unwrap();
            moved += usize::from(to_client);
        }
        if for_server.is_empty() && for_client.is_empty() {
            assert_eq!(moved, count);
            return pair;
        }
    }
}

/// Gives a record in clear to a connection and tells what came of it.
fn inject<S: Side>(connection: &mut Connection<S>, record: &[u8]) -> Result<(), Error> {
    connection.core.open_in_clear();
    give(connection, record, Wire::Whole)
}

#[test]
fn only_legal_inputs_advance() {
    for course in courses() {
        let suite = advance(&course.begin, true, course.to_client.len() - 1)
            .client
            .suite()
            .unwrap();
        let bodies = bodies(suite);
        for (to_client, steps) in [(true, course.to_client), (false, course.to_server)] {
            for (count, legal) in steps.iter().enumerate() {
                for input in Input::all().filter(|input| !legal.contains(input)) {
                    let mut pair = advance(&course.begin, to_client, count);
                    let record = input.record(&bodies);
                    let (refused, established) = if to_client {
                        let refused = inject(&mut pair.client, &record);
                        (refused, pair.client.core.established)
                    } else {
                        let refused = inject(&mut pair.server, &record);
                        (refused, pair.server.core.established)
                    };
                    let done = count == steps.len() - 1;
                    let renegotiation = match to_client {
                        true => Message(H::HelloRequest),
                        false => Message(H::ClientHello),
                    };
                    let expected = if done && input == renegotiation {
                        // A warning answers it; see below.
                        Ok(())
                    } else {
                        Err(input.refusal())
                    };
                    assert_eq!(refused, expected, "{suite} {to_client} {count} {input:?}");
                    assert_eq!(established, done);
                }
            }
        }
    }
}

/// The honest twins: the last input of each course is data, and it arrives.
#[test]
fn legal_inputs_lead_to_the_end() {
    for course in courses() {
        let mut pair = advance(&course.begin, true, course.to_client.len() - 1);
        assert!(pair.client.core.established && pair.server.core.established);
        assert_eq!(inject(&mut pair.client, &Data.record(&[])), Ok(()));
        assert_eq!(inject(&mut pair.server, &Data.record(&[])), Ok(()));
        assert_eq!(pair.server.process().unwrap().plaintext_bytes, 1);
    }
}

/// The second legal input of a state with two also advances, to what follows it.
#[test]
fn the_other_legal_input_advances_too() {
    let course = &courses()[0];
    let bodies = bodies(CipherSuite::EccSm4GcmSm3);
    let mut pair = advance(&course.begin, true, 3);
    let done = Message(H::ServerHelloDone).record(&bodies);
    assert_eq!(inject(&mut pair.client, &done), Ok(()));
    assert!(pair.client.wants_write());

    let course = &courses()[2];
    let mut pair = advance(&course.begin, true, 3);
    let request = Message(H::CertificateRequest).record(&bodies);
    assert_eq!(inject(&mut pair.client, &request), Ok(()));
    assert_eq!(inject(&mut pair.client, &done), Ok(()));
    assert!(pair.client.wants_write());
}

/// Over the protected connection itself: a wish for another handshake is refused with a warning and
/// the connection goes on; who insists is let go.
#[test]
fn renegotiation_is_refused() {
    let (client, server) = mutual(CipherSuite::EccSm4GcmSm3);
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    pair.connect();
    let hello = bodies(CipherSuite::EccSm4GcmSm3)
        .into_iter()
        .find(|(kind, _)| *kind == H::ClientHello)
        .unwrap()
        .1;
    while pair.client.next_event().is_some() {}
    let ask = |pair: &mut Pair| {
        let mut transcript = Transcript::new(&*pki().provider).unwrap();
        pair.client
            .core
            .send_message(&mut transcript, H::ClientHello, &hello)
            .unwrap();
        let bytes = take(&mut pair.client);
        give(&mut pair.server, &bytes, Wire::Whole)
    };
    assert_eq!(ask(&mut pair), Ok(()));
    let answer = take(&mut pair.server);
    give(&mut pair.client, &answer, Wire::Whole).unwrap();
    assert_eq!(
        pair.client.next_event(),
        Some(Event::Warning(crate::Alert::NoRenegotiation))
    );
    let Pair { client, server } = &mut pair;
    let echoed = crate::support::wire::send(client, server, b"goes on", Wire::Whole);
    assert_eq!(echoed, b"goes on");
    assert_eq!(ask(&mut pair), Err(Error::Peer(PeerError::Renegotiation)));
}
