//! Made-up schedules: one that is on, one that waits for a place, and one that is paused.

use super::page::{Schedules, SchedulesPage, Wanted};
use crate::panel::jobs::samples::jobs;
use crate::panel::kit::samples::{NOW, Sample, html, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_api::ScheduleView;
use anvil_types::{JobTemplate, MissedRuns, Overlap, Priority, Schedule, ScheduleId, UpstreamKind};
use std::time::Duration;

/// Their page, with a form that was refused.
pub(crate) fn pages() -> Vec<Sample> {
    let hours = |hours: u64| NOW + Duration::from_hours(hours);
    let view = |name: &str, cron: &str, enabled: bool, blocked: Option<&str>| ScheduleView {
        schedule: Schedule {
            id: ScheduleId::new(NOW, 7),
            name: name.to_owned(),
            cron: cron.to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            missed: MissedRuns::RunOnce,
            overlap: if blocked.is_some() { Overlap::OneAtATime } else { Overlap::Allow },
            job: JobTemplate {
                agent: "test-automator".to_owned(),
                action: "generate-tests".to_owned(),
                payload: "{}".parse().expect("JSON"),
                priority: Priority::Low,
                tags: Vec::new(),
                max_cost: None,
            },
            enabled,
            next_at: enabled.then(|| hours(3)),
            blocked: blocked.map(str::to_owned),
            owed_to: None,
            upstream: UpstreamKind::Simulated,
            created_at: NOW,
            last_job: None,
        },
        next_times: if enabled { vec![hours(3), hours(27)] } else { Vec::new() },
        resting: (!enabled).then(|| "it is paused".to_owned()),
    };
    let full = "the queue is full: 200 of 200 unfinished jobs";
    let schedules = [
        (view("nightly-tests", "0 2 * * *", true, None), jobs()[5..8].to_vec()),
        (view("hourly", "0 * * * *", true, Some(full)), Vec::new()),
        (view("weekly", "0 6 * * mon", false, None), Vec::new()),
    ];
    let mut form = Wanted::of(&schedules[0].0);
    "Mars/Olympus".clone_into(&mut form.zone);
    form.error =
        Some("there is no time zone `Mars/Olympus`; use a name such as Europe/Berlin or UTC".to_owned());
    let page = SchedulesPage {
        shell: shell(&status(), Nav::Schedules, "Schedules"),
        body: Schedules::new(&schedules, NOW),
        form,
        choices: vec!["test-automator / generate-tests".to_owned()],
    };
    vec![("/schedules", html(&page))]
}
