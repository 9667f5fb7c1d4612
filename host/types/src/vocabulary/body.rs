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
    }
}

vocabulary! {
    /// What changes neither what bounds a cost nor a price.
    FreeField {
        /// Texts that end the answer.
        StopSequences = "stop_sequences";
        /// How far the answer may stray.
        Temperature = "temperature";
        /// Likewise.
        TopP = "top_p";
        /// Likewise.
        TopK = "top_k";
        /// Whose request it is.
        Metadata = "metadata";
    }
}

impl RequestOption {
    /// Where an answer's effort stands within [`Self::OutputConfig`].
    pub const EFFORT: &'static str = "output_config.effort";

    /// The option that is a field of the body under this name.
    pub fn in_body(name: &str) -> Option<Self> {
        Self::named(name).filter(|option| *option != Self::Tier)
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
        assert_eq!(in_body.count() + 1, RequestOption::ALL.len());
        let (config, _) = RequestOption::EFFORT.split_once('.').expect("a field within another");
        assert_eq!(RequestOption::named(config), Some(RequestOption::OutputConfig));
    }
}
