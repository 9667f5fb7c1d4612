//! Answers as a numbered plan.

use super::topic::Topic;
use crate::rng::Rng;

pub(super) fn plan(topic: &Topic, rng: &mut Rng) -> String {
    let name = &topic.name;
    let part = topic.words.last().map_or("result", String::as_str);
    let steps = [
        format!(
            "**Settle the scope.** List what the {name} must do, what it must refuse, and what is left out."
        ),
        rng.pick(&["**Lay out the structure.** ", "**Sketch the parts.** "]).to_owned()
            + &format!("Give the {part} a plain, semantic structure that works without styling."),
        format!("**Build the core.** Write the smallest {name} that does its main job from end to end."),
        format!("**Handle mistakes.** Check every input of the {part} and say next to it what is wrong."),
        rng.pick(&["**Make it pleasant.** ", "**Polish it.** "]).to_owned()
            + "Light and dark colours, visible focus, room on small screens.",
        format!("**Check it.** Walk through the {name} by keyboard and test the good path and each refusal."),
    ];
    let numbered: Vec<String> =
        steps.iter().enumerate().map(|(i, step)| format!("{}. {step}", i + 1)).collect();
    format!("## Plan: {}\n\n{}\n", topic.title(), numbered.join("\n"))
}
