//! The catalog over time: files that come slowly, change, go, and claim each other's names.

use crate::bench::{Bench, host, result};
use anvil_sandbox::testing::{GuestBuilder, hostile, small_limits};
use anvil_types::{AgentInfo, AgentState};
use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

impl Bench {
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folders.path().join("drop").join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.file(name), bytes).unwrap();
    }

    /// The line of this file in this state, waited for.
    pub(crate) async fn line(&self, file: &str, state: AgentState) -> AgentInfo {
        let began = Instant::now();
        loop {
            let agents = self.catalog.agents();
            if let Some(agent) = agents.iter().find(|agent| agent.file == file && agent.state == state) {
                return agent.clone();
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{file} is not {state:?}: {agents:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_copied_over_five_seconds_is_loaded_whole_within_two_of_its_last_byte() {
    let bench = Bench::with(&[]).await;
    let whole = GuestBuilder::quiet("slow").component();
    let mut changes = bench.catalog.changes();
    let mut file = std::fs::File::create(bench.file("slow.wasm")).unwrap();
    let mut last_byte = Instant::now();
    for part in whole.chunks(whole.len().div_ceil(8)) {
        file.write_all(part).unwrap();
        file.sync_all().unwrap();
        last_byte = Instant::now();
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(bench.catalog.get("slow").is_none() || file.metadata().unwrap().len() == whole.len() as u64);
    }
    let line = bench.line("slow.wasm", AgentState::Ready).await;
    assert!(last_byte.elapsed() < Duration::from_secs(2), "{:?}", last_byte.elapsed());
    assert_eq!(line.size, whole.len() as u64);
    // Nothing but the whole file was ever shown as the agent.
    while let Ok(change) = changes.try_recv() {
        assert!(
            change.after.is_none_or(|agent| agent.state == AgentState::Rejected || agent.size == line.size)
        );
    }
    assert_eq!(result(&bench.run("slow", &host(), small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_by_the_agent_that_is_in_it_and_by_none_that_was() {
    let bench = Bench::with(&[]).await;
    bench.put("own.wasm", &GuestBuilder::quiet("other").component());
    bench.line("own.wasm", AgentState::Ready).await;
    assert_eq!(bench.catalog.file_for("own"), None, "it has another agent");
    std::fs::remove_file(bench.file("own.wasm")).unwrap();
    bench.line("own.wasm", AgentState::Retired).await;
    assert_eq!(
        bench.catalog.file_for("own").as_deref(),
        Some("own.wasm"),
        "its jobs wait, and its file is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_files_show_their_reason_and_disturb_nothing() {
    let bench = Bench::with(&[GuestBuilder::quiet("good")]).await;
    bench.put("text.wasm", b"just text");
    bench.put("old.cwasm", b"anything");
    let whole = GuestBuilder::quiet("half").component();
    bench.put("half.wasm", &whole[..whole.len() / 2]);
    for (file, says) in [
        ("text.wasm", "`text.wasm` is not a WebAssembly file"),
        ("old.cwasm", "`old.cwasm` is compiled code"),
        ("half.wasm", "`half.wasm` is incomplete or damaged"),
    ] {
        let line = bench.line(file, AgentState::Rejected).await;
        assert_eq!(line.name, file);
        let reason = line.reason.unwrap();
        assert!(reason.starts_with(says), "{reason}");
    }
    assert_eq!(bench.line("0.wasm", AgentState::Ready).await.name, "good");
    assert_eq!(result(&bench.run("good", &host(), small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_new_version_leaves_the_good_one_in_force_even_over_a_restart() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent")]).await;
    let good = bench.plugin("agent").digest().to_owned();
    bench.put("0.wasm", b"oops");
    let line = bench.line("0.wasm", AgentState::Rejected).await;
    assert!(line.reason.unwrap().ends_with("; agent 1.0.0 stays in force"));
    assert_eq!(bench.plugin("agent").digest(), good);
    let Bench { sandbox, catalog, folders } = bench;
    drop((sandbox, catalog));
    let bench = Bench::over(folders).await;
    assert_eq!(bench.plugin("agent").digest(), good);
    bench.line("0.wasm", AgentState::Rejected).await;
    // And a good one takes its place.
    bench.put("0.wasm", &GuestBuilder::quiet("agent").version("1.1.0").component());
    let began = Instant::now();
    while bench.plugin("agent").info.version != "1.1.0" {
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(bench.catalog.agents().iter().all(|agent| agent.state == AgentState::Ready));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_files_with_one_name_the_newer_version_wins() {
    let bench = Bench::with(&[
        GuestBuilder::quiet("agent").version("1.9.0"),
        GuestBuilder::quiet("agent").version("1.10.0"),
    ])
    .await;
    assert_eq!(bench.plugin("agent").info.version, "1.10.0");
    let reason = bench.line("0.wasm", AgentState::Shadowed).await.reason.unwrap();
    assert_eq!(reason, "`1.wasm` has version 1.10.0 of the same agent; remove one of the two");
    std::fs::remove_file(bench.file("1.wasm")).unwrap();
    bench.line("0.wasm", AgentState::Ready).await;
    assert_eq!(bench.plugin("agent").info.version, "1.9.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_retires_its_agent_and_its_jobs_can_finish() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent")]).await;
    let digest = bench.plugin("agent").digest().to_owned();
    std::fs::remove_file(bench.file("0.wasm")).unwrap();
    bench.line("0.wasm", AgentState::Retired).await;
    assert!(bench.catalog.get("agent").is_none());
    assert_eq!(bench.catalog.agent("agent").unwrap().state, AgentState::Retired);
    let old = bench.catalog.by_digest(&digest).await.unwrap().unwrap();
    assert_eq!(old.info.name, "agent");
    for _ in 0..3 {
        bench.catalog.keep_only(HashSet::from([digest.clone()])).await;
    }
    drop(old);
    assert!(bench.catalog.by_digest(&digest).await.unwrap().is_some());
    bench.catalog.keep_only(HashSet::new()).await;
    assert!(
        bench.catalog.by_digest(&digest).await.unwrap().is_some(),
        "a job may have been given it just now"
    );
    bench.catalog.keep_only(HashSet::new()).await;
    assert!(bench.catalog.by_digest(&digest).await.unwrap().is_none());
    assert!(bench.catalog.by_digest("../../etc/passwd").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_can_be_switched_off_and_on() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent")]).await;
    let mut changes = bench.catalog.changes();
    bench.catalog.set_enabled("agent", false);
    assert_eq!(bench.catalog.agent("agent").unwrap().state, AgentState::Disabled);
    assert_eq!(changes.recv().await.unwrap().after.unwrap().state, AgentState::Disabled);
    bench.catalog.set_enabled("agent", true);
    assert_eq!(bench.catalog.agent("agent").unwrap().state, AgentState::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_is_used_again_unless_someone_else_wrote_it() {
    let bench = Bench::with(&[hostile("asks-claude")]).await;
    let compiled = bench.folders.path().join("data/compiled");
    let code = || {
        let files = std::fs::read_dir(&compiled).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|extension| extension == "code")).collect::<Vec<_>>()
    };
    let [file] = code().try_into().unwrap();
    // A file that is written anew is another one; that it was used is noted on it.
    let written = |file: &PathBuf| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(file).unwrap());
    let before = written(&file);

    let Bench { sandbox, catalog, folders } = bench;
    drop((sandbox, catalog));
    let bench = Bench::over(folders).await;
    assert_eq!(result(&bench.run("asks-claude", &host(), small_limits()).await), "0");
    assert_eq!(written(&file), before, "it was compiled again");

    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let Bench { sandbox, catalog, folders } = bench;
    drop((sandbox, catalog));
    let bench = Bench::over(folders).await;
    assert_eq!(result(&bench.run("asks-claude", &host(), small_limits()).await), "0");
    assert_ne!(std::fs::read(&file).unwrap(), bytes, "the forged code is still there");
}
