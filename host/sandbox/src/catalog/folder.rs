//! The plugins folder: which files have come, changed, settled, gone.

use super::plain;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// A file is read and compiled when it has not changed for this long …
const LOOK: Duration = Duration::from_millis(300);
/// … but put in force only after this long without a change …
const SETTLE: Duration = Duration::from_millis(500);
/// … or for twice the longest pause in its growth so far, up to this: a slow copy pauses.
const SETTLE_SLOW: Duration = Duration::from_millis(1_300);
/// A file that is not whole is given this long since its last change before it is called damaged.
const PATIENCE: Duration = Duration::from_secs(2);
/// A file last written this long ago is no copy under way.
const OLD: Duration = Duration::from_secs(5);

/// What can be seen of a file without reading it. Size and time of writing alone do not tell two builds
/// apart: they can be made alike. Which file it is, and when the system last changed it, cannot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) written: Option<SystemTime>,
    /// Device and number of the file, seconds and nanoseconds of its last change.
    system: Option<(u64, u64, i64, i64)>,
    /// What it is, where it is no file that could be read.
    pub(crate) other: Option<&'static str>,
}

/// What a folder's listing has under a name that can be shown: the file's own name, and its stamp.
pub(crate) type Listing = BTreeMap<String, (OsString, Stamp)>;

/// What to do about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It may have settled: read it. It has settled if it is still the same at this time.
    Read(String, Stamp, Instant),
    /// It is gone.
    Forget(String),
}

#[derive(Debug)]
struct Watched {
    stamp: Stamp,
    changed: Instant,
    longest_pause: Duration,
    state: Watching,
    /// How often the host could not examine it.
    tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watching {
    /// It changes, or changed just now.
    Settling,
    /// It is being read.
    Reading,
    /// It was not whole, or the host could not examine it; it is looked at again at this time.
    Again(Instant),
    /// There is nothing to do until it changes.
    Done,
}

/// Follows the files of the folder from one listing to the next.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    files: BTreeMap<String, Watched>,
}

impl Folder {
    /// Takes in a listing and says what to do.
    pub(crate) fn observe(&mut self, listing: &Listing, now: Instant, clock: SystemTime) -> Vec<Step> {
        let mut steps = Vec::new();
        self.files.retain(|name, _| {
            let stays = listing.contains_key(name);
            if !stays {
                steps.push(Step::Forget(name.clone()));
            }
            stays
        });
        for (name, (_, stamp)) in listing {
            let watched = self.files.entry(name.clone()).or_insert_with(|| Watched::new(*stamp, now, clock));
            if watched.look(*stamp, now) {
                steps.push(Step::Read(name.clone(), *stamp, watched.settled_at()));
            }
        }
        steps
    }

    /// What was read as `stamp` has been dealt with.
    pub(crate) fn done(&mut self, name: &str, stamp: Stamp) {
        if let Some(watched) = self.reading(name, stamp) {
            watched.state = Watching::Done;
        }
    }

    /// What was read as `stamp` is to be read once more when it has settled.
    pub(crate) fn again(&mut self, name: &str, stamp: Stamp) {
        if let Some(watched) = self.reading(name, stamp) {
            watched.state = Watching::Settling;
        }
    }

    /// What was read as `stamp` is not whole. Whether to wait for the rest of it.
    pub(crate) fn wait_for_the_rest(&mut self, name: &str, stamp: Stamp, now: Instant) -> bool {
        let Some(watched) = self.reading(name, stamp) else { return true };
        let until = watched.changed + PATIENCE;
        if now >= until {
            return false;
        }
        watched.state = Watching::Again(until);
        true
    }

    /// The host could not examine what was read as `stamp`: it is looked at again after a wait that `wait`
    /// says for the number of tries. Answers that wait.
    pub(crate) fn try_again(
        &mut self,
        name: &str,
        stamp: Stamp,
        now: Instant,
        wait: impl Fn(u32) -> Duration,
    ) -> Duration {
        let Some(watched) = self.reading(name, stamp) else { return Duration::ZERO };
        watched.tries = watched.tries.saturating_add(1);
        let wait = wait(watched.tries);
        watched.state = Watching::Again(now + wait);
        wait
    }

    /// Whether the file is still the one that was read as `stamp`.
    pub(crate) fn is_current(&mut self, name: &str, stamp: Stamp) -> bool {
        self.reading(name, stamp).is_some()
    }

    /// Whether some file has yet to settle or to be read.
    pub(crate) fn is_busy(&self) -> bool {
        self.files.values().any(|watched| watched.state != Watching::Done)
    }

    /// Whether some file is to be looked at again and again: it settles, or is due in a moment.
    pub(crate) fn is_settling(&self, now: Instant) -> bool {
        self.files.values().any(|watched| match watched.state {
            Watching::Settling => true,
            Watching::Again(at) => at <= now + LOOK,
            Watching::Reading | Watching::Done => false,
        })
    }

    fn reading(&mut self, name: &str, stamp: Stamp) -> Option<&mut Watched> {
        self.files
            .get_mut(name)
            .filter(|watched| watched.stamp == stamp && watched.state == Watching::Reading)
    }
}

impl Watched {
    fn new(stamp: Stamp, now: Instant, clock: SystemTime) -> Self {
        let age = stamp.written.and_then(|written| clock.duration_since(written).ok()).unwrap_or_default();
        let changed = if age >= OLD { now.checked_sub(PATIENCE).unwrap_or(now) } else { now };
        Self { stamp, changed, longest_pause: Duration::ZERO, state: Watching::Settling, tries: 0 }
    }

    /// When it has settled, unless it changes before.
    fn settled_at(&self) -> Instant {
        self.changed + (self.longest_pause * 2).clamp(SETTLE, SETTLE_SLOW)
    }

    /// Whether it is to be read now.
    fn look(&mut self, stamp: Stamp, now: Instant) -> bool {
        let quiet = now.saturating_duration_since(self.changed);
        if stamp != self.stamp {
            // A file replaced long after is no slow copy.
            if quiet <= SETTLE_SLOW * 2 {
                self.longest_pause = self.longest_pause.max(quiet);
            } else {
                self.longest_pause = Duration::ZERO;
            }
            self.stamp = stamp;
            self.changed = now;
            self.state = Watching::Settling;
            self.tries = 0;
            return false;
        }
        let due = match self.state {
            Watching::Settling => quiet >= LOOK,
            Watching::Again(at) => now >= at,
            Watching::Reading | Watching::Done => false,
        };
        if due {
            self.state = Watching::Reading;
        }
        due
    }
}

/// The plugin files of a folder, and what looks like one. Compiled code is listed too, so that it can be
/// refused by name.
pub(crate) fn list(folder: &Path) -> io::Result<Listing> {
    let mut files = Listing::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let own = entry.file_name();
        let name = shown(&own);
        let extension = Path::new(&name).extension().and_then(OsStr::to_str);
        let is_plugin = extension.is_some_and(|extension| {
            ["wasm", "cwasm"].iter().any(|kind| extension.eq_ignore_ascii_case(kind))
        });
        if name.starts_with('.') || !is_plugin {
            continue;
        }
        // A file may go between the listing and here.
        let Some(stamp) = stamp(&entry.path()) else { continue };
        // A name that is text goes before one that only looks like it.
        if own.to_str().is_some() || !files.contains_key(&name) {
            files.insert(name, (own, stamp));
        }
    }
    Ok(files)
}

/// A file's name as text: bytes that are none are written as `\xHH`.
fn shown(name: &OsStr) -> String {
    let mut text = String::new();
    for part in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(part.valid());
        text.extend(part.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// What can be seen of one file; none where there is none.
pub(crate) fn stamp(file: &Path) -> Option<Stamp> {
    let Ok(metadata) = std::fs::metadata(file) else {
        // What is there all the same leads nowhere.
        let link = std::fs::symlink_metadata(file).ok()?;
        let other = Some(if link.is_symlink() {
            "a link that leads nowhere"
        } else {
            "something that cannot be seen"
        });
        return Some(Stamp { other, ..of(&link) });
    };
    let other = (!metadata.is_file()).then(|| plain::what(&metadata));
    Some(Stamp { other, ..of(&metadata) })
}

fn of(metadata: &std::fs::Metadata) -> Stamp {
    #[cfg(unix)]
    let system = {
        use std::os::unix::fs::MetadataExt as _;
        Some((metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
    };
    #[cfg(not(unix))]
    let system = None;
    Stamp { size: metadata.len(), written: metadata.modified().ok(), system, other: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(size: u64) -> Listing {
        Listing::from([("a.wasm".to_owned(), ("a.wasm".into(), Stamp { size, ..Stamp::default() }))])
    }

    #[test]
    fn a_slow_copy_has_not_settled_while_it_pauses() {
        let mut folder = Folder::default();
        let mut now = Instant::now();
        let clock = SystemTime::now();
        let mut size = 0;
        let mut settled = None;
        // A pause of 600 ms would pass for the end of a quick copy, but the one before is remembered.
        for pause in [100, 400, 600, 600, 1_200] {
            assert!(settled.is_none_or(|at| at > now), "it grows on after {size} bytes");
            size += 1_000;
            assert_eq!(folder.observe(&listing(size), now, clock), [], "{size}");
            for _ in 0..pause / 100 {
                now += Duration::from_millis(100);
                for step in folder.observe(&listing(size), now, clock) {
                    let Step::Read(_, stamp, at) = step else { unreachable!("it is still there") };
                    assert_eq!(stamp.size, size);
                    settled = Some(at);
                }
            }
        }
        assert!(settled.is_some_and(|at| at <= now));
        assert_eq!(folder.observe(&listing(size), now, clock), [], "it is read once");
    }

    #[test]
    fn an_old_file_is_read_at_once() {
        let clock = SystemTime::now();
        let stamp = Stamp { size: 8, written: Some(clock - OLD), ..Stamp::default() };
        let listing = Listing::from([("a.wasm".to_owned(), ("a.wasm".into(), stamp))]);
        assert_eq!(Folder::default().observe(&listing, Instant::now(), clock).len(), 1);
    }

    #[test]
    fn half_a_file_is_waited_for_and_then_called_damaged() {
        let mut folder = Folder::default();
        let (mut now, clock) = (Instant::now(), SystemTime::now());
        folder.observe(&listing(8), now, clock);
        now += SETTLE;
        let (_, stamp) = listing(8)["a.wasm"].clone();
        assert_eq!(folder.observe(&listing(8), now, clock).len(), 1);
        assert!(folder.wait_for_the_rest("a.wasm", stamp, now));
        now += PATIENCE;
        assert_eq!(folder.observe(&listing(8), now, clock).len(), 1);
        assert!(!folder.wait_for_the_rest("a.wasm", stamp, now));
    }

    #[test]
    fn what_could_not_be_examined_is_tried_again_after_growing_waits() {
        let mut folder = Folder::default();
        let (mut now, clock) = (Instant::now(), SystemTime::now());
        folder.observe(&listing(8), now, clock);
        now += SETTLE;
        let (_, stamp) = listing(8)["a.wasm"].clone();
        for tries in 1..=3 {
            assert_eq!(folder.observe(&listing(8), now, clock).len(), 1, "{tries}");
            let wait = folder.try_again("a.wasm", stamp, now, |tries| Duration::from_secs(tries.into()));
            assert_eq!(wait, Duration::from_secs(tries));
            assert_eq!(folder.observe(&listing(8), now + wait.saturating_sub(LOOK), clock), [], "{tries}");
            now += wait;
        }
        assert!(folder.is_busy());
    }

    #[cfg(unix)]
    #[test]
    fn everything_that_looks_like_a_plugin_is_listed() {
        use std::os::unix::ffi::OsStringExt as _;
        let folder = tempfile::tempdir().expect("it works");
        let put = |name: OsString| std::fs::write(folder.path().join(name), b"x").expect("it works");
        for name in
            ["a.wasm", "UPPER.WASM", "Mixed.Wasm", "b.cwasm", "with space.wasm", ".hidden.wasm", "c.txt"]
        {
            put(name.into());
        }
        put(OsString::from_vec(b"caf\xe9.wasm".to_vec()));
        std::os::unix::fs::symlink("nowhere", folder.path().join("link.wasm")).expect("it works");
        std::fs::create_dir(folder.path().join("folder.wasm")).expect("it works");
        let listing = list(folder.path()).expect("it works");
        let names: Vec<_> = listing.iter().map(|(name, (_, stamp))| (name.as_str(), stamp.other)).collect();
        assert_eq!(
            names,
            [
                ("Mixed.Wasm", None),
                ("UPPER.WASM", None),
                ("a.wasm", None),
                ("b.cwasm", None),
                ("caf\\xe9.wasm", None),
                ("folder.wasm", Some("a folder")),
                ("link.wasm", Some("a link that leads nowhere")),
                ("with space.wasm", None),
            ]
        );
        assert_eq!(listing["caf\\xe9.wasm"].0, OsString::from_vec(b"caf\xe9.wasm".to_vec()));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_the_same_size_and_time_is_another_file() {
        let folder = tempfile::tempdir().expect("it works");
        let file = folder.path().join("a.wasm");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
        let put = |to: &Path, bytes: &[u8]| {
            std::fs::write(to, bytes).expect("it works");
            std::fs::File::options()
                .write(true)
                .open(to)
                .expect("it works")
                .set_modified(time)
                .expect("it works");
        };
        put(&file, b"one");
        let first = stamp(&file).expect("it works");
        assert_eq!(stamp(&file).expect("it works"), first);
        let draft = folder.path().join("draft");
        put(&draft, b"two");
        std::fs::rename(&draft, &file).expect("it works");
        let second = stamp(&file).expect("it works");
        assert_eq!((second.size, second.written), (first.size, first.written));
        assert_ne!(second, first);
    }
}
