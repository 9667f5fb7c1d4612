//! Prompts are sent shorter where they mean the same: what is sent, byte for byte, and what that costs by the simulator's own
//! bill.

#[path = "compression/bytes.rs"]
mod bytes;
mod clocked;
#[path = "compression/dollars.rs"]
mod dollars;
#[path = "compression/kept.rs"]
mod kept;
mod scene;
#[path = "../../compress/tests/transcripts/mod.rs"]
mod transcripts;
#[path = "wire/upstream.rs"]
#[allow(dead_code, reason = "each test binary uses its part")]
mod upstream;
