//! Questions to people.

use anvil_types::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /questions/{id}/answer`: a person's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerRequest {
    /// The answer: the value of a choice or a text as a JSON string, or what the question's schema describes.
    pub answer: Json,
}
