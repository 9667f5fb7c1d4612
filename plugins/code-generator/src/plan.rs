//! Claude's plan: a numbered list of files and what each is for.

use crate::naming;

/// More steps than this are not read.
const MOST: usize = 64;

/// The steps of a plan, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Each step's text, without its number.
    pub steps: Vec<String>,
}

impl Plan {
    /// Reads the numbered lines of a reply; where there are none, its bullets.
    pub fn read(reply: &str) -> Self {
        let read = |strip: fn(&str) -> Option<&str>| -> Vec<String> {
            let steps = reply.lines().filter_map(|line| strip(line.trim())).map(str::trim);
            steps.filter(|step| !step.is_empty()).map(str::to_owned).take(MOST).collect()
        };
        let numbered = read(numbered);
        Self { steps: if numbered.is_empty() { read(bullet) } else { numbered } }
    }

    /// The plan as a numbered list.
    pub fn list(&self) -> String {
        let lines: Vec<String> =
            self.steps.iter().enumerate().map(|(index, step)| format!("{}. {step}", index + 1)).collect();
        lines.join("\n")
    }

    /// The files that the plan names.
    pub fn files(&self) -> impl Iterator<Item = String> {
        self.steps.iter().filter_map(|step| naming::of_line(step))
    }
}

fn numbered(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix(['.', ')']).filter(|_| rest.len() < line.len())?;
    rest.strip_prefix(' ')
}

fn bullet(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbered_lines_are_the_plan() {
        let plan =
            Plan::read("Sure:\n\n1. `login.html` – the form\n2) **app.js**: sends it\n  3. Check it\n");
        assert_eq!(plan.steps, ["`login.html` – the form", "**app.js**: sends it", "Check it"]);
        assert_eq!(plan.files().collect::<Vec<_>>(), ["login.html", "app.js"]);
        assert!(plan.list().starts_with("1. `login.html`"));
    }

    #[test]
    fn a_plan_may_have_bullets_or_be_none_at_all() {
        assert_eq!(Plan::read("- a.rs\n* b.rs").steps, ["a.rs", "b.rs"]);
        assert_eq!(Plan::read("No plan needed.\n1.5 times").steps, Vec::<String>::new());
    }
}
