//! What tokens cost, where each price comes from, and setting one at run time.

use crate::SubmitError;
use crate::parts::ControlParts;
use anvil_api::PriceView;
use anvil_budget::{NewBand, NewPrice, PriceRow, PriceTable, Zero};
use anvil_gateway::Gateway;
use anvil_store::{Store, StoreError};
use anvil_types::words::BadValue;
use anvil_types::{Clock, Nanodollars, Timestamp};
use std::sync::Arc;

/// A price that a person sets; what is absent is as in the row that is in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceWish {
    /// The exact model id.
    pub model: String,
    /// `fast`, or none for the ordinary speed.
    pub speed: Option<String>,
    /// In force from this time on; else from now.
    pub from: Option<Timestamp>,
    /// The longest context, in tokens.
    pub context: Option<u64>,
    /// The longest answer, in tokens.
    pub max_output: Option<u64>,
    /// The bands.
    pub bands: Option<Vec<NewBand>>,
    /// Whether a price of zero is meant.
    pub free: bool,
}

/// What tokens cost.
pub struct PriceControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
}

impl PriceControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone(), gateway: parts.gateway.clone(), clock: parts.clock.clone() }
    }

    /// The prices in force.
    pub fn table(&self) -> Arc<PriceTable> {
        self.gateway.prices()
    }

    /// Every price row, by model and rising time.
    pub async fn all(&self) -> Result<Vec<PriceView>, StoreError> {
        let table = self.gateway.prices();
        let changes = self.store.prices().await?;
        let now = self.clock.now();
        let mut views: Vec<_> = table
            .rows()
            .iter()
            .map(|row| {
                let in_force = table.row(&row.model, row.speed.as_deref(), now) == Ok(row);
                let change = changes.iter().find(|change| change.price.id() == row.id);
                view(row, in_force, change.map(|change| (change.by.clone(), change.at)))
            })
            .collect();
        views.sort_by(|one, other| {
            (&one.model, &one.speed, one.from).cmp(&(&other.model, &other.speed, other.from))
        });
        Ok(views)
    }

    /// Sets a price. `SubmitError::Invalid` where it makes no sense.
    pub async fn set(&self, wish: PriceWish, by: &str) -> Result<PriceView, SubmitError> {
        let now = self.clock.now();
        let table = self.gateway.prices();
        let present = table.row(&wish.model, wish.speed.as_deref(), now).ok();
        let missing = |part| SubmitError::from(BadValue::NoPrice { model: wish.model.clone(), part });
        let new = NewPrice {
            context: wish.context.or(present.map(|row| row.context)).ok_or_else(|| missing("context"))?,
            max_output: wish
                .max_output
                .or(present.map(|row| row.max_output))
                .ok_or_else(|| missing("max_output"))?,
            bands: wish.bands.clone().or(present.map(bands)).ok_or_else(|| missing("bands"))?,
            model: wish.model.clone(),
            speed: wish.speed.clone(),
            from: wish.from.unwrap_or(now),
        };
        new.check(if wish.free { Zero::Meant } else { Zero::Refused }).map_err(SubmitError::Invalid)?;
        // What makes no sense must not be kept.
        table
            .with_changes(std::slice::from_ref(&new))
            .map_err(|error| SubmitError::Invalid(error.to_string()))?;
        self.store.set_price(new.clone(), by).await?;
        self.changed().await?;
        let views = self.all().await?;
        let id = new.id();
        views.into_iter().find(|view| view.id == id).ok_or_else(|| missing("model"))
    }

    /// Takes a price away that was set at run time. Answers whether there was one.
    pub async fn reset(&self, id: &str, by: &str) -> Result<bool, SubmitError> {
        let gone = self.store.reset_price(id, by).await?;
        self.changed().await?;
        Ok(gone)
    }

    pub(crate) async fn changed(&self) -> Result<(), SubmitError> {
        self.gateway.prices_changed().await.map_err(|error| SubmitError::Invalid(error.to_string()))
    }
}

fn view(row: &PriceRow, in_force: bool, change: Option<(String, Timestamp)>) -> PriceView {
    let (by, at) = change.unzip();
    PriceView {
        id: row.id.clone(),
        model: row.model.clone(),
        speed: row.speed.clone(),
        from: row.from,
        in_force,
        context: row.context,
        max_output: row.max_output,
        bands: bands(row),
        source: row.source,
        by,
        at,
    }
}

fn bands(row: &PriceRow) -> Vec<NewBand> {
    let usd = |nano: i64| Nanodollars::new(nano).usd();
    let bands = row.bands.iter().map(|band| NewBand {
        up_to: band.up_to,
        input: usd(band.rates.input),
        output: usd(band.rates.output),
        cache_write_5m: usd(band.rates.cache_write_5m),
        cache_write_1h: usd(band.rates.cache_write_1h),
        cache_read: usd(band.rates.cache_read),
    });
    bands.collect()
}
