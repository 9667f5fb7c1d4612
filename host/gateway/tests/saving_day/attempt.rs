//! A job with a slot: from its journal on, one call after another, until it is over or has to wait.

use crate::host::DayHost;
use crate::mix::DayJob;
use anvil_gateway::{Ask, CallEnd, Terms};
use anvil_store::{Claimed, Finish};
use anvil_types::{
    Asker, CallError, Clock as _, ContentBlock, Effort, JobAsker, Json, Message, Reply, Request, Role, Wait,
};

/// One of so many replies of the cheapest tier is asked about again. Ours: the simulator's models answer alike, so how often a
/// weaker one's reply will not do it cannot tell.
const REPAIRED: usize = 10;

/// Runs a job until it has ended or is parked.
pub(crate) async fn attempt(host: &DayHost, claimed: Claimed) {
    let number = host.number(claimed.job.id);
    match calls(host, &claimed, &host.day[number]).await {
        Ok(()) => {
            let finish = Finish::Succeeded { result: Json::null() };
            host.store.finish(claimed.lease, finish).await.expect("an end");
            host.ended(number);
        }
        Err(wait) => {
            host.parked();
            host.store.park(claimed.lease, wait).await.expect("a park");
        }
    }
}

async fn calls(host: &DayHost, claimed: &Claimed, job: &DayJob) -> Result<(), Wait> {
    let mut last = None;
    for call in 0..job.calls() {
        last = Some((job.request(call), answer(host, claimed, job, call, job.request(call)).await?));
    }
    // A reply that will not do.
    if let Some((mut request, reply)) = last
        && reply.model.contains("haiku")
        && job.number.is_multiple_of(REPAIRED)
    {
        let text = "That does not answer it. Once more, please.".to_owned();
        request.messages.push(Message { role: Role::Assistant, content: reply.content });
        request.messages.push(Message { role: Role::User, content: vec![ContentBlock::Text { text }] });
        if answer(host, claimed, job, job.calls(), request).await?.usage.output_tokens > 0 {
            host.repairs();
        }
    }
    Ok(())
}

// The answer to a call, from the job's journal where it is there.
async fn answer(
    host: &DayHost,
    claimed: &Claimed,
    job: &DayJob,
    call: usize,
    request: Request,
) -> Result<Reply, Wait> {
    let position = u32::try_from(call).expect("few");
    if let Some(entry) = claimed.journal.iter().find(|entry| entry.position == position) {
        let answer: Result<Reply, CallError> =
            serde_json::from_str(entry.answer.as_str()).expect("an answer");
        return Ok(answer.expect("no call of the day fails"));
    }
    if call > 0 {
        host.clock.sleep(job.thinks).await;
    }
    match host.gateway.call(ask(claimed, position, request)).wait().await {
        CallEnd::Answered { answer, .. } => Ok(answer.expect("no call of the day fails")),
        CallEnd::Park(wait) => Err(wait),
        end => panic!("{end:?}"),
    }
}

fn ask(claimed: &Claimed, position: u32, request: Request) -> Ask {
    let job = &claimed.job;
    let attempt = 1;
    Ask {
        asker: Asker::Job(JobAsker { lease: claimed.lease, agent: job.agent.clone(), attempt, position }),
        terms: Terms {
            tags: Vec::new(),
            priority: job.priority,
            since: job.created_at,
            effort: Effort::Standard,
            by_score: None,
            floor: None,
            max_input_tokens: None,
            max_output_tokens: None,
            task_budget: false,
            sharers: None,
            economy: job.economy == Some(true),
        },
        request_hash: *blake3::hash(Json::of(&request).as_str().as_bytes()).as_bytes(),
        request,
        text: None,
        fresh: claimed.fresh_from.is_some_and(|from| position >= from),
    }
}
