//! Broken plugin files, the whole way: examined as the catalog examines what appears in its folder, by the compiling child
//! that a host starts, and asked to describe themselves where they get so far.

use crate::harness::agent;
use anvil_fuzz::{Mutant, Mutants, Original, files};
use anvil_sandbox::testing::{GUESTS, of_every_kind, small_engine, small_limits};
use anvil_sandbox::{
    AttemptLimits, Catalog, CatalogSettings, CompileCommand, KeepRule, LimitsOf, Rejection, Sandbox,
    SandboxSettings,
};
use anvil_types::{Supervisor, SystemClock};
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// Files that are examined as a rule; `ANVIL_TEST_MUTATED_LOADS` says another number.
const LOADS: u64 = 400;
/// The longest that one file may take, from the first look to its verdict, beside another one.
const TIME: Duration = Duration::from_mins(1);
/// What all of it may leave in the memory of whoever examines, in KiB.
const KEPT_KIB: u64 = 64 * 1024;

/// Small plugins of each kind, and now and then one of a real toolchain, which takes longer to compile.
fn originals() -> Vec<Original> {
    let is_component = |name: &str| GUESTS.iter().any(|(guest, _)| *guest == name);
    let share = |name: &str| if is_component(name) { 4 } else { 40 };
    let small = of_every_kind();
    let mut all: Vec<_> = small
        .into_iter()
        .map(|(name, bytes)| Original { name: name.to_owned(), bytes, share: share(name) })
        .collect();
    all.push(Original { name: "code-generator".to_owned(), bytes: agent("code-generator"), share: 6 });
    all
}

fn catalog(folder: &Path) -> Catalog {
    let settings =
        SandboxSettings { engine: small_engine(), guest_threads: SandboxSettings::guest_threads() };
    let sandbox = Sandbox::new(settings, Handle::current()).expect("a sandbox");
    let settings = CatalogSettings {
        supervisor: Supervisor::new(),
        plugins: folder.join("plugins"),
        data: folder.join("data"),
        max_file_bytes: 8 << 20,
        compile: CompileCommand::Child {
            program: env!("CARGO_BIN_EXE_anvil").into(),
            args: vec!["compile-plugin".into()],
        },
        compile_time: Duration::from_secs(20),
        compile_memory_bytes: 512 << 20,
        compiled_bytes: 16 << 20,
        keep: KeepRule { versions: 0, bytes: 0 },
        may_call: HashMap::new(),
        payloads: anvil_types::PerAgent::default(),
        describe: AttemptLimits {
            of: LimitsOf::Description,
            wall_time: Duration::from_secs(2),
            cpu_time: Duration::from_millis(300),
            ..small_limits()
        },
        clock: Arc::new(SystemClock::new()),
    };
    Catalog::start(sandbox, settings).expect("a catalog")
}

/// What a file came to, and how long it took: the name of its fault, or `none`.
async fn examined(catalog: &Catalog, folder: &Path, mutant: &Mutant) -> (&'static str, Duration) {
    let file = tempfile::Builder::new().suffix(".wasm").tempfile_in(folder).expect("a file");
    fs::write(file.path(), &mutant.bytes).expect("it is written");
    let began = Instant::now();
    let mut checked = catalog.check(file.path()).await;
    // A machine that is busy with others says nothing of the file.
    while matches!(checked, Err(Rejection::Starved(_))) && began.elapsed() < TIME / 2 {
        checked = catalog.check(file.path()).await;
    }
    let took = began.elapsed();
    assert!(took < TIME, "{mutant} took {took:?}");
    let name = match checked {
        Ok(_) => "none",
        Err(rejection) => match rejection.fault() {
            Some(fault) => fault.name(),
            None => panic!("{mutant}: this says nothing of the file: {rejection}"),
        },
    };
    (name, took)
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the system tells of processes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.split_whitespace().next().and_then(|size| size.parse().ok()).expect("a number of KiB")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_file_is_taken_or_refused_by_the_name_of_its_fault() {
    let count = files("ANVIL_TEST_MUTATED_LOADS", LOADS);
    let mutants = Mutants::of(originals());
    println!("{count} files, ANVIL_TEST_FUZZ_SEED={}", mutants.seed());
    let folder = TempDir::with_prefix("anvil-mutants-").expect("a folder");
    let catalog = catalog(folder.path());
    catalog.settled().await;
    let began = Instant::now();
    let mut came_to = BTreeMap::<_, u64>::new();
    let (mut resident, mut slowest) = (Vec::new(), (Duration::ZERO, String::new()));
    let examining = futures_util::stream::iter(0..count)
        .map(|number| {
            let (mutants, catalog, folder) = (&mutants, &catalog, folder.path());
            async move {
                let mutant = mutants.nth(number);
                (examined(catalog, folder, &mutant).await, mutant.to_string())
            }
        })
        .buffer_unordered(2);
    tokio::pin!(examining);
    while let Some(((name, took), file)) = examining.next().await {
        slowest = slowest.max((took, file));
        *came_to.entry(name).or_default() += 1;
        resident.push(resident_kib());
    }
    println!("in {:?}: {came_to:#?}", began.elapsed());
    println!("the slowest took {:?}: {}", slowest.0, slowest.1);
    assert_eq!(came_to.values().sum::<u64>(), count);
    // It is no test of what is turned away at the door: some are compiled and asked.
    for name in ["none", "damaged", "core-module", "missing-export"] {
        assert!(came_to.contains_key(name), "no file came to `{name}`");
    }
    // Nothing but what is kept between host and child, and compiled code within its bound.
    let left = fs::read_dir(folder.path().join("data/compiled")).expect("a folder");
    let drafts = left.flatten().filter(|file| file.file_name().to_string_lossy().ends_with(".draft"));
    assert_eq!(drafts.count(), 0, "nothing of an examination is left behind");
    let (first, last) = (resident[resident.len() / 10], resident[resident.len() - 1]);
    println!("resident: {first} KiB after a tenth of them, {last} KiB at the end");
    assert!(last < first + KEPT_KIB, "the memory does not come back: {first} KiB, then {last} KiB");
}
