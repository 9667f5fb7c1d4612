//! One call, as a task of its own that owns its hold until it is settled or released.
//!
//! Whoever asked only watches: when the watcher goes, a call that waits leaves the queue, and one that
//! was sent is drained for a bounded time to learn what it cost.

use crate::agent::ask::{Ask, CallEnd};
use crate::agent::fate::{OpenHold, after_a_fault, said};
use crate::agent::plan::{Plan, Unplanned, plan};
use crate::door::Door;
use crate::flight::bill::Bill;
use crate::flight::progress::Progress;
use crate::flight::settlement::cost_of;
use crate::flight::strikes::COSTLY;
use crate::line::candidate::{Admitted, Candidate};
use crate::line::grant::Taken;
use crate::pace::throttle;
use crate::pace::{Spent, Ticket};
use crate::upstream::answer::Answer;
use crate::upstream::circuit::Passed;
use crate::upstream::class::Class;
use crate::upstream::failed::{Failed, Money};
use crate::upstream::sign::Sign;
use anvil_budget::{Admission as Verdict, BrakeCause, LimitName};
use anvil_store::{
    HoldDecision, HoldRequest, JournalEntry, JournalKind, JournalWrite, Settlement, SettlementOutcome,
    StoreError,
};
use anvil_types::{
    CallError, CallErrorKind, CallId, CallState, Json, Nanodollars, Origin, Reply, Timestamp, Usage, Wait,
    WaitReason,
};
use futures_util::FutureExt as _;
use rand::RngExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a job stays away from a store that fails.
const STORE_PAUSE: Duration = Duration::from_secs(10);

/// How much later than the others a job comes back whose call was the one that failed: they go first.
const STEP_BACK: Duration = Duration::from_secs(2);

/// How often a call may be in the admission queue when that falls, before its job waits like for a store that fails.
const FALLS: u32 = 3;

/// How one try ended.
enum Tried {
    End(Box<CallEnd>),
    Again(Duration),
    /// What was planned does not hold any more; nothing was sent.
    Stale,
}

impl Tried {
    fn end(end: CallEnd) -> Self {
        Self::End(Box::new(end))
    }
}

/// What stays the same over the tries of one call.
struct Course {
    /// Its place in the queue.
    arrival: u64,
    retries: u32,
    /// Since when it has been told again and again that the pace is too fast.
    refused_since: Option<Timestamp>,
    /// The successes of its model when it first went out.
    since: Option<u64>,
    /// How often the admission queue fell with it in it.
    falls: u32,
}

/// Runs a call to its end and tells the watcher, whatever becomes of it: a fault of the host on the way settles
/// what is held and is the answer.
pub(crate) async fn run(gateway: Arc<Door>, ask: Ask, mut watcher: oneshot::Sender<CallEnd>) {
    // Both outlive the task's fault: what is held, and what was told of it.
    let (hold, mut answer) = (OpenHold::default(), Answer::default());
    let running = to_its_end(&gateway, &ask, &hold, &mut answer, &mut watcher);
    let end = match AssertUnwindSafe(running).catch_unwind().await {
        Ok(end) => end,
        Err(panic) => {
            gateway.sender.redactor().clean_answer(&mut answer);
            after_a_fault(&gateway, &ask, &hold, &answer, &said(panic.as_ref())).await
        }
    };
    // Nobody may be watching any more; the money is settled all the same.
    let _ = watcher.send(end);
}

async fn to_its_end(
    gateway: &Door,
    ask: &Ask,
    hold: &OpenHold,
    answer: &mut Answer,
    watcher: &mut oneshot::Sender<CallEnd>,
) -> CallEnd {
    let mut course = Course {
        arrival: gateway.admission.arrive(),
        retries: 0,
        refused_since: None,
        since: None,
        falls: 0,
    };
    // Each try is planned anew: limits and prices may have changed while the call waited.
    loop {
        let asked_at = gateway.clock.now();
        let tried = match plan(gateway, ask).await {
            Ok(plan) => attempt(gateway, &plan, hold, answer, &mut course, watcher).await,
            Err(Unplanned::Refused(error)) => return journalled(gateway, ask, error).await,
            Err(Unplanned::StoreFailed(error)) => return CallEnd::StoreFailed(error),
        };
        match tried {
            Tried::End(end) => {
                return match *end {
                    CallEnd::Park(wait) => CallEnd::Park(Wait { refused_at: Some(asked_at), ..wait }),
                    end => end,
                };
            }
            Tried::Again(wait) => {
                tokio::select! {
                    () = gateway.clock.sleep(wait) => {}
                    () = watcher.closed() => return CallEnd::LeaseLost,
                }
            }
            Tried::Stale => {}
        }
    }
}

/// Exponential with full jitter: up to 1, 2, 4 … seconds.
fn back_off(retries: u32) -> Duration {
    let most = Duration::from_secs(1 << retries.min(6));
    most.mul_f64(rand::rng().random::<f64>())
}

async fn attempt(
    gateway: &Door,
    plan: &Plan<'_>,
    hold: &OpenHold,
    answer: &mut Answer,
    course: &mut Course,
    watcher: &mut oneshot::Sender<CallEnd>,
) -> Tried {
    if gateway.closing.load(Ordering::Relaxed) {
        return Tried::end(CallEnd::StoreFailed("the host ends".to_owned()));
    }
    if gateway.store_failed.load(Ordering::Relaxed) {
        // The brake's cause is this process' own, and cannot be stored: a time keeps the job from coming
        // straight back.
        return Tried::end(parked(
            WaitReason::Pace,
            "what calls cost cannot be written to the data folder, so no call goes out until it can"
                .to_owned(),
            Some(gateway.clock.now() + STORE_PAUSE),
        ));
    }
    // Where something was in trouble, the first that comes after is its trial, and the only one.
    let passed = match gateway.breaker.pass(&plan.row.model) {
        Ok(passed) => passed,
        Err(kept) => return Tried::end(CallEnd::Park(kept.wait(kept.until))),
    };
    course.since.get_or_insert_with(|| gateway.strikes().successes(&plan.row.model));
    let id = gateway.new_call_id();
    let request = HoldRequest { tries_account: passed.tries_account(), ..hold_request(gateway, plan, id) };
    let candidate = Candidate {
        priority: plan.ask.asker.priority,
        since: plan.ask.asker.since,
        arrival: course.arrival,
        hold: request,
        expected: plan.expected,
        cost: plan.expected_cost,
    };
    let admitted = match gateway.admission.pass(candidate).await {
        Ok(admitted) => admitted,
        Err(candidate) => tokio::select! {
            admitted = gateway.admission.admit(*candidate) => admitted,
            () = watcher.closed() => return Tried::end(CallEnd::LeaseLost),
        },
    };
    match admitted {
        Admitted::Granted(grant) => match grant.take() {
            Some((at, taken)) => {
                let grant = Granted { id, at, taken, passed };
                granted(gateway, plan, hold, grant, answer, course, watcher).await
            }
            None => Tried::end(CallEnd::LeaseLost),
        },
        Admitted::PaceUntil(until) => {
            let model = &plan.row.model;
            let stopped = gateway.admission.with_pace(|pace| pace.model_stopped_for(model));
            let why = if stopped.is_zero() {
                "requests or tokens a minute are used up for longer than a call may wait".to_owned()
            } else {
                format!(
                    "Claude told that {model} is asked too fast and when it may be asked again; \"go on now\" asks earlier"
                )
            };
            Tried::end(parked(WaitReason::Pace, why, Some(until)))
        }
        Admitted::ThrottledUntil(until, burn) => {
            Tried::end(parked(WaitReason::Money, throttle::sentence(burn), Some(until)))
        }
        Admitted::Refused(HoldDecision::Braked(causes)) => {
            drop(passed);
            match braked(gateway, &causes) {
                // Nobody has tried in this life whether the account is still refused.
                Some(wait) if wait.until.is_some_and(|until| until <= gateway.clock.now()) => Tried::Stale,
                wait => Tried::end(wait.map_or(CallEnd::LeaseLost, CallEnd::Park)),
            }
        }
        Admitted::Refused(HoldDecision::Refused(Verdict::ParkUntil { at, limit })) => Tried::end(parked(
            WaitReason::Money,
            match limit {
                LimitName::Week => format!("{limit} are used up; raise week_hours, or wait"),
                limit => {
                    format!("{limit} has no room for a call of up to {}; raise it, or wait", plan.amount)
                }
            },
            Some(at),
        )),
        Admitted::Refused(HoldDecision::Refused(Verdict::Never { limit, allowed, spent })) => {
            let message = if spent > Nanodollars::ZERO {
                format!(
                    "the call may cost up to {}; {limit} is {allowed}, of which {spent} are spent",
                    plan.amount
                )
            } else {
                format!("the call may cost up to {}, more than the whole of {limit}: {allowed}", plan.amount)
            };
            let error = CallError::unsent(CallErrorKind::OverBudget, message);
            Tried::end(journalled(gateway, plan.ask, error).await)
        }
        Admitted::Refused(_) => Tried::end(CallEnd::LeaseLost),
        Admitted::Forgotten if course.falls < FALLS => {
            course.falls += 1;
            Tried::Stale
        }
        Admitted::Forgotten => Tried::end(CallEnd::StoreFailed(
            "the admission queue of the host fell again and again while the call was in it".to_owned(),
        )),
        Admitted::Failed(error) => Tried::end(CallEnd::StoreFailed(error.to_string())),
    }
}

fn hold_request(gateway: &Door, plan: &Plan<'_>, id: CallId) -> HoldRequest {
    let asker = &plan.ask.asker;
    HoldRequest {
        id,
        upstream: gateway.config.upstream.kind,
        lease: asker.lease,
        job: asker.job(),
        agent: Some(asker.agent.clone()),
        attempt: asker.lease.map(|_| asker.attempt),
        position: asker.lease.map(|_| plan.ask.slot.position),
        api_key: None,
        session: None,
        tags: asker.tags.clone(),
        tier_asked: plan.asked,
        tier_given: plan.choice.tier,
        tier_reason: plan.reason(),
        model: plan.row.model.clone(),
        price_row: plan.row.id.clone(),
        amount: plan.amount,
        tries_account: false,
    }
}

/// What a call that goes out has.
struct Granted<'a> {
    id: CallId,
    at: Timestamp,
    taken: Taken,
    passed: Passed<'a>,
}

// From here on money is held: every way out settles or releases it.
#[expect(clippy::too_many_lines, reason = "every way out settles what is held, in one place")]
async fn granted(
    gateway: &Door,
    plan: &Plan<'_>,
    hold: &OpenHold,
    grant: Granted<'_>,
    answer: &mut Answer,
    course: &mut Course,
    watcher: &mut oneshot::Sender<CallEnd>,
) -> Tried {
    let Granted { id, at: held_at, taken, passed } = grant;
    let held = plan.held(held_at);
    *answer = Answer::default();
    hold.taken(id, held.clone());
    let prices = gateway.prices();
    let now_in_force = prices.row(&plan.row.model, None, held_at);
    let price_changed = now_in_force.is_ok_and(|row| *row != plan.row);
    // What opened while it waited in the queue.
    let kept = gateway.breaker.kept_back(&plan.row.model).filter(|kept| !passed.tries(&kept.gate));
    if price_changed || kept.is_some() {
        gateway.admission.with_pace(|pace| pace.give_back(taken.ticket));
        correct_throttle(gateway, taken, Nanodollars::ZERO);
        let why = if price_changed { "price changed" } else { "kept back" };
        let ended = settle_only(gateway, hold, id, SettlementOutcome::Released, Some(why.to_owned())).await;
        let kept = kept.map(|kept| CallEnd::Park(kept.wait(kept.until)));
        return ended.or(kept).map_or(Tried::Stale, Tried::end);
    }
    let _in_flight = gateway.in_flight();
    let paced = gateway.admission.paced(taken.ticket, plan.max_tokens);
    let _running = gateway.pressure.running(plan.expected_cost);
    let mut progress = Progress::default();
    hold.sent();
    let sent = exchange(gateway, plan, taken.ticket, answer, &mut progress, watcher).await;
    gateway.sender.redactor().clean_answer(answer);
    let failed = match sent {
        Ok(()) => {
            let bill = Bill::whole(&held, &prices, answer);
            paced.ended(&Spent::Usage(&bill.believable(&plan.row), progress.parts()));
            if bill.doubt.is_none() {
                let (agent, model) = (&plan.ask.asker.agent, &plan.row.model);
                let came = (plan.max_tokens, progress.bytes());
                if gateway.learner.learn(agent, model, plan.size, &bill.usage, came) {
                    gateway.admission.with_pace(|pace| pace.surprised(plan.expected.kind));
                }
                learn_warmth(gateway, plan, &bill.usage);
            }
            correct_throttle(gateway, taken, bill.cost);
            gateway.tell_without_price(id, &bill).await;
            let reply = reply(gateway, plan, answer, &bill);
            let detail = Some(bill.detail(&reply.stop_reason));
            let model = Some(reply.model.clone());
            gateway.strikes().succeeded(plan.ask.place(), &plan.row.model);
            if passed.answered() {
                gateway.account_answers().await;
            }
            if gateway.admission.with_pace(crate::pace::Pace::take_back) {
                gateway.pace_is_back().await;
            }
            return Tried::end(
                settle(gateway, plan, hold, id, bill.outcome(), detail, model, Ok(reply)).await,
            );
        }
        Err(failed) => failed,
    };
    paced.ended(&match &failed.money {
        Money::Unknown => Spent::Unknown(plan.max_tokens),
        Money::Released if failed.error.request_sent => Spent::Refused,
        Money::Released => Spent::NotSent,
    });
    let outcome = match &failed.money {
        Money::Released => SettlementOutcome::Released,
        Money::Unknown => {
            let bill = Bill::broken(&held, &prices, answer);
            gateway.tell_without_price(id, &bill).await;
            bill.outcome()
        }
    };
    correct_throttle(gateway, taken, cost_of(&outcome));
    let detail = Some(failed.error.kind.name().to_owned());
    // Of a call that nobody waits for any more, and that was given up, nothing is learnt.
    if watcher.is_closed() {
        drop(passed);
        return Tried::end(
            settle_only(gateway, hold, id, outcome, detail).await.unwrap_or(CallEnd::LeaseLost),
        );
    }
    let class = failed.class();
    let why = &failed.error.message;
    if passed.failed(class, why) {
        gateway.account_answers().await;
    }
    let own = match class {
        Class::Request => true,
        Class::Upstream => is_its_own(gateway, plan, course, &outcome).await,
        Class::Account(_) | Class::Model | Class::Pace => false,
    };
    if own {
        gateway.strikes().ended(plan.ask.place());
        return Tried::end(settle(gateway, plan, hold, id, outcome, detail, None, Err(failed.error)).await);
    }
    let causes = match class {
        Class::Account(account) => gateway.engage_for_account(account, why, held_at).await,
        _ => Vec::new(),
    };
    if let Some(end) = settle_only(gateway, hold, id, outcome, detail).await {
        return Tried::end(end);
    }
    let now = gateway.clock.now();
    let kept = gateway.breaker.kept_back(&plan.row.model);
    match class {
        Class::Account(_) => {
            let wait = braked(gateway, &causes);
            let until = Some(gateway.breaker.account_trial());
            let unkept = || Wait { reason: WaitReason::Brake, detail: why.clone(), until, refused_at: None };
            Tried::end(CallEnd::Park(wait.unwrap_or_else(unkept)))
        }
        Class::Upstream => match (kept, failed.after) {
            // Who failed stands behind those that have not been asked.
            (Some(kept), _) => Tried::end(CallEnd::Park(kept.wait(kept.until + STEP_BACK))),
            (None, after) if course.retries < gateway.config.patience.retries => {
                let wait = after.unwrap_or_else(|| back_off(course.retries));
                if wait > gateway.config.pace.longest_wait {
                    return Tried::end(parked(WaitReason::Circuit, failed.error.message, Some(now + wait)));
                }
                course.retries += 1;
                Tried::Again(wait)
            }
            (None, after) => {
                let wait = after.unwrap_or(gateway.config.circuit.open_for);
                Tried::end(parked(WaitReason::Circuit, failed.error.message, Some(now + wait)))
            }
        },
        Class::Pace => {
            let since = *course.refused_since.get_or_insert(now);
            let wait = failed.after.unwrap_or_else(|| back_off(course.retries));
            // A slot is for others when it goes on for long.
            if now.since(since) > gateway.config.pace.longest_wait {
                return Tried::end(parked(WaitReason::Pace, failed.error.message, Some(now + wait)));
            }
            // The queue knows how long it has to be where upstream says so.
            failed.after.map_or(Tried::Again(wait), |_| Tried::Stale)
        }
        Class::Request | Class::Model => {
            kept.map_or(Tried::Stale, |kept| Tried::end(CallEnd::Park(kept.wait(kept.until))))
        }
    }
}

// Whether an upstream's failure is taken to be the call's own doing.
async fn is_its_own(gateway: &Door, plan: &Plan<'_>, course: &Course, outcome: &SettlementOutcome) -> bool {
    let (place, model) = (plan.ask.place(), &plan.row.model);
    if gateway.strikes().failed(place, model, course.since.unwrap_or_default()) {
        return true;
    }
    if matches!(outcome, SettlementOutcome::Released) {
        return false;
    }
    let Some(job) = plan.ask.asker.job() else { return false };
    let failures = [CallErrorKind::UnknownOutcome, CallErrorKind::Upstream, CallErrorKind::Overloaded];
    let attempt = plan.ask.asker.attempt;
    let earlier = gateway.store.calls(job).await.unwrap_or_default();
    let ours = earlier.iter().filter(|call| {
        call.state == CallState::Unknown
            && call.attempt == Some(attempt)
            && call.position == Some(plan.ask.slot.position)
            && failures.iter().any(|kind| call.detail.as_deref() == Some(kind.name()))
    });
    let paid = u32::try_from(ours.count()).unwrap_or(u32::MAX);
    paid.saturating_add(1) >= COSTLY
}

// One request and its answer, within the call's time; within the drain's time once nobody watches.
async fn exchange(
    gateway: &Door,
    plan: &Plan<'_>,
    ticket: Ticket,
    answer: &mut Answer,
    progress: &mut Progress,
    watcher: &mut oneshot::Sender<CallEnd>,
) -> Result<(), Failed> {
    let patience = gateway.config.patience;
    let ended = {
        let mut sign = |sign: Sign<'_>| match sign {
            Sign::Head(status, told) => {
                gateway.admission.with_pace(|pace| pace.answered(ticket, told, status));
            }
            Sign::Input(tokens) => {
                let tokens = tokens.min(plan.row.context);
                gateway.admission.with_pace(|pace| pace.input_known(ticket, tokens));
                gateway.admission.room();
            }
            Sign::Output(bytes) => {
                if let Some(bytes) = progress.add(gateway.clock.now(), bytes) {
                    streamed(gateway, plan, ticket, bytes);
                }
            }
        };
        let sending = gateway.sender.send(plan.body.clone(), answer, plan.ask.text.as_ref(), &mut sign);
        tokio::pin!(sending);
        tokio::select! {
            sent = tokio::time::timeout(patience.call, &mut sending) => sent.ok(),
            () = watcher.closed() => tokio::time::timeout(patience.drain, &mut sending).await.ok(),
        }
    };
    match ended {
        Some(ended) => ended,
        None => Err(gateway.sender.given_up(answer)),
    }
}

// The estimate of an answer is corrected while it streams. One that is unlike its kind shows that the kind
// has changed: all of it that is under way counts as the most that it may be.
fn streamed(gateway: &Door, plan: &Plan<'_>, ticket: Ticket, bytes: u64) {
    let (agent, model, kind) = (&plan.ask.asker.agent, &plan.row.model, plan.expected.kind);
    let so_far = gateway.learner.so_far(agent, model, plan.max_tokens, bytes);
    gateway.admission.with_pace(|pace| {
        pace.streamed(ticket, so_far.tokens);
        if so_far.surprising {
            pace.surprised(kind);
        }
    });
}

fn reply(gateway: &Door, plan: &Plan<'_>, answer: &mut Answer, bill: &Bill) -> Reply {
    let text = |name: &str, text: &str| (name.to_owned(), serde_json::Value::from(text).to_string());
    let mut extras = vec![text("tier_asked", plan.asked.name()), text("tier_given", plan.choice.tier.name())];
    extras.extend(plan.reason().map(|reason| text("tier_reason", &reason)));
    let mut reply = Reply {
        content: answer.take_content(),
        // It came whole, and did not say why it ended.
        stop_reason: answer.stop_reason().unwrap_or("unknown").to_owned(),
        model: answer.models().last().unwrap_or(&plan.row.model).clone(),
        usage: bill.usage.clone(),
        cost: bill.cost,
        origin: Origin::Live,
        extras,
    };
    gateway.sender.redactor().clean_reply(&mut reply);
    reply
}

fn correct_throttle(gateway: &Door, taken: Taken, cost: Nanodollars) {
    gateway.admission.with_throttle(|throttle| throttle.correct(taken.charge, cost));
}

fn learn_warmth(gateway: &Door, plan: &Plan<'_>, usage: &Usage) {
    if let Some(prompt) = plan.prompt {
        let mut warm = gateway.warm.lock().unwrap_or_else(PoisonError::into_inner);
        warm.learn(prompt, &plan.row.model, usage, gateway.clock.now());
    }
}

#[expect(clippy::too_many_arguments, reason = "what a settlement is made of")]
async fn settle(
    gateway: &Door,
    plan: &Plan<'_>,
    hold: &OpenHold,
    call: CallId,
    outcome: SettlementOutcome,
    detail: Option<String>,
    model: Option<String>,
    answer: Result<Reply, CallError>,
) -> CallEnd {
    let at = gateway.clock.now();
    let journal = journal_write(plan.ask, &answer, at);
    let kept = journal.is_none();
    let settlement = Settlement { call, outcome, detail, model, journal };
    let settled = gateway.settle(settlement).await;
    hold.settled();
    match settled {
        Ok(settled) if settled.journalled || kept => CallEnd::Answered { answer, at },
        Ok(_) => CallEnd::LeaseLost,
        Err(error) => CallEnd::StoreFailed(error.to_string()),
    }
}

async fn settle_only(
    gateway: &Door,
    hold: &OpenHold,
    call: CallId,
    outcome: SettlementOutcome,
    detail: Option<String>,
) -> Option<CallEnd> {
    let settlement = Settlement { call, outcome, detail, model: None, journal: None };
    let settled = gateway.settle(settlement).await;
    hold.settled();
    settled.err().map(|error| CallEnd::StoreFailed(error.to_string()))
}

// An answer that cost nothing goes into the journal by itself.
pub(crate) async fn journalled(gateway: &Door, ask: &Ask, error: CallError) -> CallEnd {
    let at = gateway.clock.now();
    let answer = Err(error);
    let Some(write) = journal_write(ask, &answer, at) else { return CallEnd::Answered { answer, at } };
    match gateway.store.journal(write).await {
        Ok(()) => CallEnd::Answered { answer, at },
        Err(StoreError::LeaseLost) => CallEnd::LeaseLost,
        Err(error) => CallEnd::StoreFailed(error.to_string()),
    }
}

// None where no job asks: whoever did watches.
pub(crate) fn journal_write(
    ask: &Ask,
    answer: &Result<Reply, CallError>,
    at: Timestamp,
) -> Option<JournalWrite> {
    let lease = ask.asker.lease?;
    let entry = JournalEntry {
        position: ask.slot.position,
        kind: JournalKind::Call,
        request_hash: ask.slot.request_hash,
        answer: Json::of(answer),
        at,
    };
    Some(JournalWrite { lease, entry })
}

fn parked(reason: WaitReason, detail: String, until: Option<Timestamp>) -> CallEnd {
    CallEnd::Park(Wait { reason, detail, until, refused_at: None })
}

// What a job waits for that the brake stops; nothing where the brake has no cause.
fn braked(gateway: &Door, causes: &[BrakeCause]) -> Option<Wait> {
    let reasons: Vec<_> = causes.iter().map(|cause| cause.reason.as_str()).collect();
    // With a person's or the store's cause among them nobody knows when it ends.
    let ends: Option<Vec<_>> = causes.iter().map(|cause| cause.until).collect();
    let mut until = ends.and_then(|ends| ends.into_iter().max());
    if !causes.is_empty() && causes.iter().all(|cause| cause.kind.is_of_account()) {
        let trial = gateway.breaker.account_trial();
        until = Some(until.map_or(trial, |until| until.min(trial)));
    }
    let detail = format!("the brake is engaged: {}", reasons.join("; "));
    (!causes.is_empty()).then_some(Wait { reason: WaitReason::Brake, detail, until, refused_at: None })
}
