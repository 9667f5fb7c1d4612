//! Spend over time as stacked bars: SVG made on the server, with attributes alone, since the policy allows
//! no inline style. The plot is stretched to its place; what is to be read stands beside it as text.

use anvil_types::Nanodollars;
use askama::Template;
use askama::filters::HtmlSafe;

/// The plot's own width and height.
const WIDTH: u64 = 1_000;
const HEIGHT: i64 = 200;

/// A bar on its way into the chart.
pub(crate) struct Column {
    /// What the reader is told of it.
    pub(crate) label: String,
    /// Its parts from the bottom up: the place of a series in the legend, and what it came to.
    pub(crate) parts: Vec<(usize, Nanodollars)>,
}

/// The chart.
#[derive(Template)]
#[template(path = "spend/chart.html")]
pub(crate) struct Chart {
    /// What it says, for those who do not see it.
    label: String,
    bars: Vec<Bar>,
    /// Amounts beside the plot, the largest first.
    scale: [String; 3],
    /// Times under it.
    times: Vec<String>,
}

impl HtmlSafe for Chart {}

struct Bar {
    title: String,
    x: String,
    width: String,
    parts: Vec<Part>,
}

struct Part {
    series: usize,
    y: i64,
    height: i64,
}

impl Chart {
    /// From columns in the order of time, and a few times to stand under them.
    pub(crate) fn new(label: String, columns: &[Column], times: Vec<String>) -> Self {
        let sum = |column: &Column| column.parts.iter().map(|(_, amount)| *amount).sum::<Nanodollars>();
        let most = ceiling(columns.iter().map(sum).max().unwrap_or_default());
        let count = columns.len().max(1) as u64;
        // In hundredths, so that many narrow bars stay where they belong.
        let at = |column: u64| WIDTH * 100 * column / count;
        let hundredths = |length: u64| format!("{}.{:02}", length / 100, length % 100);
        let gap = (WIDTH * 100 / count / 6).min(400);
        let height = |amount: Nanodollars| {
            let height =
                i128::from(amount.get().max(0)) * i128::from(HEIGHT) * 10 / i128::from(most.get().max(1));
            i64::try_from(height).unwrap_or(i64::MAX)
        };
        let bars =
            (0_u64..).zip(columns).filter(|(_, column)| !column.parts.is_empty()).map(|(place, column)| {
                let mut below = Nanodollars::ZERO;
                let parts = column.parts.iter().map(|(series, amount)| {
                    let bottom = height(below);
                    below += *amount;
                    // What is there at all can be seen.
                    let tall = (height(below) - bottom).max(10);
                    Part { series: *series, y: HEIGHT * 10 - bottom - tall, height: tall }
                });
                Bar {
                    parts: parts.collect(),
                    title: column.label.clone(),
                    x: hundredths(at(place) + gap / 2),
                    width: hundredths(at(place + 1) - at(place) - gap),
                }
            });
        let bars = bars.collect();
        let half = Nanodollars::new(most.get() / 2);
        Self { label, bars, scale: [axis(most), axis(half), "$0".to_owned()], times }
    }
}

/// An amount beside the plot: short, since it is a round one.
fn axis(amount: Nanodollars) -> String {
    let text = amount.rounded();
    let cut = text.trim_end_matches('0').trim_end_matches('.');
    if text.contains('.') { cut.to_owned() } else { text }
}

/// The next round amount: 1, 2 or 5 times a power of ten.
fn ceiling(amount: Nanodollars) -> Nanodollars {
    let mut step = 100_000;
    loop {
        for times in [1, 2, 5] {
            let round = Nanodollars::new(i64::saturating_mul(step, times));
            if round >= amount {
                return round;
            }
        }
        step = step.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_round_amount() {
        for (nano, round) in [
            (0, "$0.0001"),
            (100_001, "$0.0002"),
            (3_912_400_350, "$5"),
            (5_000_000_000, "$5"),
            (131_204_811_237, "$200"),
        ] {
            assert_eq!(axis(ceiling(Nanodollars::new(nano))), round);
        }
        assert_eq!(ceiling(Nanodollars::MAX), Nanodollars::MAX);
    }

    #[test]
    fn parts_stand_on_each_other_within_the_plot() {
        let dollars = Nanodollars::from_dollars;
        let column = |parts: &[(usize, i64)]| Column {
            label: String::new(),
            parts: parts.iter().map(|(series, amount)| (*series, dollars(*amount))).collect(),
        };
        let chart = Chart::new(
            String::new(),
            &[column(&[(0, 4), (2, 1)]), column(&[]), column(&[(1, 2)])],
            Vec::new(),
        );
        assert_eq!(chart.bars.len(), 2);
        let parts: Vec<_> =
            chart.bars[0].parts.iter().map(|part| (part.series, part.y, part.height)).collect();
        assert_eq!(parts, [(0, 400, 1_600), (2, 0, 400)]);
        assert_eq!((chart.bars[1].x.as_str(), chart.bars[1].width.as_str()), ("668.66", "329.34"));
    }
}
