//! What is kept of a form with a call whose answer comes later, maybe to another host.

use super::Shortened;
use crate::compression::count;
use crate::compression::form::Noted;
use crate::flight::bill::Bill;
use anvil_budget::{PriceRow, Removed, Saving};
use anvil_store::PromptForm;
use anvil_types::{Compressed, Compression, Usage};
use serde::{Deserialize, Serialize};

/// The form in which a prompt is sent, and what of it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptForm {
    /// As the ledger has it.
    form: String,
    /// How far what is sent is another than the guest's own; none where it is the same.
    level: Option<Compression>,
    /// By the count of this house.
    removed: Vec<Removed>,
    /// Tokens of what is sent, likewise.
    about: Option<u64>,
}

impl Shortened {
    /// What is kept of it with a call whose answer comes later.
    pub(crate) fn kept(&self) -> KeptForm {
        KeptForm {
            form: Noted(&self.outline.whole().digest, &self.form).to_string(),
            level: self.level(),
            removed: self.removed(),
            about: self.about,
        }
    }
}

impl KeptForm {
    /// What the reply says of it, where something was left out or put in other words.
    pub(crate) fn extra(&self) -> Option<(String, String)> {
        self.level.map(extra)
    }

    /// What the ledger keeps of it, now that its answer has come. Of what is in doubt nothing is told as saved.
    pub(crate) fn ended(&self, row: &PriceRow, bill: &Bill) -> PromptForm {
        let certain = self.level.is_some() && bill.doubt.is_none();
        let compressed = certain.then(|| {
            let usage = bill.believable(row);
            saved(&count::calibrated(&self.removed, self.about, usage.prompt_tokens()), row, &usage)
        });
        let compressed = compressed.filter(|compressed| compressed.tokens > 0);
        PromptForm { form: self.form.clone(), compressed }
    }
}

/// What a reply says of a prompt that was sent shorter.
pub(super) fn extra(level: Compression) -> (String, String) {
    ("compression".to_owned(), serde_json::Value::from(level.name()).to_string())
}

/// What it saved that these were not sent, by this row's prices.
pub(super) fn saved(removed: &[Removed], row: &PriceRow, usage: &Usage) -> Compressed {
    Compressed {
        tokens: removed.iter().map(|cut| cut.tokens).sum(),
        saved: row.saved(Saving::Compression { removed }, usage),
    }
}
