//! Misses of the prompt cache over a stretch of time: one view for the API and the page, made from the ledger's sums.

use anvil_api::{MissItem, MissTotal, MissesBy};
use anvil_store::MissSum;
use std::collections::BTreeMap;

/// What a sum of misses comes to.
pub(crate) fn total_of(sum: &MissSum) -> MissTotal {
    MissTotal { calls: sum.calls, tokens: sum.tokens, cost: sum.cost }
}

/// Sums of misses, told apart by one thing or by both, the dearest first; and all of them together.
pub(crate) fn grouped(sums: &[MissSum], by: Option<MissesBy>) -> (Vec<MissItem>, MissTotal) {
    let mut groups: BTreeMap<_, MissTotal> = BTreeMap::new();
    let mut all = MissTotal::default();
    for sum in sums {
        let who = (sum.agent.clone(), sum.api_key.clone());
        let key = match by {
            None => (who, Some(sum.kind)),
            Some(MissesBy::Agent) => (who, None),
            Some(MissesBy::Reason) => ((None, None), Some(sum.kind)),
        };
        *groups.entry(key).or_default() += total_of(sum);
        all += total_of(sum);
    }
    let make = |(((agent, api_key), reason), total)| MissItem { agent, api_key, reason, total };
    let mut items: Vec<_> = groups.into_iter().map(make).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.total.cost));
    (items, all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{CacheMissKind, Nanodollars};

    #[test]
    fn every_grouping_of_misses_has_the_same_total() {
        let sum = |agent: &str, kind, calls, cost| MissSum {
            agent: Some(agent.to_owned()).filter(|agent| !agent.is_empty()),
            api_key: agent.is_empty().then(|| "ci".to_owned()),
            kind,
            calls,
            tokens: calls * 1_024,
            cost: Nanodollars::new(cost),
        };
        let sums = [
            sum("a", CacheMissKind::Expired, 2, 50),
            sum("a", CacheMissKind::First, 1, 20),
            sum("b", CacheMissKind::Expired, 1, 40),
            sum("", CacheMissKind::First, 4, 7),
        ];
        let costs = |by| {
            let (items, total) = grouped(&sums, by);
            let mut all = MissTotal::default();
            for item in &items {
                all += item.total;
            }
            assert_eq!((all, total.cost.get(), total.calls), (total, 117, 8), "{by:?}");
            items.iter().map(|item| item.total.cost.get()).collect::<Vec<_>>()
        };
        assert_eq!(costs(None), [50, 40, 20, 7]);
        assert_eq!(costs(Some(MissesBy::Agent)), [70, 40, 7]);
        assert_eq!(costs(Some(MissesBy::Reason)), [90, 27]);
    }
}
