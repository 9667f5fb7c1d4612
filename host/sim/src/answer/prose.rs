//! Answers in sentences.

use super::topic::Topic;
use crate::rng::Rng;

pub(super) fn prose(topic: &Topic, rng: &mut Rng) -> String {
    let name = &topic.name;
    let open = rng.pick(&["In short", "Put simply", "The short answer"]);
    let weigh = rng.pick(&["The main trade-off is", "What decides it is", "The thing to weigh is"]);
    format!(
        "{open}: with {name}, start from what has to hold at all times, and choose the simplest design that keeps it \
         true.\n\nThree points matter most for {name}:\n\n- **Purpose.** Name who relies on it and what they would \
         notice if it failed.\n- **Limits.** Decide beforehand what is refused, and say so where it happens.\n- \
         **Evidence.** Measure before changing anything, and keep the check that would have caught the last mistake.\n\n\
         {weigh} how much flexibility is worth its cost: a first version of {name} that is small and complete teaches \
         more than a large one that is nearly done. From there, each change should come with its reason and its test.\n"
    )
}

pub(super) fn after_tool(topic: &Topic) -> String {
    format!(
        "Thank you, the tool's result answers it. For {}, what it returned is consistent with what was asked, and \
         nothing further needs to be looked up.\n",
        topic.name
    )
}
