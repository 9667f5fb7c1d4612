//! What tokens cost: the rows in force, where each comes from, and setting one.

use crate::ask::{Form, Who};
use crate::panel::kit::answer::{html, see_other};
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::{When, absolute};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::PriceView;
use anvil_budget::{NewBand, PriceSource};
use anvil_control::{PriceWish, SubmitError};
use anvil_types::Timestamp;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The page.
#[derive(Template)]
#[template(path = "prices/page.html")]
pub(crate) struct PricesPage {
    pub(crate) shell: Shell,
    rows: Vec<PriceRow>,
    fields: Vec<Field>,
    free: bool,
    error: Option<String>,
}

/// One band of one row.
struct PriceRow {
    id: String,
    /// The first band of its row.
    first: bool,
    model: String,
    prompt: String,
    prices: [String; 5],
    source: String,
    when: Option<When>,
    set_here: bool,
}

/// A field of the form.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    required: bool,
}

/// Name, label and hint of each field of the form.
const FIELDS: [(&str, &str, &str); 9] = [
    ("model", "Model", "the exact id"),
    ("input", "Input", ""),
    ("output", "Output", ""),
    ("cache_write_5m", "Cache write, 5 minutes", ""),
    ("cache_write_1h", "Cache write, 1 hour", ""),
    ("cache_read", "Cache read", ""),
    ("from", "From", "as in 2026-12-01T00:00:00Z; empty: from now on"),
    ("context", "Longest context", "tokens; empty: as it is"),
    ("max_output", "Longest answer", "tokens; empty: as it is"),
];

impl PricesPage {
    pub(crate) fn new(
        shell: Shell,
        prices: &[PriceView],
        form: Option<&Form>,
        error: Option<String>,
    ) -> Self {
        let now = shell.now;
        let in_force = prices.iter().filter(|price| price.in_force || price.source == PriceSource::RunTime);
        let fields = FIELDS.map(|(name, label, hint)| Field {
            name,
            label,
            hint,
            value: form.map(|form| form.text(name).to_owned()).unwrap_or_default(),
            required: !hint.contains("empty"),
        });
        Self {
            shell,
            rows: in_force.flat_map(|price| rows(price, now)).collect(),
            fields: fields.into(),
            free: form.is_some_and(|form| !form.text("free").is_empty()),
            error,
        }
    }
}

fn rows(price: &PriceView, now: Timestamp) -> Vec<PriceRow> {
    let model = match &price.speed {
        None => price.model.clone(),
        Some(speed) => format!("{} ({speed})", price.model),
    };
    let source = match price.source {
        PriceSource::BuiltIn => "built in".to_owned(),
        PriceSource::File => "price file".to_owned(),
        PriceSource::RunTime if price.in_force => {
            format!("set by {}", price.by.as_deref().unwrap_or("somebody"))
        }
        PriceSource::RunTime => {
            format!("set by {}, from {} on", price.by.as_deref().unwrap_or("somebody"), absolute(price.from))
        }
    };
    let bands = price.bands.iter().enumerate();
    bands
        .map(|(at, band)| PriceRow {
            id: price.id.clone(),
            first: at == 0,
            model: model.clone(),
            prompt: band.up_to.map_or_else(
                || if at == 0 { "any".to_owned() } else { "longer".to_owned() },
                |up_to| format!("to {}", crate::panel::kit::numbers::thousands(up_to)),
            ),
            prices: [band.input, band.output, band.cache_write_5m, band.cache_write_1h, band.cache_read]
                .map(|usd| usd.to_string()),
            source: source.clone(),
            when: price.at.map(|at| When::relative(at, now)),
            set_here: price.source == PriceSource::RunTime,
        })
        .collect()
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Limits, "Prices").await?;
    html(&PricesPage::new(shell, &state.control.prices.all().await?, None, None))
}

pub(super) async fn set(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let done = match form.text("reset") {
        "" => match wish(&form) {
            Ok(wish) => state.control.prices.set(wish, by).await.map(drop),
            Err(error) => Err(SubmitError::Invalid(error)),
        },
        id => state.control.prices.reset(id, by).await.map(drop),
    };
    match done {
        Ok(()) => Ok(see_other("/prices")),
        Err(SubmitError::Invalid(error)) => {
            let (shell, _) = Shell::load(&state, Nav::Limits, "Prices").await?;
            let page = PricesPage::new(shell, &state.control.prices.all().await?, Some(&form), Some(error));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn wish(form: &Form) -> Result<PriceWish, String> {
    let usd = |name: &str| {
        let text = form.text(name).trim();
        text.parse::<f64>()
            .ok()
            .filter(|usd| usd.is_finite() && *usd >= 0.0)
            .ok_or_else(|| format!("{name} is `{text}`; it has to be a number of dollars per million tokens"))
    };
    let tokens = |name: &str| match form.text(name).trim() {
        "" => Ok(None),
        text => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_| format!("{name} is `{text}`; it has to be a number of tokens")),
    };
    let from = match form.text("from").trim() {
        "" => None,
        text => Some(
            text.parse::<Timestamp>()
                .map_err(|_| format!("from is `{text}`; it has to be a time, as in 2026-12-01T00:00:00Z"))?,
        ),
    };
    let band = NewBand {
        up_to: None,
        input: usd("input")?,
        output: usd("output")?,
        cache_write_5m: usd("cache_write_5m")?,
        cache_write_1h: usd("cache_write_1h")?,
        cache_read: usd("cache_read")?,
    };
    Ok(PriceWish {
        model: form.text("model").trim().to_owned(),
        speed: None,
        from,
        context: tokens("context")?,
        max_output: tokens("max_output")?,
        bands: Some(vec![band]),
        free: !form.text("free").is_empty(),
    })
}
