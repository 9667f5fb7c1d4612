//! A flight goes out: one request and its answer.

use crate::flight::watcher::Watcher;
use crate::flight::{Aloft, Flight, Stage};
use crate::upstream::answer::Answer;
use crate::upstream::failed::Failed;
use crate::upstream::observer::Observer;
use crate::upstream::sign::Sign;

/// Why an observer was not told how an answer ended.
#[derive(Debug)]
pub(crate) enum Lost {
    /// No answer began.
    NoAnswer(Box<Failed>),
    /// It took too long, or nobody waited for it any more.
    GivenUp,
}

impl Flight<'_> {
    /// Sends the bid's bytes and hands the answer's to `observer`, within the call's time; within the drain's time
    /// once nobody watches.
    pub(crate) async fn send(
        &mut self,
        observer: &mut dyn Observer,
        watcher: &mut impl Watcher,
    ) -> Result<(), Lost> {
        let door = self.door;
        let Self { bid, taken, progress, lead, stage, .. } = self;
        let ticket = taken.ticket;
        *stage = Stage::Sent(Aloft {
            _under_way: door.in_flight(),
            paced: Some(door.admission.paced(ticket, bid.bound.max_tokens)),
            _running: door.pressure.running(bid.expected_cost),
        });
        let (name, model, context) = (bid.who.name(), bid.model(), bid.row.context);
        let (max_tokens, kind) = (bid.bound.max_tokens, bid.expected.kind);
        let mut sign = |sign: Sign<'_>| match sign {
            Sign::Head(status, told) => {
                door.admission.with_pace(|pace| pace.answered(ticket, told, status));
            }
            Sign::Input(tokens) => {
                door.admission.with_pace(|pace| pace.input_known(ticket, tokens.min(context)));
                door.admission.room();
                if let Some(lead) = lead {
                    lead.begun();
                }
            }
            Sign::Output(bytes) => {
                let Some(bytes) = progress.add(door.clock.now(), bytes) else { return };
                // The estimate of an answer is corrected while it streams. One that is unlike its kind shows that
                // the kind has changed: all of it that is under way counts as the most that it may be.
                let so_far = door.learner.so_far(name, model, max_tokens, bytes);
                door.admission.with_pace(|pace| {
                    pace.streamed(ticket, so_far.tokens);
                    if so_far.surprising {
                        pace.surprised(kind);
                    }
                });
            }
        };
        let deadline = bid.deadline;
        let sending = door.sender.send(bid.body.clone(), bid.betas, deadline.first_byte, observer, &mut sign);
        tokio::pin!(sending);
        let ended = tokio::select! {
            sent = tokio::time::timeout(deadline.whole, &mut sending) => sent.ok(),
            () = watcher.gone() => tokio::time::timeout(deadline.drain, &mut sending).await.ok(),
        };
        match ended {
            Some(sent) => sent.map_err(|failed| Lost::NoAnswer(Box::new(failed))),
            None => Err(Lost::GivenUp),
        }
    }

    /// What an answer came to that was sent and read; `Ok` only for a whole one. What it says of itself is without
    /// the upstream's secrets from here on.
    pub(crate) fn verdict(
        &self,
        sent: Result<(), Lost>,
        read: Result<(), Box<Failed>>,
        answer: &mut Answer,
    ) -> Result<(), Box<Failed>> {
        let sender = &self.door.sender;
        let verdict = match sent {
            Ok(()) => read.map_err(|failed| Box::new(sender.judged(*failed, &self.bid.body))),
            Err(Lost::NoAnswer(failed)) => Err(Box::new(sender.judged(*failed, &self.bid.body))),
            Err(Lost::GivenUp) => Err(Box::new(sender.given_up(answer))),
        };
        sender.redactor().clean_answer(answer);
        verdict
    }
}
