//! The token in the data folder.

use anvil_settings::read_bounded;
use anyhow::Context as _;
use rand::RngExt as _;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The name of the token's file in the data folder.
pub(crate) const TOKEN_FILE: &str = "token";
/// The fewest characters of a token: fewer can be guessed.
const SHORTEST_TOKEN: usize = 16;

/// The most bytes of its file: more is no token.
const LONGEST_TOKEN_FILE: u64 = 64 << 10;

/// The token: made on the first start, readable by its owner alone.
pub(super) fn token(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join(TOKEN_FILE);
    match kept(&path) {
        Ok(token) if !token.trim().is_empty() => return checked(token.trim(), &path),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        // A new one over it would lock out everybody who has the old one.
        Err(error) => {
            return Err(error).with_context(|| format!("the token in {} cannot be read", path.display()));
        }
    }
    let random: [u8; 32] = rand::rng().random();
    let token = random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    write_private(&path, &token)
        .with_context(|| format!("the token cannot be written to {}", path.display()))?;
    Ok(token)
}

/// What the token's file has.
pub(crate) fn kept(path: &Path) -> std::io::Result<String> {
    let bytes = read_bounded(path, LONGEST_TOKEN_FILE)?;
    String::from_utf8(bytes).map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidData))
}

/// The token as it was kept. One that somebody damaged would open the host to guesses, or shut everybody out.
pub(crate) fn checked(token: &str, path: &Path) -> anyhow::Result<String> {
    let why = if token.len() < SHORTEST_TOKEN {
        "it is too short to be one"
    } else if !token.chars().all(|c| c.is_ascii_graphic()) {
        "it has more than one word or a foreign character in it"
    } else {
        return Ok(token.to_owned());
    };
    anyhow::bail!(
        "the token in {} is damaged ({why}). Delete the file: the next start makes a new one",
        path.display()
    )
}

/// A folder of this user, outside of any data folder, where it is marked how far each data folder's ledger has
/// come: `anvil/marks` in `$XDG_STATE_HOME`, which is `~/.local/state` where it is not set (`%LOCALAPPDATA%` on
/// Windows). None where there is no such place: a whole folder that is put back from a copy is then not noticed.
pub(super) fn marks() -> Option<PathBuf> {
    let place = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = place("XDG_STATE_HOME")
        .or_else(|| place("LOCALAPPDATA"))
        .or_else(|| place("HOME").map(|home| home.join(".local").join("state")))?;
    Some(state.join("anvil").join("marks"))
}

/// What this process makes from here on is its user's alone, whatever the folder was that it finds: prompts, replies
/// and what webhooks are signed by stand in the database. What an earlier version or a copy left for everybody to read,
/// is taken back from those who are neither owner nor group, and the token from the group too.
#[cfg(unix)]
pub(super) fn keep_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let kept = if entry.file_name() == TOKEN_FILE { 0o700 } else { 0o770 };
        let Ok(metadata) = entry.metadata() else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_symlink() || mode & !kept == 0 {
            continue;
        }
        if let Err(error) = fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode & kept)) {
            let file = entry.path();
            tracing::warn!(file = %file.display(), %error, "others may read this file, and it cannot be kept from them");
        }
    }
}

#[cfg(not(unix))]
pub(super) fn keep_private(_folder: &Path) {}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    // Half a token after a power cut would keep the host from starting.
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, format!("{text}\n"))
}
