//! Plugins that are programs: they are asked on their standard input and answer on their standard output, one JSON
//! object a line. The protocol is `docs/line-protocol.md`; a line has one key, which says what it is.

mod answer;
mod blocks;
mod calls;
mod claude;
mod conversation;
mod job;
mod people;
mod pipes;
mod state;
mod team;
mod wire;

pub(crate) use pipes::Pipes;

use crate::Breach;
use crate::bindings::exports::anvil::agent::agent_api as wit;
use crate::end::BreachKind;
use crate::ended::{Ended, instance};
use crate::guest::Guest;
use crate::world::{GuestWorld, Seat};
use conversation::{Said, Waiting};
use std::pin::pin;
use wasmtime::Store;
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

/// Asks a program to do a job.
pub(crate) async fn run(
    seat: Seat,
    pre: &CommandPre<GuestWorld>,
    job: &wit::Job,
    begins: impl FnOnce(&GuestWorld) + Send,
) -> Ended<Result<wit::Outcome, wit::Failure>> {
    ask(seat, pre, &wire::run(job), Waiting::ForResult, begins).await.and_then(|said| match said {
        Said::Done(result) => Ok(Ok(wit::Outcome { result: result.as_str().to_owned(), extras: Vec::new() })),
        Said::Failed(failure) => Ok(Err(failure.into())),
        Said::Description(_) => Err(conversation::unasked("description", Waiting::ForResult)),
    })
}

/// Asks a program what it is.
pub(crate) async fn describe(seat: Seat, pre: &CommandPre<GuestWorld>) -> Ended<wit::Description> {
    ask(seat, pre, &wire::describe(), Waiting::ForDescription, |_| ()).await.and_then(|said| match said {
        Said::Description(description) => match description.other_contract() {
            None => Ok(description.into()),
            Some(other) => Err(wire::unspoken(other)),
        },
        Said::Done(_) => Err(conversation::unasked("done", Waiting::ForDescription)),
        Said::Failed(failure) => Err(Breach::new(
            BreachKind::Protocol,
            format!("it answered `failed` ({}) when it was asked to describe itself", failure.message()),
        )),
    })
}

/// Starts the program, says the first line to it, and answers what it asks until it has said the last.
async fn ask(
    seat: Seat,
    pre: &CommandPre<GuestWorld>,
    first: &str,
    waiting: Waiting,
    begins: impl FnOnce(&GuestWorld) + Send,
) -> Ended<Said> {
    let (mut store, mut guest, pipes) = seat.speaking();
    pipes.say(first);
    let said = converse(&mut store, &mut guest, pre, &pipes, waiting, begins).await;
    Ended::of(said, &store)
}

async fn converse(
    store: &mut Store<GuestWorld>,
    guest: &mut Guest,
    pre: &CommandPre<GuestWorld>,
    pipes: &Pipes,
    waiting: Waiting,
    begins: impl FnOnce(&GuestWorld) + Send,
) -> wasmtime::Result<Said> {
    let program = async {
        let command = instance(pre.instantiate_async(&mut *store)).await?;
        begins(store.data());
        command.wasi_cli_run().call_run(&mut *store).await
    };
    let mut program = pin!(program);
    let mut conversation = pin!(conversation::hold(guest, pipes));
    let ended = tokio::select! {
        biased;
        // What it has said last counts, however it goes on: it is not waited for.
        said = &mut conversation => {
            return said?.ok_or_else(|| breach("it closed its standard output without a last line"));
        }
        ended = &mut program => ended,
    };
    pipes.close();
    if pipes.is_answering() {
        return Err(
            after(ended).unwrap_or_else(|| breach("it ended without waiting for the answer to its call"))
        );
    }
    match conversation.await? {
        Some(said) => Ok(said),
        None => Err(after(ended)
            .unwrap_or_else(|| breach(&format!("it ended without a last line: {}", waiting.endings())))),
    }
}

/// What a program that said nothing at its end broke by; none where it ended as programs do.
fn after(ended: wasmtime::Result<Result<(), ()>>) -> Option<wasmtime::Error> {
    match ended {
        Ok(Ok(())) => return None,
        Ok(Err(())) => {}
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(0)) => return None,
            // WASI 0.2 has no other code than 1.
            Some(I32Exit(_)) => {}
            None => return Some(error),
        },
    }
    let message = "the program ended with an exit code that says it failed, and without a last line";
    Some(wasmtime::Error::new(Breach::new(BreachKind::Exit, message)))
}

fn breach(message: &str) -> wasmtime::Error {
    wasmtime::Error::new(Breach::new(BreachKind::Protocol, message))
}
