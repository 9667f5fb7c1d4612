//! What the caches saved, in a sentence.

use anvil_types::{CallRecord, Nanodollars};

/// None where it neither saved nor cost anything.
pub(crate) fn saved(amount: Nanodollars) -> Option<String> {
    match amount.get() {
        0 => None,
        1.. => Some(format!("The prompt cache saved {}.", amount.rounded())),
        ..0 => {
            let cost = (Nanodollars::ZERO - amount).rounded();
            Some(format!("What was written to the prompt cache cost {cost} more than it saved."))
        }
    }
}

/// What a job's calls were saved, by the prompt cache, by kept replies and by batches; none where it is nothing.
pub(crate) fn saved_of(calls: &[CallRecord]) -> Option<String> {
    let by_prompt_cache = saved(calls.iter().map(|call| call.saved).sum());
    let by_replies: Nanodollars = calls.iter().map(|call| call.reply_saved).sum();
    let by_replies =
        (by_replies > Nanodollars::ZERO).then(|| format!("Kept replies saved {}.", by_replies.rounded()));
    let by_batches: Nanodollars = calls.iter().map(|call| call.batch_saved).sum();
    let by_batches =
        (by_batches > Nanodollars::ZERO).then(|| format!("Batches saved {}.", by_batches.rounded()));
    let all: Vec<_> = by_prompt_cache.into_iter().chain(by_replies).chain(by_batches).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// Whether a cache has to do with a call.
pub(crate) fn is_of_a_cache(call: &CallRecord) -> bool {
    call.saved != Nanodollars::ZERO || call.miss.is_some() || call.reply_of.is_some() || call.batched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_made_up_for_is_told_as_a_cost() {
        let told = |nano| saved(Nanodollars::new(nano));
        assert_eq!(told(0), None);
        assert_eq!(told(24_039_000).as_deref(), Some("The prompt cache saved $0.0240."));
        assert_eq!(
            told(-1_500_000).as_deref(),
            Some("What was written to the prompt cache cost $0.0015 more than it saved.")
        );
    }
}
