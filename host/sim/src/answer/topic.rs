//! What a question is about.

/// The subject of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    /// The subject as a phrase, such as `login form`.
    pub(super) name: String,
    /// Its words, lower-case, without those that say little.
    pub(super) words: Vec<String>,
}

/// Words that ask for something, and articles after them.
const ASKING: &[&str] = &[
    "a",
    "an",
    "and",
    "build",
    "can",
    "code",
    "create",
    "describe",
    "design",
    "develop",
    "document",
    "documentation",
    "explain",
    "following",
    "for",
    "generate",
    "give",
    "help",
    "i",
    "implement",
    "in",
    "let",
    "list",
    "make",
    "me",
    "need",
    "of",
    "our",
    "please",
    "produce",
    "prove",
    "provide",
    "review",
    "short",
    "simple",
    "small",
    "test",
    "tests",
    "that",
    "the",
    "this",
    "unit",
    "us",
    "want",
    "we",
    "what",
    "which",
    "why",
    "how",
    "do",
    "does",
    "is",
    "are",
    "to",
    "with",
    "write",
    "you",
    "your",
    "numbered",
    "plan",
    "full",
    "complete",
    "python",
    "rust",
    "javascript",
    "typescript",
    "golang",
];

/// Where a phrase ends.
const ENDING: &[&str] = &[
    "with", "using", "that", "which", "so", "answer", "respond", "reply", "return", "go", "in", "as", "and",
    "for", "into", "from", "where", "when", "by",
];

/// Labels before the subject, in prose and in JSON.
const LABELS: &[&str] =
    &["requirements", "requirement", "task", "request", "goal", "feature", "description", "topic", "spec"];

impl Topic {
    pub(super) fn of(text: &str) -> Self {
        let line = labelled(text).or_else(|| asking_line(text)).unwrap_or_default();
        let raw: Vec<&str> = line
            .split(|c: char| c.is_whitespace() || "\"`*()[]{}<>".contains(c))
            .filter(|w| !w.is_empty())
            .collect();
        let lower = |w: &str| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let begin = raw.iter().position(|w| !ASKING.contains(&lower(w).as_str())).unwrap_or(0);
        let mut phrase = Vec::new();
        for word in &raw[begin.min(raw.len())..] {
            if !phrase.is_empty() && ENDING.contains(&lower(word).as_str()) {
                break;
            }
            let clean = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '+' && c != '#');
            if !clean.is_empty() {
                phrase.push(clean);
            }
            if phrase.len() == 7 || word.ends_with(['.', ',', ';', ':', '!', '?']) {
                break;
            }
        }
        let name = if phrase.is_empty() { "the request".to_owned() } else { phrase.join(" ") };
        let words =
            name.split(' ').map(lower).filter(|w| w.len() > 1 && !ASKING.contains(&w.as_str())).collect();
        Self { name, words }
    }

    /// The subject with a capital letter.
    pub(super) fn title(&self) -> String {
        let mut chars = self.name.chars();
        chars
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
    }

    /// The subject as a file's or function's name: `login_form`.
    pub(super) fn slug(&self) -> String {
        let joined = self.words.iter().take(3).cloned().collect::<Vec<_>>().join("_");
        let slug: String = joined.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if slug.starts_with(|c: char| c.is_ascii_alphabetic()) { slug } else { format!("app{slug}") }
    }

    /// Whether one of these words is in the subject.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|w| words.contains(&w.as_str()))
    }
}

/// The text behind the last label that has one, up to the end of its line or JSON string.
fn labelled(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let behind = |label: &&str| {
        let values = lower.match_indices(*label).filter_map(|(at, label)| {
            let rest = text[at + label.len()..].trim_start_matches(['"', '*', ' ']);
            let rest = rest.strip_prefix(':')?.trim_start_matches(['*', ' ', '\n', '\r', '#', '-', '>']);
            let (rest, end) = match rest.strip_prefix('"') {
                Some(inner) => (inner, inner.find('"')),
                None => (rest, rest.find('\n')),
            };
            let line = rest[..end.unwrap_or(rest.len())].trim();
            (!line.is_empty() && !line.starts_with(['{', '['])).then_some(line)
        });
        values.last()
    };
    LABELS.iter().find_map(behind)
}

/// The sentence that asks for something to be made; else what stands behind a colon, else the first line. A tag alone on
/// its line only fences what a prompt was given.
fn asking_line(text: &str) -> Option<&str> {
    let is_tag = |line: &&str| line.starts_with('<') && line.ends_with('>');
    let lines = text.lines().map(str::trim).filter(|line| !is_tag(line));
    let sentences = lines
        .flat_map(|line| line.split(['.', ':']))
        .map(str::trim)
        .filter(|s| !s.is_empty() && !s.starts_with('{'));
    let makes = |s: &&str| {
        let first = s.split(' ').next().unwrap_or("").to_lowercase();
        ["build", "create", "implement", "develop", "design"].contains(&first.as_str())
    };
    sentences.clone().find(makes).or_else(|| sentences.clone().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_found_in_prose_labels_and_json() {
        for (text, name) in [
            ("Build a login form", "login form"),
            ("Please write the code for a todo list in Python.", "todo list"),
            ("Requirements: Build a login form with validation\nUse no library.", "login form"),
            (r#"Payload: {"requirements":"Build a login form"}"#, "login form"),
            ("Make a short numbered plan, without code: Build a login form", "login form"),
            ("Why do token buckets go into debt?", "token buckets"),
            ("<brief>\nA booking page for rooms.\n</brief>\n\nWork out the scope.", "booking page"),
            ("<file name=\"src/add.js\">\nWe need a calculator.\n</file>", "calculator"),
            ("", "the request"),
        ] {
            assert_eq!(Topic::of(text).name, name, "{text}");
        }
        assert_eq!(Topic::of("Build a login form").slug(), "login_form");
    }
}
