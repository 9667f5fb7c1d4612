//! Plugins on their way in: known from before, compiled, tried again, or something that is no file at all.

use crate::bench::{Bench, age, host, result};
use anvil_sandbox::testing::{GuestBuilder, small_limits};
use anvil_sandbox::{CompileCommand, PayloadFault};
use anvil_types::{AgentState, Json};
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A compiler that does nothing before the file `go` is there, and then cannot work.
fn stuck(go: &std::path::Path) -> CompileCommand {
    let script = format!("while [ ! -e '{}' ]; do sleep 0.05; done; echo broken >&2; exit 1", go.display());
    CompileCommand::Child { program: "/bin/sh".into(), args: vec!["-c".into(), script.into(), "sh".into()] }
}

fn without_code(bench: Bench) -> tempfile::TempDir {
    let folders = bench.end();
    for entry in std::fs::read_dir(folders.path().join("data/compiled")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "code") {
            std::fs::remove_file(file).unwrap();
        }
    }
    folders
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_known_from_before_takes_jobs_while_it_is_compiled() {
    let folders = without_code(Bench::with(&[GuestBuilder::quiet("agent")]).await);
    let go = folders.path().join("go");
    let bench = Bench::starting(folders, stuck(&go)).await;
    let agents = bench.catalog.agents();
    assert_eq!((agents.len(), agents[0].name.as_str(), agents[0].state), (1, "agent", AgentState::Compiling));
    assert!(bench.catalog.taking_jobs().is_empty() && bench.catalog.get("agent").is_none());
    let schema = agents.schema("agent", "run").expect("its schema is kept");
    assert_eq!(schema.check(&Json::of(&serde_json::json!({}))), Ok(()));
    assert!(matches!(schema.check(&Json::of("text")), Err(PayloadFault::Misses(_))));
    assert!(agents.coming().is_empty(), "it is known, and nothing has to be waited for");
    // The compiler fails, by no fault of the plugin's: it is known as before, and tried again.
    std::fs::write(&go, b"").unwrap();
    let line = bench.line("0.wasm", AgentState::Delayed).await;
    assert_eq!(line.name, "agent");
    assert!(line.reason.as_deref().is_some_and(|reason| reason.contains("broken")), "{line:?}");
    assert!(bench.catalog.agents().schema("agent", "run").is_some());
    // With a compiler that works it is what it was.
    let bench = Bench::over(bench.end()).await;
    assert_eq!(result(&bench.run("agent", &host(), small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_shown_while_it_is_compiled_and_said_to_come() {
    let folders = Bench::with(&[]).await.end();
    let go = folders.path().join("go");
    let bench = Bench::starting(folders, stuck(&go)).await;
    bench.put("new.wasm", &GuestBuilder::quiet("new").component());
    let began = Instant::now();
    while bench.catalog.agents().waiting() == 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "what has no line yet is counted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bench.catalog.agents().under_way().collect::<Vec<_>>(), ["new.wasm"]);
    let line = bench.line("new.wasm", AgentState::Compiling).await;
    assert_eq!(bench.catalog.agents().under_way().collect::<Vec<_>>(), ["new.wasm"], "counted once");
    assert_eq!((line.name.as_str(), line.actions.len()), ("new.wasm", 0));
    assert_eq!(bench.catalog.agents().waiting(), 0, "it has a line");
    let coming = bench.catalog.agents().coming().join(";");
    assert!(coming.starts_with("`new.wasm` is being compiled"), "{coming}");
    std::fs::write(go, b"").unwrap();
    let line = bench.line("new.wasm", AgentState::Delayed).await;
    assert!(line.reason.unwrap().contains("tries again within 2s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_could_not_do_is_done_when_it_can() {
    let bench = Bench::with(&[]).await;
    // The folder of compiled code cannot be written for a moment.
    let (compiled, away) =
        (bench.folders.path().join("data/compiled"), bench.folders.path().join("data/away"));
    std::fs::rename(&compiled, &away).unwrap();
    std::fs::write(&compiled, b"").unwrap();
    bench.put("new.wasm", &GuestBuilder::quiet("new").component());
    bench.line("new.wasm", AgentState::Delayed).await;
    std::fs::remove_file(&compiled).unwrap();
    std::fs::rename(&away, &compiled).unwrap();
    bench.line("new.wasm", AgentState::Ready).await;
    assert_eq!(result(&bench.run("new", &host(), small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_good_version_is_made_ready_where_the_file_is_bad_now() {
    let folders = without_code(Bench::with(&[GuestBuilder::quiet("agent")]).await);
    std::fs::write(folders.path().join("drop/0.wasm"), b"oops").unwrap();
    let bench = Bench::over(folders).await;
    bench.line("0.wasm", AgentState::Rejected).await;
    bench.line("0.wasm", AgentState::Ready).await;
    assert_eq!(result(&bench.run("agent", &host(), small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_without_a_file_is_known_over_a_restart() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent")]).await;
    std::fs::remove_file(bench.file("0.wasm")).unwrap();
    bench.line("0.wasm", AgentState::Retired).await;
    let bench = Bench::over(bench.end()).await;
    bench.line("0.wasm", AgentState::Retired).await;
    assert!(bench.catalog.agents().schema("agent", "run").is_some());
    // Nobody needs its bytes; what it said stays.
    for _ in 0..2 {
        bench.catalog.keep_only(HashSet::new()).await;
    }
    let bench = Bench::over(bench.end()).await;
    bench.line("0.wasm", AgentState::Retired).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_kept_version_is_kept_anew_from_the_folder() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent")]).await;
    let digest = bench.plugin("agent").digest().to_owned();
    let kept = bench.folders.path().join(format!("data/plugins/{digest}.wasm"));
    let whole = std::fs::read(&kept).unwrap();
    std::fs::write(&kept, b"damaged").unwrap();
    let bench = Bench::over(bench.end()).await;
    assert_eq!(bench.plugin("agent").digest(), digest);
    assert!(std::fs::read(&kept).unwrap() == whole);
    bench.catalog.settled().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_shown_and_never_opened() {
    let bench = Bench::with(&[]).await;
    let pipe = bench.file("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", bench.file("zero.wasm")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", bench.file("link.wasm")).unwrap();
    std::fs::create_dir(bench.file("folder.wasm")).unwrap();
    for (file, says) in [
        ("pipe.wasm", "is no ordinary file but a named pipe"),
        ("zero.wasm", "is no ordinary file but a device"),
        ("link.wasm", "is no ordinary file but a link that leads nowhere"),
        ("folder.wasm", "is no ordinary file but a folder"),
    ] {
        let line = bench.line(file, AgentState::Rejected).await;
        assert!(line.reason.as_deref().is_some_and(|reason| reason.contains(says)), "{line:?}");
    }
    // Others come and go as ever.
    bench.put("UPPER.WASM", &GuestBuilder::quiet("upper").component());
    bench.line("UPPER.WASM", AgentState::Ready).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_build_of_the_same_size_and_time_is_noticed() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent").version("1.1.0")]).await;
    let file = bench.file("0.wasm");
    let time = std::fs::metadata(&file).unwrap().modified().unwrap();
    let draft: PathBuf = bench.folders.path().join("draft");
    std::fs::write(&draft, GuestBuilder::quiet("agent").version("1.2.0").component()).unwrap();
    std::fs::File::options().write(true).open(&draft).unwrap().set_modified(time).unwrap();
    std::fs::rename(&draft, &file).unwrap();
    for _ in 0..1_000 {
        if bench.plugin("agent").info.version == "1.2.0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:#?}", bench.catalog.agents());
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_of_a_host_that_was_killed_are_gone() {
    let folders = Bench::with(&[]).await.end();
    let data = folders.path().join("data");
    let drafts = ["compiled/.1-0.out", "compiled/.1-0.draft", "compiled/ab.tmp-1-2", "plugins/.1-3.draft"];
    for draft in drafts {
        std::fs::write(data.join(draft), b"half").unwrap();
    }
    let _bench = Bench::over(folders).await;
    assert!(drafts.iter().all(|draft| !data.join(draft).exists()));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_nobody_needs_go_after_two_looks() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent").version("1.0.0")]).await;
    let old = bench.plugin("agent").digest().to_owned();
    bench.put("0.wasm", &GuestBuilder::quiet("agent").version("1.0.1").component());
    age(&bench.file("0.wasm"));
    while bench.plugin("agent").digest() == old {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let left = |digest: &str| {
        ["plugins", "compiled"].map(|folder| {
            let entries = std::fs::read_dir(bench.folders.path().join("data").join(folder)).unwrap();
            entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(digest))
        })
    };
    bench.catalog.keep_only(HashSet::new()).await;
    assert_eq!(left(&old), [true, true], "a job may have been given it just now");
    bench.catalog.keep_only(HashSet::new()).await;
    assert_eq!(left(&old), [false, false]);
    assert_eq!(left(bench.plugin("agent").digest()), [true, true]);
}
