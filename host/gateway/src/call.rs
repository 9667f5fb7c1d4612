//! One call, as a task of its own that owns its hold until it is settled or released.
//!
//! Whoever asked only watches: when the watcher goes, a call that waits leaves the queue, and one that
//! was sent is drained for a bounded time to learn what it cost.

use crate::admission::{Admitted, Candidate};
use crate::ask::{Ask, CallEnd};
use crate::bill::Bill;
use crate::gateway::{Inner, cost_of};
use crate::grant::Taken;
use crate::outcome::{Again, Failed, Money};
use crate::pace::{Spent, Ticket};
use crate::plan::{Plan, Unplanned, plan};
use crate::progress::Progress;
use crate::send::Sign;
use crate::stream::Answer;
use crate::throttle;
use anvil_budget::{Admission as Verdict, BrakeCause, BrakeCauseKind, LimitName};
use anvil_store::{
    HoldDecision, HoldRequest, JournalEntry, JournalKind, JournalWrite, Settlement, SettlementOutcome,
    StoreError,
};
use anvil_types::{
    CallError, CallErrorKind, CallId, Json, Nanodollars, Origin, Reply, Timestamp, Usage, Wait, WaitReason,
};
use rand::RngExt as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a job stays away from a store that fails.
const STORE_PAUSE: Duration = Duration::from_secs(10);

/// How one try ended.
enum Tried {
    End(Box<CallEnd>),
    Again(Duration),
    /// The price changed while the call waited; nothing was sent.
    Stale,
}

impl Tried {
    fn end(end: CallEnd) -> Self {
        Self::End(Box::new(end))
    }
}

/// Runs a call to its end and tells the watcher.
pub(crate) async fn run(gateway: Arc<Inner>, ask: Ask, mut watcher: oneshot::Sender<CallEnd>) {
    let mut retries = 0;
    // Its place in the queue, kept over its retries.
    let arrival = gateway.admission.arrive();
    // Each try is planned anew: limits and prices may have changed while the call waited.
    let end = loop {
        let asked_at = gateway.clock.now();
        let tried = match plan(&gateway, &ask).await {
            Ok(plan) => attempt(&gateway, &plan, arrival, retries, &mut watcher).await,
            Err(Unplanned::Refused(error)) => break journalled(&gateway, &ask, error).await,
            Err(Unplanned::StoreFailed(error)) => break CallEnd::StoreFailed(error),
        };
        match tried {
            Tried::End(end) => {
                break match *end {
                    CallEnd::Park(wait) => CallEnd::Park(Wait { refused_at: Some(asked_at), ..wait }),
                    end => end,
                };
            }
            Tried::Again(wait) => {
                retries += 1;
                tokio::select! {
                    () = gateway.clock.sleep(wait) => {}
                    () = watcher.closed() => return,
                }
            }
            Tried::Stale => {}
        }
    };
    // Nobody may be watching any more; the money is settled all the same.
    let _ = watcher.send(end);
}

/// Exponential with full jitter: up to 1, 2, 4 … seconds.
fn back_off(retries: u32) -> Duration {
    let most = Duration::from_secs(1 << retries.min(6));
    most.mul_f64(rand::rng().random::<f64>())
}

/// The settlement of a hold whose request was never sent.
pub(crate) fn released(call: CallId, detail: &str) -> Settlement {
    Settlement {
        call,
        outcome: SettlementOutcome::Released,
        detail: Some(detail.to_owned()),
        model: None,
        journal: None,
    }
}

async fn attempt(
    gateway: &Inner,
    plan: &Plan<'_>,
    arrival: u64,
    retries: u32,
    watcher: &mut oneshot::Sender<CallEnd>,
) -> Tried {
    if let Some(until) = gateway.breaker.blocked() {
        return Tried::end(circuit_open(until));
    }
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
    let id = gateway.new_call_id();
    let candidate = Candidate {
        priority: plan.ask.asker.priority,
        since: plan.ask.asker.since,
        arrival,
        hold: hold_request(gateway, plan, id),
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
            Some((at, taken)) => granted(gateway, plan, id, at, taken, retries, watcher).await,
            None => Tried::end(CallEnd::LeaseLost),
        },
        Admitted::PaceUntil(until) => Tried::end(parked(
            WaitReason::Pace,
            "requests or tokens a minute are used up for longer than a call may wait".to_owned(),
            Some(until),
        )),
        Admitted::ThrottledUntil(until, burn) => {
            Tried::end(parked(WaitReason::Money, throttle::sentence(burn), Some(until)))
        }
        Admitted::Refused(HoldDecision::Braked(causes)) => Tried::end(braked(&causes)),
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
        Admitted::Failed(error) => Tried::end(CallEnd::StoreFailed(error.to_string())),
    }
}

fn hold_request(gateway: &Inner, plan: &Plan<'_>, id: CallId) -> HoldRequest {
    let asker = &plan.ask.asker;
    HoldRequest {
        id,
        upstream: gateway.config.upstream.kind,
        lease: Some(asker.lease),
        job: Some(asker.job()),
        agent: Some(asker.agent.clone()),
        attempt: Some(asker.attempt),
        position: Some(plan.ask.slot.position),
        api_key: None,
        session: None,
        tags: asker.tags.clone(),
        tier_asked: plan.asked,
        tier_given: plan.choice.tier,
        tier_reason: plan.reason(),
        model: plan.row.model.clone(),
        price_row: plan.row.id.clone(),
        amount: plan.amount,
    }
}

// From here on money is held: every way out settles or releases it.
async fn granted(
    gateway: &Inner,
    plan: &Plan<'_>,
    id: CallId,
    held_at: Timestamp,
    taken: Taken,
    retries: u32,
    watcher: &mut oneshot::Sender<CallEnd>,
) -> Tried {
    let prices = gateway.prices();
    let now_in_force = prices.row(&plan.row.model, None, held_at);
    if now_in_force.is_ok_and(|row| *row != plan.row) {
        gateway.admission.with_pace(|pace| pace.give_back(taken.ticket));
        correct_throttle(gateway, taken, Nanodollars::ZERO);
        let ended =
            settle_only(gateway, id, SettlementOutcome::Released, Some("price changed".to_owned())).await;
        return ended.map_or(Tried::Stale, Tried::end);
    }
    if let Err(until) = gateway.breaker.pass() {
        gateway.admission.with_pace(|pace| pace.give_back(taken.ticket));
        correct_throttle(gateway, taken, Nanodollars::ZERO);
        let detail = Some("circuit open".to_owned());
        let ended = settle_only(gateway, id, SettlementOutcome::Released, detail).await;
        return Tried::end(ended.unwrap_or_else(|| circuit_open(until)));
    }
    let _in_flight = gateway.in_flight();
    let paced = gateway.admission.paced(taken.ticket, plan.max_tokens);
    let _running = gateway.pressure.running(plan.expected_cost);
    let mut answer = Answer::default();
    let mut progress = Progress::default();
    let sent = exchange(gateway, plan, taken.ticket, &mut answer, &mut progress, watcher).await;
    let held = plan.held(held_at);
    let failed = match sent {
        Ok(()) => {
            let bill = Bill::whole(&held, &prices, &answer);
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
            let reply = reply(gateway, plan, &mut answer, &bill);
            let detail = Some(bill.detail(&reply.stop_reason));
            let model = Some(reply.model.clone());
            return Tried::end(settle(gateway, plan, id, bill.outcome(), detail, model, Ok(reply)).await);
        }
        Err(failed) => failed,
    };
    paced.ended(&match &failed.money {
        Money::Unknown => Spent::Unknown(plan.max_tokens),
        Money::Released if failed.error.request_sent => Spent::Refused,
        Money::Released => Spent::NotSent,
    });
    if failed.down {
        gateway.breaker.failed(&failed.error.message);
    }
    if failed.spend_cap {
        gateway.engage_spend_cap(&failed.error.message, held_at).await;
    }
    let outcome = match &failed.money {
        Money::Released => SettlementOutcome::Released,
        Money::Unknown => {
            let bill = Bill::broken(&held, &prices, &answer);
            gateway.tell_without_price(id, &bill).await;
            bill.outcome()
        }
    };
    correct_throttle(gateway, taken, cost_of(&outcome));
    let detail = Some(failed.error.kind.name().to_owned());
    let again = match failed.again {
        Again::No => None,
        Again::BackOff => Some(back_off(retries)),
        Again::After(wait) => Some(wait),
    };
    match again.filter(|_| retries < gateway.config.patience.retries) {
        Some(wait) if wait > gateway.config.pace.longest_wait => {
            let ended = settle_only(gateway, id, outcome, detail).await;
            let until = gateway.clock.now() + wait;
            Tried::end(ended.unwrap_or_else(|| parked(WaitReason::Pace, failed.error.message, Some(until))))
        }
        Some(wait) => settle_only(gateway, id, outcome, detail).await.map_or(Tried::Again(wait), Tried::end),
        None => Tried::end(settle(gateway, plan, id, outcome, detail, None, Err(failed.error)).await),
    }
}

// One request and its answer, within the call's time; within the drain's time once nobody watches.
async fn exchange(
    gateway: &Inner,
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
                // Whatever it says, but for its own failures: it is there.
                if status < 500 {
                    gateway.breaker.answered();
                }
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
fn streamed(gateway: &Inner, plan: &Plan<'_>, ticket: Ticket, bytes: u64) {
    let (agent, model, kind) = (&plan.ask.asker.agent, &plan.row.model, plan.expected.kind);
    let so_far = gateway.learner.so_far(agent, model, plan.max_tokens, bytes);
    gateway.admission.with_pace(|pace| {
        pace.streamed(ticket, so_far.tokens);
        if so_far.surprising {
            pace.surprised(kind);
        }
    });
}

fn reply(gateway: &Inner, plan: &Plan<'_>, answer: &mut Answer, bill: &Bill) -> Reply {
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

fn correct_throttle(gateway: &Inner, taken: Taken, cost: Nanodollars) {
    gateway.admission.with_throttle(|throttle| throttle.correct(taken.charge, cost));
}

fn learn_warmth(gateway: &Inner, plan: &Plan<'_>, usage: &Usage) {
    if let Some(prompt) = plan.prompt {
        let mut warm = gateway.warm.lock().unwrap_or_else(PoisonError::into_inner);
        warm.learn(prompt, &plan.row.model, usage, gateway.clock.now());
    }
}

async fn settle(
    gateway: &Inner,
    plan: &Plan<'_>,
    call: CallId,
    outcome: SettlementOutcome,
    detail: Option<String>,
    model: Option<String>,
    answer: Result<Reply, CallError>,
) -> CallEnd {
    let at = gateway.clock.now();
    let journal = Some(journal_write(plan.ask, &answer, at));
    let settlement = Settlement { call, outcome, detail, model, journal };
    match gateway.settle(settlement).await {
        Ok(settled) if settled.journalled => CallEnd::Answered { answer, at },
        Ok(_) => CallEnd::LeaseLost,
        Err(error) => CallEnd::StoreFailed(error.to_string()),
    }
}

async fn settle_only(
    gateway: &Inner,
    call: CallId,
    outcome: SettlementOutcome,
    detail: Option<String>,
) -> Option<CallEnd> {
    let settlement = Settlement { call, outcome, detail, model: None, journal: None };
    gateway.settle(settlement).await.err().map(|error| CallEnd::StoreFailed(error.to_string()))
}

// An answer that cost nothing goes into the journal by itself.
async fn journalled(gateway: &Inner, ask: &Ask, error: CallError) -> CallEnd {
    let at = gateway.clock.now();
    let answer = Err(error);
    match gateway.store.journal(journal_write(ask, &answer, at)).await {
        Ok(()) => CallEnd::Answered { answer, at },
        Err(StoreError::LeaseLost) => CallEnd::LeaseLost,
        Err(error) => CallEnd::StoreFailed(error.to_string()),
    }
}

fn journal_write(ask: &Ask, answer: &Result<Reply, CallError>, at: Timestamp) -> JournalWrite {
    let entry = JournalEntry {
        position: ask.slot.position,
        kind: JournalKind::Call,
        request_hash: ask.slot.request_hash,
        answer: Json::of(answer),
        at,
    };
    JournalWrite { lease: ask.asker.lease, entry }
}

fn parked(reason: WaitReason, detail: String, until: Option<Timestamp>) -> CallEnd {
    CallEnd::Park(Wait { reason, detail, until, refused_at: None })
}

fn circuit_open(until: Timestamp) -> CallEnd {
    let detail =
        "Claude failed again and again; one call tries again then, and the others follow when it answers";
    parked(WaitReason::Circuit, detail.to_owned(), Some(until))
}

fn braked(causes: &[BrakeCause]) -> CallEnd {
    let reasons: Vec<_> = causes.iter().map(|cause| cause.reason.as_str()).collect();
    // With a person's or the store's cause among them nobody knows when it ends.
    let ends: Option<Vec<_>> = causes.iter().map(|cause| cause.until).collect();
    let until = ends.and_then(|ends| ends.into_iter().max());
    parked(WaitReason::Brake, format!("the brake is engaged: {}", reasons.join("; ")), until)
}

/// The cause that upstream's own spend cap raises.
pub(crate) fn spend_cap_cause(message: &str, since: Timestamp, until: Timestamp) -> BrakeCause {
    BrakeCause {
        kind: BrakeCauseKind::SpendCap,
        reason: format!("upstream's own spend limit is reached ({message})"),
        since,
        until: Some(until),
        by: None,
    }
}
