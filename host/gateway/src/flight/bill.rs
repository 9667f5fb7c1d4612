//! What a call counts as: by what the answer says of itself, and by what it can't be.
//!
//! An answer's word is not taken where it contradicts itself: then the most that was told counts, and the
//! call is *unknown*. Where nothing was told that can be believed, the rest counts at the most that the hold
//! was made for. What is told above the hold counts all the same.

use crate::upstream::answer::Answer;
use anvil_budget::{Answered, InputSize, PriceRow, PriceTable, least_input_tokens};
use anvil_store::{NewAlert, SettlementOutcome};
use anvil_types::words::{AlertCause, AnswerUnpriced};
use anvil_types::{CacheEffect, CacheMiss, CallId, Nanodollars, Timestamp, UpstreamKind, Usage};

/// What the hold of a call was made for.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub row: PriceRow,
    /// The hold's time, by which prices are looked up.
    pub at: Timestamp,
    pub amount: Nanodollars,
    pub max_tokens: u64,
    /// The sizes of what was sent.
    pub size: InputSize,
    pub body_bytes: usize,
    /// Whether it went in a batch.
    pub batched: bool,
}

impl Held {
    /// What an answer says that it used; one that came in a batch costs what calls do there.
    fn usage(&self, answer: &Answer) -> Usage {
        if self.batched { answer.usage().in_batch() } else { answer.usage() }
    }
}

/// What a call counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bill {
    pub usage: Usage,
    pub cost: Nanodollars,
    /// What the prompt cache saved of it, by the row that it costs by.
    saved: Nanodollars,
    /// What its batch saved of it, by the same row.
    batch_saved: Nanodollars,
    /// Why it is not certain, if it is not.
    pub doubt: Option<String>,
    /// What of the answer has no price, if something has none: a person has to look.
    pub without_price: Option<String>,
}

impl Bill {
    /// A whole answer's.
    pub(crate) fn whole(held: &Held, prices: &PriceTable, answer: &Answer) -> Self {
        let counts = &answer.counts;
        let mut usage = held.usage(answer);
        let least = least_input_tokens(held.size, held.body_bytes);
        let no_input =
            (!counts.input_told() || counts.input_unread()).then(|| "its input was not told".to_owned());
        let no_input = no_input.or_else(|| {
            let told = usage.prompt_tokens();
            (told < least).then(|| format!("{told} input tokens are too few for what was sent"))
        });
        let no_output =
            (!counts.output_told() || counts.output_unread()).then_some("its output was not told");
        let silent = counts.says_no_output() && answer.has_content();
        let no_output = no_output.or(silent.then_some("no output was told although some came"));
        if no_output.is_some() {
            usage.output_tokens = usage.output_tokens.max(held.max_tokens);
        }
        let odd = counts.odd().map(|what| format!("its `{what}` contradicts itself"));
        let mut bill = Self::priced(held, prices, answer, usage);
        if no_input.is_some() {
            bill.cost = bill.cost.max(held.amount);
        }
        let priceless = bill.without_price.as_ref().map(|what| format!("no price is known for {what}"));
        bill.doubt = no_input.or(no_output.map(str::to_owned)).or(odd).or(priceless);
        bill
    }

    /// One that broke off: what was told of its input, and all of its output; all of the hold where the input
    /// was not told.
    pub(crate) fn broken(held: &Held, prices: &PriceTable, answer: &Answer) -> Self {
        let told = answer.counts.input_told();
        let mut usage = held.usage(answer);
        if told {
            usage.output_tokens = usage.output_tokens.max(held.max_tokens);
        }
        let least = least_input_tokens(held.size, held.body_bytes);
        let believed = told && !answer.counts.input_unread() && usage.prompt_tokens() >= least;
        let mut bill = Self::priced(held, prices, answer, usage);
        if !believed {
            bill.cost = bill.cost.max(held.amount);
        }
        bill.doubt = Some("it broke off".to_owned());
        bill
    }

    fn priced(held: &Held, prices: &PriceTable, answer: &Answer, usage: Usage) -> Self {
        let answered = if answer.has_more_models() {
            prices.answered_by_any(&held.row, &usage, held.at)
        } else {
            prices.answered(&held.row, answer.models(), &usage, held.at)
        };
        let tools = answer.counts.server_tools().then(|| "tools that ran at Anthropic".to_owned());
        let without_price = answered.without_price.clone().or(tools);
        let Answered { cost, saved, batch_saved, .. } = answered;
        Self { usage, cost, saved, batch_saved, doubt: None, without_price }
    }

    /// What the ledger says of the end, beside why the answer ended.
    pub(crate) fn detail(&self, stop_reason: &str) -> String {
        match &self.doubt {
            None => stop_reason.to_owned(),
            Some(doubt) => format!("{stop_reason}; unknown: {doubt}"),
        }
    }

    /// What upstream can have counted of it in a minute, whatever it says.
    pub(crate) fn believable(&self, row: &PriceRow) -> Usage {
        let input = |tokens: u64| tokens.min(row.context);
        Usage {
            input_tokens: input(self.usage.input_tokens),
            output_tokens: self.usage.output_tokens.min(row.max_output),
            cache_read_tokens: input(self.usage.cache_read_tokens),
            cache_write_5m_tokens: input(self.usage.cache_write_5m_tokens),
            cache_write_1h_tokens: input(self.usage.cache_write_1h_tokens),
            ..self.usage.clone()
        }
    }

    /// Told once an hour for each thing that has no price.
    pub(crate) fn alert(&self, call: CallId, upstream: UpstreamKind, what: &str) -> NewAlert {
        let unpriced = AnswerUnpriced { call, what, cost: self.cost };
        NewAlert::of(upstream, &AlertCause::Unpriced(unpriced))
    }

    /// What the prompt cache did for it; nothing that is not certain is told as saved or missed.
    pub(crate) fn cache(&self, miss: Option<CacheMiss>) -> CacheEffect {
        match self.doubt {
            None => CacheEffect { saved: self.saved, miss },
            Some(_) => CacheEffect::default(),
        }
    }

    /// What its batch saved it; nothing that is not certain is told as saved.
    pub(crate) fn batch_saved(&self) -> Nanodollars {
        if self.doubt.is_none() { self.batch_saved } else { Nanodollars::ZERO }
    }

    /// How the hold ends.
    pub(crate) fn outcome(&self) -> SettlementOutcome {
        let (usage, cost) = (self.usage.clone(), self.cost);
        if self.doubt.is_some() {
            SettlementOutcome::Unknown { usage, cost }
        } else {
            SettlementOutcome::Usage { usage, cost }
        }
    }
}
