//! What a message says.

use crate::asks::{Asked, Asks};
use anvil_store::DueDelivery;
use anvil_types::{
    Alert, AlertKind, AlertNews, AlertWindow, QuestionSubject, Scope, Timestamp, UpstreamKind, WebhookFormat,
};
use serde::Serialize;
use serde_json::json;

/// The most characters of a text: the specification wants messages below 20 kB.
const MOST_CHARS: usize = 2_000;
/// How much of a question a message has, in bytes: with its link, fifty of them fit.
const PROMPT_BYTES: usize = 80;

/// The message of the specification. Thin: what is in it never changes, so that every try sends the
/// same bytes, but for links that answer questions; how the alert stands now is behind `data.url`.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: String,
    kind: AlertKind,
    upstream: UpstreamKind,
    title: String,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Limit<'a>>,
    raised_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<Timestamp>,
    url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    questions: Vec<Question>,
    /// Whether more are open than stand here; the panel has all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more_questions: bool,
}

/// A question that waits for an answer.
#[derive(Serialize)]
struct Question {
    id: String,
    subject: QuestionSubject,
    /// Its beginning: a stranger's text.
    prompt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_url: Option<String>,
}

/// The share of a limit that the alert is about.
#[derive(Serialize)]
struct Limit<'a> {
    scope: &'a Scope,
    window: AlertWindow,
    start: Timestamp,
    percent: u8,
}

/// The body of a delivery. `panel` is where the panel is.
pub(crate) fn body(due: &DueDelivery, panel: &str, asks: &Asks) -> Vec<u8> {
    let (alert, news) = (&due.alert, due.delivery.news);
    let url = format!("{}/alerts/{}", panel.trim_end_matches('/'), alert.id);
    let body = match due.webhook.format {
        WebhookFormat::Standard => serde_json::to_vec(&standard(alert, news, url, asks)),
        WebhookFormat::Slack => serde_json::to_vec(&json!({ "text": slack(alert, news, &url, asks) })),
    };
    body.expect("texts, numbers and times are JSON")
}

fn standard<'a>(alert: &'a Alert, news: AlertNews, url: String, asks: &Asks) -> Message<'a> {
    let resolved_at = alert.resolved_at.filter(|_| news == AlertNews::Resolved);
    Message {
        kind: match news {
            AlertNews::Fired => "alert.fired",
            AlertNews::Resolved => "alert.resolved",
        },
        timestamp: resolved_at.unwrap_or(alert.raised_at),
        data: Data {
            id: alert.id.to_string(),
            kind: alert.kind,
            upstream: alert.upstream,
            title: title(alert),
            detail: bounded(&alert.detail),
            limit: alert.crossing.as_ref().map(|crossing| Limit {
                scope: &crossing.scope,
                window: crossing.window,
                start: crossing.start,
                percent: crossing.percent,
            }),
            raised_at: alert.raised_at,
            resolved_at,
            url,
            more_questions: asks.more,
            questions: asks
                .asked
                .iter()
                .map(|asked| Question {
                    id: asked.question.id.to_string(),
                    subject: asked.question.subject,
                    prompt: prompt(asked),
                    answer_url: asked.link.clone(),
                })
                .collect(),
        },
    }
}

/// The beginning of what is asked.
fn prompt(asked: &Asked) -> String {
    let prompt = &asked.question.text.prompt;
    let beginning = &prompt[..prompt.floor_char_boundary(PROMPT_BYTES)];
    if beginning.len() < prompt.len() { format!("{beginning}…") } else { prompt.clone() }
}

fn slack(alert: &Alert, news: AlertNews, url: &str, asks: &Asks) -> String {
    let news = if news == AlertNews::Resolved { "Resolved: " } else { "" };
    let lines: Vec<_> = asks
        .asked
        .iter()
        .map(|asked| {
            let link = asked.link.as_ref().map(|link| format!(" <{link}|Answer>")).unwrap_or_default();
            format!("• {}{link}\n", escaped(&prompt(asked)).replace('\n', " "))
        })
        .collect();
    let more = if asks.more { "• and more, which the panel has\n" } else { "" };
    let lines = lines.concat() + more;
    format!(
        "*{news}{}*\n{}\n{lines}<{url}|Show in Anvil>",
        escaped(&title(alert)),
        escaped(&bounded(&alert.detail))
    )
}

/// Nobody is to take play money for real.
fn title(alert: &Alert) -> String {
    let mark = if alert.upstream == UpstreamKind::Simulated { "SIMULATED: " } else { "" };
    format!("{mark}{}", bounded(&alert.title))
}

fn bounded(text: &str) -> String {
    text.chars().take(MOST_CHARS).collect()
}

/// Agents name themselves, and Slack makes calls to people out of `<!channel>`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{AlertId, AlertState, Crossing, Delivery, DeliveryId, DeliveryState, Webhook};

    fn due(upstream: UpstreamKind, news: AlertNews, format: WebhookFormat) -> DueDelivery {
        let at = Timestamp::from_secs(1_795_442_712);
        let alert = Alert {
            id: AlertId::new(at, 7),
            upstream,
            kind: AlertKind::Threshold,
            state: AlertState::Resolved,
            crossing: Some(Crossing {
                scope: Scope::Agent("<!channel> & co".to_owned()),
                window: AlertWindow::Day,
                start: Timestamp::from_secs(1_795_392_000),
                percent: 80,
            }),
            title: "80 % of the day's limit of <!channel> & co is spent".to_owned(),
            detail: "x".repeat(100_000),
            raised_at: at,
            acknowledged: None,
            resolved_at: Some(Timestamp::from_secs(1_795_478_400)),
        };
        let delivery = Delivery {
            id: DeliveryId::new(at, 8),
            alert: alert.id,
            news,
            webhook: "ops".to_owned(),
            state: DeliveryState::Pending,
            tries: 0,
            next_at: Some(at),
            last_status: None,
            last_error: None,
            created_at: at,
            ended_at: None,
        };
        let webhook = Webhook {
            name: "ops".to_owned(),
            url: "https://ops.example".to_owned(),
            format,
            secret: String::new(),
            allow_private: false,
            disabled: None,
            created_at: at,
        };
        DueDelivery { delivery, alert, webhook }
    }

    fn read(due: &DueDelivery) -> serde_json::Value {
        let body = body(due, "http://127.0.0.1:8787/", &Asks::default());
        assert!(body.len() < 20_000, "{}", body.len());
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn a_message_has_the_form_of_the_specification() {
        let fired = read(&due(UpstreamKind::Live, AlertNews::Fired, WebhookFormat::Standard));
        assert_eq!(fired["type"], "alert.fired");
        assert_eq!(fired["timestamp"], "2026-11-23T14:05:12Z");
        let data = &fired["data"];
        assert_eq!(data["title"], "80 % of the day's limit of <!channel> & co is spent");
        assert_eq!(data["limit"]["scope"], "agent:<!channel> & co");
        assert_eq!((&data["limit"]["window"], &data["limit"]["percent"]), (&json!("day"), &json!(80)));
        let id = data["id"].as_str().expect("an id");
        assert_eq!(data["url"], format!("http://127.0.0.1:8787/alerts/{id}"));
        assert!(data.get("resolved_at").is_none(), "that was not known when it fired");
        let resolved = read(&due(UpstreamKind::Live, AlertNews::Resolved, WebhookFormat::Standard));
        assert_eq!(
            (&resolved["type"], &resolved["timestamp"]),
            (&json!("alert.resolved"), &resolved["data"]["resolved_at"])
        );
    }

    #[test]
    fn play_money_says_so() {
        for format in [WebhookFormat::Standard, WebhookFormat::Slack] {
            let text = |upstream| read(&due(upstream, AlertNews::Fired, format)).to_string();
            assert!(text(UpstreamKind::Simulated).contains("SIMULATED"), "{format:?}");
            assert!(!text(UpstreamKind::Live).contains("SIMULATED"), "{format:?}");
        }
    }

    #[test]
    fn slack_is_given_text_that_calls_nobody() {
        let message = read(&due(UpstreamKind::Simulated, AlertNews::Resolved, WebhookFormat::Slack));
        let text = message["text"].as_str().expect("a text");
        assert!(
            text.starts_with("*Resolved: SIMULATED: 80 % of the day's limit of &lt;!channel&gt; &amp; co"),
            "{text}"
        );
        assert!(text.contains("<http://127.0.0.1:8787/alerts/"), "{text}");
    }
}
