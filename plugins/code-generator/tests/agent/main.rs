//! The agent from outside: answers in, files out; and the whole flow against a Claude that is played.

mod answers;
mod claude;
mod flow;
mod joins;
mod mending;
mod prompts;
mod properties;
mod soundness;
