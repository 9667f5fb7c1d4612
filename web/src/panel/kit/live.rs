//! The one event stream of a tab: tells which parts of a page to fetch anew.
//!
//! Frames are named for what changed (`anvil-jobs`, `anvil-money`, …), carry no content but a job's
//! streaming text, and come at most twice a second however much happens.

use crate::api::LiveText;
use crate::ask::Query;
use crate::problem::Problem;
use crate::sse::{self, Follow, Frames};
use crate::state::WebState;
use anvil_types::{Event, EventKind, JobId};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event as Frame;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// The shortest time between two batches of frames.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the first change of a batch waits for others: a job's end writes several events at once.
const GATHER: Duration = Duration::from_millis(60);

pub(super) async fn events(
    State(state): State<WebState>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let job: Option<JobId> = query.value("job")?;
    let newest = state.control.events.last().await?;
    let asked = sse::resume_after(&headers, query.value("after")?).unwrap_or(newest);
    let after = sse::place(asked, newest);
    // A page of another history has everything to fetch anew.
    let changed = if after < asked { EVERYTHING.into() } else { BTreeSet::new() };
    let follow = Follow::new(&state.control, None, after);
    let text = job.map(|job| LiveText::new(&state.control, job));
    let begun = Begun { changed, last: after };
    sse::stream(&state, move |frames| write(frames, follow, text, job, begun))
}

/// What a stream begins with.
struct Begun {
    changed: BTreeSet<&'static str>,
    last: u64,
}

async fn write(
    frames: Frames,
    mut follow: Follow,
    mut text: Option<LiveText>,
    job: Option<JobId>,
    begun: Begun,
) {
    let Begun { mut changed, mut last } = begun;
    let mut sent = Instant::now();
    let mut due = (!changed.is_empty()).then(|| sent + GATHER);
    loop {
        let piece = async {
            match &mut text {
                Some(text) => text.next().await,
                None => std::future::pending().await,
            }
        };
        let time = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let delivered = tokio::select! {
            event = follow.next() => {
                let Ok(Some(event)) = event else { return };
                last = event.seq;
                changed.extend(topics(&event, job));
                due = due.or(Some((sent + PAUSE).max(Instant::now() + GATHER)));
                Ok(())
            }
            piece = piece => frames.send(named("text", piece.shown().frame())).await,
            () = time => {
                due = None;
                sent = Instant::now();
                flush(&frames, &mut changed, last).await
            }
        };
        if delivered.is_err() {
            return;
        }
    }
}

async fn flush(
    frames: &Frames,
    changed: &mut BTreeSet<&'static str>,
    last: u64,
) -> Result<(), tokio::sync::mpsc::error::SendError<Frame>> {
    for topic in std::mem::take(changed) {
        frames.send(named(topic, Frame::default().id(last.to_string()).data(""))).await?;
    }
    Ok(())
}

/// Names are prefixed, since they become events of the document.
fn named(topic: &str, frame: Frame) -> Frame {
    frame.event(format!("anvil-{topic}"))
}

/// Every part that a page can have.
const EVERYTHING: [&str; 10] =
    ["jobs", "questions", "job", "log", "alerts", "money", "actions", "schedules", "agents", "brake"];

/// Which parts of a page an event concerns; `job` is the one whose page it is.
fn topics(event: &Event, job: Option<JobId>) -> Vec<&'static str> {
    let own = job.is_some() && event.job == job;
    match &event.kind {
        EventKind::Job { .. } | EventKind::Progress { .. } if own => vec!["jobs", "job"],
        EventKind::Job { .. } | EventKind::Progress { .. } | EventKind::Queue { .. } => vec!["jobs"],
        EventKind::Question { .. } if own => vec!["questions", "job"],
        EventKind::Question { .. } => vec!["questions"],
        EventKind::Logged { .. } if own => vec!["log"],
        EventKind::Artifact { .. } if own => vec!["job"],
        EventKind::Logged { .. } | EventKind::Artifact { .. } | EventKind::Prices => vec![],
        EventKind::Alert { .. } | EventKind::Webhook { .. } => vec!["alerts"],
        EventKind::Held { .. } | EventKind::Settled { .. } if own => vec!["money", "job"],
        EventKind::Held { .. } | EventKind::Settled { .. } => vec!["money"],
        EventKind::JobAction { .. } => vec!["jobs", "actions"],
        EventKind::Schedule { .. } => vec!["schedules"],
        EventKind::Agent { .. } => vec!["agents"],
        EventKind::Limits => vec!["money", "jobs"],
        EventKind::Brake { .. } => vec!["brake", "money"],
    }
}
