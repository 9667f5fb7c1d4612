//! What a host takes of its machine.

use crate::host::Host;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How often a host at rest is looked at, and how long after each other.
const LOOKS: usize = 10;
const BETWEEN: Duration = Duration::from_millis(2_700);

/// What of it has to be the same at rest, whatever it has done.
pub(crate) struct Footprint {
    descriptors: usize,
    tasks: u64,
    threads: usize,
    compiled: usize,
    kept: usize,
    own: u64,
    resident: u64,
}

impl Footprint {
    /// Of a host at rest on this data. It reads its store every few seconds and is asked by the bench, and a thread that has
    /// read lives on for a while: by one look it is chance whether there is one. What is left between two such reads is
    /// what it keeps, so that of several looks the one with the fewest counts.
    pub(crate) async fn at_rest(host: &Host, data: &Path) -> Self {
        let mut least = Self::of(host, data).await;
        for _ in 1..LOOKS {
            tokio::time::sleep(BETWEEN).await;
            let looked = Self::of(host, data).await;
            if looked.threads < least.threads {
                least = looked;
            }
        }
        least
    }

    /// Of a host on this data, now.
    pub(crate) async fn of(host: &Host, data: &Path) -> Self {
        let process = format!("/proc/{}", host.process.id());
        // Before it is asked for anything, which takes threads.
        let threads = entries(format!("{process}/task"));
        let metrics = host.text("/metrics").await;
        let tasks = metrics.lines().find_map(|line| line.strip_prefix("anvil_tasks "));
        Self {
            descriptors: entries(format!("{process}/fd")),
            tasks: tasks.and_then(|tasks| tasks.parse().ok()).expect("the host counts its tasks"),
            threads,
            compiled: entries(data.join("compiled")),
            kept: entries(data.join("plugins")),
            own: host.own_memory(),
            resident: host.resident(),
        }
    }

    /// What of a later one is more than this.
    pub(crate) fn exceeded_by(&self, after: &Self) -> Vec<String> {
        let figures = [
            ("descriptors", self.descriptors, after.descriptors),
            ("tasks", to_usize(self.tasks), to_usize(after.tasks)),
            ("threads", self.threads, after.threads),
            ("files of compiled code", self.compiled, after.compiled),
            ("files of kept plugins", self.kept, after.kept),
        ];
        let more = figures.into_iter().filter(|(_, before, after)| after > before);
        more.map(|(what, before, after)| format!("{what}: {before} at first, {after} at the end")).collect()
    }

    /// Whether it has the compiled code of so many agents alone, beside the key that it is hashed with.
    pub(crate) fn has_code_of(&self, agents: usize) -> bool {
        self.compiled == agents + 1
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} descriptors, {} tasks, {} threads, {} files of compiled code, {} of kept plugins, {} MiB its own, \
             {} MiB resident",
            self.descriptors,
            self.tasks,
            self.threads,
            self.compiled,
            self.kept,
            self.own / 1024 / 1024,
            self.resident / 1024 / 1024
        )
    }
}

fn entries(folder: impl AsRef<Path>) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).expect("fits")
}

/// The lowest of each stretch of `wide` on the way: what a plugin's replacement maps while its old code is still run comes
/// and goes, what grows raises the lowest too.
pub(crate) fn floors(points: &[(f64, f64)], wide: f64) -> Vec<(f64, f64)> {
    let mut floors: Vec<(f64, f64)> = Vec::new();
    let (mut end, mut lowest) = (f64::NEG_INFINITY, None::<(f64, f64)>);
    for &point in points {
        if point.0 >= end {
            floors.extend(lowest.take());
            end = point.0 + wide;
        }
        lowest = Some(lowest.filter(|lowest| lowest.1 <= point.1).unwrap_or(point));
    }
    floors.extend(lowest);
    floors
}

/// The slope of a line through these points, by least squares; none where they are too few.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    (points.len() > 10 && spread > 0.0).then(|| together / spread)
}
