//! Pure policy: prices, bounds, windows, admission, the brake, the choice of a model.
//!
//! No clock, no randomness, no I/O: every rule takes the time and the state that it judges. The store
//! calls these functions inside its transactions, so what is tested here is what decides there.

pub mod admission;
pub mod bound;
pub mod brake;
pub mod choice;
pub mod features;
pub mod price;
pub mod throttle;
pub mod window;

pub use admission::{Admission, LimitName, Standing, admit};
pub use bound::{InputSize, bound_input_tokens, estimate_input_tokens};
pub use brake::{BrakeCause, BrakeCauseKind, BrakeChange, evaluate_day};
pub use choice::{
    CacheTtl, Candidate, Choice, ChoiceReason, DowngradePolicy, ModelMap, Turn, choose, tier_for,
};
pub use features::RequestFields;
pub use price::{Band, NewBand, NewPrice, PriceError, PriceRow, PriceSource, PriceTable, Rates};
pub use throttle::{Burn, EvenBurn, even_burn};
pub use window::{Amounts, WindowKind, WindowSpan, Windows};
