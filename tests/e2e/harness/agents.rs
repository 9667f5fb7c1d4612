//! Agents as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The top of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The component of the agent in `plugins/NAME` or `tests/agents/NAME`, built if it is older than its sources.
pub(crate) fn agent(name: &str) -> Vec<u8> {
    let repository = repository();
    let folders = ["plugins", "tests/agents"].map(|folder| repository.join(folder).join(name));
    let sources = folders.iter().find(|folder| folder.is_dir());
    let sources = sources.unwrap_or_else(|| panic!("there is no agent {name}"));
    // The binary stands in PROFILE/, and PROFILE/ in the folder of what is built.
    let target = Path::new(env!("CARGO_BIN_EXE_anvil")).ancestors().nth(2).expect("a target folder");
    let built = target.join("wasm32-wasip2/agent").join(format!("{}.wasm", name.replace('-', "_")));
    let newest = newest(sources).max(newest(&repository.join("wit")));
    if modified(&built).is_none_or(|built| built < newest) {
        build(name, target, &repository);
    }
    fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}", built.display()))
}

/// The agent that is committed as `plugins/prebuilt/NAME.wasm`.
pub(crate) fn prebuilt(name: &str) -> Vec<u8> {
    let path = repository().join("plugins/prebuilt").join(format!("{name}.wasm"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The same component in other bytes: with a custom section that nobody reads.
pub(crate) fn another_build(component: &[u8]) -> Vec<u8> {
    let name = b"another-build";
    let length = u8::try_from(name.len()).expect("a short name");
    [component, &[0, length + 1, length], name].concat()
}

fn build(name: &str, target: &Path, repository: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(repository);
    cargo.args(["build", "--quiet", "--profile", "agent", "--target", "wasm32-wasip2", "--package", name]);
    let done = cargo.arg("--target-dir").arg(target).output().expect("cargo runs");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name} is not built (`rustup target add wasm32-wasip2`?):\n{said}");
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let times = entries.map(|entry| {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() { newest(&path) } else { modified(&path).unwrap_or(SystemTime::UNIX_EPOCH) }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
