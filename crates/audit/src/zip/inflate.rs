//! Bounded inflation.
//!
//! With the backend that is compatible with zlib, which the platforms use: others read a
//! back-reference to before the start as zeros, and so would show the auditor other contents than
//! the phone sees.

use flate2::{Decompress, FlushDecompress, Status};

use super::ReadError;

const BUFFER_BYTES: usize = 1 << 16;

/// Unpacks a raw deflate stream that must yield exactly `declared` bytes, piece by piece.
pub(super) fn inflate(
    packed: &[u8],
    declared: u64,
    ratio_max: u64,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<(), ReadError> {
    if declared > (packed.len() as u64).saturating_mul(ratio_max) {
        return Err(ReadError::Ratio);
    }
    let mut stream = Decompress::new(false);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let (read_before, written_before) = (stream.total_in(), stream.total_out());
        let rest = usize::try_from(read_before)
            .ok()
            .and_then(|read| packed.get(read..));
        let status = stream
            .decompress(
                rest.ok_or(ReadError::Inflate)?,
                &mut buffer,
                FlushDecompress::None,
            )
            .map_err(|_| ReadError::Inflate)?;
        let written = stream.total_out() - written_before;
        if stream.total_out() > declared {
            return Err(ReadError::SizeMismatch);
        }
        let piece = usize::try_from(written)
            .ok()
            .and_then(|written| buffer.get(..written));
        sink(piece.unwrap_or_default());
        let stuck = written == 0 && stream.total_in() == read_before;
        if status == Status::StreamEnd || stuck {
            break;
        }
    }
    // A stream without an end marker is accepted when all its bytes arrived, as Android does.
    if stream.total_out() == declared {
        Ok(())
    } else {
        Err(ReadError::SizeMismatch)
    }
}
