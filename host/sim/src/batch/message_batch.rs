//! One batch: its items, what became of them, and when the next is due.

use std::io;

use serde_json::{Value, json};

use super::intake::Intake;
use super::settings::SimBatchSettings;
use super::spool::{Place, Spool};
use crate::clock::rfc3339;
use crate::validate::Strictness;

/// After how long a batch expires, as the API has it: 24 hours.
const LIFE_MS: i64 = 24 * 3_600_000;
/// How long after a batch's creation its results can be read, as the API has it: 29 days.
const KEPT_MS: i64 = 29 * LIFE_MS;

/// What a batch's id begins with; its number follows.
pub(super) const ID: &str = "msgbatch_sim";

/// One request of a batch.
#[derive(Debug)]
pub(super) struct BatchItem {
    pub(super) custom_id: Box<str>,
    params: Place,
    /// Where its line of the results stands, once it has one that is not the same for all.
    line: Option<Place>,
    /// What became of it.
    verdict: Option<Verdict>,
}

impl BatchItem {
    pub(super) fn new(custom_id: String, params: Place) -> Self {
        Self { custom_id: custom_id.into_boxed_str(), params, line: None, verdict: None }
    }
}

/// What becomes of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Succeeded,
    Errored,
    Canceled,
    Expired,
}

/// What is to be done next with a batch, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// This item's turn comes.
    Item { index: usize, at_ms: i64 },
    /// The batch ends: what was not done by now stays undone.
    Rest { verdict: Verdict, at_ms: i64 },
}

impl Due {
    pub(super) fn at_ms(self) -> i64 {
        match self {
            Self::Item { at_ms, .. } | Self::Rest { at_ms, .. } => at_ms,
        }
    }
}

/// A batch.
pub(super) struct MessageBatch {
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) strict: Strictness,
    pub(super) nano_dollars: i64,
    items: Vec<BatchItem>,
    /// Items that were answered or given up, the first of the list.
    done: usize,
    spool: Spool,
    created_ms: i64,
    /// When it was cancelled, and when that ends it.
    cancelled: Option<(i64, i64)>,
    ended_ms: Option<i64>,
    stuck: bool,
    /// The item `.1` is due at `.0`, each further one a minute's share later.
    pace: (i64, usize),
    per_minute: u64,
}

impl MessageBatch {
    pub(super) fn new(
        number: u64,
        intake: Intake,
        strict: Strictness,
        settings: &SimBatchSettings,
        now_ms: i64,
        stuck: bool,
    ) -> Self {
        Self {
            number,
            id: format!("{ID}{number:017}"),
            strict,
            nano_dollars: 0,
            items: intake.items,
            done: 0,
            spool: intake.spool,
            created_ms: now_ms,
            cancelled: None,
            ended_ms: None,
            stuck,
            pace: (now_ms.saturating_add_unsigned(settings.start_ms), 0),
            per_minute: settings.items_per_minute,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Items whose turn has not come yet.
    pub(super) fn waiting(&self) -> usize {
        self.items.len() - self.done
    }

    pub(super) fn custom_ids(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| &*item.custom_id)
    }

    pub(super) fn custom_id(&self, index: usize) -> &str {
        &self.items[index].custom_id
    }

    pub(super) fn ended(&self) -> bool {
        self.ended_ms.is_some()
    }

    /// Whether its results can be read: it has ended, and that was not too long ago.
    pub(super) fn has_results(&self, now_ms: i64) -> bool {
        self.ended() && now_ms < self.created_ms + KEPT_MS
    }

    /// What is to be done next; nothing where it has ended, or is stuck.
    pub(super) fn due(&self) -> Option<Due> {
        if self.ended() || self.stuck {
            return None;
        }
        let expires_ms = self.created_ms + LIFE_MS;
        let rest = match self.cancelled {
            Some((_, ends_ms)) if ends_ms < expires_ms => {
                Due::Rest { verdict: Verdict::Canceled, at_ms: ends_ms }
            }
            _ => Due::Rest { verdict: Verdict::Expired, at_ms: expires_ms },
        };
        let item = self.item_due(self.done).map(|at_ms| Due::Item { index: self.done, at_ms });
        Some(item.filter(|item| item.at_ms() <= rest.at_ms()).unwrap_or(rest))
    }

    fn item_due(&self, index: usize) -> Option<i64> {
        let (from_ms, from) = self.pace;
        let minutes = 60_000 * (index - from) as u64;
        Some(from_ms.saturating_add_unsigned(minutes.checked_div(self.per_minute)?))
    }

    /// Goes on at another pace.
    pub(super) fn set_pace(&mut self, settings: &SimBatchSettings, now_ms: i64) {
        let begun = now_ms.max(self.created_ms.saturating_add_unsigned(settings.start_ms));
        self.pace = (begun, self.done);
        self.per_minute = settings.items_per_minute;
    }

    /// The parameters of an item, as they came.
    pub(super) fn params(&mut self, index: usize) -> io::Result<Vec<u8>> {
        let mut params = Vec::new();
        self.spool.read(self.items[index].params, &mut params)?;
        Ok(params)
    }

    /// The item whose turn it was is done; `result` is that of its line.
    pub(super) fn finish(&mut self, verdict: Verdict, result: &Value, at_ms: i64) {
        let index = self.done;
        let line = json!({"custom_id": self.items[index].custom_id, "result": result}).to_string();
        self.items[index].line = self.spool.keep(line.as_bytes()).ok();
        self.items[index].verdict = Some(verdict);
        self.done += 1;
        if self.done == self.items.len() {
            self.ended_ms = Some(at_ms);
        }
    }

    /// All that was not done stays undone.
    pub(super) fn give_up(&mut self, verdict: Verdict, at_ms: i64) {
        for item in &mut self.items[self.done..] {
            item.verdict = Some(verdict);
        }
        self.done = self.items.len();
        self.ended_ms = Some(at_ms);
    }

    /// Cancels it, unless it was before.
    pub(super) fn cancel(&mut self, settings: &SimBatchSettings, now_ms: i64) {
        let ends_ms = now_ms.saturating_add_unsigned(settings.cancel_ms);
        self.cancelled.get_or_insert((now_ms, ends_ms));
    }

    /// Reads an item's line of the results, with its end, behind what `into` has already.
    pub(super) fn line(&mut self, index: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let item = &self.items[index];
        match item.line {
            Some(place) => self.spool.read(place, into)?,
            None => {
                let kind = match item.verdict {
                    Some(Verdict::Canceled) => "canceled",
                    Some(Verdict::Expired) => "expired",
                    _ => return Err(io::Error::other("its line was not kept")),
                };
                let line = json!({"custom_id": item.custom_id, "result": {"type": kind}});
                into.extend_from_slice(line.to_string().as_bytes());
            }
        }
        into.push(b'\n');
        Ok(())
    }

    pub(super) fn status(&self) -> &'static str {
        match (self.ended_ms, self.cancelled) {
            (Some(_), _) => "ended",
            (None, Some(_)) => "canceling",
            (None, None) => "in_progress",
        }
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.items.iter().filter(|item| item.verdict == Some(verdict)).count()
    }

    /// The batch as the API shows it. All its requests are processing until it ends.
    pub(super) fn to_api(&self, now_ms: i64, base_url: &str) -> Value {
        let count = |verdict| if self.ended() { self.count(verdict) } else { 0 };
        let time = |ms: Option<i64>| ms.map(rfc3339);
        let archived_ms = self.created_ms + KEPT_MS;
        let results_url = format!("{base_url}/v1/messages/batches/{}/results", self.id);
        json!({
            "id": self.id,
            "type": "message_batch",
            "processing_status": self.status(),
            "request_counts": {
                "processing": if self.ended() { 0 } else { self.len() },
                "succeeded": count(Verdict::Succeeded),
                "errored": count(Verdict::Errored),
                "canceled": count(Verdict::Canceled),
                "expired": count(Verdict::Expired),
            },
            "created_at": rfc3339(self.created_ms),
            "expires_at": rfc3339(self.created_ms + LIFE_MS),
            "ended_at": time(self.ended_ms),
            "cancel_initiated_at": time(self.cancelled.map(|(at_ms, _)| at_ms)),
            "archived_at": time(Some(archived_ms).filter(|at| self.ended() && now_ms >= *at)),
            "results_url": self.has_results(now_ms).then_some(results_url),
        })
    }
}
