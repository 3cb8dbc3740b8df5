//! The load: connections that each send their own requests, one after the other.
//!
//! One blocking thread a connection: fewer system calls a request than an event loop needs, so that
//! the load takes as little as possible of the core that it shares with the service.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use hefu_tally::clock::Stopwatch;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;

/// For how long a response may be missing before the run is given up.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// More than any response of the echo route.
const RESPONSE_BYTES_MAX: usize = 16 << 10;

/// Where one connection goes, and what it sends.
pub(crate) struct Lane<'requests> {
    pub(crate) address: SocketAddr,
    /// None: without TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// In the order in which they are sent.
    pub(crate) requests: &'requests [Vec<u8>],
}

/// How fast requests are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each connection sends its next request when it has the answer to the one before.
    Closed,
    /// So many a second over all connections, evenly spread, whatever the answers do.
    PerSecond(f64),
}

/// When a lane that has sent all its requests goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supply {
    /// Never: each request passes once, and the round ends.
    Once,
    /// From the start: for a server that does not look at them.
    Again,
}

/// What a round brought.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Answers, by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// From each request to its answer, sorted.
    pub(crate) micros: Vec<u32>,
    /// Version and suite of the connections.
    pub(crate) channel: String,
}

impl Round {
    pub(crate) fn answers(&self) -> u64 {
        self.statuses.values().sum()
    }

    pub(crate) fn refused(&self) -> u64 {
        self.answers() - self.statuses.get(&200).copied().unwrap_or(0)
    }

    pub(crate) fn per_s(&self) -> f64 {
        count(self.answers()) / self.elapsed.as_secs_f64()
    }

    /// The time below which the given share of answers came, in microseconds.
    pub(crate) fn quantile(&self, share: f64) -> u32 {
        quantile(&self.micros, share)
    }
}

fn quantile(sorted: &[u32], share: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank within the list"
    )]
    let rank = ((sorted.len() as f64) * share).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a run are far below 2^53"
)]
pub(crate) const fn count(number: u64) -> f64 {
    number as f64
}

/// Opens all connections, then sends for `duration` or until a lane has no request left. `begun` is
/// called when the connections stand and nothing was sent.
///
/// # Errors
/// When a connection breaks: no server under test may do that.
pub(crate) fn run<T>(
    lanes: &[Lane<'_>],
    pace: Pace,
    supply: Supply,
    duration: Duration,
    begun: impl FnOnce() -> T,
) -> io::Result<(Round, T)> {
    let ready = Barrier::new(lanes.len() + 1);
    let stop = AtomicBool::new(false);
    let (ended, an_end) = mpsc::channel();
    thread::scope(|scope| {
        let mut threads = Vec::with_capacity(lanes.len());
        for (index, lane) in lanes.iter().enumerate() {
            let schedule = Schedule::new(pace, index, lanes.len());
            let (ready, stop, ended) = (&ready, &stop, ended.clone());
            threads.push(scope.spawn(move || {
                let connected = Connection::open(lane);
                ready.wait();
                ready.wait();
                let outcome =
                    connected.and_then(|connection| connection.drive(lane, schedule, supply, stop));
                // The other side listens until all lanes have ended.
                let _ = ended.send(());
                outcome
            }));
        }
        ready.wait();
        let before = begun();
        let stopwatch = Stopwatch::start();
        ready.wait();
        let _ = an_end.recv_timeout(duration);
        stop.store(true, Ordering::Relaxed);
        let mut round = Round::default();
        for thread in threads {
            let outcome = thread
                .join()
                .map_err(|_| io::Error::other("a connection's thread panicked"))??;
            for (status, answers) in outcome.statuses {
                *round.statuses.entry(status).or_default() += answers;
            }
            round.micros.extend(outcome.micros);
            round.channel = outcome.channel;
        }
        round.elapsed = stopwatch.elapsed();
        round.micros.sort_unstable();
        Ok((round, before))
    })
}

/// When the requests of one lane are due, in microseconds from the start.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    next_us: f64,
    step_us: f64,
}

impl Schedule {
    fn new(pace: Pace, index: usize, lanes: usize) -> Option<Self> {
        let Pace::PerSecond(rate) = pace else {
            return None;
        };
        let apart_us = 1e6 / rate;
        Some(Self {
            next_us: apart_us * count(index as u64),
            step_us: apart_us * count(lanes as u64),
        })
    }

    /// Waits until the next request is due. Gives the moment from which its answer is late: when it
    /// is sent or, if the answer before it came too late for that, when it should have been sent.
    fn wait(&mut self, since: &Stopwatch) -> f64 {
        let due_us = self.next_us;
        self.next_us += self.step_us;
        let early_us = due_us - elapsed_us(since);
        if early_us <= 0.0 {
            return due_us;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a load that is evenly spread waits for the clock and nothing else"
        )]
        thread::sleep(Duration::from_secs_f64(early_us / 1e6));
        elapsed_us(since)
    }
}

fn elapsed_us(since: &Stopwatch) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

enum Connection {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

#[derive(Default)]
struct LaneOutcome {
    statuses: BTreeMap<u16, u64>,
    micros: Vec<u32>,
    channel: String,
}

impl Connection {
    fn open(lane: &Lane<'_>) -> io::Result<Self> {
        let stream = TcpStream::connect(lane.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        let Some(config) = &lane.tls else {
            return Ok(Self::Plain(stream));
        };
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(tls, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self::Tls(Box::new(stream)))
    }

    fn drive(
        self,
        lane: &Lane<'_>,
        schedule: Option<Schedule>,
        supply: Supply,
        stop: &AtomicBool,
    ) -> io::Result<LaneOutcome> {
        match self {
            Self::Plain(mut stream) => drive(
                &mut stream,
                "plain".to_owned(),
                lane,
                schedule,
                supply,
                stop,
            ),
            Self::Tls(mut stream) => {
                let tls = &stream.conn;
                let channel = format!(
                    "{:?} {:?}",
                    tls.protocol_version(),
                    tls.negotiated_cipher_suite().map(|suite| suite.suite())
                );
                drive(&mut *stream, channel, lane, schedule, supply, stop)
            }
        }
    }
}

fn drive(
    io: &mut (impl Read + Write),
    channel: String,
    lane: &Lane<'_>,
    mut schedule: Option<Schedule>,
    supply: Supply,
    stop: &AtomicBool,
) -> io::Result<LaneOutcome> {
    let mut outcome = LaneOutcome {
        channel,
        micros: Vec::with_capacity(lane.requests.len()),
        ..LaneOutcome::default()
    };
    let mut buffer = vec![0; RESPONSE_BYTES_MAX];
    let since = Stopwatch::start();
    loop {
        for request in lane.requests {
            let begun_us = match &mut schedule {
                Some(schedule) => schedule.wait(&since),
                None => elapsed_us(&since),
            };
            if stop.load(Ordering::Relaxed) {
                return Ok(outcome);
            }
            io.write_all(request)?;
            io.flush()?;
            let status = read_response(io, &mut buffer)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a time of at most 20 seconds in microseconds"
            )]
            let micros = (elapsed_us(&since) - begun_us).max(0.0) as u32;
            outcome.micros.push(micros);
            *outcome.statuses.entry(status).or_default() += 1;
        }
        if supply == Supply::Once || lane.requests.is_empty() {
            return Ok(outcome);
        }
    }
}

/// Reads one response with a `Content-Length`; gives its status.
fn read_response(io: &mut impl Read, buffer: &mut [u8]) -> io::Result<u16> {
    let mut filled = 0;
    loop {
        let free = buffer.get_mut(filled..).unwrap_or_default();
        let read = io.read(free)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        let Some((status, length)) = response_length(buffer.get(..filled).unwrap_or_default())?
        else {
            continue;
        };
        if filled == length {
            return Ok(status);
        }
        if filled > length || length > buffer.len() {
            return Err(io::Error::other("not the one response that was asked for"));
        }
    }
}

/// Status and whole length of the response at the start of `bytes`, once its head is there.
fn response_length(bytes: &[u8]) -> io::Result<Option<(u16, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(head) = response.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let length = response
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("content-length"))
        .and_then(|field| std::str::from_utf8(field.value).ok())
        .and_then(|length| length.parse::<usize>().ok());
    match (response.code, length) {
        (Some(status), Some(length)) => Ok(Some((status, head + length))),
        _ => Err(io::Error::other("a response without a length")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn quantiles_are_ranks() {
        let sorted: Vec<u32> = (1..=100).collect();
        assert_eq!(quantile(&sorted, 0.5), 50);
        assert_eq!(quantile(&sorted, 0.99), 99);
        assert_eq!(quantile(&sorted, 1.0), 100);
        assert_eq!(quantile(&[7], 0.99), 7);
        assert_eq!(quantile(&[], 0.99), 0);
    }

    #[test]
    fn a_response_has_a_length_or_is_none() {
        let whole = b"HTTP/1.1 401 X\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(response_length(whole).unwrap(), Some((401, whole.len())));
        assert_eq!(response_length(&whole[..20]).unwrap(), None);
        assert!(response_length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(response_length(b"SSH-2.0\r\n").is_err());
    }

    /// Answers the first request with 200 and all others with 401.
    fn server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().take(2) {
                let mut stream = stream.unwrap();
                let mut buffer = [0; 64];
                let mut status = 200;
                while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                    let text = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\n{{}}");
                    stream.write_all(text.as_bytes()).unwrap();
                    status = 401;
                }
            }
        });
        address
    }

    #[test]
    fn each_request_is_sent_once_and_refusals_are_counted() {
        let address = server();
        let requests = vec![b"GET / HTTP/1.1\r\n\r\n".to_vec(); 3];
        let lane = || Lane {
            address,
            tls: None,
            requests: &requests,
        };
        let duration = Duration::from_secs(10);
        for pace in [Pace::Closed, Pace::PerSecond(1_000.0)] {
            let (round, before) =
                run(&[lane()], pace, Supply::Once, duration, || "before").unwrap();
            assert_eq!(before, "before");
            assert_eq!((round.answers(), round.refused()), (3, 2));
            assert_eq!(round.micros.len(), 3);
            assert!(round.elapsed < duration);
        }
        // Nobody answers a third connection.
        assert!(run(&[lane()], Pace::Closed, Supply::Once, duration, || ()).is_err());
    }
}
