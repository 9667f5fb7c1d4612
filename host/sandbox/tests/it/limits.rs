//! Each limit, broken by a guest that is named for it.

use crate::bench::{Bench, broke, host, result};
use anvil_sandbox::testing::{Answer, Recorder, hostile, small_limits};
use anvil_sandbox::{AttemptEnd, AttemptLimits, HandedOver};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs the guest and gives the name of what it broke and what was said of it.
async fn breaks(name: &str, limits: AttemptLimits) -> (String, String) {
    let bench = Bench::of(name).await;
    let end = bench.run(name, &host(), limits).await;
    let kind = broke(&end).to_owned();
    let AttemptEnd::Broke(error) = end else { unreachable!() };
    (kind, error.message)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_spins_ends_by_its_cpu_time() {
    let bench = Bench::of("spins-forever").await;
    let limits = AttemptLimits { cpu_time: Duration::from_millis(300), ..small_limits() };
    let began = Instant::now();
    let end = bench.run("spins-forever", &host(), limits).await;
    assert_eq!(broke(&end), "cpu-time");
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_sleeps_in_a_host_call_ends_by_its_wall_time() {
    let limits = AttemptLimits { wall_time: Duration::from_millis(300), ..small_limits() };
    assert_eq!(breaks("sleeps-in-a-host-call", limits).await.0, "wall-time");
    let bench = Bench::of("hands-over-a-file-that-takes-long").await;
    let host = Arc::new(Recorder::new(7, Answer::Never).storing_for(Duration::from_hours(1)));
    assert_eq!(broke(&bench.run("hands-over-a-file-that-takes-long", &host, limits).await), "wall-time");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_claude_is_no_wall_time() {
    let bench = Bench::of("asks-claude").await;
    let host = Arc::new(Recorder::new(7, Answer::Reply(Duration::from_millis(800))));
    let limits = AttemptLimits { wall_time: Duration::from_millis(400), ..small_limits() };
    assert_eq!(result(&bench.run("asks-claude", &host, limits).await), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_computes_is_told_apart_from_what_it_waits() {
    let bench =
        Bench::with(&[hostile("asks-claude"), hostile("spins-forever"), hostile("eats-memory")]).await;
    let host = Arc::new(Recorder::new(7, Answer::Reply(Duration::from_millis(500))));
    let limits = AttemptLimits { cpu_time: Duration::from_millis(200), ..small_limits() };
    let waits = bench.measure("asks-claude", &host, limits).await.used;
    assert!(waits.waited_us >= 490_000 && waits.cpu_us < 200_000, "{waits:?}");
    assert!(waits.cpu_us > 0 && waits.memory_bytes >= 65_536, "{waits:?}");
    let spins = bench.measure("spins-forever", &host, limits).await.used;
    assert!(spins.cpu_us >= 200_000 && spins.waited_us == 0, "{spins:?}");
    assert!(spins.wall_us >= 200_000, "{spins:?}");
    let eats = bench.measure("eats-memory", &host, limits).await.used;
    let most = limits.memory_bytes as u64;
    assert!(eats.memory_bytes > most / 2 && eats.memory_bytes <= most, "{eats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_one_limit_over_all_memories() {
    for guest in ["eats-memory", "eats-memory-in-two-memories"] {
        let (kind, message) = breaks(guest, small_limits()).await;
        assert_eq!(kind, "memory", "{guest}");
        assert!(message.contains("its limit is 8 MiB"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_limits_break_by_name() {
    for (guest, kind, says) in [
        (
            "grows-tables",
            "table",
            "its limit is 1000 (`sandbox.table_elements`, `agents.NAME.table_elements`)",
        ),
        ("recurses", "stack", "(`sandbox.stack_kb`) (in deeper"),
        ("traps", "trap", "(in run)"),
        ("exits", "exit", "exit(0)"),
        ("returns-a-huge-value", "hostcall-size", "1048576 bytes"),
        ("logs-a-huge-value", "hostcall-size", "1048576 bytes"),
        ("hoards-resources", "resources", "64 resources"),
    ] {
        let (found, message) = breaks(guest, small_limits()).await;
        assert_eq!(found, kind, "{guest}: {message}");
        assert!(message.contains(says), "{guest}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_is_cut_and_counted() {
    let bench = Bench::of("floods-the-log").await;
    let host = host();
    assert_eq!(result(&bench.run("floods-the-log", &host, small_limits()).await), "true");
    let lines = host.log_lines();
    assert_eq!(lines.len(), 101);
    assert!(lines[100].2.starts_with("[4900 more lines (196000 bytes) were dropped"), "{}", lines[100].2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_an_end_is_cut_and_traps_nothing() {
    let bench = Bench::of("floods-stdout").await;
    let host = host();
    assert_eq!(result(&bench.run("floods-stdout", &host, small_limits()).await), "true");
    let lines = host.log_lines();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].0, lines[0].2.len()), ("stdout", 8 * 1024));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_beyond_the_limit_are_refused_to_the_guest() {
    let bench = Bench::of("floods-artifacts").await;
    let host_by_count = host();
    assert_eq!(result(&bench.run("floods-artifacts", &host_by_count, small_limits()).await), "4");
    assert_eq!(host_by_count.artifacts().len(), 4);
    let limits = AttemptLimits { artifact_bytes: 17, ..small_limits() };
    assert_eq!(result(&bench.run("floods-artifacts", &host(), limits).await), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_earlier_attempts_count_for_the_job() {
    let bench = Bench::of("floods-artifacts").await;
    let before = |count: usize, written| {
        let files = (0..count).map(|n| (format!("before-{n}").parse().expect("a name"), 8));
        let before = HandedOver { files: files.collect(), written };
        Arc::new(Recorder::new(1, Answer::Never).having_handed_over(before))
    };
    let host = before(3, 0);
    assert_eq!(result(&bench.run("floods-artifacts", &host, small_limits()).await), "1", "of four files");
    let limits = AttemptLimits { artifact_bytes: 40, ..small_limits() };
    assert_eq!(result(&bench.run("floods-artifacts", &before(3, 0), limits).await), "1");
    let limits = AttemptLimits { artifact_bytes: 30, ..small_limits() };
    assert_eq!(
        result(&bench.run("floods-artifacts", &before(3, 0), limits).await),
        "0",
        "24 bytes are there"
    );
    let limits = AttemptLimits { artifact_bytes: 60, ..small_limits() };
    assert_eq!(result(&bench.run("floods-artifacts", &before(0, 50), limits).await), "1", "50 were written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_cannot_be_named_out_of_its_job() {
    let bench = Bench::of("names-an-artifact-dotdot").await;
    let host = host();
    let end = bench.run("names-an-artifact-dotdot", &host, small_limits()).await;
    let AttemptEnd::Failed(error) = end else { panic!("{end:?}") };
    assert!(error.message.contains("is no artifact's name"), "{}", error.message);
    assert!(host.artifacts().is_empty());
}
