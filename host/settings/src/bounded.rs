//! Files that a person names, read whole and no further than makes sense.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// A file's bytes; the error says so where there are more than `most`. A device without an end is such a file, and a pipe is
/// read up to its end.
pub fn read_bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let what = format!("it is longer than {} KiB, the most that is read of it", most >> 10);
        return Err(io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_by_its_length_whatever_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        for (length, most) in [(0, 0), (5, 5), (4_096, 4_096)] {
            std::fs::write(&path, vec![7; length]).expect("written");
            assert_eq!(read_bounded(&path, most).expect("it is read").len(), length);
            std::fs::write(&path, vec![7; length + 1]).expect("written");
            let error = read_bounded(&path, most).expect_err("it is too long");
            assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        }
        #[cfg(target_os = "linux")]
        for endless in ["/dev/zero", "/dev/urandom"] {
            let error = read_bounded(Path::new(endless), 4 << 20).expect_err("it has no end");
            assert!(error.to_string().contains("longer than 4096 KiB"), "{error}");
        }
        #[cfg(unix)]
        assert!(read_bounded(Path::new("/dev/null"), 10).expect("it is empty").is_empty());
    }
}
