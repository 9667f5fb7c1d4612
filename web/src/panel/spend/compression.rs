//! What was compressed in a stretch of time, what that saved, and whether it pays.

use crate::compressed::items;
use crate::panel::kit::money::Money;
use crate::panel::kit::numbers::thousands;
use anvil_store::CompressedSum;
use anvil_types::{CompressionReplay, Nanodollars};
use askama::Template;
use askama::filters::HtmlSafe;

/// The part of the page.
#[derive(Template)]
#[template(path = "spend/compression.html")]
pub(crate) struct CompressionPart {
    saved: String,
    rows: Vec<CompressionRow>,
}

impl HtmlSafe for CompressionPart {}

/// An agent.
struct CompressionRow {
    agent: String,
    saved: Option<Money>,
    calls: String,
    tokens: String,
    /// What its latest calls would have cost more.
    latest: String,
    off: bool,
}

impl CompressionPart {
    /// From the sums of the stretch, and each agent's latest calls replayed.
    pub(crate) fn new(sums: &[CompressedSum], latest: &[CompressionReplay]) -> Self {
        let (items, all) = items(sums.to_vec());
        let told = |replay: &CompressionReplay| {
            let saved = replay.saved;
            let amount = if saved < Nanodollars::ZERO {
                format!("−{}", (Nanodollars::ZERO - saved).rounded())
            } else {
                saved.rounded()
            };
            format!("{amount} of {} calls", thousands(replay.calls))
        };
        let mut rows: Vec<_> = items
            .into_iter()
            .map(|item| {
                let replay = latest.iter().find(|replay| replay.agent == item.agent);
                CompressionRow {
                    saved: Some(item.total.compressed.saved.into()),
                    calls: thousands(item.total.calls),
                    tokens: thousands(item.total.compressed.tokens),
                    latest: replay.map(told).unwrap_or_default(),
                    off: replay.is_some_and(|replay| replay.off),
                    agent: item.agent,
                }
            })
            .collect();
        // For whom it is off saves nothing, and is told all the same.
        let known = |agent: &str| sums.iter().any(|sum| sum.agent == agent);
        rows.extend(latest.iter().filter(|replay| replay.off && !known(&replay.agent)).map(|replay| {
            CompressionRow {
                agent: replay.agent.clone(),
                saved: None,
                calls: String::new(),
                tokens: String::new(),
                latest: told(replay),
                off: true,
            }
        }));
        let saved = all.compressed.saved;
        let saved = if saved == Nanodollars::ZERO {
            "Compression saved nothing in this time.".to_owned()
        } else {
            format!("Compression saved about {}.", saved.rounded())
        };
        Self { saved, rows }
    }
}
