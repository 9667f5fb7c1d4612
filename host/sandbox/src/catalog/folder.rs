//! The plugins folder: which files have come, changed, settled, gone.

use std::collections::BTreeMap;
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

/// What can be seen of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) written: Option<SystemTime>,
}

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watching {
    /// It changes, or changed just now.
    Settling,
    /// It is being read.
    Reading,
    /// It was not whole; it is looked at again at this time.
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
    pub(crate) fn observe(
        &mut self,
        listing: &BTreeMap<String, Stamp>,
        now: Instant,
        clock: SystemTime,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        self.files.retain(|name, _| {
            let stays = listing.contains_key(name);
            if !stays {
                steps.push(Step::Forget(name.clone()));
            }
            stays
        });
        for (name, stamp) in listing {
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

    /// Whether the file is still the one that was read as `stamp`.
    pub(crate) fn is_current(&mut self, name: &str, stamp: Stamp) -> bool {
        self.reading(name, stamp).is_some()
    }

    /// Whether some file has yet to settle or to be read.
    pub(crate) fn is_busy(&self) -> bool {
        self.files.values().any(|watched| watched.state != Watching::Done)
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
        Self { stamp, changed, longest_pause: Duration::ZERO, state: Watching::Settling }
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

/// The plugin files of a folder. Compiled code is listed too, so that it can be refused by name.
pub(crate) fn list(folder: &Path) -> io::Result<BTreeMap<String, Stamp>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let extension = Path::new(&name).extension().and_then(|extension| extension.to_str());
        if name.starts_with('.') || !matches!(extension, Some("wasm" | "cwasm")) {
            continue;
        }
        // A file may go between the listing and here.
        let Some(stamp) = stamp(&entry.path()) else { continue };
        files.insert(name, stamp);
    }
    Ok(files)
}

/// What can be seen of one file.
pub(crate) fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some(Stamp { size: metadata.len(), written: metadata.modified().ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(size: u64) -> BTreeMap<String, Stamp> {
        BTreeMap::from([("a.wasm".to_owned(), Stamp { size, written: None })])
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
        let stamp = Stamp { size: 8, written: Some(clock - OLD) };
        let listing = BTreeMap::from([("a.wasm".to_owned(), stamp)]);
        assert_eq!(Folder::default().observe(&listing, Instant::now(), clock).len(), 1);
    }

    #[test]
    fn half_a_file_is_waited_for_and_then_called_damaged() {
        let mut folder = Folder::default();
        let (mut now, clock) = (Instant::now(), SystemTime::now());
        folder.observe(&listing(8), now, clock);
        now += SETTLE;
        let stamp = listing(8)["a.wasm"];
        assert_eq!(folder.observe(&listing(8), now, clock).len(), 1);
        assert!(folder.wait_for_the_rest("a.wasm", stamp, now));
        now += PATIENCE;
        assert_eq!(folder.observe(&listing(8), now, clock).len(), 1);
        assert!(!folder.wait_for_the_rest("a.wasm", stamp, now));
    }
}
