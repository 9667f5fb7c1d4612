//! Full-text search.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::World;
use crate::{Finish, JobFilter, JobPage, ReadyAgent};
use anvil_types::{JobError, JobId, JobState, Json, NewJob, Priority};
use std::time::Duration;

pub(super) fn search(typed: &str) -> JobFilter {
    JobFilter { search: Some(typed.to_owned()), limit: 500, ..JobFilter::default() }
}

/// A page of a search that has caught up.
async fn page(world: &World<'_>, filter: JobFilter) -> JobPage {
    for _ in 0..2_000 {
        let page = world.store().jobs(filter.clone()).await.expect("a search is never an error");
        if page.behind == 0 {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the search does not catch up");
}

pub(super) async fn found(world: &World<'_>, filter: JobFilter) -> Vec<JobId> {
    page(world, filter).await.items.iter().map(|job| job.id).collect()
}

fn json(text: &str) -> Json {
    text.parse().expect("JSON")
}

async fn submit(world: &World<'_>, payload: &str) -> JobId {
    world.submit(NewJob { payload: json(payload), ..world.new_job() }).await
}

pub async fn words_of_payload_result_and_error_are_found(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let waiting = submit(&world, r#"{"text":"the otter\nswims, Größe 42"}"#).await;
    let done = submit(&world, r#"["beaver"]"#).await;
    let failed = submit(&world, r#"["heron"]"#).await;
    assert_eq!(found(&world, search("beaver")).await, [done]);
    let mut claimed = world.claim(3).await;
    claimed.retain(|claimed| claimed.job.id != waiting);
    for claimed in claimed {
        let finish = if claimed.job.id == done {
            Finish::Succeeded { result: json(r#"{"built":"a lodge"}"#) }
        } else {
            let error = JobError { kind: "bad-reply".to_owned(), message: "no fish in it".to_owned() };
            Finish::Failed { error }
        };
        world.store().finish(claimed.lease, finish).await.expect("current");
    }
    for (typed, expected) in [
        ("otter", vec![waiting]),
        ("SWIMS", vec![waiting]),
        ("nswims", vec![]),
        ("grosse", vec![waiting]),
        ("große", vec![waiting]),
        ("grosse 42", vec![waiting]),
        ("grosse 43", vec![]),
        ("text 42", vec![waiting]),
        ("beaver lodge", vec![done]),
        ("beaver fish", vec![]),
        ("fish", vec![failed]),
        ("bad-reply heron", vec![failed]),
        ("reply bad", vec![failed]),
        ("badger", vec![]),
    ] {
        assert_eq!(found(&world, search(typed)).await, expected, "{typed}");
    }
}

pub async fn phrases_and_beginnings_are_found(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let one = submit(&world, r#"{"path":"src/main_loop.rs","text":"red green blue"}"#).await;
    let two = submit(&world, r#"{"text":"green red blues"}"#).await;
    for (typed, expected) in [
        ("red green", vec![two, one]),
        ("\"red green\"", vec![one]),
        ("blue", vec![one]),
        ("blue*", vec![two, one]),
        ("\"red blu\"*", vec![two]),
        ("main_loop.rs", vec![one]),
        ("loop_main.rs", vec![]),
        ("src/main*", vec![one]),
    ] {
        assert_eq!(found(&world, search(typed)).await, expected, "{typed}");
    }
}

pub async fn any_part_of_a_text_without_spaces_is_found(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let japanese = submit(&world, r#"{"text":"日本語テキスト検索"}"#).await;
    let chinese = submit(&world, r#"["我们明天去北京大学看朋友, invoice 42"]"#).await;
    let thai = submit(&world, r#""ฉันกินข้าวกับเพื่อน""#).await;
    let long = "k".repeat(200);
    let blob = submit(&world, &format!("\"{long}\"")).await;
    for (typed, expected) in [
        ("日本", vec![japanese]),
        ("本語テ", vec![japanese]),
        ("検索", vec![japanese]),
        ("索", vec![japanese]),
        ("日本語テキスト検索", vec![japanese]),
        ("本日", vec![]),
        ("北京", vec![chinese]),
        ("京大学看", vec![chinese]),
        ("\"朋友, invoice\"", vec![chinese]),
        ("大 invoice", vec![chinese]),
        ("北学", vec![]),
        ("กินข้าว", vec![thai]),
        ("เพื่อน", vec![thai]),
        (long.as_str(), vec![blob]),
    ] {
        assert_eq!(found(&world, search(typed)).await, expected, "{typed}");
    }
}

pub async fn a_search_with_filters_finds_what_a_look_at_each_job_would(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut jobs = Vec::new();
    for turn in 0..48_usize {
        let new = NewJob {
            agent: ["writer", "tester"][turn % 2].into(),
            tags: vec![["red", "green", "blue"][turn % 3].into(), "with space, and \"quotes\"".into()],
            priority: Priority::ALL[turn % 4],
            payload: json(&format!(r#"{{"word":"common {}"}}"#, ["apple", "pear"][turn / 2 % 2])),
            ..world.new_job()
        };
        jobs.push(world.submit(new).await);
        world.wait(Duration::from_secs(1));
    }
    let mut claim = world.claim_of(20);
    claim.agents.push(ReadyAgent { name: "tester".to_owned(), ..claim.agents[0].clone() });
    for (turn, claimed) in world.store().claim(claim).await.expect("a claim").into_iter().enumerate() {
        match turn % 3 {
            0 => drop(world.succeed(claimed.lease).await),
            1 => drop(world.store().cancel(claimed.job.id, "ann").await.expect("it runs")),
            _ => {}
        }
    }
    let mut whole = Vec::new();
    for id in jobs.iter().rev() {
        whole.push(world.job(*id).await);
    }
    let states: [&[JobState]; 4] =
        [&[], &[JobState::Succeeded], &[JobState::Running, JobState::Cancelled], &[JobState::Queued]];
    for word in ["common", "apple"] {
        for states in states {
            for agent in [None, Some("writer"), Some("nobody")] {
                for tag in [None, Some("green"), Some("with space, and \"quotes\"")] {
                    for priority in [None, Some(Priority::Low)] {
                        let filter = JobFilter {
                            states: states.to_vec(),
                            agent: agent.map(str::to_owned),
                            tag: tag.map(str::to_owned),
                            priority,
                            ..search(word)
                        };
                        let fits = whole
                            .iter()
                            .filter(|job| filter.lets_through(job) && job.payload.as_str().contains(word));
                        let expected: Vec<JobId> = fits.map(|job| job.id).collect();
                        assert_eq!(found(&world, filter.clone()).await, expected, "{filter:?}");
                    }
                }
            }
        }
    }
}

pub async fn pages_of_a_search_come_newest_first_and_complete(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let mut expected = Vec::new();
    for turn in 0..23_u64 {
        let id = submit(&world, &format!(r#"["needle in {turn}"]"#)).await;
        submit(&world, r#"["hay"]"#).await;
        expected.push(id);
        world.wait(Duration::from_secs(turn / 7));
    }
    expected.reverse();
    for limit in [1, 7, 22, 23, 24] {
        let mut ids = Vec::new();
        let mut after = None;
        for _ in 0..100 {
            let page = page(&world, JobFilter { after, limit, ..search("needle") }).await;
            assert!(page.items.len() <= limit as usize);
            ids.extend(page.items.iter().map(|job| job.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(ids, expected, "{limit}");
    }
}

pub async fn nothing_that_is_typed_is_an_error(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = submit(&world, r#"["plain"]"#).await;
    let signs =
        ["\"", "*", "(", ")", "{", "}", ":", "^", "-", "+", "'", ";", "\0", "\u{1b}", "\\", "%", "\u{fffd}"];
    for sign in signs {
        for typed in [
            sign.to_owned(),
            sign.repeat(7),
            format!("plain {sign}"),
            format!("{sign} plain"),
            format!("plain{sign}"),
            format!("{sign}plain{sign}"),
        ] {
            let expected = if typed.contains("plain") { vec![id] } else { vec![] };
            assert_eq!(found(&world, search(&typed)).await, expected, "{typed:?}");
        }
    }
    for typed in ["AND", "OR plain", "NEAR(plain)", "text : plain", "plain NOT plain", "NOT", "rowid", "𝐀𝐀 *"]
    {
        page(&world, search(typed)).await;
    }
    page(&world, search(&"plain ".repeat(10_000))).await;
    page(&world, search(&"x".repeat(100_000))).await;
}

pub async fn a_job_that_runs_again_is_found_by_its_new_state(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let id = submit(&world, r#"["otter"]"#).await;
    world.store().cancel(id, "ann").await.expect("it waits");
    let of = |state| JobFilter { states: vec![state], ..search("otter") };
    assert_eq!(found(&world, of(JobState::Cancelled)).await, [id]);
    world.store().retry(id, "ann").await.expect("it was cancelled");
    assert_eq!(found(&world, of(JobState::Queued)).await, [id]);
    assert_eq!(found(&world, of(JobState::Cancelled)).await, []);
    let lease = world.claim_one().await.lease;
    world.store().finish(lease, Finish::Succeeded { result: json(r#"["beaver"]"#) }).await.expect("current");
    assert_eq!(found(&world, search("otter beaver")).await, [id]);
}

pub async fn a_search_goes_on_after_a_restart(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, submit(&world, r#"["otter"]"#).await);
        // Whether or not the index had seen it.
        world.crash().await;
    }
    assert_eq!(found(&world, search("otter")).await, expected);
}
