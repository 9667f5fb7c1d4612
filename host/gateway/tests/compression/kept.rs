//! Beside the cache of replies: what is asked is known by the guest's own words, however they are sent.

use crate::bytes::{DATA, Sent, TIGHT, said};
use anvil_gateway::CallEnd;
use anvil_store::ReplyBounds;
use anvil_types::{Compression, Message, Origin, Reply, Role};
use std::time::Duration;

const BOUNDS: ReplyBounds = ReplyBounds { ttl: Duration::from_hours(24), entries: 1_000, bytes: 1_000_000 };

async fn replied(sent: &mut Sent, messages: Vec<Message>) -> Reply {
    let mut question = sent.question(messages);
    question.request.cacheable = true;
    let end = sent.gateway.call(question).wait().await;
    let CallEnd::Answered { answer: Ok(reply), .. } = end else { panic!("{end:?}") };
    reply
}

/// Where a reply came from, and what it says of what was sent.
fn told(reply: &Reply) -> (Origin, Option<&str>) {
    let told = reply.extras.iter().find(|(name, _)| name == "compression");
    (reply.origin, told.map(|(_, json)| json.as_str()))
}

#[tokio::test]
async fn a_kept_reply_is_known_by_the_guests_own_words_and_by_whether_something_may_be_left_out() {
    let code = "```rust\n// A comment that is left out where that may be.\nfn a() {}\n```\n";
    let own = || vec![said(Role::User, &format!("Look:\n\n{DATA}\n\n{code}"))];
    let as_sent = || vec![said(Role::User, &format!("Look:\n\n{TIGHT}\n\n{code}"))];
    let mut sent = Sent::with(Compression::Off, Some(BOUNDS)).await;
    assert_eq!(told(&replied(&mut sent, own()).await), (Origin::Live, None));
    // Without loss the answer is the same, and nothing is sent of it.
    sent.restart(Compression::On).await;
    assert_eq!(told(&replied(&mut sent, own()).await), (Origin::Cache, None));
    // Who asks in the words in which it would have been sent asks something else.
    assert_eq!(told(&replied(&mut sent, as_sent()).await), (Origin::Live, None));
    // Where something may be left out, only what was answered so answers, and says so.
    sent.restart(Compression::Lossy).await;
    let lossy = Some("\"lossy\"");
    assert_eq!(told(&replied(&mut sent, own()).await), (Origin::Live, lossy));
    assert_eq!(told(&replied(&mut sent, own()).await), (Origin::Cache, lossy));
    sent.restart(Compression::On).await;
    assert_eq!(told(&replied(&mut sent, own()).await), (Origin::Cache, None));
    assert_eq!(sent.upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_conversation_whose_beginning_a_kept_reply_answered_begins_where_it_is_sent() {
    let first = said(Role::User, &format!("Look:\n\n{DATA}"));
    let mut sent = Sent::with(Compression::Off, Some(BOUNDS)).await;
    assert_eq!(told(&replied(&mut sent, vec![first.clone()]).await), (Origin::Live, None));
    sent.restart(Compression::On).await;
    sent.next_job().await;
    assert_eq!(told(&replied(&mut sent, vec![first.clone()]).await), (Origin::Cache, None));
    // Another life of the host knows it by the ledger: no prompt of this job was sent as it is.
    sent.restart(Compression::On).await;
    let longer = vec![first, said(Role::Assistant, "Yes."), said(Role::User, &format!("And now?\n\n{DATA}"))];
    assert_eq!(told(&replied(&mut sent, longer).await), (Origin::Live, Some("\"on\"")));
    let request = sent.upstream.requests().pop().expect("one was sent");
    let (_, body) = request.split_once("\r\n\r\n").expect("a body");
    let tight = serde_json::to_string(TIGHT).expect("JSON");
    assert_eq!(body.matches(tight.trim_matches('"')).count(), 2, "{body}");
}
