//! Questions to people: each is there once, is answered once, and what waits for it goes on.

#![expect(missing_docs, reason = "the names are sentences")]

use super::team::{ask, one_of};
use super::world::{AGENT, LEASE, wide};
use super::{Factory, World};
use crate::testing::{question_rules, question_text};
use crate::{
    Answerer, Claimed, Finish, JournalEntry, JournalKind, JournalWrite, NewQuestion, NewQuestionLink,
    QuestionFilter, QuestionFound, QuestionKey, QuestionRules, StoreError,
};
use anvil_types::{
    AlertKind, AlertState, Clock as _, JobError, JobState, Json, PersonAnswer, PersonQuestion, QuestionId,
    QuestionState, QuestionSubject, QuestionText, WaitReason,
};
use std::time::Duration;

const MONTH: Duration = Duration::from_hours(31 * 24);

fn asking(claimed: &Claimed, what: u8, occurrence: u32, text: QuestionText) -> NewQuestion {
    NewQuestion {
        key: QuestionKey {
            subject: QuestionSubject::Job(claimed.job.id),
            request_hash: [what; 32],
            occurrence,
        },
        asker: AGENT.to_owned(),
        text,
        rules: question_rules(),
    }
}

async fn park(world: &World<'_>, claimed: &Claimed, what: u8) {
    park_with(world, claimed, asking(claimed, what, 0, question_text("Ship it?"))).await;
}

async fn park_with(world: &World<'_>, claimed: &Claimed, question: NewQuestion) {
    world.store().park_asking(claimed.lease, question, 0).await.expect("the lease is current");
}

async fn all(world: &World<'_>) -> Vec<PersonQuestion> {
    let filter = QuestionFilter { limit: 500, ..QuestionFilter::default() };
    let mut items = world.store().questions(filter).await.expect("a read works").items;
    items.reverse();
    items
}

async fn only(world: &World<'_>) -> PersonQuestion {
    let mut all = all(world).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.pop().expect("one")
}

async fn answer(world: &World<'_>, id: QuestionId, text: &str) -> Result<PersonQuestion, StoreError> {
    world.store().answer_question(id, Json::of(text), Answerer::Person("ann".to_owned())).await
}

async fn found(world: &World<'_>, claimed: &Claimed, what: u8) -> QuestionFound {
    let key = asking(claimed, what, 0, question_text("")).key;
    world.store().find_question(key, AGENT, question_rules()).await.expect("a read works")
}

fn limited(seconds: u64, default: Option<&str>) -> QuestionText {
    QuestionText {
        time_limit_ms: Some(seconds * 1_000),
        default: default.map(Json::of),
        ..question_text("Ship it?")
    }
}

async fn log(world: &World<'_>, claimed: &Claimed) -> String {
    let lines = world.store().log(claimed.job.id, 0, 100).await.expect("a read works");
    let lines: Vec<_> = lines.iter().map(|line| format!("{}: {}", line.source, line.line)).collect();
    lines.join("\n")
}

pub async fn a_job_that_asks_waits_for_a_person_and_uses_up_nothing(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    park(&world, &claimed, 1).await;
    let job = world.job(claimed.job.id).await;
    let wait = job.waiting_for.expect("it waits");
    assert_eq!((job.state, wait.reason, wait.until), (JobState::Parked, WaitReason::Person, None));
    assert!(wait.detail.contains("Ship it?"), "{}", wait.detail);
    let question = only(&world).await;
    assert_eq!((question.state, question.text), (QuestionState::Open, question_text("Ship it?")));
    assert_eq!(world.store().open_questions().await.expect("a read works"), 1);
    let before = job.attempts;
    world.wait(MONTH);
    assert!(world.claim(1).await.is_empty(), "time alone answers nothing");
    let answered = answer(&world, question.id, "yes").await.expect("it is open");
    assert_eq!((answered.state, answered.answered_by.as_deref()), (QuestionState::Answered, Some("ann")));
    let again = world.claim_one().await;
    assert_eq!((again.job.id, again.job.attempts), (claimed.job.id, before));
    let at = answered.closed_at.expect("it is over");
    let told = PersonAnswer { value: Json::of("yes"), who: Some("ann".to_owned()), at };
    assert_eq!(found(&world, &claimed, 1).await, QuestionFound::Closed(Ok(told)));
    assert!(log(&world, &claimed).await.contains("host: ann answered: \"yes\""));
    let audit = world.store().audit(10).await.expect("a read works");
    assert!(audit.iter().any(|entry| entry.action == "question.answer" && entry.by == "ann"), "{audit:?}");
}

pub async fn a_question_is_answered_once_and_a_second_one_is_told_by_whom(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    park(&world, &claimed, 1).await;
    let id = only(&world).await.id;
    let (one, other) = tokio::join!(answer(&world, id, "yes"), answer(&world, id, "no"));
    let refused = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    let [StoreError::QuestionAnswered { by, .. }] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(by, "ann");
    let nobody = QuestionId::new(world.clock.now(), 99);
    assert!(matches!(answer(&world, nobody, "yes").await, Err(StoreError::NoSuchQuestion(_))));
}

pub async fn a_question_is_there_once_over_crashes_cuts_and_retries(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let claimed = world.running().await;
    park(&world, &claimed, 1).await;
    let id = only(&world).await.id;
    world.crash().await;
    // A person puts it back, it comes to the same question, and waits for the same.
    world.store().resume_job(claimed.job.id, "ann").await.expect("it is parked");
    let claimed = world.claim_one().await;
    park(&world, &claimed, 1).await;
    assert_eq!(only(&world).await.id, id);
    answer(&world, id, "yes").await.expect("it is open");
    let claimed = world.claim_one().await;
    world.crash().await;
    let claimed = Claimed { lease: world.claim_one().await.lease, ..claimed };
    // Its answer is journalled, and the journal is cut; then the attempt fails.
    let entry = JournalEntry {
        position: 0,
        kind: JournalKind::Question,
        request_hash: [1; 32],
        answer: Json::null(),
        at: world.clock.now(),
    };
    world.store().journal(JournalWrite { lease: claimed.lease, entry }).await.expect("current");
    world.store().journal_cut(claimed.lease, 0).await.expect("current");
    assert!(matches!(found(&world, &claimed, 1).await, QuestionFound::Closed(Ok(_))));
    let error = JobError { kind: "internal".to_owned(), message: String::new() };
    world.finish(claimed.lease, Finish::Failed { error }).await;
    world.store().retry(claimed.job.id, "ann").await.expect("it failed");
    let claimed = world.claim_one().await;
    assert!(
        matches!(found(&world, &claimed, 1).await, QuestionFound::Closed(Ok(_))),
        "nobody is asked twice"
    );
    park(&world, &claimed, 1).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued, "it goes on at once");
    let claimed = world.claim_one().await;
    park_with(&world, &claimed, asking(&claimed, 1, 1, question_text("Ship it?"))).await;
    assert_eq!(all(&world).await.len(), 2, "asked a second time it is another question");
}

pub async fn an_answer_that_comes_before_the_job_is_parked_is_not_lost(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    park(&world, &claimed, 1).await;
    let id = only(&world).await.id;
    world.store().resume_job(claimed.job.id, "ann").await.expect("it is parked");
    let claimed = world.claim_one().await;
    assert_eq!(found(&world, &claimed, 1).await, QuestionFound::Open);
    answer(&world, id, "yes").await.expect("it is open");
    assert_eq!(world.state(claimed.job.id).await, JobState::Running);
    park(&world, &claimed, 1).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
}

pub async fn nobodys_answer_counts_when_the_time_is_over(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let (kept, bare) = (world.running().await, world.running().await);
    park_with(&world, &kept, asking(&kept, 1, 0, limited(3_600, Some("no")))).await;
    park_with(&world, &bare, asking(&bare, 1, 0, limited(3_600, None))).await;
    let due = world.store().next_due().await.expect("a read works").expect("its time comes");
    assert_eq!(due, world.clock.now() + Duration::from_hours(1));
    world.wait(Duration::from_mins(59));
    world.crash().await;
    assert!(world.claim(2).await.is_empty());
    world.wait(Duration::from_mins(1));
    let late = answer(&world, all(&world).await[0].id, "yes").await;
    assert!(matches!(late, Err(StoreError::QuestionOver { state: QuestionState::Expired, .. })), "{late:?}");
    assert_eq!(world.claim(2).await.len(), 2);
    let QuestionFound::Closed(Ok(answer)) = found(&world, &kept, 1).await else { panic!("it has a default") };
    assert_eq!((answer.value, answer.who), (Json::of("no"), None), "it is nobody's");
    let QuestionFound::Closed(Err(error)) = found(&world, &bare, 1).await else { panic!("it has none") };
    assert_eq!(error.kind, "expired");
    assert!(log(&world, &kept).await.contains("nobody answered in time; the default counts: \"no\""));
    assert_eq!(world.store().open_questions().await.expect("a read works"), 0);
}

pub async fn a_retry_by_a_person_asks_anew_what_nobody_answered(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    park_with(&world, &claimed, asking(&claimed, 1, 0, limited(1, None))).await;
    world.wait(Duration::from_secs(2));
    let claimed = world.claim_one().await;
    let QuestionFound::Closed(error) = found(&world, &claimed, 1).await else { panic!("its time is over") };
    let entry = JournalEntry {
        position: 0,
        kind: JournalKind::Question,
        request_hash: [1; 32],
        answer: Json::of(&error),
        at: world.clock.now(),
    };
    world.store().journal(JournalWrite { lease: claimed.lease, entry }).await.expect("current");
    let error = JobError { kind: "final".to_owned(), message: String::new() };
    world.finish(claimed.lease, Finish::Failed { error }).await;
    world.store().retry(claimed.job.id, "ann").await.expect("it failed");
    let claimed = world.claim_one().await;
    assert!(claimed.journal.is_empty(), "{:?}", claimed.journal);
    assert_eq!(found(&world, &claimed, 1).await, QuestionFound::New);
    park_with(&world, &claimed, asking(&claimed, 1, 0, limited(1, None))).await;
    assert_eq!(only(&world).await.state, QuestionState::Open);
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked);
}

pub async fn no_more_questions_are_open_than_may_be(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let few = QuestionRules { open_of_subject: 2, open_of_asker: 3, ..question_rules() };
    let ask = |claimed: &Claimed, what| NewQuestion {
        rules: few,
        ..asking(claimed, what, 0, question_text("Ship it?"))
    };
    let mut claimed = world.running().await;
    for what in 1..=2 {
        park_with(&world, &claimed, ask(&claimed, what)).await;
        assert_eq!(world.state(claimed.job.id).await, JobState::Parked);
        world.store().resume_job(claimed.job.id, "ann").await.expect("it is parked");
        claimed = world.claim_one().await;
    }
    // The third of one job: it is told so when it runs again.
    park_with(&world, &claimed, ask(&claimed, 3)).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
    let told = world.claim_one().await.journal;
    assert_eq!((told.len(), told[0].kind, told[0].request_hash), (1, JournalKind::Question, [3; 32]));
    assert!(told[0].answer.as_str().contains("too-many"), "{}", told[0].answer);
    assert!(told[0].answer.as_str().contains("people.open_of_job"), "{}", told[0].answer);
    // The fourth of one agent.
    let second = world.running().await;
    park_with(&world, &second, ask(&second, 1)).await;
    let third = world.running().await;
    let key = ask(&third, 1).key;
    let full = world.store().find_question(key, AGENT, few).await.expect("a read works");
    assert!(matches!(&full, QuestionFound::Full(why) if why.to_string().contains("people.open_of_agent")));
    park_with(&world, &third, ask(&third, 1)).await;
    assert_eq!(world.state(third.job.id).await, JobState::Queued);
    assert_eq!(all(&world).await.len(), 3);
}

pub async fn a_job_that_ends_takes_its_questions_back(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    park(&world, &claimed, 1).await;
    world.store().cancel(claimed.job.id, "ann").await.expect("it waits");
    let question = only(&world).await;
    assert_eq!(question.state, QuestionState::Withdrawn);
    let late = answer(&world, question.id, "yes").await;
    assert!(
        matches!(late, Err(StoreError::QuestionOver { state: QuestionState::Withdrawn, .. })),
        "{late:?}"
    );
    assert_eq!(world.state(claimed.job.id).await, JobState::Cancelled);
    // Run again it asks the same, and that question is asked again.
    world.store().retry(claimed.job.id, "ann").await.expect("it was stopped");
    let claimed = world.claim_one().await;
    assert_eq!(found(&world, &claimed, 1).await, QuestionFound::New);
    park(&world, &claimed, 1).await;
    let again = only(&world).await;
    assert_eq!((again.id, again.state), (question.id, QuestionState::Open));
}

pub async fn what_was_asked_pins_a_job_to_its_version(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let before = claimed.job.plugin_digest.clone();
    park(&world, &claimed, 1).await;
    answer(&world, only(&world).await.id, "yes").await.expect("it is open");
    let mut claim = world.claim_of(1);
    "d2".clone_into(&mut claim.agents[0].digest);
    let again = world.store().claim(claim).await.expect("a claim works");
    assert_eq!(again[0].job.plugin_digest, before, "though its journal is empty");
}

pub async fn another_host_answers_and_the_job_goes_on(factory: &dyn Factory) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    let claimed = one.running().await;
    park(&one, &claimed, 1).await;
    answer(&other, only(&other).await.id, "yes").await.expect("it is open");
    assert_eq!(other.claim_one().await.job.id, claimed.job.id);
    assert!(matches!(found(&other, &claimed, 1).await, QuestionFound::Closed(Ok(_))));
    let refused = answer(&one, only(&one).await.id, "no").await;
    assert!(matches!(refused, Err(StoreError::QuestionAnswered { .. })), "{refused:?}");
}

pub async fn many_questions_of_one_agent_ring_once(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let rules = QuestionRules {
        ring_after: Duration::from_secs(10),
        ring_every: Duration::from_mins(5),
        ..question_rules()
    };
    let ask = async |seconds| {
        world.wait(Duration::from_secs(seconds));
        let claimed = world.running().await;
        let question = NewQuestion { rules, ..asking(&claimed, 1, 0, question_text("Ship it?")) };
        park_with(&world, &claimed, question).await;
    };
    let alerts = async || {
        let alerts = world.store().alerts(crate::AlertFilter { limit: 100, ..Default::default() }).await;
        alerts.expect("a read works").items
    };
    for _ in 0..20 {
        ask(0).await;
    }
    let first = alerts().await;
    assert_eq!((first.len(), first[0].kind), (1, AlertKind::Question));
    assert_eq!(world.store().questions_of_alert(first[0].id, 50).await.expect("a read works").len(), 20);
    // The message has gone out: the next ones are told of together, five minutes after it.
    for _ in 0..20 {
        ask(12).await;
    }
    assert_eq!(alerts().await.len(), 2);
    for question in all(&world).await.into_iter().skip(1) {
        answer(&world, question.id, "yes").await.expect("it is open");
    }
    let states: Vec<_> = alerts().await.iter().map(|alert| alert.state).collect();
    assert_eq!(states, [AlertState::Resolved, AlertState::Firing], "one of the first is still open");
    answer(&world, all(&world).await[0].id, "yes").await.expect("it is open");
    assert!(alerts().await.iter().all(|alert| alert.state == AlertState::Resolved));
}

pub async fn a_question_that_ends_soon_is_told_of_before_it_ends(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let rules = QuestionRules {
        ring_after: Duration::from_secs(10),
        ring_every: Duration::from_mins(5),
        ..question_rules()
    };
    let ask = async |text: QuestionText| {
        world.wait(Duration::from_secs(12));
        let claimed = world.running().await;
        park_with(&world, &claimed, NewQuestion { rules, ..asking(&claimed, 1, 0, text) }).await;
        let alerts = world.store().alerts(crate::AlertFilter { limit: 100, ..Default::default() }).await;
        alerts.expect("a read works").items.len()
    };
    assert_eq!(ask(question_text("Ship it?")).await, 1);
    assert_eq!(ask(question_text("And this?")).await, 2, "told of five minutes after the first");
    assert_eq!(ask(limited(600, Some("yes"))).await, 2, "so is what ends later");
    assert_eq!(ask(limited(60, Some("yes"))).await, 3, "what ends before that has a message of its own");
    assert_eq!(ask(limited(60, Some("no"))).await, 3, "and those that end soon are gathered too");
}

pub async fn a_link_answers_its_question_once_and_whatever_is_wrong_is_told_alike(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (claimed, beside) = (world.running().await, world.running().await);
    park(&world, &claimed, 1).await;
    park(&world, &beside, 1).await;
    let [mine, other] = [all(&world).await[0].id, all(&world).await[1].id];
    let link = |hash: u8| NewQuestionLink {
        question: mine,
        hash: [hash; 32],
        webhook: "ops".to_owned(),
        valid_for: Duration::from_hours(1),
    };
    world.store().link_questions(vec![link(1), link(2)]).await.expect("kept");
    let by = |hash: u8| Answerer::Link([hash; 32]);
    let refused = |told: Result<PersonQuestion, StoreError>| {
        assert!(matches!(told, Err(StoreError::LinkRefused)), "{told:?}");
    };
    let no = || Json::of("no");
    assert_eq!(world.store().linked_question(mine, [1; 32]).await.expect("good").id, mine);
    for (id, hash) in [(mine, 9), (other, 1), (QuestionId::new(world.clock.now(), 77), 1)] {
        refused(world.store().linked_question(id, [hash; 32]).await);
        refused(world.store().answer_question(id, no(), by(hash)).await);
    }
    let answered = world.store().answer_question(mine, no(), by(1)).await.expect("it is open");
    assert_eq!(answered.answered_by.as_deref(), Some("link:ops"));
    for hash in [1, 2] {
        let again = world.store().answer_question(mine, no(), by(hash)).await;
        assert!(matches!(again, Err(StoreError::QuestionAnswered { .. })), "{again:?}");
    }
    world.wait(Duration::from_hours(1) + LEASE);
    refused(world.store().linked_question(mine, [1; 32]).await);
}

pub async fn whoever_waits_says_which_question_it_waits_for(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let waits = async |job| world.job(job).await.waiting_for.expect("it waits").detail;
    let lead = world.running().await;
    let asks = vec![ask(&world, 0, "coder", None), ask(&world, 1, "tester", None)];
    world.store().hand_over(lead.lease, asks).await.expect("the lease is current");
    assert!(!waits(lead.job.id).await.contains("person"), "{}", waits(lead.job.id).await);
    let coder = one_of(&world, "coder").await;
    let question =
        NewQuestion { asker: "coder".to_owned(), ..asking(&coder, 1, 0, question_text("Ship it?")) };
    park_with(&world, &coder, question).await;
    let id = only(&world).await.id;
    assert_eq!(waits(coder.job.id).await, format!("a person is asked (question {id}): Ship it?"));
    let told = format!("; a person is asked further down, by `coder` (question {id})");
    assert!(waits(lead.job.id).await.ends_with(&told), "{}", waits(lead.job.id).await);
    answer(&world, id, "yes").await.expect("it is open");
    assert!(!waits(lead.job.id).await.contains("person"), "{}", waits(lead.job.id).await);
}

pub async fn what_was_asked_at_a_wrong_time_is_asked_now_when_the_time_is_set_back(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let now = world.clock.now();
    world.clock.set_wall(Some(now));
    // One start with a clock that is a month ahead.
    world.wait(MONTH);
    let claimed = world.running().await;
    park_with(&world, &claimed, asking(&claimed, 1, 0, limited(3_600, Some("no")))).await;
    let question = only(&world).await;
    let link = NewQuestionLink {
        question: question.id,
        hash: [1; 32],
        webhook: "ops".to_owned(),
        valid_for: Duration::from_mins(30),
    };
    world.store().link_questions(vec![link]).await.expect("kept");
    let alerts = async |world: &World<'_>| {
        let alerts = world.store().alerts(crate::AlertFilter { limit: 100, ..Default::default() }).await;
        let alerts = alerts.expect("a read works").items.into_iter();
        alerts.filter(|alert| alert.kind == AlertKind::Question).count()
    };
    assert_eq!(alerts(&world).await, 1);
    world.store().set_ledger_time_back("ann", "the battery was flat").await.expect("taken");
    world.clock.set(now);
    world.crash().await;
    world.store().release_brake("ann", "looked").await.expect("released");
    let moved = only(&world).await;
    let hour = now + Duration::from_hours(1);
    assert_eq!((moved.opened_at, moved.expires_at), (now, Some(hour)));
    // The job looks again, and waits until then.
    let again = world.claim_one().await;
    park_with(&world, &again, asking(&again, 1, 0, limited(3_600, Some("no")))).await;
    assert_eq!(world.store().next_due().await.expect("a read works"), Some(hour));
    // What comes now is told of now.
    let other = world.running().await;
    park(&world, &other, 2).await;
    assert_eq!(alerts(&world).await, 2, "its message does not wait for a month");
    // The link that was sent is good, and as long as it was.
    world.store().linked_question(question.id, [1; 32]).await.expect("it is good");
    world.wait(Duration::from_mins(31));
    let late = world.store().linked_question(question.id, [1; 32]).await;
    assert!(matches!(late, Err(StoreError::LinkRefused)), "{late:?}");
    world.wait(Duration::from_mins(30));
    assert!(world.claim_one().await.job.id == claimed.job.id, "its default counts");
}

pub async fn a_link_is_for_the_text_that_was_there(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    park_with(&world, &claimed, asking(&claimed, 1, 0, limited(3_600, None))).await;
    let id = only(&world).await.id;
    let link = NewQuestionLink {
        question: id,
        hash: [1; 32],
        webhook: "ops".to_owned(),
        valid_for: Duration::from_hours(48),
    };
    world.store().link_questions(vec![link]).await.expect("kept");
    // It is asked again later, and has another time by which it is answered.
    world.store().cancel(claimed.job.id, "ann").await.expect("it waits");
    world.store().retry(claimed.job.id, "ann").await.expect("it was stopped");
    world.wait(Duration::from_mins(5));
    let claimed = world.claim_one().await;
    park_with(&world, &claimed, asking(&claimed, 1, 0, limited(3_600, None))).await;
    assert_eq!(only(&world).await.state, QuestionState::Open);
    let by = Answerer::Link([1; 32]);
    let told = world.store().answer_question(id, Json::of("yes"), by).await;
    assert!(matches!(told, Err(StoreError::LinkRefused)), "{told:?}");
}
