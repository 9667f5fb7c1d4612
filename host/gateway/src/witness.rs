//! The host's table of prices and the simulator's were written from the published list, each by itself: where they agree,
//! neither has a slip of its own.

use anvil_budget::PriceTable;
use anvil_sim::{PRICES, SimUsage, cost_nano_dollars};
use anvil_types::{Timestamp, Usage};
use std::collections::BTreeSet;

/// The same call as the ledger and as the simulator count it.
fn call(kind: usize, tokens: u64, tier: &str, place: &str) -> (Usage, SimUsage) {
    let mut counts = [0; 5];
    counts[kind] = tokens;
    let [input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens] =
        counts;
    let ours = Usage {
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_5m_tokens,
        cache_write_1h_tokens,
        service_tier: Some(tier.to_owned()),
        inference_geo: Some(place.to_owned()),
        speed: None,
    };
    let theirs = SimUsage {
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_5m_tokens,
        cache_write_1h_tokens,
        service_tier: tier.to_owned(),
        inference_geo: place.to_owned(),
        speed: None,
    };
    (ours, theirs)
}

#[test]
fn every_model_costs_by_the_table_what_the_simulator_bills() {
    let table = PriceTable::built_in();
    let models: BTreeSet<&str> = PRICES.iter().map(|price| price.model).collect();
    assert_eq!(table.models().into_iter().collect::<BTreeSet<_>>(), models);
    let calls: Vec<_> = (0..5)
        .flat_map(|kind| [1, 99_999, 100_000, 100_001, 900_001].map(|tokens| (kind, tokens)))
        .flat_map(|(kind, tokens)| {
            [("standard", "global"), ("batch", "global"), ("standard", "us"), ("batch", "us")]
                .map(|(tier, place)| call(kind, tokens, tier, place))
        })
        .collect();
    for (day, count) in
        [("2026-10-06T23:59:59Z", 12), ("2026-10-07T00:00:00Z", 13), ("2026-11-23T00:00:00Z", 14)]
    {
        let now: Timestamp = day.parse().expect("a time");
        let in_force: Vec<_> =
            models.iter().filter_map(|model| Some((model, table.row(model, None, now).ok()?))).collect();
        assert_eq!(in_force.len(), count, "{day}");
        for (model, row) in in_force {
            for (ours, theirs) in &calls {
                let billed = cost_nano_dollars(model, theirs, now.micros() / 1_000);
                assert_eq!(Some(row.cost(ours).get()), billed, "{model} on {day}: {theirs:?}");
            }
        }
    }
}
