//! The host itself: its time, its tasks, and whether Claude answers it.

mod clock;
mod fallen;
mod probe;
