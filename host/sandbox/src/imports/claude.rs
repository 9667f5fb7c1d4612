//! `anvil:agent/claude`.

use super::request::{checked, refusal};
use crate::bindings::anvil::agent::claude as wit;
use crate::guest::Guest;
use anvil_types::{CallError, ContentBlock, Reply};

/// The most questions of one `complete-many`.
const MAX_AT_ONCE: usize = 32;

impl wit::Host for Guest {
    async fn complete(
        &mut self,
        request: wit::Request,
    ) -> wasmtime::Result<Result<wit::Reply, wit::CallError>> {
        let door = self.door("claude.complete")?;
        let request = match checked(request) {
            Ok(request) => request,
            Err(error) => return Ok(Err(error.into())),
        };
        let clock = door.clock();
        let answer =
            door.ask("claude.complete", async move |host| host.complete(request, clock).await).await?;
        Ok(answer.map(Into::into).map_err(Into::into))
    }

    async fn complete_many(
        &mut self,
        requests: Vec<wit::Request>,
    ) -> wasmtime::Result<Vec<Result<wit::Reply, wit::CallError>>> {
        let door = self.door("claude.complete-many")?;
        let count = requests.len();
        if count > MAX_AT_ONCE {
            let error =
                refusal(format!("complete-many takes at most {MAX_AT_ONCE} requests; these are {count}"));
            return Ok(vec![Err(error.into()); count]);
        }
        let checked: Vec<_> = requests.into_iter().map(checked).collect();
        let asked: Vec<_> = checked.iter().filter_map(|request| request.as_ref().ok().cloned()).collect();
        let mut answers = if asked.is_empty() {
            Vec::new()
        } else {
            let clock = door.clock();
            door.ask("claude.complete-many", async move |host| host.complete_many(asked, clock).await).await?
        }
        .into_iter();
        // The answers of those that were asked go back to their places between those that were not.
        Ok(checked
            .into_iter()
            .map(|request| match request {
                Ok(_) => answers.next().unwrap_or_else(|| {
                    Err(CallError::unsent(anvil_types::CallErrorKind::Internal, "the host gave no answer"))
                }),
                Err(error) => Err(error),
            })
            .map(|answer| answer.map(Into::into).map_err(Into::into))
            .collect())
    }

    async fn allowance(&mut self) -> wasmtime::Result<wit::Remaining> {
        let left = self
            .door("claude.allowance")?
            .ask("claude.allowance", async move |host| host.allowance().await)
            .await?;
        Ok(wit::Remaining {
            job_nanodollars: unsigned(left.job),
            window_nanodollars: unsigned(left.window),
            calls: left.calls,
            max_input_tokens: left.max_input_tokens,
            max_output_tokens: left.max_output_tokens,
            pressure: left.pressure,
            extras: Vec::new(),
        })
    }
}

/// Money as the contract has it: never below nothing.
fn unsigned(money: anvil_types::Nanodollars) -> u64 {
    u64::try_from(money.get()).unwrap_or(0)
}

impl From<CallError> for wit::CallError {
    fn from(error: CallError) -> Self {
        Self {
            kind: error.kind.name().to_owned(),
            message: error.message,
            retry_after_ms: error.retry_after_ms,
            request_sent: error.request_sent,
        }
    }
}

impl From<Reply> for wit::Reply {
    fn from(reply: Reply) -> Self {
        Self {
            content: reply.content.into_iter().map(Into::into).collect(),
            stop_reason: reply.stop_reason,
            model: reply.model,
            usage: wit::Usage {
                input_tokens: reply.usage.input_tokens,
                output_tokens: reply.usage.output_tokens,
                cache_read_tokens: reply.usage.cache_read_tokens,
                cache_write_tokens: reply
                    .usage
                    .cache_write_5m_tokens
                    .saturating_add(reply.usage.cache_write_1h_tokens),
            },
            cost_nanodollars: unsigned(reply.cost),
            origin: reply.origin.name().to_owned(),
            extras: reply.extras.into_iter().map(|(name, value)| wit::Extra { name, value }).collect(),
        }
    }
}

impl From<ContentBlock> for wit::ContentBlock {
    fn from(block: ContentBlock) -> Self {
        match block {
            ContentBlock::Text { text } => Self::Text(text),
            ContentBlock::Image { media_type, data } => Self::Image(wit::Image { media_type, data }),
            ContentBlock::ToolUse { id, name, input } => Self::ToolUse(wit::ToolUse { id, name, input }),
            ContentBlock::ToolResult { tool_use_id, content, is_error } => {
                Self::ToolResult(wit::ToolResult { tool_use_id, content, is_error })
            }
            ContentBlock::Thinking { text, signature } => Self::Thinking(wit::Thinking { text, signature }),
            ContentBlock::Other { json } => Self::Other(json),
        }
    }
}
