//! The fields of a request's body.
//!
//! Source: `POST /v1/messages`, `anthropic-version: 2023-06-01`. A field that is none of these may have effects and costs
//! that nobody here can bound.

use super::vocabulary;

vocabulary! {
    /// What a request is made of, whoever asks.
    RequestPart {
        /// The exact id of a model.
        Model = "model";
        /// The most output tokens.
        MaxTokens = "max_tokens";
        /// Whether the answer comes piece by piece.
        Stream = "stream";
        /// Standing instructions.
        System = "system";
        /// The conversation.
        Messages = "messages";
        /// What Claude may ask for.
        Tools = "tools";
    }
}

vocabulary! {
    /// What an agent may say beside what its request is made of.
    RequestOption {
        /// A tier by its name, in place of an effort. For the host alone: it is no field of the body.
        Tier = "tier";
        /// Whether and which tools are to be used.
        ToolChoice = "tool_choice";
        /// Whether Claude thinks before it answers.
        Thinking = "thinking";
        /// The form of the answer, and how much work goes into it.
        OutputConfig = "output_config";
        /// How long the prompt is kept.
        CacheControl = "cache_control";
        /// How far the answer may stray.
        Temperature = "temperature";
        /// Likewise.
        TopP = "top_p";
        /// Likewise.
        TopK = "top_k";
        /// Whose request it is.
        Metadata = "metadata";
        /// Which capacity answers.
        ServiceTier = "service_tier";
        /// Where it is answered.
        InferenceGeo = "inference_geo";
        /// How fast it is answered.
        Speed = "speed";
        /// How many tokens a whole tool loop may take, as Claude is told. In the body it stands within
        /// [`Self::OutputConfig`].
        TaskBudget = "task_budget";
    }
}

vocabulary! {
    /// What changes neither what bounds a cost nor a price.
    FreeField {
        /// Texts that end the answer.
        StopSequences = "stop_sequences";
    }
}

impl RequestOption {
    /// Where an answer's effort stands within [`Self::OutputConfig`].
    pub const EFFORT: &'static str = "output_config.effort";

    /// The option that is a field of the body under this name.
    pub fn in_body(name: &str) -> Option<Self> {
        Self::named(name).filter(|option| !matches!(option, Self::Tier | Self::TaskBudget))
    }

    /// Whether another price holds by it than that of the model's ordinary row: only who chooses the row can take it.
    pub fn has_a_price(self) -> bool {
        matches!(self, Self::ServiceTier | Self::InferenceGeo | Self::Speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tier_is_an_option_and_no_field_of_the_body() {
        assert_eq!(RequestOption::named("tier"), Some(RequestOption::Tier));
        assert_eq!(RequestOption::in_body("tier"), None);
        let in_body = RequestOption::NAMES.iter().filter(|name| RequestOption::in_body(name).is_some());
        assert_eq!(in_body.count() + 2, RequestOption::ALL.len());
        let (config, _) = RequestOption::EFFORT.split_once('.').expect("a field within another");
        assert_eq!(RequestOption::named(config), Some(RequestOption::OutputConfig));
    }
}
