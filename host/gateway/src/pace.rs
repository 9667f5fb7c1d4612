//! What the gateway tells the pace: what answers' headers say, and what an earlier life of the host sent.

pub(crate) mod headers;
pub(crate) mod recent;

pub(crate) use anvil_pace::{Expected, Pace, Recent, Spent, Ticket, throttle};
