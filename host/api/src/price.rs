//! What tokens cost.

use anvil_budget::{NewBand, PriceSource};
use anvil_types::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A price row, in US dollars per million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriceView {
    /// Names the row in ledger entries.
    pub id: String,
    /// The exact model id.
    pub model: String,
    /// `fast`, or none for the ordinary speed.
    pub speed: Option<String>,
    /// In force from this time on.
    pub from: Timestamp,
    /// Whether it is the row in force now.
    pub in_force: bool,
    /// The longest context, in tokens.
    pub context: u64,
    /// The longest answer, in tokens.
    pub max_output: u64,
    /// The bands, by rising length of the prompt.
    #[serde(deserialize_with = "bands")]
    pub bands: Vec<NewBand>,
    /// Where it comes from.
    pub source: PriceSource,
    /// Who set it at run time.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Bands of an answer: members that this version does not know are passed over, though a request that has
/// them is refused.
fn bands<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NewBand>, D::Error> {
    let bands = Vec::<Map<String, Value>>::deserialize(deserializer)?;
    let known = |(name, _): &(String, Value)| NewBand::MEMBERS.contains(&name.as_str());
    let read = |band: Map<String, Value>| serde_json::from_value(band.into_iter().filter(known).collect());
    bands.into_iter().map(read).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

/// `PUT /prices`: the price of a model, in US dollars per million tokens: `bands`, or the five prices alone.
/// What is absent of the rest is as in the row that is in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriceRequest {
    /// The exact model id.
    pub model: String,
    /// `fast`, or none for the ordinary speed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
    /// In force from this time on; else from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The longest context, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// The longest answer, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// True where a price of 0 is meant, so that nothing is to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<bool>,
    /// The bands, by rising length of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<NewBand>>,
    /// Input neither read from nor written to the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<f64>,
    /// Output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<f64>,
    /// Input written to the cache for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<f64>,
    /// Input written to the cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<f64>,
    /// Input read from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_band_of_an_answer_may_have_more_members_and_one_of_a_request_may_not() {
        let mut band = json!({
            "up_to": null, "input": 1.0, "output": 5.0, "cache_write_5m": 1.25, "cache_write_1h": 2.0, "cache_read": 0.1,
        });
        let names: Vec<&str> = band.as_object().expect("an object").keys().map(String::as_str).collect();
        let mut members = NewBand::MEMBERS;
        members.sort_unstable();
        assert_eq!(names, members, "a member that is not among them would be passed over");
        band["batch"] = json!(0.5);
        let row = json!({
            "id": "m@2026-11-23T10:00:00Z", "model": "m", "speed": null, "from": "2026-11-23T10:00:00Z", "in_force": true,
            "context": 200_000, "max_output": 8_000, "bands": [band], "source": "built_in", "by": null, "at": null,
        });
        let read: PriceView = serde_json::from_value(row).expect("it can be read");
        assert_eq!(read.bands[0].cache_read.to_bits(), 0.1_f64.to_bits());
        assert!(serde_json::from_value::<NewBand>(band).is_err());
    }
}
