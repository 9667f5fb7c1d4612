//! The one door to Claude: admit, send, settle.
