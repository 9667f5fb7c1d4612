//! What is kept of a form with a call whose answer comes later, maybe to another host.

use super::Shortened;
use crate::compression::count;
use crate::compression::form::Noted;
use crate::flight::bill::Bill;
use anvil_budget::{PriceRow, Saving};
use anvil_store::PromptForm;
use anvil_types::{Compressed, Compression};
use serde::{Deserialize, Serialize};

/// The form in which a prompt is sent, and how much of it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptForm {
    /// As the ledger has it.
    form: String,
    /// How far what is sent is another than the guest's own; none where it is the same.
    level: Option<Compression>,
    /// Tokens that are not sent, by the count of this house.
    removed: u64,
    /// Those of what is sent, likewise.
    about: Option<u64>,
}

impl Shortened {
    /// What is kept of it with a call whose answer comes later.
    pub(crate) fn kept(&self) -> KeptForm {
        let level = self.level();
        let removed = if level.is_some() { self.cuts.iter().map(|(_, tokens)| tokens).sum() } else { 0 };
        let form = Noted(&self.outline.whole().digest, &self.form).to_string();
        KeptForm { form, level, removed, about: self.about }
    }
}

impl KeptForm {
    /// What the reply says of it, where something was left out or put in other words.
    pub(crate) fn extra(&self) -> Option<(String, String)> {
        self.level.map(extra)
    }

    /// What the ledger keeps of it, now that its answer has come. Of what is in doubt nothing is told as saved.
    pub(crate) fn ended(&self, row: &PriceRow, bill: &Bill) -> PromptForm {
        let usage = bill.believable(row);
        let tokens = count::calibrated(self.removed, self.about, usage.prompt_tokens());
        let compressed = Compressed { tokens, saved: row.saved(Saving::Compression { tokens }, &usage) };
        let certain = bill.doubt.is_none() && tokens > 0;
        PromptForm { form: self.form.clone(), compressed: certain.then_some(compressed) }
    }
}

/// What a reply says of a prompt that was sent shorter.
pub(super) fn extra(level: Compression) -> (String, String) {
    ("compression".to_owned(), serde_json::Value::from(level.name()).to_string())
}
