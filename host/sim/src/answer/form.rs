//! Which form an answer is asked to have.

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Plan,
    Files(Kind),
    Prose,
}

/// What the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    Tests,
    Docs,
}

const JSON: &[&str] = &[
    "as json",
    "with json",
    "in json",
    "valid json",
    "only json",
    "json only",
    "json object",
    "json array",
    "return json",
    "json of the form",
    "matching this schema",
    "json schema",
    "a json",
];
const NO_CODE: &[&str] = &[
    "without code",
    "no code",
    "not write code",
    "don't write code",
    "not write any code",
    "before you write code",
    "do not include code",
];
const PLAN: &[&str] = &[
    "numbered",
    "a plan",
    "short plan",
    "plan how",
    "plan the",
    "plan for",
    "make a plan",
    "outline",
    "steps to take",
    "list the steps",
];
const CODE: &[&str] = &[
    "fenced",
    "code block",
    "info string",
    "file name",
    "files",
    "full content",
    "write code",
    "write the code",
    "code for",
    "implement",
    "implementation",
    "build a",
    "build an",
    "create a",
    "generate a",
    "source code",
    "html",
    "function",
];
const TESTS: &[&str] = &[
    "unit test",
    "write tests",
    "tests for",
    "test suite",
    "test file",
    "generate tests",
    "test cases",
    "write the tests",
];
const DOCS: &[&str] = &[
    "documentation",
    "readme",
    "document the",
    "user guide",
    "write docs",
    "docs for",
    "api reference",
    "generate docs",
];

impl Form {
    /// Judged by the last user message, which counts twice, and the system prompt.
    pub(super) fn of(system: &str, user: &str) -> Self {
        let (system, user) = (system.to_lowercase(), user.to_lowercase());
        let hits = |words: &[&str]| {
            let count = |text: &str| words.iter().filter(|w| text.contains(**w)).count();
            2 * count(&user) + count(&system)
        };
        if hits(JSON) > 1 || (hits(JSON) == 1 && hits(CODE) < 2) {
            return Self::Json;
        }
        let (plan, code) = (hits(PLAN), hits(CODE));
        let (tests, docs) = (hits(TESTS), hits(DOCS));
        if plan > 1 && (NO_CODE.iter().any(|w| user.contains(w)) || plan > code + tests + docs) {
            return Self::Plan;
        }
        if tests > 1 && tests >= docs {
            Self::Files(Kind::Tests)
        } else if docs > 1 {
            Self::Files(Kind::Docs)
        } else if code > 1 || (code == 1 && plan == 0) {
            Self::Files(Kind::Code)
        } else if plan > 0 {
            Self::Plan
        } else {
            Self::Prose
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_what_is_asked() {
        for (system, user, form) in [
            ("", "Build a login form", Form::Files(Kind::Code)),
            (
                "You write code.",
                "Make a numbered plan for: Build a login form. Do not write code yet.",
                Form::Plan,
            ),
            (
                "",
                "Write the full content of each file as fenced code blocks. Follow this plan:\n1. HTML",
                Form::Files(Kind::Code),
            ),
            ("Answer with a JSON object.", "What is to be done?", Form::Json),
            ("", "Write unit tests for add()", Form::Files(Kind::Tests)),
            ("", "Write a README for the parser", Form::Files(Kind::Docs)),
            ("", "What is a token bucket?", Form::Prose),
        ] {
            assert_eq!(Form::of(system, user), form, "{user}");
        }
    }
}
