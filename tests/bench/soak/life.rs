//! A host, the simulator that it asks, and who gives it work, answers its questions and replaces its plugins.

use crate::host::Host;
use crate::mix::{self, KINDS};
use crate::watch::{Footprint, floors, slope};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Jobs that wait at any time, so that none of the slots is idle …
const WAITING: u64 = 1_000;
/// … and how many come at once.
const BATCH: u64 = 500;
const SLOTS: u32 = 16;
const AGENTS: usize = 6;
/// How often an agent's file is replaced.
const REPLACE: Duration = Duration::from_secs(10);
/// How often the host is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// In how many stretches its memory is looked at, of each of which the lowest counts.
const STRETCHES: f64 = 20.0;
/// The longest that nothing may come of the work.
const STILL: Duration = Duration::from_mins(2);
/// The longest until old versions of plugins are gone.
const PRUNED: Duration = Duration::from_mins(5);

/// The simulator, ended however the soak ends.
struct Simulator(Child);

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Life {
    host: Host,
    _simulator: Simulator,
    folder: PathBuf,
    /// Jobs that were given, of each kind.
    given: [u64; 8],
    /// Those of them and of their children that are over, at the last look.
    finished: u64,
    replaced: u64,
    replaced_at: Instant,
    answered: u64,
    /// Look by look.
    looks: Option<Vec<Look>>,
}

/// What a look at it found.
struct Look {
    /// Jobs that are over.
    finished: f64,
    /// Bytes of its own memory, and of resident memory.
    memory: [f64; 2],
}

impl Life {
    /// Starts both on a folder.
    pub(crate) async fn begin(folder: &Path) -> Self {
        mix::put_agents(&folder.join("plugins"));
        let (simulator, url) = simulator();
        let setting = |name, value: &str| (name, value.to_owned());
        let settings = [
            setting("ANVIL_PRESET", "unlimited-dev"),
            setting("ANVIL_UPSTREAM_KIND", "simulated"),
            setting("ANTHROPIC_BASE_URL", &url),
            setting("ANVIL_LOG", "warn"),
            setting("ANVIL_LIMITS_AGENTS_MIN", &SLOTS.to_string()),
            setting("ANVIL_LIMITS_AGENTS_MAX", &SLOTS.to_string()),
            // What traps does so on purpose, and again and again.
            setting("ANVIL_PLUGINS_QUARANTINE_TRAPS", "0"),
            setting("ANVIL_JOBS_MAX_ATTEMPTS", "2"),
            setting("ANVIL_JOBS_BACKOFF_S", "0.1"),
            setting("ANVIL_AGENTS_ASKER_MAY_CALL", "player"),
            setting("ANVIL_PEOPLE_OPEN_OF_AGENT", "10000"),
            // What is in force alone, so that the files at the end are those at the beginning.
            setting("ANVIL_PLUGINS_KEEP_VERSIONS", "0"),
            // Finished jobs are taken out all the while, as in a host that has been up for long.
            setting("ANVIL_RETENTION_FINISHED_JOBS", "10000"),
        ];
        let host = Host::launch(folder, &settings);
        host.ready(AGENTS).await;
        Self {
            host,
            _simulator: simulator,
            folder: folder.to_owned(),
            given: [0; 8],
            finished: 0,
            replaced: 0,
            replaced_at: Instant::now(),
            answered: 0,
            looks: None,
        }
    }

    /// Gives it so many jobs, children included, and returns when all are over.
    pub(crate) async fn work(&mut self, jobs: u64) {
        let target = self.all() + jobs;
        let (mut moved, mut finished) = (Instant::now(), self.finished);
        loop {
            let unfinished = self.look().await;
            if self.all() >= target && unfinished == 0 {
                return;
            }
            if self.finished > finished {
                (moved, finished) = (Instant::now(), self.finished);
            }
            assert!(moved.elapsed() < STILL, "nothing comes of {unfinished} jobs: {}", self.host.log());
            if self.all() < target && unfinished < WAITING {
                self.give().await;
                continue;
            }
            self.answer().await;
            if self.all() < target && self.replaced_at.elapsed() >= REPLACE {
                self.replace();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Returns when what is not needed any more is gone.
    pub(crate) async fn settled(&mut self) {
        // A good one is in force at the end, and all that came before it is taken out.
        if self.replaced % 2 == 1 {
            self.replace();
        }
        let end = Instant::now() + PRUNED;
        while !Footprint::of(&self.host, &self.data()).await.has_code_of(AGENTS) {
            if Instant::now() > end {
                return;
            }
            tokio::time::sleep(LOOK * 4).await;
        }
        // Connections that nobody uses are closed, and threads end that had nothing to do.
        tokio::time::sleep(Duration::from_secs(15)).await;
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the host takes of the machine at rest.
    pub(crate) async fn footprint(&self) -> Footprint {
        Footprint::at_rest(&self.host, &self.data()).await
    }

    /// From here on its memory is looked at.
    pub(crate) fn watch(&mut self) {
        self.looks = Some(Vec::new());
    }

    /// Bytes that the host's own memory has grown with so many jobs, and its resident memory, over the second half of what
    /// was watched.
    pub(crate) fn growth(&mut self, jobs: f64) -> [f64; 2] {
        let looks = self.looks.take().unwrap_or_default();
        [0, 1].map(|which| {
            let looks = looks.iter().map(|look| (look.finished, look.memory[which]));
            Self::growth_of(&looks.collect::<Vec<_>>(), jobs)
        })
    }

    fn growth_of(looks: &[(f64, f64)], jobs: f64) -> f64 {
        let half =
            looks.first().zip(looks.last()).map_or(0.0, |(first, last)| f64::midpoint(first.0, last.0));
        let later: Vec<_> = looks.iter().copied().filter(|look| look.0 >= half).collect();
        let wide =
            later.first().zip(later.last()).map_or(0.0, |(first, last)| (last.0 - first.0) / STRETCHES);
        slope(&floors(&later, wide)).expect("a soak is looked at often enough") * jobs
    }

    /// Jobs that are over, children included.
    pub(crate) fn finished(&self) -> u64 {
        self.finished
    }

    /// What it was about, for people.
    pub(crate) fn told(&self) -> String {
        let mut told = format!(
            "{} replacements of a plugin, {} questions answered; jobs:",
            self.replaced, self.answered
        );
        for (kind, given) in KINDS.iter().zip(self.given) {
            let _ = write!(told, " {given} {};", kind.name);
        }
        told
    }

    /// What did not happen that should have, so that the soak says nothing.
    pub(crate) fn missed(&self) -> Vec<String> {
        let asked = self.given[3];
        let mut missed = Vec::new();
        if self.answered < asked {
            missed.push(format!("{} of {asked} questions were answered", self.answered));
        }
        if self.replaced < 2 {
            missed.push("no plugin was replaced".to_owned());
        }
        missed
    }

    /// All jobs so far, with the children that come of them.
    fn all(&self) -> u64 {
        KINDS.iter().zip(self.given).map(|(kind, given)| kind.jobs * given).sum()
    }

    /// How many jobs are not over, of those that it was given.
    async fn look(&mut self) -> u64 {
        let status = self.host.get("/api/v1/status").await;
        let count = |state: &str| status["queue"][state].as_u64().expect("a number");
        let unfinished = ["queued", "scheduled", "parked", "running"].map(count).iter().sum();
        // Children that are still to come are in none of the counts: where nothing is under way, all are over.
        self.finished = self.finished.max(self.all().saturating_sub(unfinished));
        let memory = [self.host.own_memory(), self.host.resident()];
        if let Some(looks) = &mut self.looks {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            looks.push(Look { finished: self.finished as f64, memory: memory.map(|bytes| bytes as f64) });
        }
        unfinished
    }

    async fn give(&mut self) {
        let before: u64 = self.given.iter().sum();
        let mut body = String::new();
        for number in before..before + BATCH {
            let kind = mix::kind(number);
            let place = KINDS.iter().position(|other| std::ptr::eq(other, kind)).expect("one of them");
            self.given[place] += 1;
            let _ = writeln!(body, "{}", kind.job(number));
        }
        let request = self.host.http.post(format!("{}/api/v1/jobs/bulk", self.host.url));
        let request = request.bearer_auth(&self.host.token).header("content-type", "application/jsonl");
        let answers = request.body(body).send().await.expect("an answer").text().await.expect("its body");
        let refused = answers.lines().find(|line| !line.contains("\"id\""));
        assert_eq!((refused, answers.lines().count() as u64), (None, BATCH), "every job is taken in");
    }

    async fn answer(&mut self) {
        let open = self.host.get("/api/v1/questions?state=open&limit=500").await;
        for question in open["items"].as_array().expect("a list") {
            let id = question["id"].as_str().expect("an id");
            let answer =
                self.host.post(&format!("/api/v1/questions/{id}/answer"), &json!({ "answer": "yes" })).await;
            assert!(answer["answer"] != Value::Null, "it is taken: {answer}");
            self.answered += 1;
        }
    }

    fn replace(&mut self) {
        self.replaced += 1;
        self.replaced_at = Instant::now();
        let plugins = self.folder.join("plugins");
        let draft = plugins.join(".draft");
        std::fs::write(&draft, mix::replacement(self.replaced)).expect("a file");
        std::fs::rename(draft, plugins.join(mix::REPLACED)).expect("a file");
    }
}

fn simulator() -> (Simulator, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_anvil"))
        .args(["sim", "--listen", "127.0.0.1:0", "--latency-ms", "5", "--stream-ms-per-token", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the simulator starts");
    let said = BufReader::new(child.stdout.take().expect("piped"));
    let mut lines = said.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("ANTHROPIC_BASE_URL=")).expect("its address");
    (Simulator(child), line.trim().trim_start_matches("ANTHROPIC_BASE_URL=").to_owned())
}
