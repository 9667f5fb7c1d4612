//! Who goes when: requests and tokens a minute, the throttle near a limit, the order of waiting, the line for money and
//! pace, and how many agents work beside each other.
//!
//! Policy alone: the time comes from the clock that is handed in or is told, and nothing here waits, stores or sends.
//! The gateway and the runner carry out what is decided here; the planner lets a month of it pass without them.

pub mod line;
mod order;
mod pace;
mod renewed;
pub mod scale;
pub mod throttle;
mod told;

pub use line::{HeldBack, InLine, Line, LineHead, LineStep, PaceTaken, Pumped};
pub use order::{LinePlace, WaitOrder};
pub use pace::{Expected, Pace, Recent, Refusal, Spent, Ticket};
pub use throttle::{Charge, PaceTurn, Throttle, Throttled, ThrottledCall};
pub use told::{Told, ToldBucket};
