//! What becomes of a call whose task dies of a fault of the host.
//!
//! Whatever it had come to, its hold is settled (as unknown where the request had left: at its amount, and at what
//! was told beyond it) and it has one answer, which stands in the journal: it is not asked, and paid, again and
//! again.

use crate::agent::ask::{Ask, CallEnd};
use crate::agent::call::{journal_write, journalled};
use crate::door::Door;
use crate::flight::bill::{Bill, Held};
use crate::flight::settlement::released;
use crate::upstream::answer::Answer;
use anvil_store::{Settlement, SettlementOutcome};
use anvil_types::{CallError, CallErrorKind, CallId, Nanodollars, Usage};
use futures_util::FutureExt as _;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The hold that a call's task owns just now, where somebody else can find it.
#[derive(Debug, Default)]
pub(crate) struct OpenHold(Mutex<Option<Open>>);

#[derive(Clone, Debug)]
struct Open {
    call: CallId,
    held: Held,
    sent: bool,
}

impl OpenHold {
    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The money is set aside.
    pub(crate) fn taken(&self, call: CallId, held: Held) {
        *self.lock() = Some(Open { call, held, sent: false });
    }

    /// From now on it may be billed.
    pub(crate) fn sent(&self) {
        if let Some(open) = self.lock().as_mut() {
            open.sent = true;
        }
    }

    /// It is settled, or the store takes nothing more.
    pub(crate) fn settled(&self) {
        *self.lock() = None;
    }
}

/// What a panic said.
pub(crate) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no word of why".to_owned())
}

/// The end of a call whose task panicked.
pub(crate) async fn after_a_fault(
    gateway: &Door,
    ask: &Ask,
    hold: &OpenHold,
    answer: &Answer,
    why: &str,
) -> CallEnd {
    tracing::error!(job = ?ask.asker.job(), agent = ask.asker.agent, why, "a call's task died of a fault of the host");
    let end = AssertUnwindSafe(settled(gateway, ask, hold, answer)).catch_unwind().await;
    end.unwrap_or_else(|_| CallEnd::StoreFailed("a call's end could not be written".to_owned()))
}

async fn settled(gateway: &Door, ask: &Ask, hold: &OpenHold, told: &Answer) -> CallEnd {
    let open = hold.lock().clone();
    let error = |sent: bool| CallError {
        kind: if sent { CallErrorKind::UnknownOutcome } else { CallErrorKind::Internal },
        message: if sent {
            "a fault of the host ended the call; it may have been billed".to_owned()
        } else {
            "a fault of the host ended the call before anything was sent".to_owned()
        },
        retry_after_ms: None,
        request_sent: sent,
    };
    let Some(open) = open else { return journalled(gateway, ask, error(false)).await };
    let at = gateway.clock.now();
    let answer = Err(error(open.sent));
    let journal = journal_write(ask, &answer, at);
    let kept = journal.is_none();
    let detail = "a fault of the host";
    let settlement = if open.sent {
        let (usage, cost) = bill(gateway, &open.held, told);
        let outcome = SettlementOutcome::Unknown { usage, cost };
        Settlement { call: open.call, outcome, detail: Some(detail.to_owned()), model: None, journal }
    } else {
        Settlement { journal, ..released(open.call, detail) }
    };
    match gateway.settle(settlement).await {
        Ok(settled) if settled.journalled || kept => CallEnd::Answered { answer, at },
        Ok(_) => CallEnd::LeaseLost,
        Err(error) => CallEnd::StoreFailed(error.to_string()),
    }
}

// Where the fault is in the counting itself, the hold's amount is what is known.
fn bill(gateway: &Door, held: &Held, told: &Answer) -> (Usage, Nanodollars) {
    let counted = AssertUnwindSafe(|| Bill::broken(held, &gateway.prices(), told));
    let bill = std::panic::catch_unwind(counted).ok();
    bill.map_or((Usage::default(), held.amount), |bill| (bill.usage, bill.cost.max(held.amount)))
}
