//! What came out of a guest's world: its answer, or the name of what it broke.

use crate::end::BreachKind;
use crate::frames;
use crate::log::cut;
use crate::size::Size;
use crate::world::{GuestWorld, count_fuel};
use crate::{AttemptLimits, Breach, Stop};
use wasmtime::{Store, Trap};
use wasmtime_wasi::{I32Exit, ResourceTableError};

/// The longest message of a breach that is kept.
const MESSAGE_BYTES: usize = 4 * 1024;

/// What a guest was asked for and what it answered, or why it did not.
pub(crate) enum Ended<T> {
    /// Its answer.
    Answered(T),
    /// It broke a limit or trapped.
    Broke(Breach),
    /// It was stopped by no fault of its own.
    Stopped(Stop),
}

impl<T> Ended<T> {
    /// With what an answer comes to.
    pub(crate) fn and_then<U>(self, then: impl FnOnce(T) -> Result<U, Breach>) -> Ended<U> {
        match self {
            Self::Answered(answer) => match then(answer) {
                Ok(answer) => Ended::Answered(answer),
                Err(breach) => Ended::Broke(breach),
            },
            Self::Broke(breach) => Ended::Broke(breach),
            Self::Stopped(stop) => Ended::Stopped(stop),
        }
    }

    /// Of a guest that ended while it was started: a trap there is one of its start.
    pub(crate) fn at_start(self) -> Self {
        match self {
            Self::Broke(breach)
                if matches!(
                    breach.kind,
                    BreachKind::Trap | BreachKind::Exit | BreachKind::Stack | BreachKind::NoHost
                ) =>
            {
                Self::Broke(Breach::new(BreachKind::Instantiate, format!("it cannot be started: {breach}")))
            }
            ended => ended,
        }
    }

    /// From what came out of a guest's world.
    pub(crate) fn of(called: wasmtime::Result<T>, store: &Store<GuestWorld>) -> Self {
        count_fuel(store);
        let world = store.data();
        world.stderr.finish();
        match called {
            Ok(answer) => Self::Answered(answer),
            Err(error) => match error.downcast::<Stop>() {
                Ok(stop) => Self::Stopped(stop),
                Err(error) => Self::Broke(breach(&error, world)),
            },
        }
    }
}

/// The instance that `making` gives, or why there is none.
pub(crate) async fn instance<T>(making: impl Future<Output = wasmtime::Result<T>>) -> wasmtime::Result<T> {
    making.await.map_err(not_started)
}

/// An error of instantiation that is neither a limit's nor a trap's is named for what it is.
fn not_started(error: wasmtime::Error) -> wasmtime::Error {
    if error.is::<Breach>() || error.is::<Trap>() || error.is::<Stop>() || error.is::<I32Exit>() {
        return error;
    }
    let message = format!("the plugin cannot be started: {error:#}");
    wasmtime::Error::new(Breach::new(BreachKind::Instantiate, message))
}

/// The limit's name and a sentence for an error that came out of a guest.
fn breach(error: &wasmtime::Error, world: &GuestWorld) -> Breach {
    if let Some(breach) = error.downcast_ref::<Breach>() {
        return breach.clone();
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        let message = format!("the agent called `exit({})`; an agent returns from `run` instead", exit.0);
        return Breach::new(BreachKind::Exit, message);
    }
    if let Some(Trap::StackOverflow) = error.downcast_ref::<Trap>() {
        let limit = Size::of(world.stack_bytes);
        let named = world.limits.of.raised_by(BreachKind::Stack);
        let message = format!(
            "the stack is full; functions call each other without end? Its limit is {limit}{named}{}",
            frames::of(error)
        );
        return Breach::new(BreachKind::Stack, message);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref::<ResourceTableError>() {
        let named = world.limits.of.raised_by(BreachKind::Resources);
        let message =
            format!("the guest holds {} resources of the host, its limit{named}", world.limits.resources);
        return Breach::new(BreachKind::Resources, message);
    }
    // wasmtime does not export this error's type.
    if error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls")) {
        return Breach::new(BreachKind::HostcallSize, too_large(&world.limits));
    }
    let said = world.stderr.tail().join("\n");
    let what = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    let what = if said.is_empty() { what } else { format!("{said}\n{what}") };
    Breach::new(BreachKind::Trap, format!("{}{}", cut(&what, MESSAGE_BYTES), frames::of(error)))
}

fn too_large(limits: &AttemptLimits) -> String {
    let named = limits.of.raised_by(BreachKind::HostcallSize);
    format!(
        "a value that the guest hands to the host is larger than {} bytes, its limit{named}",
        limits.hostcall_bytes
    )
}
