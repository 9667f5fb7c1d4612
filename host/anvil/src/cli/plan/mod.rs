//! `anvil plan`.

mod csv;
mod foretold;
mod shown;
mod work;

use super::Globals;
use super::serve::pair;
use crate::answer::Answer;
use crate::connect::{connect, settings};
use crate::failure::{Exit, Failure};
use crate::serve::parts::prices;
use crate::serve::planned::{planned_host, planned_presets};
use crate::show::{print, print_json, print_raw};
use anvil_api::{PlanAnswer, PlanQuestion, PlannedJobs, Predictions};
use anvil_types::{Clock as _, LimitsPatch, SystemClock, Timestamp};
use clap::Args;
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;

/// Lets the work of some days pass through the host's own decisions (admission, pace, throttle, slots, the choice of a tier,
/// prompt caching) in simulated time, by the settings as `anvil serve` would read them here. Nothing is asked of anybody and
/// nothing is spent.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct PlanArgs {
    /// Plan with a preset in place of the settings: max-100, max-200, api-start, api-build or unlimited-dev.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Another limit, as in --limit hour_usd=20; can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    limit: Vec<(String, String)>,
    /// Jobs of one kind, as in --job per_day=200,calls=3,input_tokens=3000,output_tokens=600,call_s=8,tier=sonnet,hours=9-17;
    /// can be given several times. What is left out is usual.
    #[arg(long, value_name = "NAME=VALUE,…", value_parser = work::jobs, conflicts_with = "measured")]
    job: Vec<PlannedJobs>,
    /// Plan with the work that the running host's own ledger has, and with its limits in force.
    #[arg(long)]
    measured: bool,
    /// What the running host predicted of its own days, once a day for the coming seven, and what then happened.
    #[arg(long, conflicts_with_all = [
        "preset", "limit", "job", "measured", "days", "from", "seed", "what_if", "csv",
    ])]
    predictions: bool,
    /// How many days.
    #[arg(long, value_name = "COUNT", default_value_t = 30)]
    days: u32,
    /// When they begin, as in 2026-12-01T00:00:00Z; else with the next month.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// The number by which chance is drawn: the same number, the same plan.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Look at what each saving changes, and at what each limit doubled and the next preset would give.
    #[arg(long)]
    what_if: bool,
    /// Print the days as CSV.
    #[arg(long)]
    csv: bool,
}

impl PlanArgs {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<Exit, Failure> {
        if self.csv && globals.json {
            return Err(Failure::Usage("`--csv` and `--json` are two forms; choose one of them".to_owned()));
        }
        if self.predictions {
            let client = connect(globals)?;
            let answer: Answer<Predictions> = client.get(&["plan", "predictions"], &[]).await?;
            answer.show(globals.json, foretold::predictions)?;
            return Ok(Exit::Done);
        }
        let question = self.question()?;
        if self.measured {
            let client = connect(globals)?;
            let answer: Answer<PlanAnswer> = client.send(Method::POST, &["plan"], &question).await?;
            if self.csv {
                print_raw(csv::days(&answer.read()?).as_bytes())?;
            } else {
                answer.show(globals.json, shown::plan)?;
            }
            return Ok(Exit::Done);
        }
        let settings = settings(globals)?;
        let own = planned_host(&settings, Arc::new(prices(&settings)?));
        let presets = planned_presets(&own);
        let answer = anvil_plan::answer(&question, &own, &presets, SystemClock::new().now(), &|| true);
        let answer = answer.map_err(|error| Failure::Usage(error.to_string()))?;
        if globals.json {
            print_json(&json!(answer))?;
        } else if self.csv {
            print_raw(csv::days(&answer).as_bytes())?;
        } else {
            print(&shown::plan(&answer))?;
        }
        Ok(Exit::Done)
    }

    fn question(&self) -> Result<PlanQuestion, Failure> {
        Ok(PlanQuestion {
            preset: self.preset.clone(),
            limits: limits(&self.limit)?,
            jobs: self.job.clone(),
            measured: self.measured,
            days: Some(self.days),
            from: self.from,
            seed: self.seed,
            what_if: self.what_if,
        })
    }
}

/// Limits as they are given, each a number.
fn limits(given: &[(String, String)]) -> Result<LimitsPatch, Failure> {
    let mut named = serde_json::Map::new();
    for (name, text) in given {
        if !LimitsPatch::NAMES.contains(&name.as_str()) {
            let nearest = anvil_types::nearest::by_slips(name, LimitsPatch::NAMES.iter().copied());
            let nearest = nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
            return Err(Failure::Usage(format!("there is no limit `{name}`{nearest}")));
        }
        let digits = text.trim().trim_start_matches('$').replace('_', "");
        let number: serde_json::Number = digits.parse().map_err(|_| {
            Failure::Usage(format!("`{name}={text}`: the value of a limit is a number, as in day_usd=20"))
        })?;
        named.insert(name.clone(), number.into());
    }
    serde_json::from_value(named.into()).map_err(|error| Failure::Usage(format!("--limit: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Nanodollars;

    #[test]
    fn limits_are_read_and_a_misspelt_one_is_named() {
        let given = [("hour_usd".to_owned(), "$20".to_owned()), ("agents_max".to_owned(), "1_2".to_owned())];
        let read = limits(&given).expect("limits");
        assert_eq!((read.hour_usd, read.agents_max), (Some(Nanodollars::from_dollars(20)), Some(12)));
        let wrong = |name: &str, value: &str| {
            format!("{:?}", limits(&[(name.to_owned(), value.to_owned())]).expect_err("refused"))
        };
        assert!(wrong("hour_us", "1").contains("hour_usd"));
        assert!(wrong("hour_usd", "much").contains("a number"));
        assert!(wrong("agents_max", "1.5").contains("--limit"));
    }
}
