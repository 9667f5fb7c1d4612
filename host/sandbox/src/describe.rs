//! A plugin says what it is, and the host checks that it holds.

use crate::bindings::exports::anvil::agent::agent_api as wit;
use crate::component::{DescribeEnd, DescriptionFlaw};
use crate::door::Door;
use crate::end::BreachKind;
use crate::ended::Ended;
use crate::entry::Entry;
use crate::lanes::Credit;
use crate::log::cut;
use crate::sandbox::Cut;
use crate::world::Seat;
use crate::{AttemptLimits, Breach, CancellationToken, Rejection, Sandbox};
use anvil_types::{ActionInfo, Actions, Effort, Json, Tier, listed};
use std::sync::Arc;

const MAX_ACTIONS: usize = 64;
const NAME_BYTES: usize = 64;
const SUMMARY_BYTES: usize = 1_000;
const VERSION_BYTES: usize = 64;
/// All its texts together: they are held in memory, and sent with every list of the agents.
const DESCRIPTION_BYTES: usize = 256 * 1024;

/// What a plugin says of itself, found to hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) version: semver::Version,
    pub(crate) summary: String,
    pub(crate) actions: Actions,
    pub(crate) model_floor: Option<Tier>,
    pub(crate) effort: Effort,
    pub(crate) time_limit_s: Option<u64>,
    pub(crate) tool_loop: bool,
}

/// The seed of a plugin's random numbers when a host asks what it is: the same for every host.
pub(crate) const SEED: u128 = 0;

/// Calls `describe` within `limits`, without any way out for the guest, whose random numbers follow from `seed`.
pub(crate) async fn describe(
    sandbox: &Sandbox,
    entry: Arc<Entry>,
    limits: AttemptLimits,
    credit: Arc<Credit>,
    seed: u128,
) -> Result<Description, Rejection> {
    let never = CancellationToken::new();
    let said =
        sandbox.describing(limits, credit, &never, |_| Door::Shut(seed), move |seat| call(seat, entry)).await;
    match said {
        Ok(Ok(description)) => checked(description).map_err(|(flaw, why)| Rejection::Description(flaw, why)),
        Ok(Err(breach)) | Err(Cut::Breach(breach)) if breach.kind == BreachKind::Internal => {
            Err(Rejection::Host(breach.message))
        }
        Ok(Err(breach)) | Err(Cut::Breach(breach)) => {
            Err(Rejection::Describe(end_of(breach.kind), breach.to_string()))
        }
        // It could have gone on, and had no processor.
        Err(Cut::Starved(_)) => Err(Rejection::Starved(limits.wall_time)),
        Err(Cut::Cancelled) => Err(Rejection::Host("the host shuts down".to_owned())),
    }
}

async fn call(seat: Seat, entry: Arc<Entry>) -> Result<wit::Description, Breach> {
    match entry.describe(seat).await {
        Ended::Answered(said) => Ok(said),
        Ended::Broke(breach) => Err(breach),
        Ended::Stopped(stop) => Err(Breach::new(BreachKind::Internal, stop.to_string())),
    }
}

fn end_of(kind: BreachKind) -> DescribeEnd {
    match kind {
        BreachKind::Instantiate => DescribeEnd::NotStarted,
        BreachKind::NoHost => DescribeEnd::Called,
        BreachKind::CpuTime | BreachKind::WallTime => DescribeEnd::Slow,
        BreachKind::Memory | BreachKind::Table | BreachKind::HostcallSize | BreachKind::Resources => {
            DescribeEnd::Limit
        }
        BreachKind::Protocol => DescribeEnd::Protocol,
        BreachKind::Stack | BreachKind::Trap | BreachKind::Exit | BreachKind::Internal => DescribeEnd::Trap,
    }
}

type Flawed = (DescriptionFlaw, String);

fn checked(said: wit::Description) -> Result<Description, Flawed> {
    let bytes = length(&said);
    if bytes > DESCRIPTION_BYTES {
        return Err((
            DescriptionFlaw::Large,
            format!(
                "its texts and schemas have {bytes} bytes together; a description has at most {DESCRIPTION_BYTES}"
            ),
        ));
    }
    name("the agent's name", &said.name)?;
    if said.version.len() > VERSION_BYTES {
        return Err((
            DescriptionFlaw::Version,
            format!(
                "its version has {} characters; a version has at most {VERSION_BYTES}",
                said.version.len()
            ),
        ));
    }
    let version = said.version.parse().map_err(|error| {
        let why = format!("its version `{}` is no semantic version: {error}", cut(&said.version, 64));
        (DescriptionFlaw::Version, why)
    })?;
    if said.actions.is_empty() || said.actions.len() > MAX_ACTIONS {
        let flaw = if said.actions.is_empty() {
            DescriptionFlaw::NoActions
        } else {
            DescriptionFlaw::TooManyActions
        };
        return Err((
            flaw,
            format!("it has {} actions; an agent has 1 to {MAX_ACTIONS}", said.actions.len()),
        ));
    }
    let mut actions: Vec<ActionInfo> = Vec::with_capacity(said.actions.len());
    for action in said.actions {
        name("an action's name", &action.name)?;
        if actions.iter().any(|earlier| earlier.name == action.name) {
            return Err((
                DescriptionFlaw::DuplicateAction,
                format!("it has two actions named `{}`", action.name),
            ));
        }
        actions.push(ActionInfo {
            summary: line(&action.summary),
            input_schema: schema(&action.name, "input", &action.input_schema)?,
            output_schema: schema(&action.name, "output", &action.output_schema)?,
            name: action.name,
        });
    }
    let model_floor = said.model_floor.as_deref().map(tier).transpose()?;
    let time_limit_s = said.extras.iter().find(|extra| extra.name == "time_limit_s");
    let time_limit_s = time_limit_s
        .map(|extra| {
            let seconds = extra.value.trim().parse::<u64>().ok().filter(|seconds| *seconds > 0);
            seconds.ok_or_else(|| {
                let value = cut(&extra.value, 32);
                (
                    DescriptionFlaw::Extra,
                    format!("its `time_limit_s` is `{value}`, not a whole number of seconds"),
                )
            })
        })
        .transpose()?;
    let tool_loop = match said.extras.iter().find(|extra| extra.name == "tool_loop") {
        None => false,
        Some(extra) => extra.value.trim().parse().map_err(|_| {
            let value = cut(&extra.value, 32);
            (DescriptionFlaw::Extra, format!("its `tool_loop` is `{value}`, not true or false"))
        })?,
    };
    Ok(Description {
        name: said.name,
        version,
        summary: line(&said.summary),
        actions: actions.into(),
        model_floor,
        effort: said.effort.into(),
        time_limit_s,
        tool_loop,
    })
}

/// The bytes of all that it says.
fn length(said: &wit::Description) -> usize {
    let actions = said.actions.iter().map(|action| {
        action.name.len() + action.summary.len() + action.input_schema.len() + action.output_schema.len()
    });
    let extras = said.extras.iter().map(|extra| extra.name.len() + extra.value.len());
    let floor = said.model_floor.as_ref().map_or(0, String::len);
    said.name.len() + said.version.len() + said.summary.len() + floor + actions.chain(extras).sum::<usize>()
}

fn name(what: &str, text: &str) -> Result<(), Flawed> {
    // One that begins with `-` would be taken for an option wherever it is typed.
    let fits = (1..=NAME_BYTES).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        return Ok(());
    }
    let why = format!(
        "{what} is `{}`; it has 1 to {NAME_BYTES} characters of a-z 0-9 -, and begins with a letter or a digit",
        cut(text, 80).escape_debug()
    );
    Err((DescriptionFlaw::Name, why))
}

fn schema(action: &str, which: &str, text: &str) -> Result<Json, Flawed> {
    let none = |why: String| (DescriptionFlaw::SchemaNoObject, why);
    let json: Json = text
        .parse()
        .map_err(|error| none(format!("the {which} schema of `{action}` is no JSON: {error}")))?;
    // JSON Schema knows `true` and `false` as schemas; a form and a pointer to a field need an object.
    if json.value().is_object() {
        Ok(json)
    } else {
        Err(none(format!("the {which} schema of `{action}` is no JSON object")))
    }
}

fn tier(text: &str) -> Result<Tier, Flawed> {
    text.parse().map_err(|_| {
        let why = format!("its model floor is `{}`; there are {}", cut(text, 32), listed(Tier::ALL, "and"));
        (DescriptionFlaw::ModelFloor, why)
    })
}

/// One line of bounded length.
fn line(text: &str) -> String {
    cut(text, SUMMARY_BYTES).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::anvil::agent::claude::{Effort as WitEffort, Extra};

    fn said(extras: &[(&str, &str)]) -> wit::Description {
        let extra = |(name, value): &(&str, &str)| Extra { name: (*name).into(), value: (*value).into() };
        let action = wit::Action {
            name: "run".into(),
            summary: String::new(),
            input_schema: "{}".into(),
            output_schema: "{}".into(),
        };
        wit::Description {
            name: "a".into(),
            version: "1.0.0".into(),
            summary: String::new(),
            actions: vec![action],
            model_floor: None,
            effort: WitEffort::Simple,
            extras: extras.iter().map(extra).collect(),
        }
    }

    #[test]
    fn what_more_it_says_of_itself_is_read_or_refused_by_name() {
        assert!(!checked(said(&[("later", "x")])).expect("what is not known is passed over").tool_loop);
        let known = checked(said(&[("tool_loop", " true"), ("time_limit_s", "9")])).expect("it holds");
        assert_eq!((known.tool_loop, known.time_limit_s), (true, Some(9)));
        let refused = checked(said(&[("tool_loop", "yes")])).expect_err("it is neither");
        assert_eq!(
            refused,
            (DescriptionFlaw::Extra, "its `tool_loop` is `yes`, not true or false".to_owned())
        );
    }
}
