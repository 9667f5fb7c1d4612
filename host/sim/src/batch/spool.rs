//! What a batch keeps of its own: the parameters of its items and, behind them, their results. Most batches are small, and
//! stay in memory: only one that is larger than that has a file, and a file that is open.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// How much is kept back before it is written: what a batch without a file has in memory at most.
const BUFFER: usize = 64 * 1024;

/// Memory and, behind that, a temporary file that only grows. The system removes it when it is closed.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Option<File>,
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
    /// Keeps `bytes`, of which there may be up to 4 GB; an error where they are too many for memory and there is no file
    /// for them.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<Place> {
        let place = self.take(bytes)?;
        if self.pending.len() >= BUFFER {
            self.flush()?;
        }
        Ok(place)
    }

    /// The same for what cannot be refused any more: where there is no file for it, it stays in memory.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> io::Result<Place> {
        let place = self.take(bytes)?;
        if self.pending.len() >= BUFFER {
            // The next one tries again.
            let _ = self.flush();
        }
        Ok(place)
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<Place> {
        let len = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let at = self.written + self.pending.len() as u64;
        self.pending.extend_from_slice(bytes);
        Ok(Place { at, len })
    }

    /// Reads what stands at a place, behind what `into` has already.
    pub(super) fn read(&mut self, place: Place, into: &mut Vec<u8>) -> io::Result<()> {
        let len = place.len as usize;
        // What is written is written whole.
        if let Some(at) = place.at.checked_sub(self.written) {
            let at = usize::try_from(at).map_err(io::Error::other)?;
            let kept = self.pending.get(at..at + len).ok_or(io::ErrorKind::UnexpectedEof)?;
            into.extend_from_slice(kept);
            return Ok(());
        }
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(place.at))?;
        let begin = into.len();
        into.resize(begin + len, 0);
        file.read_exact(&mut into[begin..])
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&self.pending)?;
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
        let mut spool = Spool::default();
        let texts: Vec<Vec<u8>> = (0..40_u8).map(|i| vec![i; 10_000 + usize::from(i)]).collect();
        let mut places = Vec::new();
        for (i, text) in texts.iter().enumerate() {
            places.push(spool.append(text).expect("kept"));
            assert_eq!(spool.file.is_some(), i >= 6, "60,000 bytes stay in memory, 70,000 do not");
            assert!(spool.pending.len() < BUFFER);
        }
        for (text, place) in texts.iter().zip(&places).rev() {
            let mut read = vec![7];
            spool.read(*place, &mut read).expect("read");
            assert_eq!((read[0], &read[1..]), (7, text.as_slice()));
        }
        let last = spool.keep(b"behind").expect("kept");
        let mut read = Vec::new();
        spool.read(last, &mut read).expect("read");
        assert_eq!(read, b"behind");
    }
}
