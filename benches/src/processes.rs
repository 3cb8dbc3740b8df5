//! The processes of a run, each kept to one core by `taskset` and ended when it is dropped.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use hefu_tally::clock::Stopwatch;

use crate::{Failure, cpu, serve};

/// How long nginx may take to listen.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// A process of this program under another role, which ends when its standard input does.
#[derive(Debug)]
pub(crate) struct Own {
    child: Child,
    /// The line that it told when it had started.
    pub(crate) told: String,
}

impl Own {
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(core: usize, arguments: &[&str]) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let mut child = Command::new("taskset")
            .args(["-c", &core.to_string()])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("taskset (package util-linux): {error}"))?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let mut own = Self {
            child,
            told: String::new(),
        };
        BufReader::new(out).read_line(&mut own.told)?;
        if own.told.is_empty() {
            return Err(format!("`{}` did not start", arguments.join(" ")).into());
        }
        Ok(own)
    }

    /// Its id, which `taskset` left as it was.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends by itself, and there is nobody left to tell if it does not.
        let _ = self.child.wait();
    }
}

/// nginx with one worker, as a plain reverse proxy.
#[derive(Debug)]
pub(crate) struct Nginx {
    master: Child,
    /// The one process that serves.
    pub(crate) worker: u32,
    pub(crate) tls: SocketAddr,
    pub(crate) plain: SocketAddr,
}

impl Nginx {
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(
        core: usize,
        folder: &Path,
        certificates: &Path,
        service: SocketAddr,
    ) -> Result<Self, Failure> {
        let (tls, plain) = (free_address()?, free_address()?);
        let config = folder.join("nginx.conf");
        fs::write(
            &config,
            configuration(folder, certificates, service, tls, plain),
        )?;
        let mut master = Command::new("taskset")
            .args(["-c", &core.to_string(), "nginx", "-p"])
            .arg(folder)
            .arg("-c")
            .arg(&config)
            .args(["-g", "daemon off;"])
            .spawn()?;
        let patience = Stopwatch::start();
        let worker = loop {
            if master.try_wait()?.is_some() {
                return Err("nginx (Debian package nginx-light) did not start".into());
            }
            // Listening comes before the worker, and the worker before any answer.
            if TcpStream::connect(plain).is_ok()
                && let [worker] = cpu::children(master.id())?.as_slice()
            {
                break *worker;
            }
            if patience.elapsed() > START_PATIENCE {
                return Err("nginx has no worker after ten seconds".into());
            }
            std::thread::yield_now();
        };
        Ok(Self {
            master,
            worker,
            tls,
            plain,
        })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its worker when it is asked to, and not when it is killed.
        let asked = Command::new("kill")
            .arg(self.master.id().to_string())
            .status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.master.kill();
        }
        let _ = self.master.wait();
    }
}

/// What makes nginx fast for this, and nothing that it would not do in production: no access log,
/// kept connections on both sides, and the same certificates and protocol as the gateway.
fn configuration(
    folder: &Path,
    certificates: &Path,
    service: SocketAddr,
    tls: SocketAddr,
    plain: SocketAddr,
) -> String {
    let file = |name: &str| -> PathBuf { certificates.join(name) };
    format!(
        r#"worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    client_body_buffer_size 64k;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    upstream bank {{
        server {service};
        keepalive 256;
        keepalive_requests 100000000;
        keepalive_timeout 600s;
    }}
    server {{
        listen {plain};
        listen {tls} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {authority};
        ssl_verify_client on;
        ssl_protocols TLSv1.3;
        ssl_session_tickets off;
        location / {{
            proxy_pass http://bank;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"#,
        folder = folder.display(),
        certificate = file(serve::CERTIFICATE_FILE).display(),
        key = file(serve::KEY_FILE).display(),
        authority = file(serve::AUTHORITY_FILE).display(),
    )
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
