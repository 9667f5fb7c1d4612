//! Versions of an agent that are kept, gone back to, and set aside.

use crate::bench::{Bench, age, catalog_settings, host, result};
use anvil_sandbox::testing::{GuestBuilder, small_engine, small_limits};
use anvil_sandbox::{Catalog, CatalogSettings, KeepRule, Sandbox, SandboxSettings};
use anvil_types::{AgentInfo, AgentState, AsideCause, AsideVersion, Timestamp};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Handle;

impl Bench {
    /// Over folders that are there already, with this rule of keeping and so much room for compiled code.
    async fn keeping(folders: TempDir, versions: usize, compiled_bytes: u64) -> Self {
        let engine = SandboxSettings { engine: small_engine(), guest_threads: 1 };
        let sandbox = Sandbox::new(engine, Handle::current()).unwrap();
        let keep = KeepRule { versions, bytes: 1 << 30 };
        let settings = CatalogSettings { keep, compiled_bytes, ..catalog_settings(folders.path()) };
        let catalog = Catalog::start(sandbox.clone(), settings).unwrap();
        catalog.settled().await;
        Self { sandbox, catalog, folders }
    }

    /// Puts a version into the file and waits until it is in force; answers its digest.
    async fn release(&self, version: &str) -> String {
        let bytes = GuestBuilder::quiet("agent").version(version).component();
        self.put("agent.wasm", &bytes);
        age(&self.file("agent.wasm"));
        self.shown(|agent| agent.version == version).await.digest
    }

    /// Puts a version of the agent into another file, waits until that is shadowed, and removes it again.
    async fn shadowed(&self, file: &str, version: &str) -> String {
        self.put(file, &GuestBuilder::quiet("agent").version(version).component());
        age(&self.file(file));
        let line = self.some_line(|line| line.file == file && line.state == AgentState::Shadowed).await;
        std::fs::remove_file(self.file(file)).unwrap();
        let began = Instant::now();
        while self.catalog.agents().iter().any(|line| line.file == file) {
            assert!(began.elapsed() < Duration::from_secs(30), "{:#?}", self.catalog.agents());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        line.digest
    }

    /// The versions that are kept to go back to, of which no unfinished job needs any.
    fn kept(&self) -> Vec<String> {
        self.catalog.versions("agent", |_| false).into_iter().map(|version| version.version).collect()
    }

    /// A line, once there is one that is so.
    async fn some_line(&self, is: impl Fn(&AgentInfo) -> bool) -> AgentInfo {
        let began = Instant::now();
        loop {
            if let Some(line) = self.catalog.agents().iter().find(|line| is(line)) {
                return line.clone();
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{:#?}", self.catalog.agents());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The agent's line, once it is so.
    async fn shown(&self, is: impl Fn(&AgentInfo) -> bool) -> AgentInfo {
        let began = Instant::now();
        loop {
            if let Some(agent) = self.catalog.agent("agent").filter(|agent| is(agent)) {
                return agent;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{:#?}", self.catalog.agents());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn empty() -> TempDir {
    let folders = tempfile::tempdir().unwrap();
    std::fs::create_dir(folders.path().join("drop")).unwrap();
    folders
}

fn aside(digest: &str, instead: Option<&str>, cause: AsideCause) -> AsideVersion {
    AsideVersion {
        agent: "agent".into(),
        digest: digest.into(),
        instead: instead.map(str::to_owned),
        cause,
        reason: "ann went back from it".into(),
        at: Timestamp::from_secs(5),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_stands_in_is_in_force_until_another_file_comes() {
    let bench = Bench::keeping(empty(), 5, 1 << 30).await;
    let old = bench.release("1.0.0").await;
    let new = bench.release("2.0.0").await;
    for _ in 0..3 {
        bench.catalog.keep_only(HashSet::new()).await;
    }
    let kept = bench.kept();
    assert_eq!(kept, ["2.0.0", "1.0.0"], "the newest first");

    let rolled_back = vec![aside(&new, Some(&old), AsideCause::RolledBack)];
    bench.catalog.set_aside("agent", rolled_back.clone());
    let shown = bench.shown(|agent| agent.state == AgentState::Ready && agent.version == "1.0.0").await;
    let replaced = shown.instead_of.expect("it stands in for another");
    assert_eq!((replaced.version.as_str(), replaced.digest.as_str()), ("2.0.0", new.as_str()));
    assert!(replaced.reason.contains("anvil agents forward agent"), "{}", replaced.reason);
    assert_eq!(bench.plugin("agent").digest(), old);
    assert_eq!(bench.catalog.of_file("agent").unwrap().version, "2.0.0");
    assert_eq!(result(&bench.run("agent", &host(), small_limits()).await), "true");
    // Jobs that began on the other go on on it.
    assert_eq!(bench.catalog.by_digest(&new).await.unwrap().unwrap().info.version, "2.0.0");
    for _ in 0..3 {
        bench.catalog.keep_only(HashSet::new()).await;
    }

    // A restart, with the same said again.
    let folders = bench.end();
    let bench = Bench::keeping(folders, 0, 1 << 30).await;
    bench.catalog.set_aside("agent", rolled_back);
    bench.shown(|agent| agent.state == AgentState::Ready && agent.version == "1.0.0").await;
    for _ in 0..3 {
        bench.catalog.keep_only(HashSet::new()).await;
    }
    assert_eq!(bench.plugin("agent").digest(), old, "what stands in is kept, whatever the rule");

    bench.release("3.0.0").await;
    assert!(bench.shown(|agent| agent.version == "3.0.0").await.instead_of.is_none());
    bench.catalog.set_aside("agent", Vec::new());
    assert_eq!(bench.plugin("agent").info.version, "3.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_with_nothing_before_it_takes_no_jobs_and_says_why() {
    let bench = Bench::keeping(empty(), 5, 1 << 30).await;
    let only = bench.release("1.0.0").await;
    let mut changes = bench.catalog.changes();
    bench.catalog.set_aside("agent", vec![aside(&only, None, AsideCause::Quarantined)]);
    let shown = bench.shown(|agent| agent.state == AgentState::Quarantined).await;
    assert!(shown.reason.unwrap().contains("its jobs wait"));
    assert!(shown.state.is_known(), "jobs may be submitted, and wait");
    assert!(bench.catalog.get("agent").is_none() && bench.catalog.taking_jobs().is_empty());
    assert_eq!(changes.recv().await.unwrap().after.unwrap().state, AgentState::Quarantined);
    bench.catalog.set_aside("agent", Vec::new());
    assert_eq!(bench.catalog.agent("agent").unwrap().state, AgentState::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_may_be_set_aside_itself_and_circles_end() {
    let bench = Bench::keeping(empty(), 5, 1 << 30).await;
    let (one, two, three) =
        (bench.release("1.0.0").await, bench.release("2.0.0").await, bench.release("3.0.0").await);
    let of = |digest: &str, instead: &str| aside(digest, Some(instead), AsideCause::Quarantined);
    bench.catalog.set_aside("agent", vec![of(&three, &two), of(&two, &one)]);
    bench.shown(|agent| agent.state == AgentState::Ready && agent.version == "1.0.0").await;
    assert_eq!(bench.catalog.before("agent", &one), None, "all others are set aside");
    bench.catalog.set_aside("agent", vec![of(&three, &two), of(&two, &three)]);
    assert_eq!(bench.catalog.agent("agent").unwrap().state, AgentState::Quarantined);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_only_shadowed_is_none_to_go_back_to() {
    let bench = Bench::keeping(empty(), 5, 1 << 30).await;
    let first = bench.release("1.0.0").await;
    let stranger = bench.shadowed("zz.wasm", "0.9.0").await;
    assert_eq!(bench.kept(), ["1.0.0"]);
    assert_eq!(
        bench.catalog.before("agent", &first),
        None,
        "nothing takes over from the only version in force"
    );
    let second = bench.release("2.0.0").await;
    assert_eq!(bench.kept(), ["2.0.0", "1.0.0"]);
    assert_eq!(bench.catalog.before("agent", &second).map(|before| before.digest), Some(first.clone()));
    // A restart loads the shadowed file again, and it is none still.
    let folders = bench.end();
    std::fs::write(
        folders.path().join("drop/zz.wasm"),
        GuestBuilder::quiet("agent").version("0.9.0").component(),
    )
    .unwrap();
    let bench = Bench::keeping(folders, 5, 1 << 30).await;
    bench.some_line(|line| line.digest == stranger && line.state == AgentState::Shadowed).await;
    assert_eq!(bench.kept(), ["2.0.0", "1.0.0"]);
    for _ in 0..2 {
        std::fs::remove_file(bench.file("zz.wasm")).ok();
        bench.catalog.rescan();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    for _ in 0..3 {
        bench.catalog.keep_only(HashSet::new()).await;
    }
    assert!(bench.catalog.by_digest(&stranger).await.unwrap().is_none(), "nor are its bytes kept");
    // One that wins the name is in force, and so kept.
    bench.put("zz.wasm", &GuestBuilder::quiet("agent").version("3.0.0").component());
    bench.shown(|agent| agent.version == "3.0.0" && agent.state == AgentState::Ready).await;
    assert_eq!(bench.kept(), ["3.0.0", "2.0.0", "1.0.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_files_that_go_at_once_none_is_in_force_in_between() {
    let bench = Bench::keeping(empty(), 5, 1 << 30).await;
    bench.release("1.0.0").await;
    for (file, version) in [("yy.wasm", "0.8.0"), ("zz.wasm", "0.9.0")] {
        bench.put(file, &GuestBuilder::quiet("agent").version(version).component());
        bench.some_line(|line| line.file == file && line.state == AgentState::Shadowed).await;
    }
    let (data, began) = (bench.folders.path().join("data"), Instant::now());
    while anvil_sandbox::files_of_agent(&data, "agent") != ["agent.wasm", "yy.wasm", "zz.wasm"] {
        assert!(began.elapsed() < Duration::from_secs(30), "whoever is not this host can tell the files too");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A folder that is renamed away takes all of them at once; no look sees a part of it.
    let (drop, away) = (bench.folders.path().join("drop"), bench.folders.path().join("away"));
    std::fs::create_dir(bench.folders.path().join("none")).unwrap();
    std::fs::rename(&drop, &away).unwrap();
    std::fs::rename(bench.folders.path().join("none"), &drop).unwrap();
    bench.some_line(|line| line.name == "agent" && line.state == AgentState::Retired).await;
    assert_eq!(bench.kept(), ["1.0.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_is_shown_with_the_file_that_it_came_from() {
    let bench = Bench::keeping(empty(), 5, 1 << 30).await;
    bench.release("1.0.0").await;
    bench.put("other.wasm", &GuestBuilder::quiet("agent").version("2.0.0").component());
    let other = bench.shown(|agent| agent.version == "2.0.0").await.digest;
    std::fs::remove_file(bench.file("other.wasm")).unwrap();
    bench.shown(|agent| agent.version == "1.0.0").await;
    let new = bench.release("3.0.0").await;
    bench.catalog.set_aside("agent", vec![aside(&new, Some(&other), AsideCause::RolledBack)]);
    let shown = bench.shown(|agent| agent.state == AgentState::Ready && agent.version == "2.0.0").await;
    assert_eq!(shown.file, "other.wasm", "the bytes that run came from there");
    let replaced = shown.instead_of.expect("it stands in for another");
    assert_eq!(replaced.file, "agent.wasm");
    assert!(replaced.reason.contains("version 3.0.0 of `agent.wasm`"), "{}", replaced.reason);
    let kept = bench.catalog.versions("agent", |_| false);
    let of_other = kept.iter().find(|version| version.digest == other).expect("it is kept");
    assert_eq!(of_other.file, "other.wasm");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_versions_are_offered_than_are_kept() {
    let bench = Bench::keeping(empty(), 2, 1 << 30).await;
    let oldest = bench.release("1.0.0").await;
    for version in ["2.0.0", "3.0.0", "4.0.0"] {
        bench.release(version).await;
    }
    assert_eq!(bench.kept(), ["4.0.0", "3.0.0", "2.0.0"], "before anything was removed");
    let needed = bench.catalog.versions("agent", |digest| digest == oldest);
    assert_eq!(needed.last().map(|version| version.version.as_str()), Some("1.0.0"), "a job needs it");
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_is_bounded_and_what_was_not_used_for_longest_goes_first() {
    let bench = Bench::keeping(empty(), 5, 0).await;
    let old = bench.release("1.0.0").await;
    let needed = bench.release("2.0.0").await;
    let now = bench.release("3.0.0").await;
    let has = |digest: &str| {
        let compiled = std::fs::read_dir(bench.folders.path().join("data/compiled")).unwrap();
        compiled.flatten().any(|file| file.file_name().to_string_lossy().starts_with(digest))
    };
    assert!(bench.catalog.compiled_bytes().0 > 0);
    bench.catalog.keep_only(HashSet::from([needed.clone()])).await;
    assert!(!has(&old), "nothing needs it");
    assert!(has(&needed) && has(&now), "what is in force or needed stays, whatever the bound");
    // The bytes that it was compiled from are kept, so that it can be gone back to.
    assert_eq!(bench.catalog.by_digest(&old).await.unwrap().unwrap().info.version, "1.0.0");

    let folders = bench.end();
    let bench = Bench::keeping(folders, 5, 0).await;
    bench.catalog.by_digest(&old).await.unwrap().unwrap();
    let all = bench.catalog.compiled_bytes().0;
    let folders = bench.end();
    // Of what nothing needs there is room for one; the one that was used last stays.
    let bench = Bench::keeping(folders, 5, all - 1).await;
    let has = |digest: &str| {
        let compiled = std::fs::read_dir(bench.folders.path().join("data/compiled")).unwrap();
        compiled.flatten().any(|file| file.file_name().to_string_lossy().starts_with(digest))
    };
    bench.catalog.keep_only(HashSet::new()).await;
    assert!(has(&now) && has(&old) && !has(&needed), "the least recently used is gone");
}
