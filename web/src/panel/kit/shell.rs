//! What stands around every page: navigation, the strip with today's money, the brake.

use crate::panel::kit::money::Money;
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{BrakeStatus, Status};
use anvil_types::{JobId, Timestamp, UpstreamKind};
use askama::Template;
use askama::filters::HtmlSafe;

/// A page's place in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nav {
    Overview,
    Jobs,
    Questions,
    Submit,
    Schedules,
    Agents,
    Spend,
    Ledger,
    Limits,
    Plan,
    Alerts,
    /// A page that has no entry.
    Other,
}

/// An entry of the navigation.
pub(crate) struct Entry {
    pub(crate) href: &'static str,
    pub(crate) name: &'static str,
    pub(crate) here: bool,
    /// Whether the count of open questions stands with it.
    pub(crate) counts: bool,
}

/// What stands around every page.
pub(crate) struct Shell {
    pub(crate) title: String,
    pub(crate) nav: Nav,
    pub(crate) simulated: bool,
    pub(crate) strip: Strip,
    pub(crate) brake: BrakeBox,
    pub(crate) bell: Bell,
    pub(crate) asks: Asks,
    pub(crate) version: String,
    /// Where this page's events come from.
    pub(crate) live: String,
    /// The page's own time: whatever it shows as relative is relative to it.
    pub(crate) now: Timestamp,
}

impl Shell {
    /// Around a page that shows `status`, whose newest event is `last_event`; of one job where that is given.
    pub(crate) fn new(
        status: &Status,
        last_event: u64,
        job: Option<JobId>,
        nav: Nav,
        title: impl Into<String>,
    ) -> Self {
        let job = job.map(|job| format!("&job={job}")).unwrap_or_default();
        Self {
            title: title.into(),
            nav,
            simulated: status.upstream.kind == UpstreamKind::Simulated,
            strip: Strip::new(status),
            brake: BrakeBox::new(&status.brake, status.now),
            bell: Bell::new(status.alerts.firing),
            asks: Asks::new(status.questions.open),
            version: status.version.clone(),
            live: format!("/ui/events?after={last_event}{job}"),
            now: status.now,
        }
    }

    /// The shell as the host stands now. The newest event is read first, so that nothing which happens
    /// while the page is made is missed by it.
    pub(crate) async fn load(
        state: &WebState,
        nav: Nav,
        title: impl Into<String>,
    ) -> Result<(Self, Status), Problem> {
        Self::load_for(state, None, nav, title).await
    }

    /// The same for the page of one job.
    pub(crate) async fn load_for(
        state: &WebState,
        job: Option<JobId>,
        nav: Nav,
        title: impl Into<String>,
    ) -> Result<(Self, Status), Problem> {
        let last_event = state.control.events.last().await?;
        let status = state.control.status.get().await?;
        Ok((Self::new(&status, last_event, job, nav, title), status))
    }

    /// The navigation.
    pub(crate) fn entries(&self) -> [Entry; 10] {
        let entry =
            |nav, href, name| Entry { href, name, here: self.nav == nav, counts: nav == Nav::Questions };
        [
            entry(Nav::Overview, "/", "Overview"),
            entry(Nav::Jobs, "/jobs", "Jobs"),
            entry(Nav::Questions, "/questions", "Questions"),
            entry(Nav::Submit, "/submit", "Submit"),
            entry(Nav::Schedules, "/schedules", "Schedules"),
            entry(Nav::Agents, "/agents", "Agents"),
            entry(Nav::Spend, "/spend", "Spend"),
            entry(Nav::Ledger, "/ledger", "Ledger"),
            entry(Nav::Limits, "/limits", "Limits"),
            entry(Nav::Plan, "/plan", "Plan"),
        ]
    }
}

/// The strip at the top: today's money and what runs.
#[derive(Template)]
#[template(path = "kit/strip.html")]
pub(crate) struct Strip {
    spent: Money,
    limit: Money,
    bar: Bar,
    running: u32,
    slots: u32,
    waiting: u64,
}

impl HtmlSafe for Strip {}

impl Strip {
    pub(crate) fn new(status: &Status) -> Self {
        let day = &status.spend.day;
        Self {
            spent: day.spent_usd.into(),
            limit: day.limit_usd.into(),
            bar: Bar::new(day, "Today"),
            running: status.agents.running,
            slots: status.agents.slots,
            waiting: status.queue.queued + status.queue.parked,
        }
    }
}

/// The bell: how many alerts fire.
#[derive(Template)]
#[template(path = "kit/bell.html")]
pub(crate) struct Bell {
    firing: u64,
}

impl HtmlSafe for Bell {}

impl Bell {
    pub(crate) fn new(firing: u64) -> Self {
        Self { firing }
    }
}

/// How many questions to people are open.
#[derive(Template)]
#[template(path = "kit/asks.html")]
pub(crate) struct Asks {
    open: u64,
}

impl HtmlSafe for Asks {}

impl Asks {
    pub(crate) fn new(open: u64) -> Self {
        Self { open }
    }
}

/// A window's money as a bar. Drawn with SVG attributes, since the policy allows no inline style.
#[derive(Template)]
#[template(path = "kit/bar.html")]
pub(crate) struct Bar {
    pub(crate) label: String,
    /// Of 1000.
    settled: u32,
    unknown: u32,
    held: u32,
    pub(crate) tone: &'static str,
}

impl HtmlSafe for Bar {}

impl Bar {
    pub(crate) fn new(window: &anvil_api::WindowStatus, name: &str) -> Self {
        Self::of_money(window.spent_usd, window.unknown_usd, window.held_usd, window.limit_usd, name)
    }

    /// A window of an agent or an API key.
    pub(crate) fn of_scope(window: &anvil_api::ScopeWindowStatus, name: &str) -> Self {
        Self::of_money(window.spent_usd, window.unknown_usd, window.held_usd, window.limit_usd, name)
    }

    fn of_money(
        spent: anvil_types::Nanodollars,
        unknown: anvil_types::Nanodollars,
        held: anvil_types::Nanodollars,
        limit: anvil_types::Nanodollars,
        name: &str,
    ) -> Self {
        let end = |amount: anvil_types::Nanodollars| permille(amount.fraction_of(limit));
        let (first, second, third) = (end(spent.less(unknown)), end(spent), end(spent + held));
        let label = format!("{name}: {spent} of {limit} spent, {held} held");
        Self { label, settled: first, unknown: second - first, held: third - second, tone: tone(second) }
    }

    /// A part of a whole, without money: a bucket, hours of use.
    pub(crate) fn share(part: f64, whole: f64, label: String) -> Self {
        let settled = permille(if whole > 0.0 { part / whole } else { 1.0 });
        Self { label, settled, unknown: 0, held: 0, tone: tone(settled) }
    }

    /// Where the held part begins.
    fn spent(&self) -> u32 {
        self.settled + self.unknown
    }
}

/// How a bar this full looks.
pub(crate) fn tone(permille: u32) -> &'static str {
    match permille {
        0..800 => "calm",
        800..950 => "warn",
        _ => "bad",
    }
}

/// A fraction in thousandths, within the bar.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 … 1000 first")]
pub(crate) fn permille(fraction: f64) -> u32 {
    (fraction.clamp(0.0, 1.0) * 1000.0).round() as u32
}

/// The brake: a button, and what it opens.
#[derive(Template)]
#[template(path = "kit/brake_box.html")]
pub(crate) struct BrakeBox {
    pub(crate) engaged: bool,
    pub(crate) causes: Vec<Cause>,
}

impl HtmlSafe for BrakeBox {}

/// One cause of the brake.
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) by: Option<String>,
    pub(crate) since: When,
    pub(crate) until: Option<When>,
}

impl BrakeBox {
    pub(crate) fn new(brake: &BrakeStatus, now: Timestamp) -> Self {
        let causes = brake.causes.iter().map(|cause| Cause {
            reason: cause.reason.clone(),
            by: cause.by.clone(),
            since: When::relative(cause.since, now),
            until: cause.until.map(|until| When::relative(until, now)),
        });
        Self { engaged: brake.engaged, causes: causes.collect() }
    }
}
