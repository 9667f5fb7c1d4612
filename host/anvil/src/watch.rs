//! Watching one job, or all: its event stream where there is one, else a look now and then.
//!
//! Whatever the stream misses, a look finds: the job itself is the truth, events only say when to look.
//! A host that restarts is waited for, since its jobs survive that.

use crate::answer::Answer;
use crate::client::Client;
use crate::failure::Failure;
use anvil_types::{Event, Job};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sse_stream::{Sse, SseByteStream};
use std::time::{Duration, Instant};

/// How often a job is looked at while its stream is silent.
const LOOK: Duration = Duration::from_secs(5);
/// How often it is looked at where there is no stream.
const POLL: Duration = Duration::from_secs(1);
/// For how long a host that does not answer is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// An event; none of a kind that is not known here.
    Event(Option<Event>),
    /// A piece of the text that Claude writes.
    Text(String),
    /// Nothing that was told; time for a look.
    Look,
}

/// Watches one job, or all of them.
pub(crate) struct Watch<'a> {
    client: &'a Client,
    /// All of them where there is none.
    id: Option<&'a str>,
    last: Option<u64>,
    stream: Option<BoxStream<'a, (Option<u64>, Change)>>,
    /// No new stream is asked for before this.
    retry_at: Instant,
    away_since: Option<Instant>,
    /// Whether the host has ever been there. One that never was is not waited for.
    met: bool,
}

impl<'a> Watch<'a> {
    /// Watches the job, which the host has told of, from its first event on.
    pub(crate) fn new(client: &'a Client, id: &'a str) -> Self {
        Self { id: Some(id), last: Some(0), met: true, ..Self::all(client) }
    }

    /// The same, where nothing says yet that there is a host.
    pub(crate) fn not_met_yet(self) -> Self {
        Self { met: false, ..self }
    }

    /// Watches everything from now on.
    pub(crate) fn all(client: &'a Client) -> Self {
        Self {
            client,
            id: None,
            last: None,
            stream: None,
            retry_at: Instant::now(),
            away_since: None,
            met: false,
        }
    }

    /// The next change. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Change {
        if self.stream.is_none() && Instant::now() >= self.retry_at {
            self.open().await;
        }
        let Some(stream) = &mut self.stream else {
            tokio::time::sleep(POLL).await;
            return Change::Look;
        };
        match tokio::time::timeout(LOOK, stream.next()).await {
            Err(_) => Change::Look,
            Ok(None) => {
                // It broke, or the host stopped: what it missed is asked for by the next one.
                self.stream = None;
                self.retry_at = Instant::now() + POLL;
                Change::Look
            }
            Ok(Some(change)) => {
                let (seq, change) = change;
                self.last = self.last.max(seq);
                change
            }
        }
    }

    async fn open(&mut self) {
        self.retry_at = Instant::now() + LOOK;
        let response = match self.id {
            Some(id) => self.client.stream(&["jobs", id, "events"], self.last).await,
            None => self.client.stream(&["events"], self.last).await,
        };
        let Ok(response) = response else { return };
        let events =
            SseByteStream::new(response.bytes_stream()).take_while(|event| std::future::ready(event.is_ok()));
        self.stream = Some(events.filter_map(|event| async move { read(&event.ok()?) }).boxed());
    }

    /// The job as it is now; none while the host is away, and where all are watched.
    pub(crate) async fn look(&mut self) -> Result<Option<Answer<Job>>, Failure> {
        match self.id {
            Some(id) => self.ask(&["jobs", id], &[]).await,
            None => Ok(None),
        }
    }

    /// What the host says to a question; none while it is away.
    pub(crate) async fn ask<A: DeserializeOwned>(
        &mut self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Option<Answer<A>>, Failure> {
        let answer = self.client.get(path, query).await;
        self.forgive(answer)
    }

    /// What came; none while a host that has been there is away.
    pub(crate) fn forgive<T>(&mut self, came: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match came {
            Ok(answer) => {
                self.away_since = None;
                self.met = true;
                Ok(Some(answer))
            }
            Err(failure) if self.met && is_passing(&failure) => {
                let since = *self.away_since.get_or_insert_with(Instant::now);
                if since.elapsed() > PATIENCE { Err(failure) } else { Ok(None) }
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Whether the host may soon be back: it restarts, or something before it has lost it.
fn is_passing(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable { .. } => true,
        Failure::Problem(problem) => matches!(problem.status, 502..=504),
        _ => false,
    }
}

/// Where an event stands among all.
#[derive(Deserialize)]
struct Place {
    seq: u64,
}

/// A piece of the text that Claude writes.
#[derive(Deserialize)]
struct Written {
    text: String,
}

/// What happened, and its place among all events.
fn read(event: &Sse) -> Option<(Option<u64>, Change)> {
    let data = event.data.as_deref()?;
    if event.event.as_deref() == Some("text") {
        let Written { text } = serde_json::from_str(data).ok()?;
        return Some((None, Change::Text(text)));
    }
    let Place { seq } = serde_json::from_str(data).ok()?;
    Some((Some(seq), Change::Event(serde_json::from_str(data).ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_kind_that_is_not_known_still_has_its_place() {
        let event = |data: &str| Sse { data: Some(data.to_owned()), ..Sse::default() };
        let newer = event(
            r#"{"seq": 7, "at": "2026-11-23T12:00:00Z", "job": null, "type": "dreamt", "of": "sheep"}"#,
        );
        assert_eq!(read(&newer), Some((Some(7), Change::Event(None))));
        let known =
            event(r#"{"seq": 8, "at": "2026-11-23T12:00:00Z", "job": null, "type": "limits", "more": 1}"#);
        assert!(matches!(read(&known), Some((Some(8), Change::Event(Some(_))))));
        assert_eq!(read(&event("{}")), None);
    }
}
