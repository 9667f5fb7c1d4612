//! Reading files that a stranger put into a folder: only ordinary ones, never waiting, never whole.

use crate::Rejection;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// How much is in memory at once.
const PIECE: usize = 64 * 1024;

/// What can be said of a file once it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) digest: String,
    pub(crate) size: u64,
}

/// Opens an ordinary file. A pipe or a device has nothing to say and may never say so: the opening itself
/// does not wait for one, and whatever it is after that is looked at.
pub(crate) fn open(path: &Path) -> Result<File, Rejection> {
    let failed = |error: io::Error| Rejection::Unreadable(error.to_string());
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        options.custom_flags(flags.cast_signed());
    }
    // What it is first: opening a device may do something.
    ordinary(&std::fs::metadata(path).map_err(failed)?)?;
    let file = options.open(path).map_err(failed)?;
    ordinary(&file.metadata().map_err(failed)?)?;
    Ok(file)
}

fn ordinary(metadata: &Metadata) -> Result<(), Rejection> {
    if metadata.is_file() { Ok(()) } else { Err(Rejection::NoFile(what(metadata).to_owned())) }
}

/// What something that is no file is.
pub(crate) fn what(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "something else"
}

/// Reads a file of at most `limit` bytes to its end, and writes it to `copy` where one is given.
pub(crate) fn fingerprint(path: &Path, limit: u64, copy: Option<&Path>) -> Result<Fingerprint, Rejection> {
    let failed = |error: io::Error| Rejection::Unreadable(error.to_string());
    let kept = |error: io::Error| Rejection::Host(format!("its bytes cannot be kept: {error}"));
    let mut file = open(path)?;
    let mut copy = copy.map(draft).transpose().map_err(kept)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    let mut size = 0;
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        size += length as u64;
        if size > limit {
            let size = file.metadata().map_or(size, |metadata| metadata.len().max(size));
            return Err(Rejection::TooLarge { size, limit });
        }
        hasher.update(&piece[..length]);
        if let Some(copy) = &mut copy {
            copy.write_all(&piece[..length]).map_err(kept)?;
        }
    }
    if let Some(copy) = copy {
        copy.sync_all().map_err(kept)?;
    }
    Ok(Fingerprint { digest: hasher.finalize().to_hex().to_string(), size })
}

/// A new file for its owner alone.
fn draft(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
