//! Both sides log the same secret, when they are told to and only then.

use std::sync::{Arc, Mutex};

use hefu_tlcp::{CipherSuite, KeyLog};

use crate::support::Pair;
use crate::support::pki::mutual;

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl KeyLog for Lines {
    fn log(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

#[test]
fn both_sides_log_one_line_and_the_same() {
    for suite in CipherSuite::ALL {
        let (client_lines, server_lines) = (Arc::<Lines>::default(), Arc::<Lines>::default());
        let (client, server) = mutual(suite);
        let mut pair = Pair::new(
            client.key_log(client_lines.clone()).build().unwrap(),
            server.key_log(server_lines.clone()).build().unwrap(),
        );
        pair.connect();
        let (client, server) = (
            client_lines.0.lock().unwrap(),
            server_lines.0.lock().unwrap(),
        );
        assert_eq!(*client, *server);
        let [line] = client.as_slice() else {
            panic!("one line: {client:?}");
        };
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[0], "CLIENT_RANDOM");
        assert_eq!((words[1].len(), words[2].len()), (64, 96));
    }
}
