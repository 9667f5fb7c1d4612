//! Pure policy: prices, bounds, windows, admission, the brake, the choice of a model.
//!
//! No clock, no randomness, no I/O: every rule takes the time and the state that it judges. The store
//! calls these functions inside its transactions, so what is tested here is what decides there.

pub mod account;
pub mod admission;
pub mod answered;
pub mod batching;
pub mod books;
pub mod bound;
pub mod brake;
pub mod brake_history;
pub mod calendar;
pub mod choice;
pub mod circuit;
pub mod dearer;
pub mod early;
pub mod estimate;
pub mod features;
pub mod forecast;
pub mod model_map;
pub mod models;
pub mod moved;
#[cfg(feature = "conformance")]
pub mod oracle;
pub mod pressure;
pub mod price;
pub mod prompt_cache;
#[cfg(feature = "conformance")]
pub mod random;
pub mod rule;
pub mod saved;
pub mod score;
pub mod split;
pub mod task_budget;
pub mod thresholds;
pub mod throttle;
pub mod tree;
pub mod urgency;
pub mod week;
pub mod window;

pub use account::{Account, Change, WatchKey};
pub use admission::{Denial, LimitName, Standing, admit, decide, job_standing};
pub use answered::Answered;
pub use batching::{BatchRule, DayShape};
pub use books::{Books, Tally};
pub use bound::{InputSize, bound_input_tokens, least_input_tokens};
pub use brake::{BrakeCause, BrakeChange, evaluate_day};
pub use brake_history::{BrakeEntry, BrakeHistory, BrakeMove};
pub use calendar::{Calendar, Places};
pub use choice::{Candidate, Choice, ChoiceReason, Turn, choose};
pub use circuit::{Circuit, CircuitChange, CircuitReport, CircuitRule, CircuitState, Passage};
pub use dearer::Dearer;
pub use early::{EarlyCall, PassedCall, WentEarly, goes_early};
pub use estimate::{AnswerKind, Estimate, Estimator, SoFar, Whole};
pub use features::{RequestFields, asks_for_task_budget};
pub use forecast::{Ahead, Forecast, forecast};
pub use model_map::{ModelMap, tier_for};
pub use models::{cache_minimum, default_models, pool_of};
pub use moved::Moved;
pub use pressure::{PressureEffect, PressureSteps, percent_of, pressure_effect, pressure_percent};
pub use price::{Band, NewBand, NewPrice, PriceError, PriceRow, PriceSource, PriceTable, Rates, Zero};
pub use prompt_cache::warm::WarmPrompt;
pub use prompt_cache::{CacheTtl, Reads, Reuse};
pub use rule::{AnyLimits, AtMost, LimitsRule};
pub use saved::Saving;
pub use score::Score;
pub use split::{KINDS, Kinds, split};
pub use task_budget::{LEAST_TASK_BUDGET, takes_task_budget, task_budget};
pub use thresholds::{Share, Watch, WatchChange};
pub use throttle::{Burn, EvenBurn, even_burn};
pub use tree::{Branching, charge, grants};
pub use urgency::Urgency;
pub use week::WeekUse;
pub use window::{Amounts, WindowKind, WindowLimits, WindowSpan, Windows};
