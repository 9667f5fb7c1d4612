//! Pure policy: prices, bounds, windows, admission, the brake, the choice of a model.
//!
//! No clock, no randomness, no I/O: every rule takes the time and the state that it judges. The store
//! calls these functions inside its transactions, so what is tested here is what decides there.

pub mod admission;
pub mod bound;
pub mod brake;
pub mod choice;
pub mod circuit;
pub mod estimate;
pub mod features;
pub mod pool;
pub mod price;
pub mod throttle;
pub mod window;

pub use admission::{Admission, LimitName, Standing, admit};
pub use bound::{InputSize, bound_input_tokens};
pub use brake::{BrakeCause, BrakeCauseKind, BrakeChange, evaluate_day};
pub use choice::{
    CacheTtl, Candidate, Choice, ChoiceReason, DowngradePolicy, ModelMap, Turn, choose, tier_for,
};
pub use circuit::{Circuit, CircuitChange, CircuitRule, CircuitState, Passage};
pub use estimate::{Estimate, Estimator};
pub use features::RequestFields;
pub use pool::pool_of;
pub use price::{Band, NewBand, NewPrice, PriceError, PriceRow, PriceSource, PriceTable, Rates};
pub use throttle::{Burn, EvenBurn, even_burn};
pub use window::{Amounts, WindowKind, WindowSpan, Windows};
