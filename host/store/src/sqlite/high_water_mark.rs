//! The mark: how far this folder's ledger has come, beside the database and once more outside of the folder.
//!
//! A database that is behind the mark is older than what its host had written: somebody restored a back-up, and
//! what was spent since is missing from the ledger. The mark is written after the commit that it tells of, so it
//! is never ahead of a database that belongs to it, a crash included.
//!
//! It counts the lives of the host, and tells the time of each upstream's ledger. The count is written at each
//! start, the time once a minute and at the end: a copy that was made in the same life and is younger than a
//! minute is not told from the original. The mark in the folder goes with it when the whole folder is put back
//! from a copy; the one outside stays.

use anvil_types::{Timestamp, UpstreamKind};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The mark's file in the data folder.
const MARK: &str = "anvil.mark";
/// How far the ledger may be ahead of the mark while the host runs.
const EVERY: Duration = Duration::from_mins(1);
/// The longest mark that is read.
const LONGEST: u64 = 1_024;

/// How far a ledger has come: which life of the host it is, and what time it was for each upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The lives of the host.
    pub(crate) lives: u64,
    /// The latest time of each upstream's ledger.
    pub(crate) times: BTreeMap<UpstreamKind, Timestamp>,
}

impl Reached {
    /// The time of an upstream's ledger; the beginning of time where nothing is known of it.
    pub(crate) fn time(&self, upstream: UpstreamKind) -> Timestamp {
        self.times.get(&upstream).copied().unwrap_or_default()
    }

    /// The upstreams whose ledger had come further than this one: none of those where it has had more lives.
    pub(crate) fn ahead_of(&self, other: &Self) -> Vec<UpstreamKind> {
        let ahead = |upstream: &UpstreamKind| {
            self.lives > other.lives
                || self.lives == other.lives && self.time(*upstream) > other.time(*upstream)
        };
        self.times.keys().copied().filter(ahead).collect()
    }

    /// What of both had come further.
    fn max(self, other: Self) -> Self {
        if self.lives != other.lives {
            return if self.lives > other.lives { self } else { other };
        }
        let mut times = self.times;
        for (upstream, time) in other.times {
            let known = times.entry(upstream).or_default();
            *known = time.max(*known);
        }
        Self { lives: self.lives, times }
    }

    /// The words of a mark. A mark of one number is of a version before upstreams had times of their own, the
    /// latest of all.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(micros) = text.parse() {
            let times = BTreeMap::from([(UpstreamKind::Simulated, Timestamp::from_micros(micros))]);
            return Some(Self { lives: 0, times });
        }
        let mut reached = Self::default();
        for line in text.lines() {
            let (name, value) = line.split_once(' ')?;
            let micros = || value.parse().ok().map(Timestamp::from_micros);
            match name {
                "lives" => reached.lives = value.parse().ok()?,
                "live" => drop(reached.times.insert(UpstreamKind::Live, micros()?)),
                "simulated" => drop(reached.times.insert(UpstreamKind::Simulated, micros()?)),
                _ => return None,
            }
        }
        Some(reached)
    }

    fn words(&self) -> String {
        let mut words = format!("lives {}\n", self.lives);
        for (upstream, time) in &self.times {
            words.extend([upstream.name(), " ", &time.micros().to_string(), "\n"]);
        }
        words
    }
}

/// Where the ledger had come when it was last marked.
#[derive(Debug)]
pub(crate) struct Mark {
    /// The mark in the folder, and the one outside where there is a place for it.
    places: Vec<PathBuf>,
    upstream: UpstreamKind,
    at: Reached,
}

impl Mark {
    /// The furthest mark of a folder; nothing where it has none that can be read. `host` names the folder
    /// outside of it, in `outside`.
    pub(crate) fn read(folder: &Path, outside: Option<&Path>, host: &str, upstream: UpstreamKind) -> Self {
        let mut places = vec![folder.join(MARK)];
        places.extend(outside.map(|outside| outside.join(host)));
        let at = places.iter().filter_map(|place| read(place)).fold(Reached::default(), Reached::max);
        Self { places, upstream, at }
    }

    /// What it says.
    pub(crate) fn at(&self) -> &Reached {
        &self.at
    }

    /// A life begins, durably, at a time that the ledger may have been set back to.
    pub(crate) fn begin(&mut self, lives: u64, time: Timestamp) {
        self.at.lives = lives;
        self.at.times.insert(self.upstream, time);
        self.write();
    }

    /// The ledger has come to `stored`, durably.
    pub(crate) fn follow(&mut self, stored: Timestamp) {
        if stored.since(self.at.time(self.upstream)) >= EVERY {
            self.set(stored);
        }
    }

    /// The ledger ends for now at `stored`.
    pub(crate) fn set(&mut self, stored: Timestamp) {
        if stored > self.at.time(self.upstream) {
            self.at.times.insert(self.upstream, stored);
            self.write();
        }
    }

    /// A mark only rises: where another copy of the folder has begun a later life meanwhile, its mark stands, and
    /// this ledger is told at its next start that it was left behind.
    fn write(&self) {
        for place in &self.places {
            if read(place).is_some_and(|there| there.lives > self.at.lives) {
                tracing::error!(
                    place = %place.display(),
                    "a copy of this data folder was started while this host runs: what both spend is in neither's ledger; \
                     the next start engages the brake"
                );
                continue;
            }
            if let Err(error) = write(place, &self.at.words()) {
                // It stays behind, which is never wrong.
                tracing::warn!(%error, place = %place.display(), "how far the ledger has come could not be marked");
            }
        }
    }
}

fn read(place: &Path) -> Option<Reached> {
    let known = place.metadata().ok()?;
    if !known.is_file() || known.len() > LONGEST {
        return None;
    }
    Reached::read(&std::fs::read_to_string(place).ok()?)
}

fn write(place: &Path, words: &str) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let new = place.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(words.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(lives: u64, live: i64, simulated: i64) -> Reached {
        let time = Timestamp::from_secs;
        let times = [(UpstreamKind::Live, time(live)), (UpstreamKind::Simulated, time(simulated))]
            .into_iter()
            .collect();
        Reached { lives, times }
    }

    #[test]
    fn a_mark_comes_back_as_it_was_written() {
        for one in [reached(7, 3, 9), Reached { lives: 1, times: BTreeMap::new() }] {
            assert_eq!(Reached::read(&one.words()), Some(one));
        }
        for bad in ["lives x", "lives -1", "lives", "moon 7", "live 99999999999999999999"] {
            assert_eq!(Reached::read(bad), None, "{bad}");
        }
        let old = Reached::read("17000000\n").expect("a mark of an earlier version");
        assert_eq!((old.lives, old.time(UpstreamKind::Simulated)), (0, Timestamp::from_secs(17)));
    }

    #[test]
    fn more_lives_are_further_whatever_the_time() {
        let (live, simulated) = (UpstreamKind::Live, UpstreamKind::Simulated);
        for (mark, database, ahead) in [
            (reached(3, 5, 5), reached(3, 5, 5), vec![]),
            (reached(3, 6, 5), reached(3, 5, 5), vec![live]),
            (reached(4, 5, 5), reached(3, 9, 9), vec![live, simulated]),
            (reached(3, 9, 9), reached(4, 5, 5), vec![]),
        ] {
            assert_eq!(mark.ahead_of(&database), ahead, "{mark:?} {database:?}");
        }
    }

    #[test]
    fn a_mark_that_the_later_life_of_a_copy_wrote_is_never_lowered() {
        let dir = tempfile::tempdir().expect("a folder");
        let (outside, time) = (dir.path().join("outside"), Timestamp::from_secs);
        let of = |folder: &str| {
            let folder = dir.path().join(folder);
            std::fs::create_dir_all(&folder).expect("a folder");
            Mark::read(&folder, Some(&outside), "id", UpstreamKind::Live)
        };
        let mut original = of("original");
        original.begin(1, time(5));
        // Copied while it runs, and begun.
        of("copy").begin(2, time(7));
        for second in [600, 1_200] {
            original.follow(time(second));
            original.set(time(second + 1));
        }
        let at = of("original").at().clone();
        assert_eq!((at.lives, at.time(UpstreamKind::Live)), (2, time(7)));
        assert_eq!(at.ahead_of(&reached(1, 1_201, 0)), vec![UpstreamKind::Live], "the next start is told");
    }

    #[test]
    fn a_mark_that_cannot_be_written_stops_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("file");
        std::fs::write(&file, "in the way").expect("written");
        let mut mark = Mark::read(dir.path(), Some(&file), "id", UpstreamKind::Live);
        mark.begin(1, Timestamp::from_secs(5));
        let again = Mark::read(dir.path(), Some(&file), "id", UpstreamKind::Live);
        assert_eq!((again.at().lives, again.at().time(UpstreamKind::Live)), (1, Timestamp::from_secs(5)));
    }
}
