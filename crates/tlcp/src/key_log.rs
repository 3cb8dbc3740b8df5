//! Secrets of connections, written where a person can use them to look into recordings. Whoever has
//! them can read everything; that is why this is a feature of its own, which nothing switches on by
//! accident.

use core::fmt::Debug;

/// Takes the secrets of connections.
pub trait KeyLog: Debug + Send + Sync {
    /// One line in the format of NSS: `CLIENT_RANDOM`, the client's random value and the master
    /// secret, in hexadecimal.
    fn log(&self, line: &str);
}

pub(crate) fn log(key_log: &dyn KeyLog, client_random: &[u8], master_secret: &[u8]) {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    key_log.log(&format!(
        "CLIENT_RANDOM {} {}",
        hex(client_random),
        hex(master_secret)
    ));
}
