//! `anvil:agent/state`.

use crate::Breach;
use crate::bindings::anvil::agent::state as wit;
use crate::end::BreachKind;
use crate::guest::Guest;
use anvil_types::words::StateRefusal;
use anvil_types::{
    LARGEST_STATE_VALUE, LONGEST_STATE_KEY, LONGEST_STATE_PAGE, StateAnswer, StateAsk, StateFault, StateItem,
    StateValue,
};

/// What a guest is answered.
type Answer<T> = wasmtime::Result<Result<T, wit::StateError>>;

impl wit::Host for Guest {
    async fn get(&mut self, key: String) -> Answer<Option<wit::Entry>> {
        let ask = key.parse().map(|key| StateAsk::Get { key });
        self.state("state.get", ask, |answer| match answer {
            StateAnswer::Value(value) => Some(value.map(Into::into)),
            _ => None,
        })
        .await
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Answer<u64> {
        self.state("state.set", set(&key, value), version).await
    }

    async fn compare_and_set(&mut self, key: String, expected: Option<u64>, value: Vec<u8>) -> Answer<u64> {
        let ask = compare_and_set(&key, expected, value);
        self.state("state.compare-and-set", ask, version).await
    }

    async fn delete(&mut self, key: String) -> Answer<bool> {
        let ask = key.parse().map(|key| StateAsk::Delete { key });
        self.state("state.delete", ask, |answer| match answer {
            StateAnswer::Deleted(was_there) => Some(was_there),
            _ => None,
        })
        .await
    }

    async fn list(&mut self, prefix: String, after: Option<String>, limit: u32) -> Answer<wit::Page> {
        self.state("state.list", list(prefix, after, limit), |answer| match answer {
            StateAnswer::Page(page) => Some(wit::Page {
                items: page.items.into_iter().map(Into::into).collect(),
                next: page.next,
                extras: Vec::new(),
            }),
            _ => None,
        })
        .await
    }
}

impl Guest {
    /// Asks the job's host. What is refused for its arguments alone is refused here: no run is answered otherwise.
    async fn state<T>(
        &mut self,
        function: &'static str,
        ask: Result<StateAsk, StateRefusal>,
        read: impl FnOnce(StateAnswer) -> Option<T>,
    ) -> Answer<T> {
        let door = self.door(function)?;
        let ask = match ask {
            Ok(ask) => ask,
            Err(refusal) => return Ok(Err(StateFault::from(refusal).into())),
        };
        match door.ask(function, async move |host| host.state(ask).await).await? {
            StateAnswer::Refused(fault) => Ok(Err(fault.into())),
            answer => read(answer).map(Ok).ok_or_else(|| {
                let told = format!("the host's answer to `{function}` is one to another question");
                wasmtime::Error::new(Breach::new(BreachKind::Internal, told))
            }),
        }
    }
}

fn set(key: &str, value: Vec<u8>) -> Result<StateAsk, StateRefusal> {
    Ok(StateAsk::Set { key: key.parse()?, value: fitting(value)? })
}

fn compare_and_set(key: &str, expected: Option<u64>, value: Vec<u8>) -> Result<StateAsk, StateRefusal> {
    Ok(StateAsk::CompareAndSet { key: key.parse()?, expected, value: fitting(value)? })
}

fn list(prefix: String, after: Option<String>, limit: u32) -> Result<StateAsk, StateRefusal> {
    let prefix = place("prefix", prefix)?;
    let after = after.map(|after| place("after", after)).transpose()?;
    Ok(StateAsk::List { prefix, after, limit: limit.clamp(1, LONGEST_STATE_PAGE) })
}

fn fitting(value: Vec<u8>) -> Result<Vec<u8>, StateRefusal> {
    if value.len() > LARGEST_STATE_VALUE {
        return Err(StateRefusal::ValueLength { bytes: value.len() });
    }
    Ok(value)
}

fn place(what: &'static str, text: String) -> Result<String, StateRefusal> {
    if text.len() > LONGEST_STATE_KEY {
        return Err(StateRefusal::PlaceLength { what, bytes: text.len() });
    }
    Ok(text)
}

#[expect(clippy::needless_pass_by_value, reason = "as the other readers of an answer")]
fn version(answer: StateAnswer) -> Option<u64> {
    match answer {
        StateAnswer::Set(version) => Some(version),
        _ => None,
    }
}

impl From<StateValue> for wit::Entry {
    fn from(value: StateValue) -> Self {
        Self { value: value.value, version: value.version, extras: Vec::new() }
    }
}

impl From<StateItem> for wit::Item {
    fn from(item: StateItem) -> Self {
        Self { key: item.key.into(), size: item.size, version: item.version, extras: Vec::new() }
    }
}

impl From<StateFault> for wit::StateError {
    fn from(fault: StateFault) -> Self {
        Self { kind: fault.kind, message: fault.message, current_version: fault.current, extras: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cap_of_the_contract_is_looked_at_before_anything_is_asked() {
        let long = "k".repeat(LONGEST_STATE_KEY + 1);
        let large = vec![0; LARGEST_STATE_VALUE + 1];
        for (refused, kind, says) in [
            (set("", Vec::new()), "invalid-key", "this one has 0"),
            (set("a\nb", Vec::new()), "invalid-key", "control character"),
            (set(&long, Vec::new()), "invalid-key", "1 to 512 bytes; this one has 513"),
            (compare_and_set(&long, None, Vec::new()), "invalid-key", "513"),
            (set("a", large.clone()), "too-large", "at most 262144 bytes; this one has 262145"),
            (compare_and_set("a", Some(1), large), "too-large", "262145"),
            (list(long.clone(), None, 1), "invalid-key", "`prefix` has at most 512 bytes"),
            (list(String::new(), Some(long), 1), "invalid-key", "`after` has at most 512 bytes"),
        ] {
            let refusal = refused.expect_err(says);
            assert_eq!(refusal.kind(), kind);
            assert!(refusal.to_string().contains(says), "{refusal}");
        }
        assert!(set(&"k".repeat(LONGEST_STATE_KEY), vec![0; LARGEST_STATE_VALUE]).is_ok());
    }

    #[test]
    fn the_length_of_a_page_is_clamped() {
        for (asked, taken) in [(0, 1), (1, 1), (1_000, 1_000), (u32::MAX, 1_000)] {
            let ask = list(String::new(), None, asked).expect("a list");
            assert!(matches!(ask, StateAsk::List { limit, .. } if limit == taken), "{asked}");
        }
    }
}
