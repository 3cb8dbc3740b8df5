//! The presentation language of the standard (GB/T 38636, 6.2): big-endian numbers, and vectors with
//! their length in front.

/// The bytes are not what the message should be made of: they end too early, too late, or a number
/// is out of its range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the message is malformed")]
pub struct Malformed;

/// Reads from the front of borrowed bytes; nothing is copied and nothing can run past the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u24(&mut self) -> Result<usize, Malformed> {
        self.array().map(|[high, middle, low]| {
            (usize::from(high) << 16) | (usize::from(middle) << 8) | usize::from(low)
        })
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn vec8(&mut self) -> Result<&'a [u8], Malformed> {
        let count = usize::from(self.u8()?);
        self.bytes(count)
    }

    pub(crate) fn vec16(&mut self) -> Result<&'a [u8], Malformed> {
        let count = usize::from(self.u16()?);
        self.bytes(count)
    }

    pub(crate) fn vec24(&mut self) -> Result<&'a [u8], Malformed> {
        let count = self.u24()?;
        self.bytes(count)
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// Nothing may follow.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

pub(crate) fn put_u16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(crate) fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// What `body` writes, with its length in front in `N` bytes.
///
/// All that is written here was bounded when a configuration was built or a message parsed, so that
/// its length fits.
pub(crate) fn put_vec<const N: usize>(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; N]);
    body(out);
    let length = out.len() - start - N;
    debug_assert!(
        length >> (8 * N) == 0,
        "a vector is too long for its length"
    );
    if let Some((_, written)) = out.split_at_mut_checked(start)
        && let Some(field) = written.first_chunk_mut::<N>()
        && let Some(low) = length.to_be_bytes().last_chunk::<N>()
    {
        *field = *low;
    }
}

pub(crate) fn put_vec8(out: &mut Vec<u8>, bytes: &[u8]) {
    put_vec::<1>(out, |out| out.extend_from_slice(bytes));
}

pub(crate) fn put_vec16(out: &mut Vec<u8>, bytes: &[u8]) {
    put_vec::<2>(out, |out| out.extend_from_slice(bytes));
}

pub(crate) fn put_vec24(out: &mut Vec<u8>, bytes: &[u8]) {
    put_vec::<3>(out, |out| out.extend_from_slice(bytes));
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Malformed, put_u16, put_u32, put_vec, put_vec8, put_vec16, put_vec24};

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        put_u16(&mut out, 0x0102);
        put_u32(&mut out, 0x0304_0506);
        put_vec8(&mut out, &[7]);
        put_vec16(&mut out, &[8; 300]);
        put_vec24(&mut out, &[9; 70_000]);
        put_vec::<2>(&mut out, |out| put_vec8(out, b"in"));
        let mut cursor = Cursor::new(&out);
        assert_eq!(cursor.u16(), Ok(0x0102));
        assert_eq!(cursor.u32(), Ok(0x0304_0506));
        assert_eq!(cursor.vec8(), Ok(&[7][..]));
        assert_eq!(cursor.vec16(), Ok(&[8; 300][..]));
        assert_eq!(cursor.vec24(), Ok(&[9; 70_000][..]));
        assert_eq!(cursor.finish(), Err(Malformed));
        assert_eq!(cursor.vec16(), Ok(&b"\x02in"[..]));
        assert_eq!(cursor.finish(), Ok(()));
    }

    #[test]
    fn nothing_runs_past_the_end() {
        assert_eq!(Cursor::new(&[2, 1]).vec8(), Err(Malformed));
        assert_eq!(Cursor::new(&[0]).u16(), Err(Malformed));
        assert_eq!(Cursor::new(&[0xff; 3]).vec24(), Err(Malformed));
        assert_eq!(Cursor::new(&[]).bytes(0), Ok(&[][..]));
    }
}
