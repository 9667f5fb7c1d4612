//! `anvil plugin wit`.

use crate::failure::Failure;
use crate::show::print;
use anyhow::Context as _;
use include_dir::{Dir, include_dir};
use std::path::{Path, PathBuf};

/// The contract that this host offers.
static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");

pub(super) fn run(dir: &Path) -> Result<(), Failure> {
    let written = write(dir)?;
    print(&format!("{} files of the contract are in {}", written.len(), dir.display()))
}

/// Writes the contract into `dir`; answers its files. A file of another content that stands there is left alone, and
/// refused: it may be a contract of the author's own.
pub(super) fn write(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for file in CONTRACT.files() {
        let path = dir.join(file.path());
        match std::fs::read(&path) {
            Ok(there) if there != file.contents() && !is_ours(&there) => {
                return Err(Failure::Usage(format!(
                    "{} is there already and is no file of the contract; name another folder",
                    path.display()
                )));
            }
            _ => files.push((path, file.contents())),
        }
    }
    std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    for (path, contents) in &files {
        std::fs::write(path, contents).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// Whether a file is one of the contract, of this version of it or another.
fn is_ours(bytes: &[u8]) -> bool {
    bytes.starts_with(b"package anvil:agent@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_written_whole_and_over_itself_but_over_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("deep/wit");
        let files = write(&dir).expect("it is written");
        assert!(files.iter().any(|file| file.ends_with("world.wit")));
        std::fs::write(dir.join("world.wit"), "package anvil:agent@0.0.9;\n").expect("an older one");
        write(&dir).expect("it is written again");
        let world = std::fs::read_to_string(dir.join("world.wit")).expect("it is there");
        assert!(world.starts_with("package anvil:agent@0.1.0;"), "{world}");
        std::fs::write(dir.join("job.wit"), "package other:thing;").expect("another's");
        let refused = write(&dir).expect_err("it is not written over").to_string();
        assert!(refused.contains("job.wit is there already"), "{refused}");
    }
}
