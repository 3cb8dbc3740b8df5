//! OpenSSL's command line as the second judge.

use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Lengths around the blocks of SM3 (64), SM4 (16) and SM2's key stream (32).
pub(crate) const LENGTHS: [usize; 19] = [
    0, 1, 2, 15, 16, 17, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 129, 200, 4097,
];

/// A folder in which openssl runs and finds its files by their bare names.
pub(crate) struct OpenSsl {
    folder: TempDir,
}

impl OpenSsl {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::write(self.folder.path().join(name), bytes).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Runs a command that must succeed, and gives its standard output. Arguments are split at
    /// spaces.
    pub(crate) fn run(&self, command: &str) -> Vec<u8> {
        let output = self.output(command);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command}: {errors}");
        output.stdout
    }

    /// Unix seconds of a date that openssl printed, such as `Nov 26 10:41:09 2026 GMT`.
    pub(crate) fn seconds(&self, date: &str) -> i64 {
        let output = Command::new("date")
            .args(["-u", "+%s", "-d", date])
            .output()
            .expect("the date program is missing");
        let seconds = String::from_utf8(output.stdout).unwrap();
        seconds.trim().parse().unwrap()
    }

    pub(crate) fn refuses(&self, command: &str) -> bool {
        !self.output(command).status.success()
    }

    /// A fresh SM2 key in `k.pem` with its public half in `p.pem`.
    pub(crate) fn make_key(&self) -> &Self {
        self.run("genpkey -algorithm SM2 -out k.pem");
        self.run("pkey -in k.pem -pubout -out p.pem");
        self
    }

    fn output(&self, command: &str) -> Output {
        Command::new("openssl")
            .args(command.split_ascii_whitespace())
            .current_dir(self.folder.path())
            .output()
            .expect("the openssl program is missing: run ./test, which installs what tests need")
    }
}

/// `length` bytes that differ from run to run.
pub(crate) fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    hefu_gm::rng::fill(&mut hefu_gm::rng::SystemRng, &mut bytes).unwrap();
    bytes
}

/// [`LENGTHS`] and a few random ones, with random bytes of each length.
pub(crate) fn random_texts() -> impl Iterator<Item = Vec<u8>> {
    let more = (0..5).map(|_| usize::from(u16::from_be_bytes(random(2).try_into().unwrap())));
    LENGTHS.into_iter().chain(more).map(random)
}
