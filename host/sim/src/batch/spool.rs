//! What a batch keeps on disk: the parameters of its items and, behind them, their results.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// How much is kept back before it is written.
const BUFFER: usize = 256 * 1024;

/// A temporary file that only grows. The system removes it when it is closed.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    written: u64,
    pending: Vec<u8>,
}

/// Where something stands in a [`Spool`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: u64,
    len: u32,
}

impl Spool {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, written: 0, pending: Vec::new() })
    }

    /// Keeps `bytes`, of which there may be up to 4 GB.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<Place> {
        let len = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let at = self.written + self.pending.len() as u64;
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= BUFFER {
            self.flush()?;
        }
        Ok(Place { at, len })
    }

    /// Reads what stands at a place, behind what `into` has already.
    pub(super) fn read(&mut self, place: Place, into: &mut Vec<u8>) -> io::Result<()> {
        if place.at + u64::from(place.len) > self.written {
            self.flush()?;
        }
        self.file.seek(SeekFrom::Start(place.at))?;
        let begin = into.len();
        into.resize(begin + place.len as usize, 0);
        self.file.read_exact(&mut into[begin..])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(&self.pending)?;
        self.written += self.pending.len() as u64;
        // One large item does not keep its memory.
        self.pending = Vec::new();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_whether_it_was_written_yet_or_not() {
        let mut spool = Spool::new().expect("a temporary file");
        let texts: Vec<Vec<u8>> = (0..40_u8).map(|i| vec![i; 10_000 + usize::from(i)]).collect();
        let places: Vec<Place> = texts.iter().map(|text| spool.append(text).expect("kept")).collect();
        for (text, place) in texts.iter().zip(&places).rev() {
            let mut read = vec![7];
            spool.read(*place, &mut read).expect("read");
            assert_eq!((read[0], &read[1..]), (7, text.as_slice()));
        }
        let last = spool.append(b"behind").expect("kept");
        let mut read = Vec::new();
        spool.read(last, &mut read).expect("read");
        assert_eq!(read, b"behind");
    }
}
