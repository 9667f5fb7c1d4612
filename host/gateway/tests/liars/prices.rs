//! Prices, and what counts come to: arithmetic of the test's own. Figures are nano-dollars a token, copied by
//! hand from the published list.

/// The largest number of tokens that is believed, as `docs/budgets.md` states it.
pub(crate) const MOST_TOKENS: u64 = 100_000_000;

/// Prices of a model: input, output, cache write for 5 minutes and for an hour, cache read.
pub(crate) type Row = [u64; 5];

const HAIKU: Row = [100, 500, 125, 200, 10];
/// Where the whole prompt has more than 100,000 tokens.
const HAIKU_LONG: Row = [500, 2_500, 625, 1_000, 50];
const HAIKU_OLD: Row = [1_000, 5_000, 1_250, 2_000, 100];
const SONNET: Row = [2_000, 10_000, 2_500, 4_000, 100];
const OPUS: Row = [4_000, 20_000, 5_000, 8_000, 200];
const OPUS_FAST: Row = [8_000, 40_000, 10_000, 16_000, 400];
const FABLE: Row = [8_000, 40_000, 10_000, 16_000, 200];
/// No row of the list is dearer, any kind of input taken for the dearest.
pub(crate) const DEAREST: Row = [20_000, 50_000, 20_000, 20_000, 20_000];

/// What a liar says has answered.
pub(crate) const ANSWERS: [&str; 9] = [
    "claude-haiku-5-5",
    "claude-sonnet-5-5",
    "claude-opus-5-5",
    "claude-opus-5-5-20260922",
    "claude-haiku-4-5",
    "claude-haiku-4-5-20251001",
    "claude-fable-5-2",
    "claude-of-tomorrow",
    "gpt-oss-20b",
];

/// The row of a model, for a prompt of so many tokens; of zeros where it has none.
pub(crate) fn row(model: &str, fast: bool, prompt: u64) -> Row {
    match model {
        "claude-haiku-5-5" if prompt > 100_000 => HAIKU_LONG,
        "claude-haiku-5-5" => HAIKU,
        "claude-haiku-4-5" | "claude-haiku-4-5-20251001" => HAIKU_OLD,
        "claude-sonnet-5-5" => SONNET,
        "claude-opus-5-5" | "claude-opus-5-5-20260922" if fast => OPUS_FAST,
        "claude-opus-5-5" | "claude-opus-5-5-20260922" => OPUS,
        "claude-fable-5-2" => FABLE,
        _ => [0; 5],
    }
}

pub(crate) fn times(row: Row, counts: Row) -> u64 {
    row.iter().zip(counts).map(|(price, count)| price.saturating_mul(count)).fold(0, u64::saturating_add)
}

/// What every hold of such a question has room for: its output by the model that was asked, and a token for each
/// byte that was sent.
pub(crate) fn floor_of_hold(asked: &str, most_output: u64, bytes: u64) -> u64 {
    times(row(asked, false, 0), [bytes, most_output, 0, 0, 0])
}
