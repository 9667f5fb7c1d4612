//! A host whose Claude is played from a script.

use code_generator::host::Host;
use code_generator::wit::anvil::agent::claude::{
    CallError, ContentBlock, Remaining, Reply, Request, Role, Usage,
};
use code_generator::wit::anvil::agent::job::Level;
use code_generator::wit::exports::anvil::agent::agent_api::Job;
use std::collections::VecDeque;

/// What each call costs, in nano-dollars.
pub(crate) const COST: u64 = 1_500_000;

/// The host; its fields tell what the agent did.
#[derive(Debug)]
pub(crate) struct Played {
    script: VecDeque<Result<Reply, CallError>>,
    pub(crate) asked: Vec<Request>,
    pub(crate) artifacts: Vec<(String, String, String)>,
    pub(crate) log: Vec<String>,
    pub(crate) progress: Vec<(f64, String)>,
    pub(crate) left: Remaining,
    pub(crate) house_rules: Option<String>,
    pub(crate) refuses: Option<&'static str>,
}

impl Played {
    pub(crate) fn new<const N: usize>(script: [Result<Reply, CallError>; N]) -> Self {
        Self {
            script: script.into(),
            asked: Vec::new(),
            artifacts: Vec::new(),
            log: Vec::new(),
            progress: Vec::new(),
            left: Remaining {
                job_nanodollars: 1_000_000_000,
                window_nanodollars: 1_000_000_000,
                calls: 50,
                max_input_tokens: 8_000,
                max_output_tokens: 2_000,
                pressure: 0.0,
                extras: Vec::new(),
            },
            house_rules: None,
            refuses: None,
        }
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.artifacts.iter().map(|(name, ..)| name.as_str()).collect()
    }
}

impl Host for Played {
    fn ask(&mut self, request: &Request) -> Result<Reply, CallError> {
        assert!(request.messages.iter().all(|turn| !turn.content.is_empty()));
        assert!(matches!(request.messages.last().map(|turn| turn.role), Some(Role::User)), "no prefill");
        self.asked.push(request.clone());
        self.script.pop_front().expect("a call too many")
    }

    fn allowance(&mut self) -> Remaining {
        self.left.clone()
    }

    fn setting(&mut self, key: &str) -> Option<String> {
        self.house_rules.clone().filter(|_| key == "house_rules")
    }

    fn progress(&mut self, fraction: f64, line: &str) {
        self.progress.push((fraction, line.to_owned()));
    }

    fn log(&mut self, _: Level, line: &str) {
        self.log.push(line.to_owned());
    }

    fn hand_over(&mut self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), String> {
        if self.refuses == Some(name) {
            return Err("there are too many files".to_owned());
        }
        let content = String::from_utf8(bytes.to_vec()).expect("text");
        self.artifacts.push((name.to_owned(), media_type.to_owned(), content));
        Ok(())
    }
}

/// A reply that ended by itself.
pub(crate) fn says(text: &str) -> Result<Reply, CallError> {
    stops("end_turn", text)
}

/// A reply that the limit on its length cut.
pub(crate) fn cut(text: &str) -> Result<Reply, CallError> {
    stops("max_tokens", text)
}

/// A reply with a stop reason.
#[expect(clippy::unnecessary_wraps, reason = "what a script is made of")]
pub(crate) fn stops(reason: &str, text: &str) -> Result<Reply, CallError> {
    Ok(Reply {
        content: vec![ContentBlock::Text(text.to_owned())],
        stop_reason: reason.to_owned(),
        model: "claude-sonnet-5-5".to_owned(),
        usage: Usage { input_tokens: 100, output_tokens: 100, cache_read_tokens: 0, cache_write_tokens: 0 },
        cost_nanodollars: COST,
        origin: "live".to_owned(),
        extras: Vec::new(),
    })
}

/// No reply.
pub(crate) fn fails(kind: &str) -> Result<Reply, CallError> {
    Err(CallError {
        kind: kind.to_owned(),
        message: format!("because of {kind}"),
        retry_after_ms: None,
        request_sent: false,
    })
}

/// A job of the agent's action.
pub(crate) fn job(payload: &str) -> Job {
    Job { action: "generate".to_owned(), payload: payload.to_owned(), extras: Vec::new() }
}

/// The text of a request's turn.
pub(crate) fn text_of(request: &Request, turn: usize) -> &str {
    match &request.messages[turn].content[0] {
        ContentBlock::Text(text) => text,
        other => panic!("{other:?}"),
    }
}
