//! Each target runs for a moment on its seeds and on what a small mutator makes of them.
//!
//! This finds the shallow panic at every commit; `cargo fuzz` (see fuzz/README.md) digs deeper.
#![expect(
    clippy::disallowed_methods,
    reason = "a budget of real time bounds the smoke run"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that fails should stop, and prints what it ran"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hefu_fuzz::{TARGETS, Target};

const BUDGET: Duration = Duration::from_secs(2);
const INPUT_BYTES_MAX: usize = 8 * 1024;

#[test]
fn every_target_survives_its_seeds_and_their_mutations() {
    for target in TARGETS {
        let seeds = seeds(target);
        assert!(
            !seeds.is_empty(),
            "{} has no seed in fuzz/seeds",
            target.name
        );
        for seed in &seeds {
            (target.run)(seed);
        }
        let runs = mutate(target, &seeds);
        println!(
            "{:<24} {} seeds, {runs} mutations",
            target.name,
            seeds.len()
        );
        assert!(runs > 0);
    }
}

#[test]
fn every_target_has_a_cargo_fuzz_harness() {
    for target in TARGETS {
        let harness = here().join(format!("cargo-fuzz/fuzz_targets/{}.rs", target.name));
        assert!(harness.is_file(), "{} is missing", harness.display());
    }
}

fn mutate(target: &Target, seeds: &[Vec<u8>]) -> u64 {
    let mut random = XorShift::seeded_by(target.name);
    let started = Instant::now();
    let mut runs = 0;
    while started.elapsed() < BUDGET {
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(6) {
            random.mutate(&mut input, seeds);
        }
        input.truncate(INPUT_BYTES_MAX);
        (target.run)(&input);
        runs += 1;
    }
    runs
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = here().join("seeds").join(target.name);
    let mut paths: Vec<PathBuf> = folder
        .read_dir()
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Marsaglia's xorshift: the same run every time, so that a failure can be repeated.
struct XorShift(u64);

impl XorShift {
    fn seeded_by(name: &str) -> Self {
        Self(name.bytes().fold(0x9e37_79b9_7f4a_7c15, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn mutate(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        const TELLING: &[&[u8]] = &[
            b"\0",
            b"\r\n",
            b"\"",
            b"\\",
            b";",
            b",",
            b":",
            b"(",
            b")",
            b"{",
            b"[",
            b"=",
            b"%",
            b"\xff",
            b"\xc3\x28",
            b"\xf0\x9f\x91\xa8\xe2\x80\x8d",
            b"9999999999999999999",
            b"-1",
            b"1e999",
            b"&a",
            b"*a",
            b"<<",
            b"$ref",
        ];
        let at = self.below(input.len() + 1);
        match self.below(6) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => {
                input.remove(at);
            }
            2 => {
                let piece = TELLING[self.below(TELLING.len())];
                input.splice(at..at, piece.iter().copied());
            }
            3 => input.truncate(at),
            4 if at < input.len() => {
                let end = at + 1 + self.below((input.len() - at).min(64));
                let piece = input[at..end.min(input.len())].to_vec();
                input.splice(at..at, piece);
            }
            _ => {
                let other = &seeds[self.below(seeds.len())];
                let cut = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[cut..]);
            }
        }
    }
}
