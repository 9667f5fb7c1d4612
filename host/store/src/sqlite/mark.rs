//! The mark: how far this folder's ledger has come, beside the database.
//!
//! A database whose time is before the mark is older than what its host had written: somebody restored a
//! back-up, and what was spent since is missing from the ledger. The mark is written after the commit
//! that it tells of, so it is never ahead of a database that belongs to it, a crash included. It follows
//! once a minute and at the end: a back-up that is younger than that is not told from the original.

use anvil_types::Timestamp;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The mark's file in the data folder.
const MARK: &str = "anvil.mark";
/// How far the ledger may be ahead of the mark while the host runs.
const EVERY: Duration = Duration::from_mins(1);

/// Where the ledger had come when it was last marked.
#[derive(Debug)]
pub(super) struct Mark {
    folder: PathBuf,
    at: Timestamp,
}

impl Mark {
    /// The mark of a folder; the beginning of time where it has none that can be read.
    pub(super) fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join(MARK)).unwrap_or_default();
        let at = text.trim().parse().map_or_else(|_| Timestamp::default(), Timestamp::from_micros);
        Self { folder: folder.to_owned(), at }
    }

    /// The time that it says.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    /// The ledger has come to `stored`, durably.
    pub(super) fn follow(&mut self, stored: Timestamp) {
        if stored.since(self.at) >= EVERY {
            self.set(stored);
        }
    }

    /// The ledger ends for now at `stored`.
    pub(super) fn set(&mut self, stored: Timestamp) {
        if stored <= self.at {
            return;
        }
        match write(&self.folder, stored) {
            Ok(()) => self.at = stored,
            // It stays behind, which is never wrong.
            Err(error) => tracing::warn!(%error, "how far the ledger has come could not be marked"),
        }
    }
}

fn write(folder: &Path, at: Timestamp) -> std::io::Result<()> {
    let new = folder.join("anvil.mark.new");
    let mut file = File::create(&new)?;
    writeln!(file, "{}", at.micros())?;
    file.sync_all()?;
    std::fs::rename(new, folder.join(MARK))
}
