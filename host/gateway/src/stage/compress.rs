//! What of a prompt is sent: less of it where that means the same.
//!
//! Whether a conversation is shortened is decided where it begins, and holds for as long as it goes on. What becomes of a
//! turn follows from that turn and those before it, and is the same each time it is sent: so the host's marks may cover it,
//! and a model's cache has it. What a request marks itself is sent as it is. In which form each call's turns were sent
//! stands in the ledger, so that a restart of the host changes nothing for the job that goes on.

use crate::agent::ask::Ask;
use crate::compression::count;
use crate::compression::form::{Form, Mode, Noted, noted};
use crate::compression::memory::Memory;
use crate::compression::replay::Past;
use crate::door::GatewayDoor;
use crate::flight::bill::Bill;
use crate::prompt_cache::outline::{Outline, Place};
use crate::stage::choose::turn;
use crate::stage::mark::{Prompt, caches};
use anvil_budget::{PriceRow, Saving, Turn};
use anvil_compress::{Compressor, Level};
use anvil_store::{PromptForm, StoreError};
use anvil_types::{
    Compressed, Compression, ContentBlock, JobId, Request, RequestOption, Role, Timestamp, Usage,
};
use std::borrow::Cow;
use std::sync::{MutexGuard, PoisonError};

mod above;
mod kept;

pub(crate) use kept::KeptForm;

/// What is sent of a prompt.
pub(crate) struct Shortened {
    outline: Outline,
    form: Form,
    /// What is sent in the place of the guest's own request.
    request: Option<Request>,
    /// Of which turn how much was removed, by the count of this house.
    cuts: Vec<(usize, u64)>,
    /// Tokens of what was measured, likewise.
    about: Option<u64>,
}

pub(crate) fn memory(door: &GatewayDoor) -> MutexGuard<'_, Memory> {
    door.compression.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What of a request is sent: in the form in which its conversation goes on, else as the settings and the agent's latest
/// calls say. None where nothing is ever shortened.
pub(crate) async fn shorten(
    door: &GatewayDoor,
    ask: &Ask,
    prompt: Option<&Prompt>,
) -> Result<Option<Shortened>, StoreError> {
    let Some(asker) = ask.asker.as_job() else { return Ok(None) };
    let setting = *door.config.compression.of(&asker.agent);
    let goes_on = turn(&ask.request) == Turn::Later;
    if setting == Compression::Off && !goes_on {
        return Ok(None);
    }
    let outline = match prompt {
        Some(prompt) => Some(prompt.outline.clone()),
        None => Outline::of(&ask.request),
    };
    let Some(outline) = outline else { return Ok(None) };
    let known = if goes_on { known(door, ask, &outline, asker.lease.job).await? } else { None };
    let form = known.unwrap_or_else(|| {
        let costs_more = memory(door).replays.costs_more(&asker.agent);
        let mode = match setting {
            Compression::Off => Mode::Plain,
            Compression::On | Compression::Lossy if costs_more => Mode::Measured,
            Compression::On => Mode::Lossless,
            Compression::Lossy => Mode::Lossy,
        };
        Form { mode, turns: Vec::new() }
    });
    Ok(Some(Shortened::of(&ask.request, outline, form)))
}

/// The form in which a conversation that goes on was sent.
async fn known(
    door: &GatewayDoor,
    ask: &Ask,
    outline: &Outline,
    job: JobId,
) -> Result<Option<Form>, StoreError> {
    let kept = memory(door).form(ask.asker.name(), outline);
    if kept.is_some() {
        return Ok(kept);
    }
    let forms = door.store.prompt_forms(job).await?;
    if let Some(form) = noted(outline, &forms.iter().filter_map(Option::as_deref)) {
        return Ok(Some(form));
    }
    // What was sent before forms were noted was sent as it was, and thinking is bound to what stood before it.
    let unnoted = forms.iter().any(Option::is_none);
    let thinks = |block: &ContentBlock| matches!(block, ContentBlock::Thinking { .. });
    let thought = ask.request.messages.iter().flat_map(|message| &message.content).any(thinks);
    Ok((unnoted || thought).then(|| Form { mode: Mode::Plain, turns: Vec::new() }))
}

fn about(request: &Request) -> Option<u64> {
    let messages: Option<u64> = request.messages.iter().map(count::message).sum();
    messages.map(|messages| messages + count::stem(request))
}

impl Shortened {
    /// Of a request: turns that are new to its conversation are sent in the conversation's mode.
    fn of(request: &Request, outline: Outline, mut form: Form) -> Self {
        let is_active = form.mode != Mode::Plain;
        let marks_itself = request.option(RequestOption::CacheControl).is_some();
        form.turns.resize(request.messages.len(), is_active && !marks_itself);
        let mut sent = Self { outline, form, request: None, cuts: Vec::new(), about: None };
        if is_active && sent.form.turns.contains(&true) {
            sent.shorten(request);
        } else if is_active {
            sent.about = about(request);
        }
        sent
    }

    fn shorten(&mut self, request: &Request) {
        let level = if self.is_lossy() { Level::Lossy } else { Level::Lossless };
        let mut compressor = Compressor::new(level);
        above::stem(&mut compressor, request);
        let mut shorter = Cow::Borrowed(request);
        for (at, message) in request.messages.iter().enumerate() {
            let free = self.form.turns[at] && message.role == Role::User;
            let mut removed = 0;
            above::said(&mut compressor, message);
            for (number, block) in message.content.iter().enumerate() {
                let (ContentBlock::Text { text } | ContentBlock::ToolResult { content: text, .. }) = block
                else {
                    above::block(&mut compressor, block);
                    continue;
                };
                if !free {
                    compressor.kept(text);
                    continue;
                }
                let told = compressor.piece(text);
                if told == *text {
                    continue;
                }
                removed +=
                    anvil_compress::about_tokens(text).saturating_sub(anvil_compress::about_tokens(&told));
                match &mut shorter.to_mut().messages[at].content[number] {
                    ContentBlock::Text { text } | ContentBlock::ToolResult { content: text, .. } => {
                        *text = told;
                    }
                    _ => {}
                }
            }
            if removed > 0 {
                self.cuts.push((at, removed));
            }
        }
        let measured = self.form.mode == Mode::Measured;
        self.about = about(if measured { request } else { &shorter });
        if let (false, Cow::Owned(shorter)) = (measured, shorter) {
            self.request = Some(shorter);
        }
    }

    /// What is sent in the place of the guest's own request, where it is another.
    pub(crate) fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// Whether something may be left out of it.
    pub(crate) fn is_lossy(&self) -> bool {
        self.form.mode == Mode::Lossy
    }

    /// What the reply says of it, where something was left out or put in other words.
    pub(crate) fn extra(&self) -> Option<(String, String)> {
        self.level().map(kept::extra)
    }

    fn level(&self) -> Option<Compression> {
        self.request.as_ref()?;
        Some(if self.is_lossy() { Compression::Lossy } else { Compression::On })
    }

    /// How many tokens are not sent that were asked, of a prompt of so many.
    pub(crate) fn removed(&self, told: u64) -> u64 {
        let removed =
            || self.cuts.iter().map(|(_, tokens)| count::calibrated(*tokens, self.about, told)).sum();
        if self.request.is_some() { removed() } else { 0 }
    }

    /// After the flight: what the ledger keeps of it. Its conversation goes on in this form from here.
    pub(crate) fn ended(
        &self,
        door: &GatewayDoor,
        ask: &Ask,
        row: &PriceRow,
        bill: &Bill,
        at: Timestamp,
    ) -> PromptForm {
        memory(door).keep(ask.asker.name(), &self.outline, &self.form, at);
        let form = Noted(&self.outline.whole().digest, &self.form).to_string();
        // Of what is in doubt nothing is told as saved.
        let compressed = bill.doubt.is_none().then(|| self.learn(door, ask, row, &bill.believable(row), at));
        PromptForm { form, compressed: compressed.filter(|compressed| compressed.tokens > 0) }
    }

    /// What it did for the call, by this row's prices and by what the answer told; and whether it pays for the agent.
    fn learn(
        &self,
        door: &GatewayDoor,
        ask: &Ask,
        row: &PriceRow,
        usage: &Usage,
        at: Timestamp,
    ) -> Compressed {
        let told = usage.prompt_tokens();
        let calibrated = |tokens: &u64| count::calibrated(*tokens, self.about, told);
        let turns: Vec<_> = self.cuts.iter().map(|(turn, cut)| (*turn, calibrated(cut))).collect();
        if self.form.mode != Mode::Plain {
            let who = ask.asker.name();
            let (reuse, reads, minimum) = {
                let habits = &caches(door).habits;
                let reuse = [Place::Stem, Place::Turn(0)].map(|place| habits.reuse(who, place));
                (reuse, habits.reads(who, at), habits.minimum(&row.model, at))
            };
            let past = Past {
                outline: &self.outline,
                row,
                usage,
                cuts: &turns,
                was_sent: self.request.is_some(),
                at,
                reuse,
                reads,
                minimum,
                marked: door.config.prompt_cache,
            };
            let mut memory = memory(door);
            memory.replays.push(who, &past);
            door.replays.keep(&memory.replays);
        }
        let tokens = self.removed(told);
        Compressed { tokens, saved: row.saved(Saving::Compression { tokens }, usage) }
    }
}
