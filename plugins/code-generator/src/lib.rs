//! Agent: plans and writes code, asking Claude.
