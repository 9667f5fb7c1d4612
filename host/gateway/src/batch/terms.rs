//! What the answer of a call in a batch is judged by, as it is kept with it.

use anvil_budget::{InputSize, PriceRow, PriceTable};
use anvil_store::{BatchCall, ReplyKey};
use serde::{Deserialize, Serialize};

use crate::flight::bid::{Bid, TierChoice};
use crate::flight::bill::Held;
use crate::stage::compress::KeptForm;

/// What is kept beside what the ledger has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BatchTerms {
    max_tokens: u64,
    size: InputSize,
    /// The prices that the hold was made by, whatever the table has when the answer comes: files are edited, and a batch may
    /// take a day. None of what an earlier version kept.
    #[serde(default)]
    row: Option<PriceRow>,
    /// What it is known by in the cache of replies, where its reply is kept.
    reply_key: Option<[u8; 32]>,
    /// In which form its prompt is sent, where that is looked at.
    form: Option<KeptForm>,
}

impl BatchTerms {
    pub(crate) fn of(bid: &Bid, key: Option<ReplyKey>, form: Option<KeptForm>) -> Self {
        let reply_key = key.map(|ReplyKey(key)| key);
        let row = Some(bid.row.clone());
        Self { max_tokens: bid.bound.max_tokens, size: bid.bound.size, row, reply_key, form }
    }

    pub(crate) fn reply_key(&self) -> Option<ReplyKey> {
        self.reply_key.map(ReplyKey)
    }

    pub(crate) fn form(&self) -> Option<&KeptForm> {
        self.form.as_ref()
    }

    /// What the hold was made for; none where its price is gone.
    pub(crate) fn held(&self, call: &BatchCall, prices: &PriceTable) -> Option<Held> {
        let kept = self.row.as_ref().filter(|row| row.id == call.price_row && row.is_sound());
        let row = kept
            .or_else(|| prices.by_id(&call.price_row))
            .or_else(|| prices.row(&call.model, None, call.held_at).ok())?;
        Some(Held {
            row: row.clone(),
            at: call.held_at,
            amount: call.amount,
            max_tokens: self.max_tokens,
            size: self.size,
            body_bytes: usize::try_from(call.bytes).unwrap_or(usize::MAX),
            batched: true,
        })
    }
}

/// Which tier was asked for and which one answers.
pub(crate) fn tier(call: &BatchCall) -> TierChoice {
    TierChoice { asked: call.tier_asked, given: call.tier_given, reason: call.tier_reason.clone() }
}
