//! Every crime of the gallery comes to its own named ending in a running host, and a neighbour hardly notices.
//!
//! Measures time, so it has the machine to itself (`.config/nextest.toml`, `tests/run`).

use super::crimes::{Crime, Ending, Leads, Source, crimes};
use super::hostile::between;
use crate::harness::{Host, Rest, Setup, until};
use anvil_sandbox::testing::GuestBuilder;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// Jobs of the neighbour in one measurement, at least.
const JOBS: usize = 100;
/// The most by which the neighbour's slowest jobs may be slower beside crimes.
const MOST: f64 = 2.0;
/// What a job may take more than that whatever the ratio: some time slices of threads that share its processor.
const GRACE: Duration = Duration::from_millis(35);
/// What the host may keep of it all, in KiB.
const KEPT_KIB: u64 = 96 * 1024;
/// Whom those that lead others may have do something.
const MAY_CALL: [&str; 5] =
    ["quiet", "one-of-a-circle", "other-of-a-circle", "leads-in-a-circle", "closes-a-circle"];

/// How long the neighbour's jobs take, one after the other, for as long as `on` says: the slowest but a hundredth. It is the
/// host's own word, from when a job was taken until it had ended: how often it is asked for it makes no difference.
async fn p99(rest: &Rest, on: impl Fn() -> bool) -> Duration {
    let mut times = Vec::new();
    while times.len() < JOBS || on() {
        let body = json!({"agent": "neighbour", "action": "run", "priority": "critical", "payload": {}});
        let job = rest.post("/api/v1/jobs", &body).await;
        let job = rest.succeeded(job["id"].as_str().expect("an id"), PATIENCE).await;
        times.push(between(&job["created_at"], &job["finished_at"]));
    }
    times.sort();
    times[(times.len() * 99).div_ceil(100) - 1]
}

async fn host(crimes: &[Crime]) -> Host {
    let mut host = Setup::new()
        .plugin("neighbour.wasm", &GuestBuilder::quiet("neighbour").component())
        .plugin("quiet.wasm", &GuestBuilder::quiet("quiet").component())
        .plugin("stranger.wasm", &GuestBuilder::quiet("stranger").component())
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_JOBS_MAX_ATTEMPTS", 1)
        .set("ANVIL_JOBS_CPU_S", 1)
        .set("ANVIL_JOBS_WALL_S", 3)
        .set("ANVIL_SANDBOX_MEMORY_MB", 16)
        .set("ANVIL_SANDBOX_TABLE_ELEMENTS", 1_000)
        .set("ANVIL_SANDBOX_LOG_LINES", 100)
        .set("ANVIL_SANDBOX_ARTIFACTS", 4)
        .set("ANVIL_SANDBOX_STATE_KEYS", 4)
        .set("ANVIL_SANDBOX_VALUE_BYTES", 1024 * 1024)
        .set("ANVIL_SANDBOX_RESOURCES", 64)
        .set("ANVIL_SANDBOX_PLUGIN_FILE_MB", 32)
        .set("ANVIL_SANDBOX_COMPILE_S", 8)
        .set("ANVIL_SANDBOX_COMPILE_MEMORY_MB", 256)
        .set("ANVIL_PEOPLE_OPEN_OF_AGENT", 1)
        .set("ANVIL_SANDBOX_DESCRIBE_S", 1)
        .set("ANVIL_SIMULATOR_LATENCY_MS", 10)
        .prepare();
    let mut settings = String::new();
    for leader in crimes.iter().filter(|crime| {
        crime.name.contains("has-") || crime.name.contains("circle") || crime.name.contains("leads-")
    }) {
        let others = MAY_CALL.into_iter().filter(|other| *other != leader.name);
        let _ =
            writeln!(settings, "[agents.{}]\nmay_call = {}", leader.name, json!(others.collect::<Vec<_>>()));
    }
    fs::write(host.folder().join("home/anvil.toml"), settings).expect("settings are written");
    host.start().await;
    host
}

fn file_name(crime: &Crime) -> String {
    if crime.name.contains('.') { crime.name.to_owned() } else { format!("{}.wasm", crime.name) }
}

/// Puts a crime's file into the folder.
fn drop_in(host: &Host, crime: &Crime) {
    let file = host.plugins().join(file_name(crime));
    let put = match &crime.source {
        Source::Bytes(bytes) => fs::write(&file, bytes),
        Source::Huge => File::create(&file).and_then(|file| file.set_len(200 << 20)),
        Source::Link(leads) => {
            let to = match leads {
                Leads::Out => "/etc/passwd",
                Leads::ToADevice => "/dev/zero",
                Leads::Up => "..",
                Leads::ToItself => file.file_name().and_then(|name| name.to_str()).expect("a name"),
            };
            std::os::unix::fs::symlink(to, &file)
        }
    };
    put.expect("a file");
}

async fn shown(host: &Host, file: &str) -> Option<Value> {
    let agents = host.rest().get("/api/v1/agents").await;
    agents["items"].as_array().expect("a list").iter().find(|agent| agent["file"] == file).cloned()
}

/// Sees one crime through to its end.
async fn comes_to_its_end(host: &Host, crime: &Crime) {
    let file = file_name(crime);
    let said = |what: &str, seen: &Value| format!("{}: {what}: {seen:#}", crime.name);
    let turned_away = match crime.ending {
        Ending::Refused(reason) => Some(("rejected", reason)),
        Ending::Delayed(reason) => Some(("delayed", reason)),
        _ => None,
    };
    if let Some((state, reason)) = turned_away {
        let agent = until(&format!("{} is {state}", crime.name), PATIENCE, async || {
            let agent = shown(host, &file).await?;
            assert_ne!(agent["state"], "ready", "{}", said("it is no agent", &agent));
            (agent["state"] == state).then_some(agent)
        })
        .await;
        assert!(agent["reason"].as_str().is_some_and(|why| why.contains(reason)), "{}", said(reason, &agent));
        if state == "delayed" {
            // The next tries are not waited for.
            fs::remove_file(host.plugins().join(file)).expect("it was there");
        }
        return;
    }
    until(&format!("{} is there", crime.name), PATIENCE, async || {
        let agent = shown(host, &file).await?;
        assert_ne!(agent["state"], "rejected", "{}", said("it loads", &agent));
        (agent["state"] == "ready").then_some(())
    })
    .await;
    let id = host.rest().submit(crime.name, "run", json!({})).await;
    if let Ending::Parks(next) = crime.ending {
        parks(host, crime, &id, next).await;
        return;
    }
    let job = host.rest().ended(&id, PATIENCE).await;
    match crime.ending {
        Ending::Fails(kind, words) => {
            assert_eq!(job["error"]["kind"], kind, "{}", said(kind, &job));
            let message = job["error"]["message"].as_str().unwrap_or_default();
            assert!(message.contains(words), "{}", said(words, &job));
        }
        Ending::Copes(result) => {
            assert_eq!(job["state"], "succeeded", "{}", said("it copes", &job));
            assert_eq!(job["result"].to_string(), result, "{}", said("what it is left with", &job));
        }
        Ending::Told(words) => {
            assert_eq!(job["state"], "succeeded", "{}", said("it goes on", &job));
            let mut log = log(host, &id).await;
            for led in job["tree"].as_array().into_iter().flatten() {
                log += &self::log(host, led["id"].as_str().expect("an id")).await;
            }
            assert!(log.contains(words), "{}: {words}: {log}", crime.name);
        }
        Ending::Refused(_) | Ending::Delayed(_) | Ending::Parks(_) => unreachable!("seen above"),
    }
}

/// Sees to it that a job waits for a person, with one question and no more, and that another job of its agent may not ask
/// besides.
async fn parks(host: &Host, crime: &Crime, id: &str, next: Option<&str>) {
    let job = until("it waits for a person", PATIENCE, async || {
        let job = host.rest().job(id).await;
        (job["state"] == "parked").then_some(job)
    })
    .await;
    assert_eq!(job["waiting_for"]["reason"], "person", "{}: {job:#}", crime.name);
    let open = host.rest().get("/api/v1/questions?state=open&limit=500").await;
    let open =
        open["items"].as_array().expect("a list").iter().filter(|one| one.to_string().contains(id)).count();
    assert_eq!(open, 1, "{}: a job that waits has one question", crime.name);
    if let Some(words) = next {
        let other = host.rest().submit(crime.name, "run", json!({})).await;
        let other = host.rest().ended(&other, PATIENCE).await;
        let told = format!("{} {}", other["error"], log(host, other["id"].as_str().expect("an id")).await);
        assert!(told.contains(words), "{}: {words}: {told}", crime.name);
    }
    host.rest().post(&format!("/api/v1/jobs/{id}/cancel"), &json!({})).await;
    host.rest().ended(id, PATIENCE).await;
}

async fn log(host: &Host, id: &str) -> String {
    host.rest().text(&format!("/api/v1/jobs/{id}/log")).await.replace('\\', "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_crime_ends_by_its_own_name_and_a_neighbour_hardly_notices() {
    let crimes = crimes();
    let names: BTreeSet<_> = crimes.iter().map(|crime| crime.name).collect();
    assert_eq!(names.len(), crimes.len(), "each has a name of its own");
    assert!(names.len() >= 50, "there are {} crimes", names.len());
    let host = host(&crimes).await;
    let rest = host.rest();
    let mut calm = vec![p99(rest, || false).await];
    let before = host.resident_kib();

    let thirds: Vec<_> = crimes.chunks(crimes.len().div_ceil(3)).collect();
    let (mut attacked, mut wrong) = (Vec::new(), Vec::new());
    for third in thirds {
        for crime in third {
            drop_in(&host, crime);
        }
        let goes_on = Cell::new(true);
        let ((), slowest) = tokio::join!(
            async {
                for crime in third {
                    // One that ends otherwise says so, and the others are seen all the same.
                    let seen = AssertUnwindSafe(comes_to_its_end(&host, crime)).catch_unwind().await;
                    if seen.is_err() {
                        wrong.push(crime.name);
                    }
                }
                goes_on.set(false);
            },
            p99(rest, || goes_on.get())
        );
        attacked.push(slowest);
        calm.push(p99(rest, || false).await);
    }
    assert_eq!(wrong, Vec::<&str>::new(), "these came to another end; what they came to stands above");
    let (calm_best, attacked_best) =
        (*calm.iter().min().expect("some"), *attacked.iter().min().expect("some"));
    println!("{} crimes; the neighbour's p99: calm {calm:?}, attacked {attacked:?}", names.len());
    assert!(
        attacked_best < calm_best.mul_f64(MOST) + GRACE,
        "the neighbour is slowed down from {calm_best:?} to {attacked_best:?}"
    );
    let after = until("the memory comes back", PATIENCE, async || {
        let after = host.resident_kib();
        (after < before + KEPT_KIB).then_some(after)
    })
    .await;
    println!("resident: {before} KiB before, {after} KiB after");
}
