//! Made-up overviews: a host at work, failing, braked and fresh.

use super::page::{Overview, OverviewPage};
use crate::panel::jobs::samples::jobs;
use crate::panel::kit::samples::{NOW, Sample, braked, html, shell, status, windows};
use crate::panel::kit::shell::Nav;
use anvil_api::{QueueStatus, Status};
use anvil_budget::CircuitReport;
use anvil_types::{Job, JobState};
use std::time::Duration;

/// The same host while Claude fails.
fn failing() -> Status {
    let mut status = status();
    status.pace.circuit = CircuitReport::Open { until: NOW + Duration::from_secs(41) };
    status.pace.calls_in_flight = 0;
    status.why_idle = Some("Claude failed again and again".to_owned());
    status
}

/// Its pages.
pub(crate) fn pages() -> Vec<Sample> {
    let (status, jobs) = (status(), jobs());
    let running: Vec<Job> = jobs.iter().filter(|job| job.state == JobState::Running).cloned().collect();
    let overview = |status: &Status, running: &[Job], recent: &[Job]| OverviewPage {
        shell: shell(status, Nav::Overview, "Overview"),
        body: Overview::new(status, running, recent, &windows()),
    };
    let mut fresh = status.clone();
    fresh.queue = QueueStatus {
        queued: 0,
        scheduled: 0,
        parked: 0,
        running: 0,
        oldest_wait_s: 0,
        limit: 200,
        succeeded: 0,
        failed: 0,
        cancelled: 0,
        paused: None,
    };
    fresh.agents.running = 0;
    fresh.pace.buckets.truncate(1);
    vec![
        ("/", html(&overview(&status, &running, &jobs[..8]))),
        ("/braked", html(&overview(&braked(), &[], &jobs[4..6]))),
        ("/failing", html(&overview(&failing(), &running, &jobs[..8]))),
        ("/fresh", html(&overview(&fresh, &[], &[]))),
    ]
}
