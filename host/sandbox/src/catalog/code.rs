//! Compiled code on its way from the disk into the engine.

use std::io::{self, Read, Write as _};

/// How much of it is looked at at once.
const PIECE: usize = 128 * 1024;

/// Compiled code that nothing changes any more. Where the system has such memory it is a sealed file in memory, which the
/// engine maps: it is copied once, and what of it never runs is never in the host's own memory. Elsewhere it is bytes.
#[derive(Debug)]
pub(crate) enum Code {
    /// A file in memory whose content and length are sealed.
    #[cfg(target_os = "linux")]
    Sealed(std::fs::File),
    /// Bytes of this process.
    Bytes(Vec<u8>),
}

impl Code {
    /// Reads `from` to its end, and shows every piece to `see` on its way: what was seen is what is loaded.
    pub(crate) fn read(mut from: impl Read, mut see: impl FnMut(&[u8])) -> io::Result<Self> {
        let mut code = Self::empty();
        let mut piece = vec![0; PIECE];
        loop {
            let length = match from.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            see(&piece[..length]);
            match &mut code {
                #[cfg(target_os = "linux")]
                Self::Sealed(file) => file.write_all(&piece[..length])?,
                Self::Bytes(bytes) => bytes.write_all(&piece[..length])?,
            }
        }
        #[cfg(target_os = "linux")]
        if let Self::Sealed(file) = &code {
            use rustix::fs::SealFlags;
            let all = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
            rustix::fs::fcntl_add_seals(file, all)?;
        }
        Ok(code)
    }

    #[cfg(target_os = "linux")]
    fn empty() -> Self {
        use rustix::fs::{MemfdFlags, memfd_create};
        // The engine opens what it maps by a name.
        let named = std::path::Path::new("/proc/self/fd").exists();
        let made = || memfd_create("anvil-code", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).ok();
        named.then(made).flatten().map_or(Self::Bytes(Vec::new()), |file| Self::Sealed(file.into()))
    }

    #[cfg(not(target_os = "linux"))]
    fn empty() -> Self {
        Self::Bytes(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_what_is_read() {
        let text: Vec<u8> = (0..=255).cycle().take(3 * PIECE + 7).collect();
        let mut seen = Vec::new();
        let code = Code::read(text.as_slice(), |piece| seen.extend_from_slice(piece)).expect("it is read");
        assert!(seen == text);
        match code {
            #[cfg(target_os = "linux")]
            Code::Sealed(mut file) => {
                use std::io::Seek as _;
                let mut read = Vec::new();
                file.rewind().and_then(|()| file.read_to_end(&mut read)).expect("it is read");
                assert!(read == text);
            }
            Code::Bytes(bytes) => assert!(bytes == text),
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn sealed_code_cannot_be_changed() {
        let Ok(Code::Sealed(mut file)) = Code::read(b"code".as_slice(), |_| {}) else {
            panic!("this system seals memory")
        };
        file.write_all(b"other").expect_err("it is sealed");
        file.set_len(1).expect_err("it is sealed");
        let other = std::os::fd::AsRawFd::as_raw_fd(&file);
        let again = std::fs::File::options().write(true).open(format!("/proc/self/fd/{other}"));
        let written = again.and_then(|mut file| file.write_all(b"evil"));
        written.expect_err("by whatever name it is opened");
    }
}
