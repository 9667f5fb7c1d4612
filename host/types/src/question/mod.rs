//! Questions to people: what something that waits asks, and how it was answered.
//!
//! Nothing here knows of guests: a question belongs to *something that waits* ([`QuestionSubject`]), which is a job now.

mod answer;
mod bounds;
mod durable;
mod text;

pub use answer::{AskError, PersonAnswer};
pub use bounds::QuestionFault;
pub use durable::{PersonQuestion, QuestionState, QuestionSubject};
pub use text::{QuestionChoice, QuestionText};
