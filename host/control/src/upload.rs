//! Files on their way in with a job: checked, summed up and written down as they come, so that memory has a piece of
//! them at a time. What becomes no job's is gone with its value, or with the process.

use crate::SubmitError;
use anvil_store::StoreError;
use anvil_types::words::InputRefusal;
use anvil_types::{
    ArtifactName, InputDigest, InputInfo, InputLimits, InputSource, NewInput, clip, is_media_type,
};
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many bytes are kept in memory before they are written down.
const PIECE: usize = 256 << 10;

/// Files on their way in with a job, one after the other.
pub struct Upload {
    limits: InputLimits,
    folder: PathBuf,
    /// What has come and is not written down yet.
    pending: Vec<u8>,
    /// What is written down: a file without a name.
    spool: Option<File>,
    /// Bytes of all files so far.
    bytes: u64,
    arrived: Vec<(InputInfo, u64)>,
    coming: Option<Coming>,
}

/// The file that comes now.
struct Coming {
    name: ArtifactName,
    media_type: String,
    /// Where it begins, in bytes of all files.
    start: u64,
    hasher: blake3::Hasher,
}

impl Upload {
    /// An upload within these limits. What does not fit into memory goes into the folder.
    pub fn new(limits: InputLimits, folder: PathBuf) -> Self {
        Self { limits, folder, pending: Vec::new(), spool: None, bytes: 0, arrived: Vec::new(), coming: None }
    }

    /// The next file begins, and the one before has ended.
    pub fn begin(&mut self, name: &str, media_type: &str) -> Result<(), SubmitError> {
        self.end();
        if self.arrived.len() >= self.limits.files {
            return Err(InputRefusal::TooMany { most: self.limits.files }.into());
        }
        let parsed: ArtifactName =
            name.parse().map_err(|why| InputRefusal::Name { name: clip(name), why })?;
        if self.arrived.iter().any(|(info, _)| info.name == parsed) {
            return Err(InputRefusal::Twice { name: clip(name) }.into());
        }
        if !is_media_type(media_type) {
            return Err(InputRefusal::MediaType { name: clip(name) }.into());
        }
        self.coming = Some(Coming {
            name: parsed,
            media_type: media_type.to_owned(),
            start: self.bytes,
            hasher: blake3::Hasher::new(),
        });
        Ok(())
    }

    /// More bytes of the file that comes now.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), SubmitError> {
        let Some(coming) = &mut self.coming else { return Ok(()) };
        self.bytes += bytes.len() as u64;
        let name = || coming.name.to_string();
        if self.bytes - coming.start > self.limits.file_bytes {
            return Err(InputRefusal::TooLarge { name: name(), most: self.limits.file_bytes }.into());
        }
        if self.bytes > self.limits.bytes {
            return Err(InputRefusal::TooMuch { name: name(), most: self.limits.bytes }.into());
        }
        coming.hasher.update(bytes);
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= PIECE { self.write_down().await } else { Ok(()) }
    }

    fn end(&mut self) {
        let Some(Coming { name, media_type, start, hasher }) = self.coming.take() else { return };
        let digest = InputDigest(*hasher.finalize().as_bytes());
        self.arrived.push((InputInfo { name, media_type, size: self.bytes - start, digest }, start));
    }

    async fn write_down(&mut self) -> Result<(), SubmitError> {
        let (spool, folder) = (self.spool.take(), self.folder.clone());
        let pending = std::mem::take(&mut self.pending);
        let written = tokio::task::spawn_blocking(move || {
            let mut spool = spool.map_or_else(|| tempfile::tempfile_in(folder), Ok)?;
            spool.write_all(&pending)?;
            io::Result::Ok(spool)
        });
        self.spool = Some(written.await.map_err(io::Error::other).flatten().map_err(|error| failed(&error))?);
        Ok(())
    }

    /// All have come.
    pub async fn finish(mut self) -> Result<Vec<NewInput>, SubmitError> {
        self.end();
        if self.spool.is_some() && !self.pending.is_empty() {
            self.write_down().await?;
        }
        let kept = Arc::new(match self.spool {
            Some(spool) => Kept::Disk(Mutex::new(spool)),
            None => Kept::Memory(self.pending),
        });
        let input = |(info, start): (InputInfo, u64)| {
            let range = Range { of: kept.clone(), start, size: info.size };
            NewInput { info, bytes: Some(Arc::new(range) as Arc<dyn InputSource>) }
        };
        Ok(self.arrived.into_iter().map(input).collect())
    }
}

/// The bytes of all files of an upload.
enum Kept {
    Memory(Vec<u8>),
    Disk(Mutex<File>),
}

/// Those of one of them.
struct Range {
    of: Arc<Kept>,
    start: u64,
    size: u64,
}

impl InputSource for Range {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        match &*self.of {
            Kept::Memory(bytes) => {
                let mut bytes = Cursor::new(bytes);
                bytes.set_position(self.start);
                Ok(Box::new(bytes.take(self.size)))
            }
            Kept::Disk(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(self.start))?;
                Ok(Box::new(OnDisk(file).take(self.size)))
            }
        }
    }
}

/// The spool, read by one at a time.
struct OnDisk<'a>(MutexGuard<'a, File>);

impl Read for OnDisk<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

fn failed(error: &io::Error) -> SubmitError {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    if full { StoreError::DiskFull.into() } else { StoreError::DiskFails(error.to_string()).into() }
}

/// Whether a job may come with these files, wherever they are from.
pub(crate) fn check(inputs: &[NewInput], limits: &InputLimits) -> Result<(), InputRefusal> {
    if inputs.len() > limits.files {
        return Err(InputRefusal::TooMany { most: limits.files });
    }
    let mut bytes = 0_u64;
    for (place, NewInput { info, .. }) in inputs.iter().enumerate() {
        let name = || info.name.to_string();
        bytes = bytes.saturating_add(info.size);
        if info.size > limits.file_bytes {
            return Err(InputRefusal::TooLarge { name: name(), most: limits.file_bytes });
        }
        if bytes > limits.bytes {
            return Err(InputRefusal::TooMuch { name: name(), most: limits.bytes });
        }
        if inputs[..place].iter().any(|other| other.info.name == info.name) {
            return Err(InputRefusal::Twice { name: name() });
        }
        if !is_media_type(&info.media_type) {
            return Err(InputRefusal::MediaType { name: name() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: InputLimits = InputLimits { files: 3, file_bytes: 700_000, bytes: 1_000_000 };

    fn upload(folder: &tempfile::TempDir) -> Upload {
        Upload::new(LIMITS, folder.path().to_owned())
    }

    fn read(input: &NewInput) -> Vec<u8> {
        let mut bytes = Vec::new();
        let source = input.bytes.as_ref().expect("they came");
        source.open().expect("it opens").read_to_end(&mut bytes).expect("it is read");
        bytes
    }

    #[tokio::test]
    async fn what_came_in_pieces_is_read_again_from_memory_and_from_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        for size in [0, 5, 1_000, 600_000] {
            let large: Vec<u8> = (0_u32..size).map(|n| n.to_le_bytes()[0]).collect();
            let mut upload = upload(&folder);
            upload.begin("b/large", "a/b").expect("a name");
            for piece in large.chunks(999) {
                upload.write(piece).await.expect("it is written");
            }
            upload.begin("a", "text/plain").expect("a name");
            upload.write(b"small").await.expect("it is written");
            upload.begin("empty", "text/plain").expect("a name");
            let files = upload.finish().await.expect("all came");
            let told: Vec<_> = files.iter().map(|file| (file.info.name.as_str(), file.info.size)).collect();
            assert_eq!(told, [("b/large", u64::from(size)), ("a", 5), ("empty", 0)]);
            // In another order than that in which they came, and twice.
            assert_eq!((read(&files[1]), read(&files[0])), (b"small".to_vec(), large.clone()), "{size}");
            assert_eq!((read(&files[0]), read(&files[2])), (large.clone(), Vec::new()), "{size}");
            assert_eq!(files[0].info.digest.0, *blake3::hash(&large).as_bytes());
        }
        let left = std::fs::read_dir(folder.path()).expect("it is listed").count();
        assert_eq!(left, 0, "nothing stays behind");
    }

    fn refusal(result: Result<(), SubmitError>) -> InputRefusal {
        match result {
            Err(SubmitError::File(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn each_bound_is_told_by_the_name_of_its_setting() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut one = upload(&folder);
        one.begin("a", "a/b").expect("a name");
        one.write(&vec![0; 700_000]).await.expect("as much as it may");
        let told = refusal(one.write(&[0]).await).to_string();
        assert!(told.contains("`a`") && told.contains("jobs.input_file_bytes"), "{told}");

        let mut all = upload(&folder);
        all.begin("a", "a/b").expect("a name");
        all.write(&vec![0; 600_000]).await.expect("it fits");
        all.begin("b", "a/b").expect("a name");
        let told = refusal(all.write(&vec![0; 400_001]).await).to_string();
        assert!(told.contains("`b`") && told.contains("jobs.input_bytes"), "{told}");

        let mut many = upload(&folder);
        for name in ["a", "b", "c"] {
            many.begin(name, "a/b").expect("a name");
        }
        assert!(refusal(many.begin("d", "a/b")).to_string().contains("jobs.input_files"));
    }

    #[test]
    fn a_name_that_leads_anywhere_else_and_a_second_of_one_name_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = "x".repeat(256);
        for bad in ["", "../a", "/etc/passwd", "a/../b", "a\\b", "C:/a", "a\0b", "a\r\nb", "a//b", ".", &long]
        {
            let told = refusal(upload(&folder).begin(bad, "a/b"));
            assert!(matches!(told, InputRefusal::Name { .. }), "{bad:?}: {told}");
        }
        let mut twice = upload(&folder);
        twice.begin("a", "a/b").expect("a name");
        assert_eq!(refusal(twice.begin("a", "a/b")), InputRefusal::Twice { name: "a".to_owned() });
        for bad in ["", "text/plän", "a\nb", &"x".repeat(256)] {
            assert!(matches!(refusal(upload(&folder).begin("a", bad)), InputRefusal::MediaType { .. }));
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_the_hosts_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut upload = Upload::new(LIMITS, folder.path().join("gone"));
        upload.begin("a", "a/b").expect("a name");
        let failed = upload.write(&vec![0; PIECE]).await;
        assert!(matches!(failed, Err(SubmitError::Store(StoreError::DiskFails(_)))), "{failed:?}");
    }
}
