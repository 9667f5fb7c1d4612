//! A later version of the contract, as far as it takes to show that it stands beside the released one.
//!
//! It changes what a released version never may. What a real one needs is here in small: bindings of its own, functions
//! that turn its words into those of the house, and a way in. Nothing of it is in the shipped binary.

wasmtime::component::bindgen!({
    path: "src/testing/trial",
    world: "agent",
    imports: { default: async | trappable },
    exports: { default: async },
    include_component_type: true,
});

use crate::bindings::anvil::agent::claude as first;
use crate::bindings::exports::anvil::agent::agent_api as wit;
use crate::ended::{Ended, instance};
use crate::guest::Guest;
use crate::world::{GuestWorld, Seat};
use anvil::agent::claude::{Effort, Host, Reply, Request};
use anvil_types::Json;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::decoding::decode_world;

/// What stands behind the `@` of its interfaces.
pub(crate) const VERSION: &str = "0.2.0-trial";

impl Host for Guest {
    async fn complete(&mut self, request: Request) -> wasmtime::Result<Result<Reply, String>> {
        let text = first::ContentBlock::Text(request.prompt);
        let request = first::Request {
            system: Some(request.rules.join("\n")),
            messages: vec![first::Message { role: first::Role::User, content: vec![text] }],
            tools: Vec::new(),
            effort: Some(match request.effort {
                Effort::Simple => first::Effort::Simple,
                Effort::Standard => first::Effort::Standard,
                Effort::Complex | Effort::Extreme => first::Effort::Complex,
            }),
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: true,
            options: Vec::new(),
        };
        let answer = first::Host::complete(self, request).await?;
        let text = |reply: first::Reply| {
            let texts = reply.content.into_iter().filter_map(|block| match block {
                first::ContentBlock::Text(text) => Some(text),
                _ => None,
            });
            Reply { json: Json::of(&texts.collect::<String>()).as_str().to_owned() }
        };
        Ok(answer.map(text).map_err(|error| error.message))
    }
}

/// Asks an agent of this version what it is.
pub(crate) async fn describe(seat: Seat, pre: &AgentPre<GuestWorld>) -> Ended<wit::Description> {
    let mut store = seat.calling();
    let called = match instance(pre.instantiate_async(&mut store)).await {
        Ok(agent) => agent.anvil_agent_agent_api().call_describe(&mut store).await,
        Err(error) => Err(error),
    };
    Ended::of(called, &store).and_then(|said| {
        let actions = said.actions.into_iter().map(|action| wit::Action {
            name: action.name,
            summary: String::new(),
            input_schema: action.input_schema,
            output_schema: action.output_schema,
        });
        Ok(wit::Description {
            name: said.name,
            version: said.version,
            summary: String::new(),
            actions: actions.collect(),
            model_floor: None,
            effort: first::Effort::Standard,
            extras: Vec::new(),
        })
    })
}

/// Has an agent of this version do a job.
pub(crate) async fn run(
    seat: Seat,
    pre: &AgentPre<GuestWorld>,
    job: &wit::Job,
    begins: impl FnOnce(&GuestWorld) + Send,
) -> Ended<Result<wit::Outcome, wit::Failure>> {
    let mut store = seat.calling();
    let called = match instance(pre.instantiate_async(&mut store)).await {
        Ok(agent) => {
            begins(store.data());
            agent.anvil_agent_agent_api().call_run(&mut store, &job.action, &job.payload).await
        }
        Err(error) => Err(error),
    };
    Ended::of(called, &store).and_then(|ended| {
        let outcome = |result| wit::Outcome { result, extras: Vec::new() };
        let failure = |message| wit::Failure { kind: "internal".to_owned(), message, extras: Vec::new() };
        Ok(ended.map(outcome).map_err(failure))
    })
}

/// An agent of this version, named `later`, that asks once.
pub fn plugin() -> Vec<u8> {
    let mut module =
        wat::parse_str(include_str!("guest.wat")).expect("the text beside this file is a module");
    let (resolve, world) = decode_world(COMPONENT_TYPE).expect("the world beside this file");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("the world can be embedded");
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .unwrap_or_else(|error| panic!("the guest is no component: {error:#}"))
}
