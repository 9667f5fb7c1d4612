//! Agents that ask people.

use super::AlertKey;
use super::text::AlertText;
use crate::{Timestamp, UpstreamKind};

/// An agent asks people, for as long as one of the questions that this was told of is open. Questions that are asked
/// within a short time are told of together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentAsks<'a> {
    /// Who asks.
    pub asker: &'a str,
    /// When the message goes out that tells of them.
    pub rings_at: Timestamp,
    /// Whether it has a link to answer each.
    pub with_links: bool,
}

impl AlertText for AgentAsks<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::AgentAsks { upstream, asker: self.asker, rings_at: self.rings_at }
    }

    fn title(&self) -> String {
        format!("`{}` asks, and waits for an answer", self.asker)
    }

    fn detail(&self) -> String {
        let links = if self.with_links {
            "The message that tells of it has a link to answer each question"
        } else {
            "The message that tells of it has no link to answer without signing in, since server.public_url is not set"
        };
        format!("Answer on the page Questions, or with anvil questions answer. {links}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_says_whether_there_are_links_and_why_not() {
        let asks = |with_links| AgentAsks { asker: "writer", rings_at: Timestamp::default(), with_links };
        assert_eq!(asks(true).title(), "`writer` asks, and waits for an answer");
        assert!(asks(true).detail().ends_with("has a link to answer each question."));
        assert!(asks(false).detail().ends_with("since server.public_url is not set."));
    }
}
