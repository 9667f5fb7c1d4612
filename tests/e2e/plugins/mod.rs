//! Plugins: how they come, and what the worst of them may do.

mod cold;
mod folder;
mod hostile;
