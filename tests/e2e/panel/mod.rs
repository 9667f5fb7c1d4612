//! The panel.

mod browser;
