//! Presets: sets of defaults for a plan.

use anvil_types::Nanodollars;
use std::fmt;

/// A set of defaults for a plan. What it does not say is as in `max-200`, whose values stand in the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// The $100 plan.
    Max100,
    /// The $200 plan.
    #[default]
    Max200,
    /// The API's Start tier.
    ApiStart,
    /// The API's Build tier.
    ApiBuild,
    /// For development: nothing is limited that would be noticed. Refused unless the upstream is simulated.
    UnlimitedDev,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Max100, Self::Max200, Self::ApiStart, Self::ApiBuild, Self::UnlimitedDev];

    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Max100 => "max-100",
            Self::Max200 => "max-200",
            Self::ApiStart => "api-start",
            Self::ApiBuild => "api-build",
            Self::UnlimitedDev => "unlimited-dev",
        }
    }

    /// The preset of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// For whom it is, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Max100 => "half of `max-200`, for a $100 plan",
            Self::Max200 => "the default: a $200 plan",
            Self::ApiStart => "an API key of the Start tier, $500 a month",
            Self::ApiBuild => "an API key of the Build tier, $1,000 a month",
            Self::UnlimitedDev => "no limit that would be noticed; only with the simulator",
        }
    }

    /// Agent slots that no setting can exceed.
    pub fn agents_hard(self) -> u32 {
        match self {
            Self::Max100 | Self::Max200 => 12,
            Self::ApiStart | Self::ApiBuild => 64,
            Self::UnlimitedDev => 256,
        }
    }

    /// Requests a minute that no setting can exceed.
    pub fn requests_hard(self) -> u32 {
        match self {
            Self::Max100 | Self::Max200 => 50,
            Self::ApiStart => 1_000,
            Self::ApiBuild => 5_000,
            Self::UnlimitedDev => 1_000_000,
        }
    }

    /// Dollars a month that no setting can exceed.
    pub fn month_hard(self) -> Nanodollars {
        match self {
            Self::Max100 | Self::Max200 => Nanodollars::from_dollars(5_000),
            Self::ApiStart => Nanodollars::from_dollars(500),
            Self::ApiBuild => Nanodollars::from_dollars(1_000),
            Self::UnlimitedDev => Nanodollars::from_dollars(1_000_000),
        }
    }

    /// Where it differs from the schema's defaults, as TOML.
    pub fn values(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Max100 => &[
                ("limits.hour_usd", "4.00"),
                ("limits.day_usd", "80.00"),
                ("limits.month_usd", "100.00"),
                ("limits.week_hours", "40"),
                ("limits.agents_min", "2"),
                ("limits.agents_max", "6"),
            ],
            Self::Max200 => &[],
            // Nine tenths of the tier's requests and of the smallest tokens-a-minute row, as 45 is of 50.
            Self::ApiStart => &[
                ("limits.hour_usd", "10.00"),
                ("limits.day_usd", "50.00"),
                ("limits.month_usd", "500.00"),
                ("limits.week_hours", "168"),
                ("limits.requests_per_minute", "900"),
                ("limits.input_tokens_per_minute", "450000"),
                ("limits.output_tokens_per_minute", "90000"),
                ("limits.max_input_tokens", "32000"),
                ("limits.max_output_tokens", "8000"),
                ("limits.agents_max", "20"),
                ("limits.queue_max", "1000"),
                ("pace.requests_per_minute_hard", "1000"),
                ("pace.burst", "50"),
            ],
            Self::ApiBuild => &[
                ("limits.hour_usd", "20.00"),
                ("limits.day_usd", "100.00"),
                ("limits.month_usd", "1000.00"),
                ("limits.week_hours", "168"),
                ("limits.requests_per_minute", "1800"),
                ("limits.input_tokens_per_minute", "1350000"),
                ("limits.output_tokens_per_minute", "270000"),
                ("limits.max_input_tokens", "32000"),
                ("limits.max_output_tokens", "8000"),
                ("limits.agents_min", "5"),
                ("limits.agents_max", "32"),
                ("limits.queue_max", "2000"),
                ("pace.requests_per_minute_hard", "2000"),
                ("pace.burst", "100"),
            ],
            Self::UnlimitedDev => &[
                ("limits.hour_usd", "1000000.00"),
                ("limits.day_usd", "1000000.00"),
                ("limits.month_usd", "1000000.00"),
                ("limits.week_hours", "168"),
                ("limits.job_usd", "1000.00"),
                ("limits.requests_per_minute", "900000"),
                ("limits.input_tokens_per_minute", "1000000000"),
                ("limits.output_tokens_per_minute", "1000000000"),
                ("limits.max_input_tokens", "1000000"),
                ("limits.max_output_tokens", "128000"),
                ("limits.agents_max", "64"),
                ("limits.queue_max", "100000"),
                ("pace.requests_per_minute_hard", "1000000"),
                ("pace.burst", "1000"),
            ],
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
