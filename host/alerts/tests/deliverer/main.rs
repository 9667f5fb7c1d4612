//! The outbox reaches its receivers, over real connections, on a clock that the tests drive.

mod receiver;
mod world;

use anvil_store::DeliveryFilter;
use anvil_types::words::AlertKey;
use anvil_types::{Clock, DeliveryState, WebhookFormat};
use receiver::{Receiver, Reply};
use std::time::Duration;
use world::World;

#[tokio::test]
async fn an_alert_arrives_once_and_another_implementation_verifies_it() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(204)).await;
    let webhook = world.hook("ops", &receiver.url("/hook?key=1")).await;
    let deliverer = world.deliverer();
    let alert = world.raise("day").await;
    let heard = receiver.next().await;
    let theirs = standardwebhooks::Webhook::new(&webhook.secret).expect("a secret");
    theirs.verify(&heard.body, &heard.headers).expect("a good signature");
    assert!(theirs.verify(b"{}", &heard.headers).is_err(), "of this body alone");
    assert_eq!(heard.path, "/hook?key=1");
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(heard.id(), format!("msg_{alert}_fired"));
    let body = heard.json();
    assert_eq!(
        (body["type"].as_str(), body["data"]["id"].as_str()),
        (Some("alert.fired"), Some(&*alert.to_string()))
    );
    assert_eq!(body["data"]["url"], format!("http://127.0.0.1:8787/alerts/{alert}"));
    assert!(body["data"]["title"].as_str().is_some_and(|title| title.starts_with("SIMULATED: ")), "{body}");
    let done = world.settled("ops", 1).await;
    assert_eq!((done.state, done.tries, done.last_status), (DeliveryState::Delivered, 1, Some(204)));
    world.store.resolve_alert(&AlertKey::Plugin("day")).await.expect("a write works");
    assert_eq!(receiver.next().await.json()["type"], "alert.resolved");
    deliverer.stop(Duration::from_secs(5)).await;
    receiver.heard_no_more().await;
}

#[tokio::test]
async fn a_dead_receiver_is_tried_on_the_schedule_and_then_given_up() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(500)).await;
    world.hook("ops", &receiver.url("/")).await;
    let _deliverer = world.deliverer();
    world.raise("day").await;
    let first = receiver.next().await;
    for (tries, wait) in
        (1..).zip([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map(Duration::from_secs))
    {
        let tried = world.settled("ops", tries).await;
        assert_eq!((tried.state, tried.last_status), (DeliveryState::Pending, Some(500)));
        let next = tried.next_at.expect("it is tried again");
        let now = world.clock.now();
        // What has passed since the try counts too.
        assert!(
            next > now + wait.mul_f64(0.9) && next <= now + wait.mul_f64(1.1),
            "{tries}: {:?}",
            next.since(now)
        );
        assert!(tried.last_error.is_some_and(|error| error.contains("HTTP 500")));
        world.clock.advance(next.since(now));
        let again = receiver.next().await;
        assert_eq!((again.id(), &again.body), (first.id(), &first.body), "the same message");
    }
    let given_up = world.settled("ops", 10).await;
    assert_eq!((given_up.state, given_up.next_at), (DeliveryState::Failed, None));
    world.clock.advance(Duration::from_hours(100));
    receiver.heard_no_more().await;
    // A person sends it once more.
    receiver.replies(Reply::status(200));
    world.store.redeliver(given_up.id, "ann").await.expect("its webhook is on");
    assert_eq!(receiver.next().await.id(), first.id());
    assert_eq!(world.settled("ops", 11).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_receiver_that_asks_for_patience_has_it() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(429).header("retry-after", "1000")).await;
    world.hook("ops", &receiver.url("/")).await;
    let _deliverer = world.deliverer();
    world.raise("day").await;
    receiver.next().await;
    let tried = world.settled("ops", 1).await;
    let wait = tried.next_at.expect("it is tried again").since(world.clock.now());
    assert!(wait > Duration::from_mins(15) && wait <= Duration::from_secs(1_000), "{wait:?}");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_called_no_more() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(410)).await;
    world.hook("ops", &receiver.url("/")).await;
    let _deliverer = world.deliverer();
    world.raise("day").await;
    receiver.next().await;
    assert_eq!(world.settled("ops", 1).await.state, DeliveryState::Failed);
    let webhook = world.store.webhooks().await.expect("a read works").remove(0);
    assert!(webhook.disabled.is_some_and(|why| why.contains("410")));
    world.raise("month").await;
    world.clock.advance(Duration::from_hours(100));
    receiver.heard_no_more().await;
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    let world = World::new();
    let mut elsewhere = Receiver::start(Reply::status(200)).await;
    let mut receiver = Receiver::start(Reply::status(307).header("location", &elsewhere.url("/"))).await;
    world.hook("ops", &receiver.url("/")).await;
    let _deliverer = world.deliverer();
    world.raise("day").await;
    receiver.next().await;
    let tried = world.settled("ops", 1).await;
    assert_eq!((tried.state, tried.last_status), (DeliveryState::Pending, Some(307)));
    elsewhere.heard_no_more().await;
}

#[tokio::test]
async fn a_private_address_is_not_connected_to_by_number_or_by_name() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(200)).await;
    let port = receiver.port();
    for (name, host) in [("number", "127.0.0.1"), ("short", "127.1"), ("name", "localhost")] {
        // Past the check that comes first: what is connected to is judged again.
        world.hook_as(name, &format!("http://{host}:{port}/"), WebhookFormat::Standard, false).await;
    }
    let _deliverer = world.deliverer();
    world.raise("day").await;
    for name in ["number", "short", "name"] {
        let tried = world.settled(name, 1).await;
        assert_eq!((tried.state, tried.last_status), (DeliveryState::Pending, None));
        assert!(
            tried.last_error.as_ref().is_some_and(|error| error.contains("no public address")),
            "{tried:?}"
        );
    }
    receiver.heard_no_more().await;
}

#[tokio::test]
async fn a_slow_receiver_delays_no_other() {
    let world = World::new();
    let mut slow = Receiver::start(Reply::never()).await;
    let mut quick = Receiver::start(Reply::status(200)).await;
    world.hook("a-slow", &slow.url("/")).await;
    world.hook("quick", &quick.url("/")).await;
    let _deliverer = world.deliverer();
    for turn in 0..12 {
        world.raise(&format!("k{turn}")).await;
    }
    // The slow one never answers, and the quick one has all twelve.
    slow.next().await;
    for _ in 0..12 {
        quick.next().await;
    }
    let under_way = 1 + slow.heard_so_far();
    assert!(under_way <= 4, "{under_way} at once to one receiver");
}

#[tokio::test]
async fn what_was_on_its_way_when_the_host_ended_is_sent_again() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::never()).await;
    world.hook("ops", &receiver.url("/")).await;
    let deliverer = world.deliverer();
    world.raise("day").await;
    let first = receiver.next().await;
    deliverer.stop(Duration::ZERO).await;
    receiver.replies(Reply::status(200));
    let _deliverer = world.deliverer();
    assert_eq!(receiver.next().await.id(), first.id());
    assert_eq!(world.settled("ops", 1).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn slack_gets_a_text() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(200)).await;
    world.hook_as("slack", &receiver.url("/services/x"), WebhookFormat::Slack, true).await;
    let _deliverer = world.deliverer();
    world.raise("day").await;
    let body = receiver.next().await.json();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1));
    assert!(
        body["text"]
            .as_str()
            .is_some_and(|text| text.starts_with("*SIMULATED: A plugin could not be loaded")),
        "{body}"
    );
}

#[tokio::test]
async fn a_long_answer_is_not_read_to_its_end() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(500).body("spam \u{1b}[31m ".repeat(1_000_000))).await;
    world.hook("ops", &receiver.url("/")).await;
    let _deliverer = world.deliverer();
    world.raise("day").await;
    receiver.next().await;
    let error = world.settled("ops", 1).await.last_error.expect("it failed");
    assert!(error.len() < 500 && error.contains("spam") && !error.contains('\u{1b}'), "{error}");
    let log = world.store.deliveries(DeliveryFilter { limit: 5, ..DeliveryFilter::default() }).await;
    assert_eq!(log.expect("a read works").len(), 1);
}

#[tokio::test]
async fn what_is_owed_arrives_after_the_task_that_sends_it_died() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(200)).await;
    world.hook("ops", &receiver.url("/")).await;
    let deliverer = world.deliverer();
    for (turn, key) in (1..).zip(["day", "month"]) {
        world.supervisor.strike("the deliveries to webhooks");
        while world.supervisor.falls() < turn {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.raise(key).await;
        receiver.next().await;
    }
    deliverer.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_question_comes_with_a_link_whose_token_is_nowhere_else() {
    let world = World::new();
    let mut receiver = Receiver::start(Reply::status(500)).await;
    world.hook("ops", &receiver.url("/")).await;
    let question = world.asks("Ship it?").await;
    let deliverer = world.deliverer();
    let heard = receiver.next().await.json();
    let told = &heard["data"]["questions"][0];
    assert_eq!(
        (told["prompt"].as_str(), told["id"].as_str()),
        (Some("Ship it?"), Some(&*question.id.to_string()))
    );
    let link = told["answer_url"].as_str().expect("a link").to_owned();
    let token =
        link.strip_prefix(&format!("https://anvil.example/answer/{}/", question.id)).expect("a token");
    assert!(token.len() >= 43, "{token}");
    let linked =
        world.store.linked_question(question.id, anvil_store::link_hash(token)).await.expect("it is good");
    assert_eq!(linked.id, question.id);
    // The receiver repeats what it was sent; the log has none of it.
    world.settled("ops", 1).await;
    receiver.replies(Reply::status(500).body(format!("could not open {link}")));
    world.clock.advance(Duration::from_secs(10));
    let again = receiver.next().await.json();
    assert_ne!(
        again["data"]["questions"][0]["answer_url"].as_str(),
        Some(link.as_str()),
        "each try has its own"
    );
    let tried = world.settled("ops", 2).await;
    assert_eq!(tried.last_error.as_deref(), Some("HTTP 500"));
    assert!(
        world.store.linked_question(question.id, anvil_store::link_hash(token)).await.is_ok(),
        "both are good"
    );
    deliverer.stop(Duration::from_secs(5)).await;
}
