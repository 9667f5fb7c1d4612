//! What calls were told, and what that comes to: arithmetic of the test's own, a second opinion. Figures are
//! nano-dollars a token, copied by hand from the published list.

/// The largest number of tokens that is believed, as `docs/budgets.md` states it.
pub(crate) const MOST_TOKENS: u64 = 100_000_000;

/// Prices of a model: input, output, cache write for 5 minutes and for an hour, cache read.
type Row = [u64; 5];

const HAIKU: Row = [100, 500, 125, 200, 10];
/// Where the whole prompt has more than 100,000 tokens.
const HAIKU_LONG: Row = [500, 2_500, 625, 1_000, 50];
const SONNET: Row = [2_000, 10_000, 2_500, 4_000, 100];
const OPUS: Row = [4_000, 20_000, 5_000, 8_000, 200];
const OPUS_FAST: Row = [8_000, 40_000, 10_000, 16_000, 400];
const FABLE: Row = [8_000, 40_000, 10_000, 16_000, 200];

/// What a liar says has answered.
pub(crate) const ANSWERS: [&str; 6] = [
    "claude-haiku-5-5",
    "claude-sonnet-5-5",
    "claude-opus-5-5",
    "claude-fable-5-2",
    "claude-of-tomorrow",
    "gpt-oss-20b",
];

fn row(model: &str, fast: bool, prompt: u64) -> Row {
    match model {
        "claude-haiku-5-5" if prompt > 100_000 => HAIKU_LONG,
        "claude-haiku-5-5" => HAIKU,
        "claude-sonnet-5-5" => SONNET,
        "claude-opus-5-5" if fast => OPUS_FAST,
        "claude-opus-5-5" => OPUS,
        "claude-fable-5-2" => FABLE,
        _ => [0; 5],
    }
}

/// One count as it was written: the least and the most that a reader may take it for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub low: u64,
    pub high: u64,
}

impl Count {
    pub(crate) fn exactly(tokens: u64) -> Self {
        Self { low: tokens.min(MOST_TOKENS), high: tokens }
    }

    fn most(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }
}

/// What one call was told of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub input: Count,
    pub output: Count,
    pub written: Count,
    pub read: Count,
    pub model: Option<&'static str>,
    pub fast: bool,
    pub us: bool,
    /// Another model or speed may have been told.
    pub perhaps: bool,
}

impl Told {
    /// Counts never fall: of each kind the most that was told counts.
    pub(crate) fn and(self, later: Self) -> Self {
        Self {
            input: self.input.most(later.input),
            output: self.output.most(later.output),
            written: self.written.most(later.written),
            read: self.read.most(later.read),
            model: self.model.or(later.model),
            fast: self.fast || later.fast,
            us: self.us || later.us,
            perhaps: self.perhaps || later.perhaps,
        }
    }

    /// The same where a reader need not have seen it.
    pub(crate) fn perhaps(self) -> Self {
        let vague = |count: Count| Count { low: 0, high: count.high };
        Self {
            input: vague(self.input),
            output: vague(self.output),
            written: vague(self.written),
            read: vague(self.read),
            model: None,
            fast: false,
            us: false,
            perhaps: self.perhaps || self.fast || self.model.is_some(),
        }
    }

    /// The least that the ledger may say: by the dearer of the model that was asked and the one that
    /// answered; cache writes as the cheaper kind.
    pub(crate) fn least(&self, asked: &str) -> u64 {
        let prompt = self.input.low + self.written.low + self.read.low;
        let counts = [self.input.low, self.output.low, self.written.low, 0, self.read.low];
        let by = |model: &str, fast| times(row(model, fast, prompt), counts);
        let answered = self.model.map_or(0, |model| by(model, self.fast).max(by(model, false)));
        let sum = by(asked, self.fast).max(by(asked, false)).max(answered);
        if self.us { sum * 11 / 10 } else { sum }
    }

    /// The most that the ledger may say that a call whose answer might have `most_output` tokens, and whose
    /// question has so many bytes, cost above its hold because of what it was told.
    pub(crate) fn most_above(&self, asked: &str, most_output: u64, bytes: u64) -> u64 {
        // Writes are told in two ways, which may add up.
        let prompt = [self.input, self.written, self.written, self.read];
        let prompt = prompt.map(|count| count.high.min(MOST_TOKENS));
        let told = [prompt.iter().sum(), self.output.high.min(MOST_TOKENS), 0, 0, 0];
        let dearest = [16_000, 40_000, 0, 0, 0];
        let mut sum = times(dearest, told);
        let another = self.model.is_some_and(|model| model != asked) || self.fast || self.perhaps;
        if another {
            // What is not known of it counts at its most, by the dearer row.
            sum += times(dearest, [4 * bytes + 10_000, most_output, 0, 0, 0]);
        }
        sum * 11 / 10 + 1
    }
}

fn times(row: Row, counts: [u64; 5]) -> u64 {
    row.iter().zip(counts).map(|(price, count)| price.saturating_mul(count)).fold(0, u64::saturating_add)
}

/// What every hold of such a question has room for: its output at the price of the model that was asked,
/// and a token for each byte of its text.
pub(crate) fn floor_of_hold(asked: &str, most_output: u64, text_bytes: u64) -> u64 {
    times(row(asked, false, 0), [text_bytes, most_output, 0, 0, 0])
}
