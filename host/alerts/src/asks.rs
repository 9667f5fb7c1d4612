//! Questions that a message tells of, each with the link that answers it.
//!
//! The token of a link is made when the message is sent, and is nowhere but in it: the store has its hash. A message that
//! is sent again has other links, and those before stay good.

use crate::deliverer::DelivererParts;
use anvil_store::{DueDelivery, NewQuestionLink, StoreError, link_hash};
use anvil_types::{AlertKind, AlertNews, PersonQuestion};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use std::time::Duration;

/// The most questions of one message; the panel has the rest.
const MOST: u32 = 50;

/// What links are made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTerms {
    /// Where people reach the host: scheme, host and port.
    pub base: String,
    /// How long a link is good.
    pub valid_for: Duration,
}

/// A question, and the link that answers it where links are sent.
pub(crate) struct Asked {
    pub(crate) question: PersonQuestion,
    pub(crate) link: Option<String>,
}

/// What a message tells of questions.
#[derive(Default)]
pub(crate) struct Asks {
    /// Those that it has room for.
    pub(crate) asked: Vec<Asked>,
    /// Whether more are open; the panel has them.
    pub(crate) more: bool,
}

impl Asks {
    /// Whether there is a link among them.
    pub(crate) fn with_links(&self) -> bool {
        self.asked.iter().any(|asked| asked.link.is_some())
    }
}

/// The open questions that a delivery tells of, with new links.
pub(crate) async fn of(parts: &DelivererParts, due: &DueDelivery) -> Result<Asks, StoreError> {
    if due.alert.kind != AlertKind::Question || due.delivery.news != AlertNews::Fired {
        return Ok(Asks::default());
    }
    let mut questions = parts.store.questions_of_alert(due.alert.id, MOST + 1).await?;
    let more = questions.len() > MOST as usize;
    questions.truncate(MOST as usize);
    let Some(terms) = &parts.links else {
        let asked = questions.into_iter().map(|question| Asked { question, link: None }).collect();
        return Ok(Asks { asked, more });
    };
    let (mut asked, mut links) = (Vec::new(), Vec::new());
    for question in questions {
        let token = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
        links.push(NewQuestionLink {
            question: question.id,
            hash: link_hash(&token),
            webhook: due.webhook.name.clone(),
            valid_for: terms.valid_for,
        });
        let link = format!("{}/answer/{}/{token}", terms.base.trim_end_matches('/'), question.id);
        asked.push(Asked { question, link: Some(link) });
    }
    parts.store.link_questions(links).await?;
    Ok(Asks { asked, more })
}
