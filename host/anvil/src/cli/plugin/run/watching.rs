//! Running again when a file changes.

use crate::failure::{Exit, Failure};
use anvil_sandbox::CancellationToken;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How often the file is looked at,
const LOOK: Duration = Duration::from_millis(250);
/// and at so many looks in a row it has to be the same before it is run: it may still be written.
const SETTLED: u32 = 2;

/// Runs, and runs again after every change of the file, until it is cancelled. What goes wrong with one run is told, and
/// the next change is waited for.
pub(super) async fn runs(
    file: &Path,
    cancel: &CancellationToken,
    mut once: impl AsyncFnMut() -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    loop {
        let before = stamp(file);
        match once().await {
            Ok(Exit::Interrupted) => return Ok(Exit::Interrupted),
            Err(Failure::OutputClosed) => return Err(Failure::OutputClosed),
            Ok(_) => {}
            Err(failure) => eprintln!("{failure}"),
        }
        eprintln!("Waiting for another {}. Ctrl-C ends this.\n", file.display());
        if !changed(file, before, cancel).await {
            return Ok(Exit::Interrupted);
        }
    }
}

/// What a file looks like: its time and size; none where there is none.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Waits until the file is there, is another than before, and stays the same; whether that came about.
async fn changed(file: &Path, before: Option<(SystemTime, u64)>, cancel: &CancellationToken) -> bool {
    let (mut seen, mut same) = (before, 0);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return false,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = stamp(file);
        same = if now == seen { same + 1 } else { 0 };
        seen = now;
        if now.is_some() && now != before && same >= SETTLED {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_change_of_the_file_is_another_run_and_a_failure_ends_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.wasm");
        std::fs::write(&file, "a").expect("written");
        let (cancel, runs_so_far) = (CancellationToken::new(), AtomicU32::new(0));
        let once = async || {
            match runs_so_far.fetch_add(1, Ordering::Relaxed) {
                0 => std::fs::write(&file, "ab").expect("written"),
                1 => {
                    std::fs::write(&file, "abc").expect("written");
                    return Err(Failure::Usage("it is broken".to_owned()));
                }
                _ => cancel.cancel(),
            }
            Ok(Exit::Done)
        };
        let ended = tokio::time::timeout(Duration::from_secs(30), runs(&file, &cancel, once)).await;
        assert!(matches!(ended, Ok(Ok(Exit::Interrupted))), "{ended:?}");
        assert_eq!(runs_so_far.load(Ordering::Relaxed), 3);
    }
}
