//! What one try of a call was told of itself, and the least and the most that it comes to: a second opinion.

use crate::prices::{ANSWERS, DEAREST, MOST_TOKENS, row, times};

/// One count as it was written: the least and the most that a reader may take it for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub low: u64,
    pub high: u64,
}

impl Count {
    pub(crate) fn exactly(tokens: u64) -> Self {
        Self { low: tokens.min(MOST_TOKENS), high: tokens.min(MOST_TOKENS) }
    }

    fn most(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    fn perhaps(self) -> Self {
        Self { low: 0, ..self }
    }
}

/// What one try was told of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is told or not, whatever else is")]
pub(crate) struct Told {
    pub input: Count,
    pub output: Count,
    pub read: Count,
    /// Cache writes of a lifetime that is not told, and those of five minutes and an hour.
    pub written: Count,
    pub written_5m: Count,
    pub written_1h: Count,
    /// The models that answered: a bit for each of [`ANSWERS`].
    pub models: u16,
    pub fast: bool,
    pub us: bool,
    /// The tier `batch`, at half the price, may be told.
    pub batch: bool,
    /// Another tier is told too, so that nothing is halved.
    pub full: bool,
    /// Another model or speed may have been told.
    pub perhaps: bool,
    /// Text came with it, at which a guest may die.
    pub text: bool,
}

impl Told {
    /// Counts never fall: of each kind the most that was told counts.
    pub(crate) fn and(self, later: Self) -> Self {
        Self {
            input: self.input.most(later.input),
            output: self.output.most(later.output),
            read: self.read.most(later.read),
            written: self.written.most(later.written),
            written_5m: self.written_5m.most(later.written_5m),
            written_1h: self.written_1h.most(later.written_1h),
            models: self.models | later.models,
            fast: self.fast || later.fast,
            us: self.us || later.us,
            batch: self.batch || later.batch,
            full: self.full || later.full,
            perhaps: self.perhaps || later.perhaps,
            text: self.text || later.text,
        }
    }

    /// The same where a reader need not have seen it.
    pub(crate) fn perhaps(self) -> Self {
        Self {
            input: self.input.perhaps(),
            output: self.output.perhaps(),
            read: self.read.perhaps(),
            written: self.written.perhaps(),
            written_5m: self.written_5m.perhaps(),
            written_1h: self.written_1h.perhaps(),
            models: 0,
            fast: false,
            us: false,
            batch: self.batch,
            full: false,
            perhaps: self.perhaps || self.fast || self.models != 0,
            text: false,
        }
    }

    /// The least that the ledger may say: by the dearest of the model that was asked and those that answered;
    /// cache writes of no lifetime as the cheaper kind.
    pub(crate) fn least(&self, asked: &str) -> u64 {
        let (five, hour) = (self.written_5m.low, self.written_1h.low);
        let other = self.written.low.saturating_sub(five + hour);
        let prompt = self.input.low + self.read.low + five + hour + other;
        let counts = [self.input.low, self.output.low, five + other, hour, self.read.low];
        let by = |model: &str, fast| times(row(model, fast, prompt), counts);
        let told = ANSWERS.iter().enumerate().filter(|(at, _)| self.models >> at & 1 == 1);
        let models = told.map(|(_, model)| *model).chain([asked]);
        let sum = models.map(|model| by(model, self.fast).max(by(model, false))).max().unwrap_or(0);
        let sum = if self.us { sum * 11 / 10 } else { sum };
        if self.batch && !self.full { sum / 2 } else { sum }
    }

    /// The most that a call whose answer might have `most_output` tokens, and whose question has so many bytes,
    /// can have cost above its hold because of what it was told.
    pub(crate) fn most_above(&self, asked: &str, most_output: u64, bytes: u64) -> u64 {
        // Writes are told in three ways, which may add up.
        let prompt = [self.input, self.read, self.written, self.written_5m, self.written_1h];
        let told = [prompt.iter().map(|count| count.high).sum(), self.output.high, 0, 0, 0];
        let mut sum = times(DEAREST, told);
        let itself = ANSWERS.iter().position(|model| *model == asked).map_or(0, |at| 1 << at);
        if self.models & !itself != 0 || self.fast || self.perhaps {
            // What is not known of it counts at its most, by the dearer row.
            sum += times(DEAREST, [4 * bytes + 10_000, most_output, 0, 0, 0]);
        }
        sum * 11 / 10 + 1
    }
}
