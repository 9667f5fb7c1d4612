//! Plugins: how they come, and what the worst of them may do.

mod code;
mod cold;
mod crimes;
mod five;
mod folder;
mod gallery;
mod hostile;
mod limits;
mod mutants;
mod prebuilt;
mod swap;
