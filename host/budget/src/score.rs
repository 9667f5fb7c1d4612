//! What work a call is that does not say: a small sum, each part of which can be told.
//!
//! It begins at the agent's effort, or at that which its owner has given the job's action, and goes one effort down or up
//! where two things speak for it. It is made of the beginning of a conversation alone, so that a later turn of it comes to
//! the same and stays with its model.

use anvil_types::{ContentBlock, Effort, Message, Priority, Request, Role};
use std::fmt;

/// A beginning of no more bytes is short: about a page, a thousand tokens.
pub const SHORT_BYTES: usize = 4_000;
/// One of at least so many bytes is long: some twenty-five thousand tokens.
pub const LONG_BYTES: usize = 100_000;

/// One thing that speaks for weaker or stronger work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScorePart {
    /// What is said until a model first answers is short: one less.
    Short,
    /// It is long: one more.
    Long,
    /// Tools are offered: one more.
    Tools,
    /// The job is of low priority: one less.
    LowPriority,
    /// The job is of high or critical priority: one more.
    HighPriority,
}

impl ScorePart {
    fn points(self) -> i8 {
        match self {
            Self::Short | Self::LowPriority => -1,
            Self::Long | Self::Tools | Self::HighPriority => 1,
        }
    }
}

impl fmt::Display for ScorePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "a short beginning -1",
            Self::Long => "a long beginning +1",
            Self::Tools => "tools +1",
            Self::LowPriority => "low priority -1",
            Self::HighPriority => "high priority +1",
        })
    }
}

/// What a call's work is held to be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// Where it began.
    pub base: Effort,
    /// What it came to.
    pub effort: Effort,
    /// What spoke for it.
    pub parts: Vec<ScorePart>,
}

impl Score {
    /// Of a request, of a job of this priority, whose agent or action means `base`.
    pub fn of(base: Effort, request: &Request, priority: Priority) -> Self {
        let size = beginning(request);
        let tests = [
            (size <= SHORT_BYTES, ScorePart::Short),
            (size >= LONG_BYTES, ScorePart::Long),
            (!request.tools.is_empty(), ScorePart::Tools),
            (priority == Priority::Low, ScorePart::LowPriority),
            (priority <= Priority::High, ScorePart::HighPriority),
        ];
        let parts: Vec<_> = tests.into_iter().filter(|(speaks, _)| *speaks).map(|(_, part)| part).collect();
        let points: i8 = parts.iter().map(|part| part.points()).sum();
        // Two points move it by one.
        let effort = match (base, points) {
            (Effort::Complex, ..=-2) | (Effort::Simple, 2..) => Effort::Standard,
            (Effort::Standard, ..=-2) => Effort::Simple,
            (Effort::Standard, 2..) => Effort::Complex,
            (base, _) => base,
        };
        Self { base, effort, parts }
    }
}

/// For people: the sum and its parts.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points: i8 = self.parts.iter().map(|part| part.points()).sum();
        write!(f, "{} work, by a score of {points} from {}", self.effort.name(), self.base.name())?;
        for (at, part) in self.parts.iter().enumerate() {
            f.write_str(if at == 0 { ": " } else { ", " })?;
            part.fmt(f)?;
        }
        Ok(())
    }
}

/// Bytes of what is said until a model first answers: system, tools, and the turns before it.
fn beginning(request: &Request) -> usize {
    let system = request.system.as_ref().map_or(0, String::len);
    let tools =
        request.tools.iter().map(|tool| tool.name.len() + tool.description.len() + tool.input_schema.len());
    let turns =
        request.messages.iter().take_while(|message| message.role != Role::Assistant).map(message_bytes);
    system + tools.sum::<usize>() + turns.sum::<usize>()
}

fn message_bytes(message: &Message) -> usize {
    let bytes = |block: &ContentBlock| match block {
        ContentBlock::Text { text } | ContentBlock::Thinking { text, .. } => text.len(),
        ContentBlock::Image { data, .. } => data.len(),
        ContentBlock::ToolUse { name, input, .. } => name.len() + input.len(),
        ContentBlock::ToolResult { content, .. } => content.len(),
        ContentBlock::Other { json } => json.len(),
    };
    message.content.iter().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Tool;

    fn request(bytes: usize, tools: bool) -> Request {
        let text = |role, text: String| Message { role, content: vec![ContentBlock::Text { text }] };
        let tool = Tool { name: "add".into(), description: "Adds.".into(), input_schema: "{}".into() };
        Request {
            system: None,
            messages: vec![text(Role::User, "x".repeat(bytes))],
            tools: if tools { vec![tool] } else { Vec::new() },
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        }
    }

    #[test]
    fn two_things_that_speak_for_it_move_an_effort_by_one() {
        let all = [Effort::Simple, Effort::Standard, Effort::Complex];
        for (bytes, tools, priority, expected) in [
            (100, false, Priority::Low, [0, 0, 1]),
            (100, false, Priority::Normal, [0, 1, 2]),
            (50_000, false, Priority::Low, [0, 1, 2]),
            (50_000, true, Priority::Normal, [0, 1, 2]),
            (50_000, true, Priority::High, [1, 2, 2]),
            (200_000, true, Priority::Normal, [1, 2, 2]),
            (200_000, true, Priority::Critical, [1, 2, 2]),
            (200_000, false, Priority::Low, [0, 1, 2]),
        ] {
            let request = request(bytes, tools);
            let told = all.map(|base| Score::of(base, &request, priority).effort);
            assert_eq!(told, expected.map(|at: usize| all[at]), "{bytes} {tools} {priority:?}");
        }
    }

    #[test]
    fn a_later_turn_comes_to_the_same() {
        let mut grows = request(100, true);
        let first = Score::of(Effort::Standard, &grows, Priority::Low);
        for _ in 0..40 {
            let said = |role| Message { role, content: vec![ContentBlock::Text { text: "y".repeat(9_000) }] };
            grows.messages.extend([said(Role::Assistant), said(Role::User)]);
            assert_eq!(Score::of(Effort::Standard, &grows, Priority::Low), first);
        }
    }

    #[test]
    fn it_says_what_it_is_made_of() {
        let low = Score::of(Effort::Standard, &request(9, false), Priority::Low);
        let told = "simple work, by a score of -2 from standard: a short beginning -1, low priority -1";
        assert_eq!(low.to_string(), told);
        let plain = Score::of(Effort::Complex, &request(9_000, false), Priority::Normal);
        assert_eq!(plain.to_string(), "complex work, by a score of 0 from complex");
    }
}
