//! Alerts and where they are sent.

mod delivery;
