//! The ledger: every call, the newest first, by filters, with what the filters come to.

use crate::ask::{Filter, LEDGER_FILTERS, Query};
use crate::panel::kit::address::encode;
use crate::panel::kit::answer::html;
use crate::panel::kit::money::Money;
use crate::panel::kit::numbers::thousands;
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::ledger::row::LedgerRow;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_budget::Windows;
use anvil_store::{LedgerFilter, LedgerPage as Entries, LedgerTotals};
use anvil_types::{CallId, Nanodollars};
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// Calls on a page.
const PAGE: u32 = 100;

/// The page.
#[derive(Template)]
#[template(path = "ledger/page.html")]
pub(crate) struct LedgerPage {
    pub(crate) shell: Shell,
    wanted: Wanted,
    names: Names,
    rows: Vec<LedgerRow>,
    calls: String,
    spent: Money,
    unknown: Option<Money>,
    held: Option<Money>,
    /// By the prompt cache, where it saved or cost anything.
    saved: Option<Money>,
    /// By kept replies.
    reply_saved: Option<Money>,
    batch_saved: Option<Money>,
    tokens: String,
    first: bool,
    next: Option<String>,
    /// The filters as an address has them.
    query: String,
}

/// What was typed into the filters.
#[derive(Clone, Debug, Default)]
struct Wanted {
    job: String,
    agent: String,
    model: String,
    state: String,
    key: String,
    from: String,
    to: String,
    min_usd: String,
}

/// What may be chosen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) agents: Vec<String>,
    pub(crate) models: Vec<String>,
}

impl LedgerPage {
    pub(crate) fn new(
        shell: Shell,
        query: &Query,
        names: Names,
        entries: &Entries,
        totals: &LedgerTotals,
        windows: &Windows,
    ) -> Self {
        let pairs = query.pairs(&LEDGER_FILTERS);
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value)));
        let filters = pairs.collect::<Vec<_>>().join("&");
        let typed = |name| query.text(name).unwrap_or_default().to_owned();
        let some = |amount: Nanodollars| (amount > Nanodollars::ZERO).then(|| Money::from(amount));
        let t = &totals.tokens;
        let input = t.input + t.cache_read + t.cache_write_5m + t.cache_write_1h;
        let exact = totals.spent().to_string();
        Self {
            wanted: Wanted {
                job: typed("job"),
                agent: typed("agent"),
                model: typed("model"),
                state: typed("state"),
                key: typed("key"),
                from: typed("from"),
                to: typed("to"),
                min_usd: typed("min_usd"),
            },
            names,
            rows: entries.items.iter().map(|call| LedgerRow::new(call, shell.now, windows)).collect(),
            calls: thousands(totals.calls),
            spent: Money { short: exact.clone(), exact },
            unknown: some(totals.unknown),
            held: some(totals.held),
            saved: (totals.saved != Nanodollars::ZERO).then(|| totals.saved.into()),
            reply_saved: some(totals.reply_saved),
            batch_saved: some(totals.batch_saved),
            tokens: format!("{} in, {} out", thousands(input), thousands(t.output)),
            first: query.text("after").is_none(),
            next: entries.next.map(|next| {
                let and = if filters.is_empty() { "" } else { "&" };
                format!("/ledger?{filters}{and}after={next}")
            }),
            query: filters,
            shell,
        }
    }

    /// Whether anything is filtered.
    fn filtered(&self) -> bool {
        !self.query.is_empty()
    }
}

pub(super) async fn page(
    State(state): State<WebState>,
    Filter(filter): Filter<LedgerFilter>,
    query: Query,
) -> Result<Response, Problem> {
    let windows = state.control.ledger.windows();
    let after: Option<CallId> = query.value("after")?;
    let (shell, _) = Shell::load(&state, Nav::Ledger, "Ledger").await?;
    let entries = state.control.ledger.page(filter.clone(), after, PAGE).await?;
    let totals = state.control.ledger.totals(filter).await?;
    let mut agents: Vec<String> = state.control.agents.all().iter().map(|agent| agent.name.clone()).collect();
    agents.sort_unstable();
    agents.dedup();
    let models = state.control.prices.table().models().into_iter().map(str::to_owned).collect();
    html(&LedgerPage::new(shell, &query, Names { agents, models }, &entries, &totals, &windows))
}
