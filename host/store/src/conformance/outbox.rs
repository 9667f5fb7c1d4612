//! Alerts, and the outbox of what is sent to people.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, next};
use crate::{AlertFilter, DeliveryFilter, DeliveryNext, DeliveryTried, DueDelivery, NewAlert, StoreError};
use anvil_types::words::{AlertCause, AlertKey, ThresholdReached, Used};
use anvil_types::{
    Alert, AlertId, AlertKind, AlertNews, AlertState, AlertWindow, Clock, Crossing, Delivery, DeliveryId,
    DeliveryState, EventKind, Nanodollars, Scope, UpstreamKind, Webhook, WebhookFormat,
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// A share of an agent's day.
pub(super) fn threshold(world: &World<'_>, agent: &str) -> NewAlert {
    let reached = ThresholdReached {
        crossing: Crossing {
            scope: Scope::Agent(agent.to_owned()),
            window: AlertWindow::Day,
            start: world.day().start,
            percent: 80,
        },
        share: 81,
        used: Used::Money {
            spent: Nanodollars::from_dollars(81),
            unknown: Nanodollars::ZERO,
            limit: Nanodollars::from_dollars(100),
        },
        resets_at: None,
    };
    NewAlert::of(UpstreamKind::Simulated, &AlertCause::Threshold(&reached))
}

/// Ends it.
pub(super) async fn resolve(world: &World<'_>, agent: &str) -> Option<AlertId> {
    let scope = Scope::Agent(agent.to_owned());
    let key = AlertKey::Threshold {
        upstream: UpstreamKind::Simulated,
        scope: &scope,
        window: AlertWindow::Day,
        percent: 80,
    };
    world.store().resolve_alert(&key).await.expect("a write works")
}

fn webhook(world: &World<'_>, name: &str) -> Webhook {
    Webhook {
        name: name.to_owned(),
        url: format!("https://{name}.example/hook"),
        format: WebhookFormat::Standard,
        secret: "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0".to_owned(),
        allow_private: false,
        disabled: None,
        created_at: world.clock.now(),
    }
}

pub(super) async fn hook(world: &World<'_>, name: &str) -> Webhook {
    let webhook = webhook(world, name);
    world.store().put_webhook(webhook.clone(), "ann").await.expect("there is room");
    webhook
}

pub(super) async fn raise(world: &World<'_>, key: &str) -> AlertId {
    let raised = world.store().raise_alert(threshold(world, key)).await.expect("a write works");
    raised.expect("none with this key is open")
}

async fn alert(world: &World<'_>, id: AlertId) -> Alert {
    world.store().alert(id).await.expect("a read works").expect("the alert is there")
}

async fn deliveries(world: &World<'_>, filter: DeliveryFilter) -> Vec<Delivery> {
    world.store().deliveries(DeliveryFilter { limit: 500, ..filter }).await.expect("a read works")
}

async fn all(world: &World<'_>) -> Vec<Delivery> {
    deliveries(world, DeliveryFilter::default()).await
}

pub(super) async fn due(world: &World<'_>, webhook: &str) -> Vec<DueDelivery> {
    world.store().due_deliveries(webhook, 100).await.expect("a read works")
}

async fn tried(world: &World<'_>, id: DeliveryId, status: u16, next: DeliveryNext) {
    let error = (next != DeliveryNext::Delivered).then(|| format!("HTTP {status}"));
    let tried = DeliveryTried { id, status: Some(status), error, next };
    world.store().delivery_tried(tried).await.expect("a write works");
}

pub async fn an_alert_fires_once_while_its_key_is_open(factory: &dyn Factory) {
    let world = World::new(factory).await;
    hook(&world, "ops").await;
    let mut tasks = Vec::new();
    for _ in 0..12 {
        let (store, new) = (world.store().clone(), threshold(&world, "day"));
        tasks.push(tokio::spawn(async move { store.raise_alert(new).await.expect("a write works") }));
    }
    let mut raised = Vec::new();
    for task in tasks {
        raised.extend(task.await.expect("no panic"));
    }
    assert_eq!(raised.len(), 1, "{raised:?}");
    let fired = alert(&world, raised[0]).await;
    let new = threshold(&world, "day");
    assert_eq!(
        (fired.state, fired.kind, fired.raised_at),
        (AlertState::Firing, new.kind(), world.clock.now())
    );
    assert_eq!((fired.crossing.as_ref(), &*fired.title), (new.crossing(), new.title()));
    assert_eq!((&*fired.detail, fired.upstream), (new.detail(), new.upstream()));
    assert_eq!(all(&world).await.len(), 1);
    assert_ne!(raise(&world, "month").await, raised[0], "another key is another alert");
    assert_eq!(world.store().firing_alerts().await.expect("a read works"), 2);
}

pub async fn an_alert_and_its_deliveries_are_one_step(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for name in ["ops", "slack"] {
        hook(&world, name).await;
    }
    let mut events = world.store().subscribe();
    let id = raise(&world, "day").await;
    // Who hears of it finds the outbox filled.
    let heard = next(&mut events).await;
    assert_eq!(heard.kind, EventKind::Alert { alert: id, state: AlertState::Firing });
    let queued = all(&world).await;
    assert_eq!(queued.len(), 2);
    for delivery in &queued {
        assert_eq!((delivery.alert, delivery.news), (id, AlertNews::Fired));
        assert_eq!((delivery.state, delivery.tries), (DeliveryState::Pending, 0));
        assert_eq!(delivery.next_at, Some(world.clock.now()));
        assert_eq!(delivery.message_id(), queued[0].message_id(), "one message to all");
    }
    assert_eq!(world.store().raise_alert(threshold(&world, "day")).await.expect("a write works"), None);
    assert_eq!(all(&world).await.len(), 2, "what does not fire is not sent");
}

pub async fn a_resolved_alert_is_told_and_its_key_is_free(factory: &dyn Factory) {
    let world = World::new(factory).await;
    hook(&world, "ops").await;
    let first = raise(&world, "day").await;
    world.wait(MINUTE);
    assert_eq!(resolve(&world, "day").await, Some(first));
    assert_eq!(resolve(&world, "day").await, None, "it is over");
    let resolved = alert(&world, first).await;
    assert_eq!((resolved.state, resolved.resolved_at), (AlertState::Resolved, Some(world.clock.now())));
    let second = raise(&world, "day").await;
    assert_ne!(first, second, "within one moment too");
    let news: Vec<_> = all(&world).await.into_iter().rev().map(|sent| (sent.alert, sent.news)).collect();
    assert_eq!(news[0], (first, AlertNews::Fired));
    assert!(news.contains(&(first, AlertNews::Resolved)) && news.contains(&(second, AlertNews::Fired)));
    assert_eq!(news.len(), 3);
}

pub async fn somebody_knows_of_an_alert(factory: &dyn Factory) {
    let world = World::new(factory).await;
    hook(&world, "ops").await;
    let id = raise(&world, "day").await;
    world.wait(MINUTE);
    let known = world.store().acknowledge_alert(id, "ann", "raised the limit").await.expect("a write works");
    assert_eq!(known.state, AlertState::Acknowledged);
    let acknowledged = known.acknowledged.clone().expect("somebody knows");
    assert_eq!((acknowledged.by.as_str(), acknowledged.note.as_str()), ("ann", "raised the limit"));
    assert_eq!(acknowledged.at, world.clock.now());
    assert_eq!(alert(&world, id).await, known);
    assert_eq!(world.store().firing_alerts().await.expect("a read works"), 0);
    let again = world.store().raise_alert(threshold(&world, "day")).await.expect("a write works");
    assert_eq!(again, None, "it is still open");
    resolve(&world, "day").await;
    let after = world.store().acknowledge_alert(id, "ben", "seen").await.expect("a write works");
    assert_eq!(after.state, AlertState::Resolved, "what is over stays over");
    assert_eq!(after.acknowledged.map(|known| known.by), Some("ben".to_owned()));
    let nobody = AlertId::new(world.clock.now(), 1);
    let error = world.store().acknowledge_alert(nobody, "ann", "").await.expect_err("there is none");
    assert!(matches!(error, StoreError::NoSuchAlert(id) if id == nobody), "{error}");
    let audit = world.store().audit(10).await.expect("a read works");
    assert_eq!(audit.iter().filter(|entry| entry.action == "alert.acknowledge").count(), 2);
}

pub async fn alerts_and_the_outbox_survive_a_restart(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let webhook = hook(&world, "ops").await;
    let id = raise(&world, "day").await;
    let sent = due(&world, "ops").await.remove(0).delivery;
    let retry = world.clock.now() + MINUTE;
    tried(&world, sent.id, 503, DeliveryNext::RetryAt(retry)).await;
    let (before, delivery) = (alert(&world, id).await, all(&world).await.remove(0));
    assert_eq!((delivery.tries, delivery.next_at, delivery.last_status), (1, Some(retry), Some(503)));
    world.crash().await;
    assert_eq!(alert(&world, id).await, before);
    assert_eq!(all(&world).await, std::slice::from_ref(&delivery));
    assert_eq!(world.store().webhooks().await.expect("a read works"), std::slice::from_ref(&webhook));
    let again = world.store().raise_alert(threshold(&world, "day")).await.expect("a write works");
    assert_eq!(again, None, "a restart fires nothing twice");
    assert_eq!(due(&world, "ops").await, [], "its time has not come");
    world.wait(MINUTE);
    let due = due(&world, "ops").await;
    assert_eq!(due, [DueDelivery { delivery: delivery.clone(), alert: before, webhook }]);
    assert_eq!(delivery.message_id(), sent.message_id());
}

pub async fn a_webhook_that_is_off_gets_nothing(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let off = Webhook { disabled: Some("lunch".to_owned()), ..webhook(&world, "off") };
    world.store().put_webhook(off.clone(), "ann").await.expect("there is room");
    hook(&world, "on").await;
    raise(&world, "day").await;
    let names: Vec<_> = all(&world).await.into_iter().map(|delivery| delivery.webhook).collect();
    assert_eq!(names, ["on"]);
    let error = world.store().test_webhook("off", "ann").await.expect_err("it is off");
    assert!(matches!(&error, StoreError::WebhookOff { why, .. } if why == "lunch"), "{error}");
    // What waits while it is off goes out when it is on again.
    let paused = Webhook { disabled: Some("lunch".to_owned()), ..webhook(&world, "on") };
    world.store().put_webhook(paused, "ann").await.expect("it is known");
    assert_eq!(due(&world, "on").await, []);
    assert_eq!(world.store().next_deliveries().await.expect("a read works"), []);
    hook(&world, "on").await;
    assert_eq!(due(&world, "on").await.len(), 1);
}

pub async fn each_webhook_has_its_own_times(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for name in ["fast", "slow"] {
        hook(&world, name).await;
    }
    raise(&world, "day").await;
    let now = world.clock.now();
    let next = world.store().next_deliveries().await.expect("a read works");
    assert_eq!(next, [("fast".to_owned(), now), ("slow".to_owned(), now)]);
    let (fast, slow) = (due(&world, "fast").await.remove(0), due(&world, "slow").await.remove(0));
    tried(&world, fast.delivery.id, 204, DeliveryNext::Delivered).await;
    tried(&world, slow.delivery.id, 500, DeliveryNext::RetryAt(now + MINUTE)).await;
    let next = world.store().next_deliveries().await.expect("a read works");
    assert_eq!(next, [("slow".to_owned(), now + MINUTE)]);
    assert_eq!(due(&world, "slow").await, []);
    world.wait(MINUTE);
    assert_eq!(due(&world, "slow").await.len(), 1);
    assert_eq!(due(&world, "fast").await, []);
    let done =
        deliveries(&world, DeliveryFilter { webhook: Some("fast".into()), ..DeliveryFilter::default() });
    let done = done.await.remove(0);
    assert_eq!((done.state, done.ended_at, done.next_at), (DeliveryState::Delivered, Some(now), None));
}

pub async fn a_resend_is_the_same_message(factory: &dyn Factory) {
    let world = World::new(factory).await;
    hook(&world, "ops").await;
    raise(&world, "day").await;
    let first = due(&world, "ops").await.remove(0).delivery;
    for next in [DeliveryNext::GiveUp, DeliveryNext::Delivered] {
        tried(&world, first.id, 500, next).await;
        assert_eq!(due(&world, "ops").await, []);
        world.wait(MINUTE);
        let again = world.store().redeliver(first.id, "ann").await.expect("its webhook is on");
        assert_eq!((again.id, again.state, again.ended_at), (first.id, DeliveryState::Pending, None));
        assert_eq!(again.message_id(), first.message_id());
        assert_eq!(due(&world, "ops").await.remove(0).delivery, again);
    }
    let nothing = DeliveryId::new(world.clock.now(), 1);
    let error = world.store().redeliver(nothing, "ann").await.expect_err("there is none");
    assert!(matches!(error, StoreError::NoSuchDelivery(id) if id == nothing), "{error}");
}

pub async fn a_receiver_that_is_gone_ends_its_webhook(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (gone, other) = (hook(&world, "gone").await, hook(&world, "other").await);
    raise(&world, "day").await;
    raise(&world, "month").await;
    let mut owed = due(&world, "gone").await;
    let (first, rest) = (owed.remove(0).delivery, owed.remove(0).delivery);
    // An answer from where the webhook no longer points ends nothing.
    tried(&world, rest.id, 410, DeliveryNext::DisableWebhook { url: "https://old.example".into() }).await;
    assert!(world.store().webhooks().await.expect("a read works").iter().all(|hook| hook.disabled.is_none()));
    raise(&world, "week").await;
    world.wait(MINUTE);
    tried(&world, first.id, 410, DeliveryNext::DisableWebhook { url: gone.url.clone() }).await;
    let webhooks = world.store().webhooks().await.expect("a read works");
    assert!(webhooks[0].disabled.as_deref().is_some_and(|why| why.contains("410")), "{webhooks:?}");
    assert_eq!(webhooks[1], other);
    let of = |name: &str| DeliveryFilter { webhook: Some(name.into()), ..DeliveryFilter::default() };
    let owed = deliveries(&world, of("gone")).await;
    assert_eq!(owed.len(), 3);
    assert!(owed.iter().all(|delivery| delivery.state == DeliveryState::Failed), "{owed:?}");
    // The others are told.
    assert_eq!(due(&world, "other").await.len(), 4);
    let told = world.store().alerts(AlertFilter { limit: 1, ..AlertFilter::default() });
    let told = told.await.expect("a read works").items.remove(0);
    assert_eq!((told.kind, told.state), (AlertKind::Webhook, AlertState::Firing));
    let error = world.store().redeliver(first.id, "ann").await.expect_err("it is off");
    assert!(matches!(error, StoreError::WebhookOff { .. }), "{error}");
    hook(&world, "gone").await;
    assert_eq!(alert(&world, told.id).await.state, AlertState::Resolved, "a new address ends the alert");
}

pub async fn a_deleted_webhook_is_owed_nothing(factory: &dyn Factory) {
    let world = World::new(factory).await;
    hook(&world, "ops").await;
    raise(&world, "day").await;
    let sent = due(&world, "ops").await.remove(0).delivery;
    assert!(world.store().delete_webhook("ops", "ann").await.expect("a write works"));
    assert!(!world.store().delete_webhook("ops", "ann").await.expect("a write works"));
    let failed = all(&world).await.remove(0);
    assert_eq!((failed.state, failed.next_at), (DeliveryState::Failed, None));
    // A try that was under way does not bring it back, not even for another webhook of that name.
    tried(&world, sent.id, 500, DeliveryNext::RetryAt(world.clock.now())).await;
    hook(&world, "ops").await;
    assert_eq!(due(&world, "ops").await, []);
    let counted = all(&world).await.remove(0);
    assert_eq!((counted.state, counted.tries), (DeliveryState::Failed, 1));
    tried(&world, sent.id, 200, DeliveryNext::Delivered).await;
    assert_eq!(all(&world).await[0].state, DeliveryState::Delivered, "it did arrive");
}

pub async fn a_test_goes_to_its_webhook_alone(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for name in ["ops", "other"] {
        hook(&world, name).await;
    }
    let mut sent = Vec::new();
    for _ in 0..2 {
        let delivery = world.store().test_webhook("ops", "ann").await.expect("it is on");
        assert_eq!((delivery.webhook.as_str(), delivery.state), ("ops", DeliveryState::Pending));
        let test = alert(&world, delivery.alert).await;
        assert_eq!((test.kind, test.state), (AlertKind::Test, AlertState::Resolved));
        sent.push(delivery.message_id());
    }
    assert_ne!(sent[0], sent[1], "each test is a message of its own");
    assert_eq!(due(&world, "other").await, []);
    assert_eq!(world.store().firing_alerts().await.expect("a read works"), 0);
    let error = world.store().test_webhook("none", "ann").await.expect_err("there is none");
    assert!(matches!(&error, StoreError::NoSuchWebhook(name) if name == "none"), "{error}");
}

pub async fn alerts_and_deliveries_come_in_pages(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    hook(&world, "ops").await;
    let mut ids = Vec::new();
    for turn in 0..13_u64 {
        ids.push(raise(&world, &format!("k{turn}")).await);
        world.wait(Duration::from_secs(1 + turn / 7));
    }
    for turn in [2, 5] {
        resolve(&world, &format!("k{turn}")).await;
    }
    world.store().acknowledge_alert(ids[3], "ann", "").await.expect("a write works");
    ids.reverse();
    for limit in [1, 5, 12, 13, 14] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let filter = AlertFilter { after, limit, ..AlertFilter::default() };
            let page = world.store().alerts(filter).await.expect("a read works");
            seen.extend(page.items.iter().map(|alert| alert.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ids, "{limit}");
    }
    for (states, count) in [
        (vec![AlertState::Firing], 10),
        (vec![AlertState::Acknowledged, AlertState::Resolved], 3),
        (vec![AlertState::Resolved], 2),
    ] {
        let filter = AlertFilter { states: states.clone(), limit: 500, after: None };
        let items = world.store().alerts(filter).await.expect("a read works").items;
        assert_eq!(items.len(), count, "{states:?}");
        assert!(items.iter().all(|alert| states.contains(&alert.state)));
    }
    let everything = all(&world).await;
    assert_eq!(everything.len(), 15);
    let first = world.store().deliveries(DeliveryFilter { limit: 6, ..DeliveryFilter::default() });
    let first = first.await.expect("a read works");
    let rest = DeliveryFilter { after: Some(first[5].id), ..DeliveryFilter::default() };
    assert_eq!([first, deliveries(&world, rest).await].concat(), everything);
    let of_one = DeliveryFilter { alert: Some(ids[7]), ..DeliveryFilter::default() };
    assert_eq!(deliveries(&world, of_one).await.len(), 2, "fired and resolved");
    let failed = DeliveryFilter { state: Some(DeliveryState::Failed), ..DeliveryFilter::default() };
    assert_eq!(deliveries(&world, failed).await, []);
    world.upstream = UpstreamKind::Live;
    world.crash().await;
    let live = world.store().alerts(AlertFilter { limit: 500, ..AlertFilter::default() });
    assert_eq!(live.await.expect("a read works").items, [], "each upstream has its own");
    assert_eq!(world.store().firing_alerts().await.expect("a read works"), 0);
}

pub async fn there_are_only_so_many_webhooks(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for number in 0..20 {
        hook(&world, &format!("hook-{number}")).await;
    }
    let error = world.store().put_webhook(webhook(&world, "one-more"), "ann").await.expect_err("full");
    assert!(matches!(error, StoreError::TooManyWebhooks(20)), "{error}");
    hook(&world, "hook-7").await;
}
