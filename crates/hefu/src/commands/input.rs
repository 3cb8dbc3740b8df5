//! Secrets from standard input, where no list of processes shows them.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use hefu_gm::Zeroizing;

/// Longest line that is taken.
const LINE_BYTES_MAX: usize = 4_096;

/// Nothing, or too much, stood on standard input.
#[derive(Debug, thiserror::Error)]
#[error(
    "{what} is read from standard input: one line of 1 to {LINE_BYTES_MAX} bytes, for example `printf '%s\\n' … | hefu …`"
)]
pub(super) struct NoInput {
    what: &'static str,
}

/// Reads one line, without its end.
pub(super) fn secret_line(what: &'static str) -> Result<Zeroizing<String>, NoInput> {
    if std::io::stdin().is_terminal() {
        eprint!("{what}: ");
        // Only the prompt may be late.
        let _ = std::io::stderr().flush();
    }
    let mut line = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().read_line(&mut line);
    let text = line.trim_end_matches(['\r', '\n']);
    if read.is_err() || text.is_empty() || text.len() > LINE_BYTES_MAX {
        return Err(NoInput { what });
    }
    Ok(Zeroizing::new(text.to_owned()))
}
