//! TLCP against foreign implementations: `cargo xtask interop`.
//!
//! Every peer in `conformance/tlcp/` plays client and server against ours, in all suites it has,
//! with and without client certificates, with both shapes of client lists, from one byte to one
//! mebibyte, and resumed. A handshake is no success: what was sent has to come back.
//!
//! Peers come from their registries. One that cannot be had is skipped, loudly; a copy at hand is
//! named by `HEFU_GOTLCP_SOURCE` (a folder with the module) or `HEFU_KONA_CLASSPATH`.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::workspace::{Failure, root};

const SIZES: [usize; 4] = [1, 16_384, 16_385, 1 << 20];
const ECC: [&str; 2] = ["ECC_SM4_GCM_SM3", "ECC_SM4_CBC_SM3"];
const ECDHE: [&str; 2] = ["ECDHE_SM4_GCM_SM3", "ECDHE_SM4_CBC_SM3"];
const REPORT: &str = "docs/TLCP-INTEROP.md";
const NOTES: &str = "conformance/tlcp/NOTES.md";

/// A program that plays a side.
struct Peer {
    /// How the report calls it.
    name: &'static str,
    /// Its command line up to `server` or `client`.
    command: Vec<String>,
    /// Whether it has GCM suites.
    has_gcm: bool,
    /// Whether it resumes by session id.
    resumes: bool,
}

/// One line of the matrix.
#[derive(Clone, Copy)]
struct Case {
    suite: &'static str,
    auth: Auth,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Auth {
    Server,
    MutualSignEnc,
    MutualSignCa,
}

impl Auth {
    const fn name(self) -> &'static str {
        match self {
            Self::Server => "server only",
            Self::MutualSignEnc => "mutual, [sign, enc]",
            Self::MutualSignCa => "mutual, [sign, CA]",
        }
    }

    const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Server => &[],
            Self::MutualSignEnc => &["--mutual", "--client-list", "sign-enc"],
            Self::MutualSignCa => &["--mutual", "--client-list", "sign-ca"],
        }
    }
}

/// Runs the matrix. With `check`, the report has to say the same already; else it is written.
pub(crate) fn run(check: bool) -> Result<(), Failure> {
    let scratch = scratch()?;
    let ours = build_ours()?;
    let certificates = certificates(&ours, &scratch)?;
    let mut rows = Vec::new();
    let mut absent = Vec::new();
    for peer in [gotlcp(&scratch), kona(&scratch), gmtls(&scratch)] {
        match peer {
            Ok(peer) => rows.extend(matrix(&ours, &peer, &certificates)),
            Err((name, why)) => {
                println!("SKIPPED  {name}: {why}");
                absent.push(name);
            }
        }
    }
    for row in &rows {
        println!("{row}");
    }
    let path = root().join(REPORT);
    if !check {
        let report = report(&rows)?;
        return fs::write(&path, report).map_err(|source| Failure::File { path, source });
    }
    let written = fs::read_to_string(&path).map_err(|source| Failure::File { path, source })?;
    let changed: Vec<&String> = rows
        .iter()
        .filter(|row| !written.lines().any(|line| line == row.as_str()))
        .collect();
    if changed.is_empty() {
        println!(
            "{} combinations are as {REPORT} says; peers skipped: {absent:?}",
            rows.len()
        );
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "{REPORT} says otherwise about {changed:#?}"
    )))
}

/// The command that measures gotlcp in this run, or why it cannot be had.
pub(crate) fn gotlcp_bench() -> Result<Result<Command, String>, Failure> {
    let scratch = scratch()?;
    let certificates = certificates(&build_ours()?, &scratch)?;
    Ok(gotlcp(&scratch).map_err(|(_, why)| why).and_then(|peer| {
        let mut command = side(&peer.command, "bench").ok_or("it has no command")?;
        command.arg("--cert-dir").arg(certificates);
        Ok(command)
    }))
}

fn scratch() -> Result<PathBuf, Failure> {
    let scratch = root().join("target/interop");
    fs::create_dir_all(&scratch).map_err(|source| Failure::File {
        path: scratch.clone(),
        source,
    })?;
    Ok(scratch)
}

/// Makes authorities and certificates for both sides.
fn certificates(ours: &Path, scratch: &Path) -> Result<PathBuf, Failure> {
    let certificates = scratch.join("certificates");
    done(
        Command::new(ours)
            .args(["make-certificates", "--flat", "--cert-dir"])
            .arg(&certificates),
    )?;
    Ok(certificates)
}

fn report(rows: &[String]) -> Result<String, Failure> {
    let notes = root().join(NOTES);
    let notes = fs::read_to_string(&notes).map_err(|source| Failure::File {
        path: notes,
        source,
    })?;
    let mut text = String::from(
        "# TLCP with foreign peers\n\n\
         Written by `cargo xtask interop`; `./test` runs it again with the peers that it can get and \
         compares. A cell says whether as many bytes as its head says came back through an echo; \
         the last one whether a second connection resumed the session and did the same.\n\n\
         | peer | it is the | suite | certificates |",
    );
    for size in SIZES {
        // Writing to a String cannot fail.
        let _ = write!(text, " {size} |");
    }
    text.push_str(" resumed |\n|---|---|---|---|");
    text.push_str(&"---|".repeat(SIZES.len() + 1));
    text.push('\n');
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&notes);
    Ok(text)
}

fn matrix(ours: &Path, peer: &Peer, certificates: &Path) -> Vec<String> {
    let own = vec![ours.display().to_string()];
    let mut rows = Vec::new();
    for (role, server, client) in [
        ("server", &peer.command, &own),
        ("client", &own, &peer.command),
    ] {
        for case in cases(peer) {
            let mut row = format!(
                "| {} | {role} | {} | {} |",
                peer.name,
                case.suite,
                case.auth.name()
            );
            for size in SIZES {
                let held = exchange(server, client, certificates, case, size, false);
                row.push_str(if held { " ok |" } else { " no |" });
            }
            let resumed = match peer.resumes {
                false => " – |",
                true if exchange(server, client, certificates, case, 1_024, true) => " ok |",
                true => " no |",
            };
            row.push_str(resumed);
            rows.push(row);
        }
    }
    rows
}

/// ECDHE needs encryption certificates on both sides.
fn cases(peer: &Peer) -> Vec<Case> {
    let mut cases = Vec::new();
    let offered = |suite: &&str| peer.has_gcm || !suite.contains("GCM");
    for suite in ECC.into_iter().filter(offered) {
        for auth in [Auth::Server, Auth::MutualSignEnc, Auth::MutualSignCa] {
            cases.push(Case { suite, auth });
        }
    }
    for suite in ECDHE.into_iter().filter(offered) {
        cases.push(Case {
            suite,
            auth: Auth::MutualSignEnc,
        });
    }
    cases
}

/// Whether all bytes came back, and the suite is the one asked for.
fn exchange(
    server: &[String],
    client: &[String],
    certificates: &Path,
    case: Case,
    size: usize,
    resume: bool,
) -> bool {
    let connections = if resume { "2" } else { "1" };
    let shared = |command: &mut Command| {
        command
            .args(["--suite", case.suite])
            .args(case.auth.flags());
        command.arg("--cert-dir").arg(certificates);
        if resume {
            command.arg("--resume");
        }
    };
    let Some(mut server) = side(server, "server") else {
        return false;
    };
    server.args(["--port", "0", "--connections", connections]);
    shared(&mut server);
    let Some((server, port)) = Listening::start(server) else {
        return false;
    };
    let Some(mut client) = side(client, "client") else {
        return false;
    };
    client.args(["--port", &port.to_string(), "--size", &size.to_string()]);
    shared(&mut client);
    let Ok(output) = client.stderr(Stdio::null()).output() else {
        return false;
    };
    let held = |line: &Value| line.get("ok").and_then(Value::as_bool) == Some(true);
    let expected = if resume { 2 } else { 1 };
    let lines = lines(&output.stdout);
    if lines.len() != expected || !lines.iter().all(held) {
        // The server may wait for connections that never come: it is ended, not waited for.
        return false;
    }
    let served = server.finish();
    let resumed = |line: Option<&Value>| {
        line.and_then(|line| line.get("resumed"))
            .and_then(Value::as_bool)
            == Some(true)
    };
    served.len() == expected && served.iter().all(held) && resumed(lines.last()) == resume
}

fn side(command: &[String], role: &str) -> Option<Command> {
    let (program, arguments) = command.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).arg(role);
    Some(command)
}

/// A server that said where it listens.
struct Listening {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Listening {
    fn start(mut command: Command) -> Option<(Self, u64)> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut output = BufReader::new(child.stdout.take()?);
        let mut line = String::new();
        let read = output.read_line(&mut line);
        let listening = Self { child, output };
        read.ok()?;
        let port = serde_json::from_str::<Value>(&line).ok()?;
        let port = port.get("listening")?.as_u64()?;
        Some((listening, port))
    }

    /// What it said about its connections. Servers end by themselves after as many as were asked
    /// for, and give up on silent ones.
    fn finish(mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        let read = self.output.read_to_end(&mut rest);
        if read.is_err() {
            return Vec::new();
        }
        lines(&rest)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill and nothing to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(output: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(output)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn build_ours() -> Result<PathBuf, Failure> {
    done(Command::new(env!("CARGO")).args([
        "build",
        "--quiet",
        "--package",
        "hefu-tlcp",
        "--example",
        "tlcp_peer",
    ]))?;
    let target = crate::workspace::metadata()?.target_directory;
    Ok(target.join("debug/examples/tlcp_peer").into())
}

type Absent = (&'static str, String);

fn gotlcp(scratch: &Path) -> Result<Peer, Absent> {
    let name = "gotlcp 1.5.0";
    let source = root().join("conformance/tlcp/gotlcp");
    let folder = scratch.join("gotlcp");
    copy(&source, &folder).map_err(|why| (name, why))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a chore of the project, configured where it is called"
    )]
    if let Ok(local) = std::env::var("HEFU_GOTLCP_SOURCE") {
        let replace = format!("-replace=gitee.com/Trisia/gotlcp={local}");
        quietly(
            Command::new("go")
                .args(["mod", "edit", &replace])
                .current_dir(&folder),
        )
        .map_err(|why| (name, why))?;
    }
    let program = go_build(&folder, &scratch.join("gotlcp-peer")).map_err(|why| (name, why))?;
    Ok(Peer {
        name,
        command: vec![program],
        has_gcm: true,
        resumes: true,
    })
}

fn gmtls(scratch: &Path) -> Result<Peer, Absent> {
    let name = "tjfoc gmtls 1.4.1";
    let source = root().join("conformance/tlcp/gmtls");
    let program = go_build(&source, &scratch.join("gmtls-peer")).map_err(|why| (name, why))?;
    Ok(Peer {
        name,
        command: vec![program],
        has_gcm: false,
        // It resumes by tickets only.
        resumes: false,
    })
}

fn kona(scratch: &Path) -> Result<Peer, Absent> {
    let name = "Tencent Kona";
    let folder = root().join("conformance/tlcp/kona");
    let jars = scratch.join("kona/jars");
    #[expect(
        clippy::disallowed_methods,
        reason = "a chore of the project, configured where it is called"
    )]
    let class_path = match std::env::var("HEFU_KONA_CLASSPATH") {
        Ok(local) => local,
        Err(_) => {
            let output = format!("-DoutputDirectory={}", jars.display());
            quietly(
                Command::new("mvn")
                    .args([
                        "--batch-mode",
                        "--quiet",
                        "dependency:copy-dependencies",
                        &output,
                    ])
                    .current_dir(&folder),
            )
            .map_err(|why| (name, why))?;
            format!("{}/*", jars.display())
        }
    };
    let classes = scratch.join("kona/classes");
    quietly(
        Command::new("javac")
            .arg("-d")
            .arg(&classes)
            .arg(folder.join("Peer.java")),
    )
    .map_err(|why| (name, why))?;
    Ok(Peer {
        name,
        command: vec![
            "java".to_owned(),
            "-cp".to_owned(),
            format!("{}:{class_path}", classes.display()),
            "Peer".to_owned(),
        ],
        has_gcm: true,
        resumes: true,
    })
}

fn go_build(folder: &Path, program: &Path) -> Result<String, String> {
    quietly(
        Command::new("go")
            .args(["build", "-o"])
            .arg(program)
            .arg(".")
            .current_dir(folder),
    )?;
    Ok(program.display().to_string())
}

/// Copies the files of a folder.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|error| error.to_string())?;
    for entry in fs::read_dir(from).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        fs::copy(entry.path(), to.join(entry.file_name())).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Runs a command; what it complained about if it failed.
fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    Err(text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it failed")
        .to_owned())
}

fn done(command: &mut Command) -> Result<(), Failure> {
    quietly(command.current_dir(root())).map_err(Failure::Failed)
}
