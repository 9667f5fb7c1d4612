//! Made-up spending.

use super::page::{Choice, Savings, Spend, SpendPage};
use crate::panel::kit::samples::{NOW, Sample, html, nano, query, shell, status, windows};
use crate::panel::kit::shell::Nav;
use anvil_api::{AgentReplies, BatchesView, ReplyCacheView, TierOutcome};
use anvil_budget::PriceTable;
use anvil_store::{CompressedSum, MissSum, Tokens, UsageSum};
use anvil_types::{
    BatchPause, BatchRecord, BatchState, BatchTrouble, CacheMissKind, Compressed, CompressionReplay,
    GatheredCalls, ReplySize, Tier, Timestamp, UpstreamKind,
};

/// Three weeks of work, less of it at night and at weekends.
fn sums(cuts: &[Timestamp]) -> Vec<UsageSum> {
    let mut sums = Vec::new();
    for (place, start) in (0_u64..).zip(cuts).filter(|(_, start)| **start < NOW) {
        for (agent, (name, model)) in (0_u64..).zip([
            ("code-generator", "claude-sonnet-5-5"),
            ("test-automator", "claude-haiku-5-5"),
            ("design-architect", "claude-opus-5-5"),
            ("documentation-generator", "claude-haiku-5-5"),
        ]) {
            let wave = (place * 7 + agent * 5) % 11;
            if wave < agent + 1 {
                continue;
            }
            let calls = wave * 9 / (agent + 1);
            sums.push(UsageSum {
                start: *start,
                agent: Some(name.to_owned()),
                api_key: None,
                model: model.to_owned(),
                calls,
                settled: nano(i64::try_from(calls).unwrap_or(0) * 61_237_411),
                unknown: nano(if wave == 9 { 137_500_000 } else { 0 }),
                saved: nano(i64::try_from(calls * (agent % 2)).unwrap_or(0) * 1_204_118),
                hits: calls / 4,
                reply_saved: nano(i64::try_from(calls / 4).unwrap_or(0) * 14_022_000),
                batched: calls / 8,
                batch_saved: nano(i64::try_from(calls / 8).unwrap_or(0) * 7_011_000),
                tokens: Tokens {
                    input: calls * 2_413,
                    output: calls * 1_120,
                    cache_read: calls * 911 * (agent % 2),
                    cache_write_5m: calls * 307 * (agent % 2),
                    cache_write_1h: 0,
                },
            });
        }
    }
    sums
}

/// What missed the prompt cache meanwhile.
fn misses() -> Vec<MissSum> {
    let sum = |agent: &str, kind, calls, tokens, cost| MissSum {
        agent: Some(agent.to_owned()),
        api_key: None,
        kind,
        calls,
        tokens,
        cost: nano(cost),
    };
    vec![
        sum("documentation-generator", CacheMissKind::Expired, 41, 412_118, 1_030_295_000),
        sum("code-generator", CacheMissKind::PrefixChanged, 12, 96_204, 230_889_600),
        sum("test-automator", CacheMissKind::ToolsChanged, 3, 8_112, 9_734_400),
        sum("code-generator", CacheMissKind::First, 7, 52_000, 26_000_000),
        sum("design-architect", CacheMissKind::BelowMinimum, 9, 3_870, 0),
    ]
}

/// What is kept of replies, of as many agents.
fn replies(agents: &[(&str, u64)]) -> ReplyCacheView {
    let size = |entries| ReplySize { entries, bytes: entries * 7_412 };
    ReplyCacheView {
        enabled: true,
        upstream: UpstreamKind::Simulated,
        ttl_s: 86_400,
        kept: size(agents.iter().map(|(_, entries)| entries).sum()),
        most: ReplySize { entries: 10_000, bytes: 256 << 20 },
        hits_today: 41,
        saved_today: nano(602_118_400),
        agents: agents
            .iter()
            .map(|(agent, entries)| AgentReplies { agent: (*agent).to_owned(), kept: size(*entries) })
            .collect(),
    }
}

/// What was compressed meanwhile.
fn compressed() -> (Vec<CompressedSum>, Vec<CompressionReplay>) {
    let sum = |agent: &str, calls, tokens, saved| CompressedSum {
        agent: agent.to_owned(),
        calls,
        compressed: Compressed { tokens, saved: nano(saved) },
    };
    let replay = |agent: &str, calls, saved, off| CompressionReplay {
        agent: agent.to_owned(),
        calls,
        saved: nano(saved),
        off,
    };
    let sums = vec![
        sum("code-generator", 212, 188_412, 376_824_000),
        sum("requirements-analyzer", 31, 9_871, 987_100),
    ];
    let latest = vec![
        replay("code-generator", 200, 341_208_000, false),
        replay("documentation-generator", 200, -41_118_000, true),
        replay("requirements-analyzer", 44, 1_204_000, false),
    ];
    (sums, latest)
}

/// How jobs ended meanwhile.
fn tiers() -> Vec<TierOutcome> {
    let outcome = |agent: &str, action: &str, tier, jobs, succeeded, retries, cost| TierOutcome {
        agent: agent.to_owned(),
        action: action.to_owned(),
        tier,
        jobs,
        succeeded,
        retries,
        calls: jobs * 2 + retries,
        output_tokens: jobs * 1_411,
        cost: nano(cost),
        success: TierOutcome::success_of(nano(cost), succeeded),
    };
    vec![
        outcome("code-generator", "generate", Tier::Haiku, 212, 171, 61, 2_204_118_000),
        outcome("code-generator", "generate", Tier::Sonnet, 1_204, 1_190, 19, 61_301_772_000),
        outcome("test-automator", "generate-tests", Tier::Haiku, 1, 0, 2, 3_118_000),
    ]
}

/// Batches of each state, and calls that wait.
fn batches() -> BatchesView {
    let batch = |number: u64, state, calls, open, ended_at| BatchRecord {
        number,
        state,
        upstream_id: None,
        calls,
        open,
        held: nano(i64::try_from(open).unwrap_or(0) * 7_011_000),
        made_at: NOW,
        expires_at: Some(NOW),
        ended_at,
        trouble: None,
    };
    BatchesView {
        enabled: true,
        upstream: UpstreamKind::Simulated,
        most_calls: 1_000,
        wait_s: 300,
        waiting: GatheredCalls { calls: 12, bytes: 48_112, oldest: Some(NOW) },
        pause: Some(BatchPause {
            why: "Claude answered 429 rate_limit_error: too many batches".to_owned(),
            until: Some(NOW),
        }),
        batched_today: 1_204,
        saved_today: nano(4_220_118_000),
        batches: vec![
            batch(4, BatchState::Lost, 118, 118, None),
            BatchRecord {
                trouble: Some(BatchTrouble {
                    why: "its results cannot be read: Claude answered 404 not_found_error: gone".to_owned(),
                    since: NOW,
                }),
                ..batch(3, BatchState::Sent, 1_000, 640, None)
            },
            batch(2, BatchState::Ended, 86, 0, Some(NOW)),
        ],
    }
}

fn page(asked: &str, misses: &[MissSum], agents: &[(&str, u64)]) -> SpendPage {
    let choice =
        Choice::read(&query(asked), &windows(), NOW).unwrap_or_else(|_| unreachable!("the samples ask well"));
    let cuts = choice.cuts(&windows()).unwrap_or_default();
    let (sums, replies, prices) = (sums(&cuts), replies(agents), PriceTable::built_in());
    // Where nothing was missed, nothing was compressed either, and no job ended.
    let (compressed, latest) = if misses.is_empty() { (vec![], vec![]) } else { compressed() };
    let tiers = if misses.is_empty() { Vec::new() } else { tiers() };
    let batches = batches();
    let savings = Savings {
        misses,
        replies: &replies,
        compressed: &compressed,
        latest: &latest,
        batches: &batches,
        tiers: &tiers,
    };
    let body = Spend::new(choice, &cuts, &sums, &savings, &prices, &windows(), true);
    SpendPage { shell: shell(&status(), Nav::Spend, "Spend"), body }
}

/// Its pages.
pub(crate) fn pages() -> Vec<Sample> {
    vec![
        (
            "/spend",
            html(&page("range=today", &misses(), &[("code-generator", 1_204), ("test-automator", 88)])),
        ),
        ("/spend-month", html(&page("range=month&by=model", &misses(), &[("code-generator", 1)]))),
        ("/spend-kind", html(&page("range=custom&from=2026-11-20&to=2026-11-23&by=kind", &[], &[]))),
    ]
}
