//! Webhooks: one that was switched off, one that is tested.

use super::AlertKey;
use super::text::AlertText;
use crate::UpstreamKind;

/// A webhook was switched off, for as long as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookGone<'a> {
    /// Its name.
    pub name: &'a str,
}

impl WebhookGone<'_> {
    /// Why nothing is sent to it any more.
    pub const WHY: &'static str = "its receiver answered 410 Gone";
}

impl AlertText for WebhookGone<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Webhook(self.name)
    }

    fn title(&self) -> String {
        format!("The webhook `{}` was switched off", self.name)
    }

    fn detail(&self) -> String {
        format!("{}. Give it another address, or delete it", Self::WHY)
    }
}

/// A person tests a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookTest<'a> {
    /// Its name.
    pub name: &'a str,
    /// Who tests it.
    pub by: &'a str,
}

impl AlertText for WebhookTest<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::WebhookTest(self.name)
    }

    fn title(&self) -> String {
        format!("A test of the webhook `{}`", self.name)
    }

    fn detail(&self) -> String {
        format!("Sent by {}. Nothing has happened, and nothing is to be done", self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_named_and_what_is_to_be_done_is_said() {
        let gone = WebhookGone { name: "ops" };
        assert_eq!(gone.title(), "The webhook `ops` was switched off");
        assert_eq!(gone.detail(), "its receiver answered 410 Gone. Give it another address, or delete it");
        let test = WebhookTest { name: "ops", by: "ann" };
        assert_eq!(test.title(), "A test of the webhook `ops`");
        assert_eq!(test.detail(), "Sent by ann. Nothing has happened, and nothing is to be done");
    }
}
