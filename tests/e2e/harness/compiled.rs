//! Compiled code that one test leaves to the next: all of CPython takes most of a minute to compile.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What no test used for so long is removed.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// The folders of a host's data that it is in, with the endings of its files: code of a plugin that is not kept is removed.
const FOLDERS: [(&str, &str); 2] = [("compiled", "code"), ("plugins", "wasm")];

/// The code, while a host compiles what is missing. One at a time: another that needs the same waits for it.
pub(super) struct Compiled {
    folder: PathBuf,
    /// Released when it is closed.
    _turn: File,
}

impl Compiled {
    /// Gives what there is to a host that has not run yet.
    pub(super) fn give(data: &Path) -> Self {
        let target = Path::new(env!("CARGO_BIN_EXE_anvil")).ancestors().nth(2).expect("a target folder");
        let folder = target.join("e2e-compiled");
        fs::create_dir_all(&folder).expect("a folder");
        let turn = File::create(folder.join("turn")).expect("a file to lock");
        turn.lock().expect("a lock");
        hand_over(&folder, data);
        Self { folder, _turn: turn }
    }

    /// Takes what the host has compiled.
    pub(super) fn take(self, data: &Path) {
        hand_over(data, &self.folder);
        for path in FOLDERS.iter().flat_map(|(folder, ending)| files(&self.folder.join(folder), ending)) {
            let used = fs::metadata(&path).and_then(|file| file.modified()).unwrap_or(SystemTime::now());
            if !path.ends_with("key") && used.elapsed().is_ok_and(|since| since > KEPT) {
                fs::remove_file(&path).expect("removed");
            }
        }
    }
}

/// The files with this ending, and the key that a host knows its own code by.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries
        .filter(|path| path.ends_with("key") || path.extension().is_some_and(|found| found == ending))
        .collect()
}

fn hand_over(from: &Path, to: &Path) {
    for (folder, ending) in FOLDERS {
        let to = to.join(folder);
        fs::create_dir_all(&to).expect("a folder");
        for path in files(&from.join(folder), ending) {
            let there = to.join(path.file_name().expect("a name"));
            if !there.exists() {
                // The same file where that can be: a host writes each anew, and never into one.
                fs::hard_link(&path, &there)
                    .or_else(|_| fs::copy(&path, &there).map(drop))
                    .expect("handed over");
            }
        }
    }
}
