//! Plays an answer event by event: in time, billed as it goes, and with its faults.

use bytes::Bytes;
use serde_json::Value;

use crate::call::Call;
use crate::events::{Event, Part, frame, start_tokens};
use crate::fault::{CutPoint, Fault, of_status};
use crate::latency::Tempo;
use crate::log::Outcome;
use crate::usage::SimUsage;

/// What comes next.
pub(crate) enum Step {
    /// An event.
    Event(Bytes),
    /// An `error` event, the last of its stream.
    Error(Bytes),
    /// The connection breaks.
    Cut,
    /// All was sent.
    End,
}

/// An answer that is being sent. Every event is billed before it is handed out, so whatever a client has seen stands on
/// the bill already.
pub(crate) struct Playback {
    pub(crate) call: Call,
    pub(crate) events: Vec<Event>,
    pub(crate) usage: SimUsage,
    pub(crate) tempo: Tempo,
    pub(crate) fault: Option<Fault>,
    /// The body without a stream.
    pub(crate) message: Value,
    next: usize,
    begun_ms: i64,
}

impl Playback {
    pub(crate) fn new(
        call: Call,
        events: Vec<Event>,
        message: Value,
        usage: SimUsage,
        tempo: Tempo,
        fault: Option<Fault>,
    ) -> Self {
        let begun_ms = call.shared.clock.now_ms();
        Self { call, events, usage, tempo, fault, message, next: 0, begun_ms }
    }

    /// The next step, when it is due.
    pub(crate) async fn step(&mut self) -> Step {
        if self.cuts_here() {
            self.call.end(Outcome::Cut);
            // Once pending, so that what was handed out is written before the connection breaks.
            tokio::task::yield_now().await;
            return Step::Cut;
        }
        if matches!(self.fault, Some(Fault::ErrorEvent { after }) if after <= self.next) {
            if self.call_ended() {
                return Step::End;
            }
            self.call.end(Outcome::ErrorEvent);
            self.next = self.events.len();
            return Step::Error(frame("error", &of_status(529).body(&self.call.request_id())));
        }
        let Some(event) = self.events.get(self.next) else { return Step::End };
        let (part, bytes, tokens) = (event.part, event.bytes.clone(), event.tokens);
        self.wait_until_due(tokens).await;
        let reached = match part {
            Part::Start => start_tokens(&self.usage),
            Part::Content => self.output_after(tokens),
            Part::Delta | Part::Stop => self.usage.output_tokens,
        };
        self.call.bill(&SimUsage { output_tokens: reached, ..self.usage.clone() });
        if part == Part::Stop && !matches!(self.fault, Some(Fault::Cut(_))) {
            self.call.end(Outcome::Complete);
        }
        self.next += 1;
        Step::Event(bytes)
    }

    fn call_ended(&self) -> bool {
        self.next >= self.events.len()
    }

    fn cuts_here(&self) -> bool {
        let Some(Fault::Cut(point)) = &self.fault else { return false };
        let part = self.events.get(self.next).map(|event| event.part);
        match point {
            CutPoint::BeforeStart => true,
            // A stream with fewer events is cut behind its last, before the end of the body.
            CutPoint::After(n) => self.next >= *n || part.is_none(),
            CutPoint::BeforeDelta => part == Some(Part::Delta),
            CutPoint::BeforeStop => part == Some(Part::Stop),
        }
    }

    /// Output billed after so many tokens of text: those, or their share of a usage that a script gave.
    fn output_after(&self, tokens: u64) -> u64 {
        let all = self.events.last().map_or(0, |event| event.tokens);
        let share = u128::from(self.usage.output_tokens) * u128::from(tokens) / u128::from(all.max(1));
        u64::try_from(share).unwrap_or(u64::MAX).max(start_tokens(&self.usage))
    }

    async fn wait_until_due(&self, tokens: u64) {
        let clock = &self.call.shared.clock;
        let due = self.tempo.due(self.next, self.events.len(), tokens);
        let passed = u64::try_from(clock.now_ms() - self.begun_ms).unwrap_or(0);
        let wait = due.saturating_sub(std::time::Duration::from_millis(passed));
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
    }
}
