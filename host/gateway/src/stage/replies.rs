//! The cache of replies: the last stage before a call's flight. The same question gets the reply that one before it paid
//! for: it takes no pace, holds nothing, costs nothing, and goes out to nobody.
//!
//! What tells questions apart is in [`key`]. Whoever asks what was sent already waits for its answer, once; where that
//! is not kept it goes out itself.

use crate::agent::ask::{Ask, CallEnd};
use crate::agent::body::Body;
use crate::agent::journal::rider;
use crate::agent::reply::tiers;
use crate::agent::tried::{Tried, Tries};
use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::bid::{Bid, TierChoice};
use crate::flight::bill::Bill;
use crate::flight::settlement::Rider;
use crate::flight::watcher::Watcher;
use crate::stage::compress::Shortened;
use crate::stage::twins::{FirstTwin, part};
use crate::upstream::answer::Answer;
use crate::upstream::sign::TextSink;
use anvil_store::{KeptReply, NewReply, ReplyFound, ReplyHit, ReplyKey, StoreError};
use anvil_types::{ContentBlock, Json, Nanodollars, Origin, Reply};
use std::sync::atomic::Ordering;

/// The form of the key: another one finds nothing that was kept under this.
const FORM: &[u8] = b"anvil reply 1";
/// Tells questions apart of which something may be left out.
const LOSSY: &[u8] = b"lossy";
/// Answers that ended for one of these reasons are whole. Others were cut short or refused: asked again they may come out
/// better.
const WHOLE: [&str; 3] = ["end_turn", "stop_sequence", TOOL_USE];
/// The reason that says that a tool is to be used.
const TOOL_USE: &str = "tool_use";
/// What stands where a character of an answer was unreadable: itself, and as an escape of JSON within a tool's input.
const LOST: [&str; 2] = ["\u{fffd}", "\\ufffd"];
/// The one block beyond the contract's that is text alone, and not the trace of something that ran at the upstream.
const PLAIN: &str = "redacted_thinking";

/// Whether a kept reply may answer a question at all.
pub(crate) fn may_answer(door: &GatewayDoor, ask: &Ask) -> bool {
    door.config.reply_cache.is_some() && ask.request.cacheable && ask.asker.as_job().is_some()
}

/// What tells a question from all that may be answered otherwise: whom it asks, who may share its answer, the tier and
/// model that were chosen, and every byte of the guest's own request, but for the marks of the prompt cache and what is sent
/// in other words, which change no answer. What may be left out of it does. None where no kept reply may answer it.
pub(crate) fn key(
    door: &GatewayDoor,
    ask: &Ask,
    tier: &TierChoice,
    own: &Body<'_>,
    is_lossy: bool,
) -> Option<ReplyKey> {
    let asker = ask.asker.as_job().filter(|_| may_answer(door, ask))?;
    let mut of = blake3::Hasher::new();
    part(&mut of, FORM);
    part(&mut of, &door.replies.upstream);
    // No agent has an empty name.
    part(&mut of, if ask.terms.sharers.is_some() { b"" } else { asker.agent.as_bytes() });
    part(&mut of, tier.given.name().as_bytes());
    part(&mut of, &own.bytes());
    if is_lossy {
        part(&mut of, LOSSY);
    }
    Some(ReplyKey(*of.finalize().as_bytes()))
}

/// A question that a kept reply may answer, as it was planned.
pub(crate) struct Reusable<'a> {
    pub door: &'a GatewayDoor,
    pub ask: &'a Ask,
    pub key: ReplyKey,
    /// What of it is sent, where that is looked at.
    pub shortened: Option<&'a Shortened>,
}

impl<'a> Reusable<'a> {
    /// Before it queues for pace and money: waits for the same question where that was sent already, and answers by a kept
    /// reply where there is one. It waits for one answer only: where that was not kept the next may not be either, and
    /// each holds its slot for as long as it waits.
    pub(crate) async fn before(
        &self,
        bid: &Bid,
        tries: &mut Tries,
        watcher: &mut impl Watcher,
    ) -> Option<Tried> {
        // What cannot be written answers nobody.
        if self.ask.fresh || self.door.store_failed.load(Ordering::Relaxed) {
            return None;
        }
        loop {
            if let Some(kept) = self.look().await
                && let Some(end) = self.answer(bid, kept).await
            {
                return Some(Tried::end(end));
            }
            if tries.has_waited {
                return None;
            }
            let twin = self.door.replies.twins.under_way(self.key)?;
            tries.has_waited = true;
            tokio::select! {
                () = twin.ended() => {}
                () = watcher.gone() => return Some(Tried::end(CallEnd::LeaseLost)),
                () = tokio::time::sleep(self.door.config.patience.call) => return None,
            }
        }
    }

    /// When its money is held, before it is sent: the same question may have been sent, or answered, meanwhile. Then what
    /// it had taken is given back.
    pub(crate) async fn last_look<'d>(
        &self,
        mut flight: Flight<'d>,
        tries: &Tries,
    ) -> Result<(Flight<'d>, Option<FirstTwin<'a>>), Tried> {
        let first = self.door.replies.twins.first(self.key);
        let alone = self.ask.fresh || tries.has_waited;
        if self.ask.fresh || first.is_none() && alone {
            return Ok((flight, first));
        }
        let kept = if first.is_some() { self.look().await } else { None };
        if first.is_some() && kept.is_none() {
            return Ok((flight, first));
        }
        let why = if kept.is_some() { "a kept reply answers it" } else { "the same question is under way" };
        if let Err(error) = flight.release(why, None).await {
            return Err(Tried::end(CallEnd::StoreFailed(error.to_string())));
        }
        let end = match kept {
            Some(kept) => self.answer(flight.bid(), kept).await,
            None => None,
        };
        Err(end.map_or(Tried::Stale, Tried::end))
    }

    async fn look(&self) -> Option<KeptReply> {
        let since = self.door.clock.now() - self.door.config.reply_cache?.ttl;
        match self.door.store.find_reply(self.key, since).await {
            Ok(ReplyFound::Kept(kept)) => Some(kept).filter(|kept| self.may_have(&kept.agent)),
            Ok(ReplyFound::Nothing) => None,
            Ok(ReplyFound::Damaged) => {
                self.drop("it is not what was written").await;
                None
            }
            Err(error) => {
                tracing::warn!(%error, "the cache of replies could not be read; the call goes out");
                None
            }
        }
    }

    /// Whether what an agent paid for may answer it: that agent shares now, whatever it did when it paid.
    fn may_have(&self, paid_by: &str) -> bool {
        let sharers = self.ask.terms.sharers.as_ref();
        paid_by == self.ask.asker.name() || sharers.is_some_and(|sharers| sharers.contains(paid_by))
    }

    // The call goes out instead.
    async fn drop(&self, why: &str) {
        tracing::error!(agent = self.ask.asker.name(), why, "a kept reply is damaged, and is dropped");
        if let Err(error) = self.door.store.drop_reply(self.key).await {
            tracing::error!(%error, "a damaged reply could not be dropped");
        }
    }

    /// Answers by a kept reply, in one transaction with the journal; none where it is there no more.
    async fn answer(&self, bid: &Bid, kept: KeptReply) -> Option<CallEnd> {
        let Self { door, ask, key, .. } = *self;
        let Ok(mut reply) = serde_json::from_str::<Reply>(&kept.reply) else {
            self.drop("it cannot be read").await;
            return None;
        };
        let at = door.clock.now();
        let told = reply.usage.prompt_tokens();
        let usage = reply.usage.with_more(self.shortened.map_or(0, |shortened| shortened.removed(told)));
        let saved = door.prices().saved_by_reply(&bid.row, &reply.model, &usage, at);
        (reply.origin, reply.cost) = (Origin::Cache, Nanodollars::ZERO);
        reply.extras = tiers(&bid.tier);
        reply.extras.extend(self.shortened.filter(|sent| sent.is_lossy()).and_then(Shortened::extra));
        reply.extras.push(("cached_at".to_owned(), Json::of(&kept.at).as_str().to_owned()));
        door.sender.redactor().clean_reply(&mut reply);
        let detail = reply.stop_reason.clone();
        let answer = Ok(reply);
        let Some(Rider::Journal(journal)) = rider(ask, &answer, at) else { return None };
        let hit = ReplyHit {
            key,
            of: kept.call,
            kept_since: at - door.config.reply_cache?.ttl,
            asked: bid.hold(door.new_call_id(), door.config.upstream.kind, false),
            saved,
            detail,
            journal,
        };
        match door.store.hit_reply(hit).await {
            Ok(false) => None,
            Ok(true) => {
                if let (Some(sink), Ok(reply)) = (&ask.text, &answer) {
                    show(sink, reply);
                }
                Some(CallEnd::Answered { answer, at })
            }
            Err(StoreError::LeaseLost) => Some(CallEnd::LeaseLost),
            Err(error) => Some(CallEnd::StoreFailed(error.to_string())),
        }
    }

    /// What is kept of a reply that was paid for.
    pub(crate) fn keep(&self, bill: &Bill, answer: &Answer, reply: &Reply) -> Option<NewReply> {
        keep(self.door, self.key, self.ask.asker.name(), &Paid { bill, answer, reply })
    }
}

/// A reply that was paid for.
pub(crate) struct Paid<'a> {
    pub bill: &'a Bill,
    /// As it came.
    pub answer: &'a Answer,
    pub reply: &'a Reply,
}

/// What is kept of a reply that an agent paid for: nothing where it is not certain, not whole, damaged, or something ran
/// for it at the upstream.
pub(crate) fn keep(door: &GatewayDoor, key: ReplyKey, agent: &str, paid: &Paid<'_>) -> Option<NewReply> {
    let Paid { bill, answer, reply } = *paid;
    let bounds = door.config.reply_cache?;
    if bill.doubt.is_some() || answer.has_open_block() || !is_whole(reply) {
        return None;
    }
    // Tiers are told anew to whoever gets it.
    let reply = Json::of(&Reply { extras: Vec::new(), ..reply.clone() });
    if LOST.iter().any(|lost| reply.as_str().contains(lost)) {
        return None;
    }
    Some(NewReply { key, agent: agent.to_owned(), reply, bounds })
}

fn is_whole(reply: &Reply) -> bool {
    let uses_tool = || reply.content.iter().any(|block| matches!(block, ContentBlock::ToolUse { .. }));
    WHOLE.contains(&reply.stop_reason.as_str())
        && !reply.content.is_empty()
        && reply.content.iter().all(is_plain)
        && (reply.stop_reason != TOOL_USE || uses_tool())
}

fn is_plain(block: &ContentBlock) -> bool {
    let ContentBlock::Other { json } = block else { return true };
    serde_json::from_str::<serde_json::Value>(json).is_ok_and(|block| block["type"] == PLAIN)
}

fn show(sink: &TextSink, reply: &Reply) {
    for block in &reply.content {
        if let ContentBlock::Text { text } = block {
            sink(text);
        }
    }
}

#[cfg(test)]
mod tests;
