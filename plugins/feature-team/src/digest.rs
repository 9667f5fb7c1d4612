//! Requirements and a design in few words, for whoever writes the code: what is left out there is in the pages for
//! people. A result of another shape has no digest.

use crate::text;
use serde_json::Value;
use std::fmt::Write as _;

/// The most characters of one text in it.
const LONGEST: usize = 2_000;

/// The requirements of a result of `analyze`.
pub fn requirements(result: &Value) -> Option<String> {
    let list = result["requirements"].as_array().filter(|list| !list.is_empty())?;
    let mut out = said(&result["summary"]).map(|summary| format!("{summary}\n")).unwrap_or_default();
    for requirement in list {
        let statement = said(&requirement["statement"])?;
        let words = ["id", "priority"].map(|key| said(&requirement[key]).unwrap_or_default());
        let _ = writeln!(out, "- {}: {statement}", words.join(" ").trim());
        for criterion in texts(&requirement["acceptance"]) {
            let _ = writeln!(out, "  - {criterion}");
        }
    }
    list_of(&mut out, "Taken for granted", texts(&result["assumptions"]));
    list_of(&mut out, "Not wanted", texts(&result["out_of_scope"]));
    Some(out)
}

/// The design of a result of `design`.
pub fn design(result: &Value) -> Option<String> {
    let components = result["components"].as_array().filter(|list| !list.is_empty())?;
    let mut out = said(&result["overview"]).map(|overview| format!("{overview}\n")).unwrap_or_default();
    let components: Option<Vec<String>> = components
        .iter()
        .map(|component| {
            let mut line = format!("{}: {}", said(&component["name"])?, said(&component["responsibility"])?);
            for (lead, key) in [("offers", "interfaces"), ("uses", "depends_on")] {
                let texts = texts(&component[key]);
                if !texts.is_empty() {
                    let _ = write!(line, "; {lead} {}", texts.join(", "));
                }
            }
            Some(line)
        })
        .collect();
    list_of(&mut out, "Components", components?);
    list_of(&mut out, "Files", both(&result["files"], "path", "purpose"));
    list_of(&mut out, "Decisions", both(&result["decisions"], "title", "choice"));
    Some(out)
}

fn list_of(out: &mut String, title: &str, entries: Vec<String>) {
    if !entries.is_empty() {
        let _ = writeln!(out, "{title}:");
        for entry in entries {
            let _ = writeln!(out, "- {entry}");
        }
    }
}

fn both(list: &Value, thing: &str, what: &str) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(|entry| Some(format!("{}: {}", said(&entry[thing])?, said(&entry[what])?))).collect()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(said).collect()
}

fn said(value: &Value) -> Option<String> {
    Some(text::line(value.as_str()?, LONGEST)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn requirements_keep_what_decides_when_they_are_met() {
        let result = json!({
            "summary": "A form.",
            "requirements": [{"id": "R1", "kind": "functional", "priority": "must", "statement": "It sends.",
                "acceptance": ["A filled form\nis sent."]}],
            "assumptions": ["one user"], "out_of_scope": ["passwords"],
        });
        assert_eq!(
            requirements(&result).expect("a digest"),
            "A form.\n- R1 must: It sends.\n  - A filled form is sent.\nTaken for granted:\n- one user\nNot wanted:\n- passwords\n"
        );
    }

    #[test]
    fn a_design_keeps_its_parts_and_files() {
        let result = json!({
            "overview": "Two parts.",
            "components": [{"name": "form", "responsibility": "asks", "interfaces": ["show()"], "depends_on": ["sender"]},
                {"name": "sender", "responsibility": "sends", "interfaces": [], "depends_on": []}],
            "files": [{"path": "form.html", "purpose": "the form"}],
            "decisions": [{"title": "Transport", "choice": "fetch", "because": "no library", "rejected": []}],
        });
        assert_eq!(
            design(&result).expect("a digest"),
            "Two parts.\nComponents:\n- form: asks; offers show(); uses sender\n- sender: sends\nFiles:\n- form.html: the form\n\
             Decisions:\n- Transport: fetch\n"
        );
    }

    #[test]
    fn another_shape_has_no_digest() {
        for odd in [
            json!(null),
            json!({"requirements": [], "components": []}),
            json!({"requirements": [7], "components": [{}]}),
        ] {
            assert_eq!((requirements(&odd), design(&odd)), (None, None), "{odd}");
        }
    }
}
