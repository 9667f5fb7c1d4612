//! What a command reads of a file, a pipe or standard input: piece by piece or whole, never without a bound, and told where
//! it waits or cannot go on.

use crate::failure::Failure;
use anvil_settings::read_bounded;
use futures_util::Stream;
use std::ffi::OsStr;
use std::fmt::Display;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much is read at once.
const PIECE: usize = 64 << 10;
/// After so long it is told that a pipe is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most that is read into memory as a whole: no host takes a longer body (`server.max_body_bytes`).
const WHOLE: u64 = 1 << 30;

/// Something to read.
pub(crate) struct Source {
    from: String,
    reader: Box<dyn AsyncRead + Send + Unpin>,
    /// How long it is; none where nobody knows before it was read.
    pub(crate) bytes: Option<u64>,
    is_pipe: bool,
}

/// That something could not be read any further, for whoever sends it.
#[derive(Debug)]
pub(crate) struct Unread {
    from: String,
    why: io::Error,
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read {}: {}", self.from, self.why)
    }
}

impl std::error::Error for Unread {}

impl Source {
    /// Opens a path, or standard input for `-`. A pipe is waited for until somebody writes to it, and a person told so.
    pub(crate) async fn open(path: impl AsRef<OsStr>) -> Result<Self, Failure> {
        let path = Path::new(path.as_ref());
        let from = path.display().to_string();
        if path == Path::new("-") {
            let reader = Box::new(tokio::io::stdin());
            return Ok(Self { from: "standard input".to_owned(), reader, bytes: None, is_pipe: false });
        }
        let unread = |error: &dyn Display| Failure::Usage(format!("cannot read {from}: {error}"));
        let about = tokio::fs::metadata(path).await.map_err(|error| unread(&error))?;
        if about.is_dir() {
            return Err(unread(&"it is a folder; give its files one by one"));
        }
        // What the system makes up as it is read says that it has none.
        let bytes = Some(about.len()).filter(|bytes| about.is_file() && *bytes > 0);
        let is_pipe = is_pipe(&about);
        let opening = tokio::fs::File::open(path);
        let file = if is_pipe { patiently(&from, opening).await } else { opening.await };
        let reader = Box::new(file.map_err(|error| unread(&error))?);
        Ok(Self { from, reader, bytes, is_pipe })
    }

    /// What is read next; nothing at its end.
    pub(crate) async fn piece(&mut self) -> Result<Vec<u8>, Unread> {
        let mut piece = vec![0; PIECE];
        let reading = self.reader.read(&mut piece);
        // Once something came its writer is at work.
        let is_first = std::mem::take(&mut self.is_pipe);
        let read = if is_first { patiently(&self.from, reading).await } else { reading.await };
        piece.truncate(read.map_err(|why| Unread { from: self.from.clone(), why })?);
        Ok(piece)
    }

    /// All of it, piece by piece. An error among them is an [`Unread`].
    pub(crate) fn pieces(self) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
        futures_util::stream::try_unfold(self, async |mut source| {
            let piece = source.piece().await.map_err(io::Error::other)?;
            Ok((!piece.is_empty()).then_some((piece, source)))
        })
    }
}

impl Unread {
    /// The one that ended what was sent, where one did.
    pub(crate) fn behind<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut cause = Some(error);
        while let Some(one) = cause {
            let own = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if let Some(unread) = own.and_then(|own| own.downcast_ref()) {
                return Some(unread);
            }
            cause = one.source();
        }
        None
    }
}

/// A whole file, or standard input for `-`, that a command needs in memory; why not, where it cannot be had.
pub(crate) fn whole(from: &str) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let read = |reader: &mut dyn io::Read| {
        let mut bytes = Vec::new();
        reader.take(WHOLE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > WHOLE { Err(too_long()) } else { Ok(bytes) }
    };
    if from == "-" {
        return read(&mut io::stdin());
    }
    let about = std::fs::metadata(Path::new(from)).map_err(|error| error.to_string())?;
    if is_device(&about) {
        return Err("it is a device, which may have no end".to_owned());
    }
    if about.len() > WHOLE {
        return Err(too_long());
    }
    let _waits = PipeWait::on(Path::new(from));
    read(&mut std::fs::File::open(from).map_err(|error| error.to_string())?)
}

fn too_long() -> String {
    format!("it is longer than {} MiB, and no host takes more (`server.max_body_bytes`)", WHOLE >> 20)
}

/// The text of a file that has at most so many bytes, for a command that needs it whole.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, Failure> {
    let unread = |error: &dyn Display| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    let _waits = PipeWait::on(path);
    let bytes = read_bounded(path, most).map_err(|error| unread(&error))?;
    anvil_types::encoding::utf8(&bytes).map(str::to_owned).map_err(|error| unread(&error))
}

/// As long as it lives a file is read whole: of a pipe a person is told after a while that it is waited for.
pub(crate) struct PipeWait {
    _ended: Option<mpsc::Sender<()>>,
}

impl PipeWait {
    pub(crate) fn on(path: &Path) -> Self {
        if !std::fs::metadata(path).is_ok_and(|about| is_pipe(&about)) {
            return Self { _ended: None };
        }
        let from = path.display().to_string();
        let (ended, when) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if when.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("waiting for {from}: it is a pipe, and its end has not come yet");
            }
        });
        Self { _ended: Some(ended) }
    }
}

/// Waits, and tells a person after a while for what.
async fn patiently<T>(from: &str, waited: impl Future<Output = T>) -> T {
    tokio::pin!(waited);
    tokio::select! {
        done = &mut waited => return done,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    eprintln!("waiting for {from}: it is a pipe, and nobody has written to it yet");
    waited.await
}

#[cfg(unix)]
fn is_pipe(about: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&about.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
fn is_device(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    about.file_type().is_char_device() || about.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        assert!(whole("/dev/zero").is_err_and(|why| why.contains("device")));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("long");
        let file = std::fs::File::create(&path).expect("a file");
        file.set_len(WHOLE + 1).expect("a hole takes no room");
        let refused = whole(path.to_str().expect("text"));
        assert!(refused.is_err_and(|why| why.contains("server.max_body_bytes")));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_cannot_be_read_is_told_as_that_and_not_as_a_host_that_is_away() {
        use futures_util::TryStreamExt as _;
        let source = Source::open("/proc/self/mem").await.expect("it opens");
        let error = source.pieces().try_collect::<Vec<_>>().await.expect_err("nothing is at address 0");
        let unread = Unread::behind(&error).expect("it is told which");
        assert!(unread.to_string().starts_with("cannot read /proc/self/mem: "), "{unread}");
        assert!(Unread::behind(&io::Error::other("connection refused")).is_none());
        assert!(Source::open("/proc").await.is_err(), "a folder");
    }
}
