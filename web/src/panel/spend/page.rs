//! Spend over time: by agent, model, API key or kind of token, as bars and as the figures behind them.

use crate::ask::Query;
use crate::panel::kit::address::encode;
use crate::panel::kit::answer::{fragment, html};
use crate::panel::kit::money::Money;
use crate::panel::kit::numbers::thousands;
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::spend::batches::SpendBatches;
use crate::panel::spend::chart::{Chart, Column};
use crate::panel::spend::compression::CompressionPart;
use crate::panel::spend::misses::Misses;
use crate::panel::spend::replies::KeptReplies;
use crate::panel::spend::tiers::Tiers;
use crate::problem::Problem;
use crate::spending::{Stretch, UNKNOWN_KIND, came_to, parts};
use crate::state::WebState;
use crate::tiered::outcomes;
use anvil_api::{BatchesView, By, ReplyCacheView, Sum, TierOutcome};
use anvil_budget::{PriceTable, Windows};
use anvil_store::{CompressedSum, MissSum, UsageSum};
use anvil_types::{CompressionReplay, Nanodollars, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the page is asked by.
pub(super) const QUERY: [&str; 5] = ["range", "from", "to", "by", "bucket"];

/// Series that have a colour of their own; the rest are one.
const SERIES: usize = 7;
/// The longest stretch that is shown by the hour.
const HOURLY: Duration = Duration::from_hours(24 * 15);

/// The page.
#[derive(Template)]
#[template(path = "spend/page.html")]
pub(crate) struct SpendPage {
    pub(crate) shell: Shell,
    pub(crate) body: Spend,
}

/// What of the page changes while it is looked at.
#[derive(Template)]
#[template(path = "spend/body.html")]
pub(crate) struct Spend {
    choice: Choice,
    simulated: bool,
    chart: Chart,
    series: Vec<Series>,
    rows: Vec<Row>,
    total: Money,
    totals: Figures,
    unknown: Option<Money>,
    misses: Misses,
    replies: KeptReplies,
    compression: CompressionPart,
    batches: SpendBatches,
    tiers: Tiers,
    /// Where the ledger shows the same calls.
    ledger: String,
    csv: String,
}

impl HtmlSafe for Spend {}

/// What is told beside what was spent: what was saved and what was not, and what came of it.
pub(crate) struct Savings<'a> {
    pub(crate) misses: &'a [MissSum],
    pub(crate) replies: &'a ReplyCacheView,
    pub(crate) compressed: &'a [CompressedSum],
    /// Each agent's latest calls, replayed.
    pub(crate) latest: &'a [CompressionReplay],
    pub(crate) batches: &'a BatchesView,
    /// How jobs ended, by tier.
    pub(crate) tiers: &'a [TierOutcome],
}

/// What was chosen, as its form shows it.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    range: &'static str,
    /// Dates, for the form.
    from: String,
    to: String,
    by: By,
    bucket: By,
    /// What the address says, for the next look.
    query: String,
    stretch: Stretch,
}

/// One agent, model, key or kind of token.
struct Series {
    name: String,
    /// Its colour.
    place: usize,
    spent: Money,
    share: u32,
    figures: Figures,
    /// Where the ledger shows its calls.
    href: Option<String>,
}

/// Tokens and calls, as they stand in columns.
struct Figures {
    calls: String,
    input: String,
    output: String,
    cache_read: String,
    cache_written: String,
}

/// One hour or day.
struct Row {
    when: String,
    parts: Vec<Option<Money>>,
    total: Money,
}

impl Choice {
    /// Reads the page's query.
    pub(crate) fn read(query: &Query, windows: &Windows, now: Timestamp) -> Result<Self, Problem> {
        let range = match query.text("range") {
            Some("7d") => "7d",
            Some("month") => "month",
            Some("custom") => "custom",
            None if query.text("from").is_some() || query.text("to").is_some() => "custom",
            _ => "today",
        };
        let stretch = match range {
            "7d" => {
                // Seven days back at noon is the right day over a change of the clocks too.
                let today = windows.day(now);
                let noon = today.start + today.end.since(today.start) / 2;
                Stretch { from: windows.day(noon - Duration::from_hours(24 * 6)).start, to: today.end }
            }
            "month" => {
                let month = windows.month(now);
                Stretch { from: month.start, to: month.end }
            }
            "custom" => Stretch::of(query, windows, now)?,
            _ => {
                let day = windows.day(now);
                Stretch { from: day.start, to: day.end }
            }
        };
        let length = stretch.to.since(stretch.from);
        let bucket = match query.text("bucket") {
            Some("hour") if length <= HOURLY => By::Hour,
            Some("day") => By::Day,
            _ if length <= Duration::from_hours(49) => By::Hour,
            _ => By::Day,
        };
        let by = match query.value("by")? {
            Some(by @ (By::Model | By::Key | By::Kind)) => by,
            _ => By::Agent,
        };
        let date =
            |time: Timestamp| time.to_jiff().to_zoned_datetime(windows.zone().clone()).date().to_string();
        let pairs = query.pairs(&QUERY);
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value)));
        Ok(Self {
            range,
            from: date(stretch.from),
            to: date(stretch.to - Duration::from_micros(1)),
            by,
            bucket,
            query: pairs.collect::<Vec<_>>().join("&"),
            stretch,
        })
    }

    fn is(&self, by: &str) -> bool {
        self.by.name() == by
    }

    /// The times between which sums are asked for.
    pub(crate) fn cuts(&self, windows: &Windows) -> Result<Vec<Timestamp>, Problem> {
        self.stretch.cuts(self.bucket, windows)
    }
}

impl Spend {
    /// From the sums between these cuts.
    pub(crate) fn new(
        choice: Choice,
        cuts: &[Timestamp],
        sums: &[UsageSum],
        savings: &Savings<'_>,
        prices: &PriceTable,
        windows: &Windows,
        simulated: bool,
    ) -> Self {
        let mut names: BTreeMap<Option<String>, Sum> = BTreeMap::new();
        let mut columns: BTreeMap<Timestamp, BTreeMap<Option<String>, Nanodollars>> = BTreeMap::new();
        let mut all = Sum { calls: Some(0), ..Sum::default() };
        for sum in sums {
            all.add(&came_to(sum));
            let column = columns.entry(sum.start).or_default();
            for (name, part) in parts(sum, choice.by, prices) {
                *column.entry(name.clone()).or_default() += part.spent;
                names.entry(name).or_default().add(&part);
            }
        }
        let mut ranked: Vec<_> = names.into_iter().collect();
        ranked.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.spent));
        let place = |name: &Option<String>| {
            ranked.iter().position(|(other, _)| other == name).unwrap_or(SERIES).min(SERIES)
        };
        let bars: Vec<Column> = cuts[..cuts.len().saturating_sub(1)]
            .iter()
            .map(|start| {
                let mut parts = vec![Nanodollars::ZERO; SERIES + 1];
                for (name, spent) in columns.get(start).into_iter().flatten() {
                    parts[place(name)] += *spent;
                }
                let total: Nanodollars = parts.iter().copied().sum();
                let parts = parts.into_iter().enumerate().filter(|(_, spent)| *spent > Nanodollars::ZERO);
                Column {
                    label: format!("{}: {total}", when(*start, choice.bucket, windows)),
                    parts: parts.collect(),
                }
            })
            .collect();
        let shown = ranked.len().min(SERIES + 1);
        let rows = cuts.iter().zip(&bars).filter(|(_, bar)| !bar.parts.is_empty()).map(|(start, bar)| Row {
            when: when(*start, choice.bucket, windows),
            parts: (0..shown)
                .map(|series| {
                    bar.parts.iter().find(|(place, _)| *place == series).map(|(_, spent)| (*spent).into())
                })
                .collect(),
            total: bar.parts.iter().map(|(_, spent)| *spent).sum::<Nanodollars>().into(),
        });
        let rows = rows.collect();
        let series = series(&choice, &ranked, all.spent);
        let label = format!("{} from {} to {} by {}", all.spent, choice.from, choice.to, choice.by.name());
        let range = format!("from={}&to={}", choice.stretch.from, choice.stretch.to);
        Self {
            chart: Chart::new(label, &bars, times(cuts, choice.bucket, windows)),
            series,
            rows,
            total: Money { short: all.spent.to_string(), exact: all.spent.to_string() },
            totals: Figures::of(&all),
            unknown: (all.unknown > Nanodollars::ZERO).then(|| all.unknown.into()),
            misses: Misses::new(savings.misses, all.saved.unwrap_or_default()),
            replies: KeptReplies::new(savings.replies, &all),
            compression: CompressionPart::new(savings.compressed, savings.latest),
            batches: SpendBatches::new(savings.batches, &all, windows),
            tiers: Tiers::new(savings.tiers),
            ledger: format!("/ledger?{range}"),
            csv: format!("/api/v1/spend?{range}&by={}&format=csv", choice.by.name()),
            choice,
            simulated,
        }
    }

    async fn load(state: &WebState, query: Query) -> Result<Self, Problem> {
        let windows = state.control.ledger.windows();
        let choice = Choice::read(&query, &windows, state.control.clock.now())?;
        let cuts = choice.cuts(&windows)?;
        let sums = state.control.ledger.usage(cuts.clone()).await?;
        let ledger = &state.control.ledger;
        let Stretch { from, to } = choice.stretch;
        let (misses, compressed) = (ledger.misses(from, to).await?, ledger.compressed(from, to).await?);
        let replies = state.control.replies.view().await?;
        let batches = state.control.batches.view().await?;
        let latest = ledger.replayed();
        let tiers = outcomes(ledger.tiers(choice.stretch.from, choice.stretch.to).await?);
        let savings = Savings {
            misses: &misses,
            replies: &replies,
            compressed: &compressed,
            latest: &latest,
            batches: &batches,
            tiers: &tiers,
        };
        let simulated = state.config.upstream == anvil_types::UpstreamKind::Simulated;
        let prices = state.control.prices.table();
        Ok(Self::new(choice, &cuts, &sums, &savings, &prices, &windows, simulated))
    }
}

fn series(choice: &Choice, ranked: &[(Option<String>, Sum)], all: Nanodollars) -> Vec<Series> {
    let make = |(place, (name, sum)): (usize, &(Option<String>, Sum))| {
        let text = name.clone().unwrap_or_else(|| match choice.by {
            By::Key => "no API key".to_owned(),
            _ => "no agent".to_owned(),
        });
        let range = format!("from={}&to={}", choice.stretch.from, choice.stretch.to);
        let href = match choice.by {
            By::Kind => (text == UNKNOWN_KIND).then(|| format!("/ledger?{range}&state=unknown")),
            by => name.as_ref().map(|name| format!("/ledger?{range}&{}={}", by.name(), encode(name))),
        };
        Series {
            place: place.min(SERIES),
            spent: sum.spent.into(),
            share: crate::panel::kit::shell::permille(if all > Nanodollars::ZERO {
                sum.spent.fraction_of(all)
            } else {
                0.0
            }),
            figures: Figures::of(sum),
            name: text,
            href,
        }
    };
    ranked.iter().enumerate().map(make).collect()
}

impl Series {
    /// Its share, to a tenth of a percent.
    fn percent(&self) -> String {
        format!("{}.{} %", self.share / 10, self.share % 10)
    }
}

impl Figures {
    fn of(sum: &Sum) -> Self {
        let some = |count: u64| if count == 0 { String::new() } else { thousands(count) };
        let tokens = &sum.tokens;
        Self {
            calls: sum.calls.map(thousands).unwrap_or_default(),
            input: some(tokens.input),
            output: some(tokens.output),
            cache_read: some(tokens.cache_read),
            cache_written: some(tokens.cache_write_5m + tokens.cache_write_1h),
        }
    }
}

/// An hour or a day as people of the zone say it.
fn when(start: Timestamp, bucket: By, windows: &Windows) -> String {
    let form = if bucket == By::Hour { "%a %-d %b %H:%M" } else { "%a %-d %b %Y" };
    start.to_jiff().to_zoned_datetime(windows.zone().clone()).strftime(form).to_string()
}

/// A few times to stand under the plot.
fn times(cuts: &[Timestamp], bucket: By, windows: &Windows) -> Vec<String> {
    let last = cuts.len().saturating_sub(1);
    let day =
        cuts.first().zip(cuts.last()).is_some_and(|(from, to)| to.since(*from) < Duration::from_hours(26));
    let form = match bucket {
        By::Hour if day => "%H:%M",
        By::Hour => "%a %H:%M",
        _ => "%-d %b",
    };
    let steps = last.min(4);
    let at = |step: usize| cuts[last * step / steps.max(1)];
    let text =
        |at: Timestamp| at.to_jiff().to_zoned_datetime(windows.zone().clone()).strftime(form).to_string();
    // A day that is over at midnight is not called by the next day's name.
    let end = if bucket == By::Hour { String::new() } else { text(at(steps) - Duration::from_micros(1)) };
    (0..steps).map(|step| text(at(step))).chain([if day { "24:00".to_owned() } else { end }]).collect()
}

pub(super) async fn page(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Spend, "Spend").await?;
    let body = Spend::load(&state, query).await?;
    html(&SpendPage { shell, body })
}

pub(super) async fn changing(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    fragment(&Spend::load(&state, query).await?, state.control.clock.now())
}
