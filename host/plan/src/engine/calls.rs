//! A job's calls: asked, in the line, under way, answered.

use super::{Engine, Event, IDLE_TICK, InAir, PIECES};
use crate::binds::Binds;
use crate::call::{AskerOf, PlanCall, plan};
use crate::chance::Chance;
use crate::kind::Drawn;
use anvil_budget::{Denial, LimitName, Saving, WindowKind, even_burn};
use anvil_pace::line::take;
use anvil_pace::{LineStep, PaceTaken, Pumped, Spent, Told};
use anvil_types::{Nanodollars, Timestamp};
use std::time::Duration;

impl Engine<'_> {
    // A job's next call, or the one that it has waited with.
    pub(super) fn asks(&mut self, number: u64) {
        let job = self.jobs.get_mut(&number).expect("whoever asks is there");
        let kind = &self.kinds[job.kind];
        let (call, now) = (job.call, self.now);
        let of = [job.kind as u64, job.came, u64::from(call) + 2];
        let mut chance = Chance::of(self.seed, of);
        let (drawn, _) = *job.asks.get_or_insert_with(|| (kind.draw(&mut chance, call), now));
        self.numbers += 1;
        let asker = AskerOf {
            kind,
            number: job.kind,
            name: self.names[job.kind].clone(),
            job: number,
            id: job.id,
            since: job.since,
            call,
            arrival: self.numbers,
        };
        let windows = self.money.windows(now);
        let steps = self.host.pressure;
        self.throttle.set(steps.throttle.and_then(|from| even_burn(&windows, from, now)));
        let rows = &self.rows[job.kind];
        let planned = plan(self.host, rows, &self.known, &windows, self.expected, &asker, drawn, now);
        let Some(call) = planned else { return self.fails(number, "max_input_tokens".to_owned()) };
        if !self.line.is_empty() {
            self.line.enter(call);
            self.news = true;
            return;
        }
        match take(&mut self.pace, &mut self.throttle, &call, now) {
            Err(_) => {
                self.line.enter(call);
                self.news = true;
            }
            Ok(taken) => {
                if let Err(refused) = self.tries(call, taken) {
                    self.line.enter(refused.0);
                    self.news = true;
                }
            }
        }
    }

    // Tries to set the money aside; gives the call back where it is to wait for holds.
    fn tries(&mut self, call: PlanCall, taken: PaceTaken) -> Result<(), Box<(PlanCall, LimitName)>> {
        let spent = self.jobs[&call.job].spent;
        match self.money.hold(call.hold, (spent, self.host.limits.job_usd), self.now) {
            Ok(()) => {
                self.goes(call, taken);
                return Ok(());
            }
            Err(denial) => {
                self.pace.give_back(taken.ticket);
                self.throttle.correct(taken.charge, Nanodollars::ZERO);
                match denial {
                    Denial::WaitForHolds { limit } => return Err(Box::new((call, limit))),
                    Denial::ParkUntil { at, limit } => self.parks(call.job, at, &Binds::of(&limit)),
                    Denial::Never { limit, .. } => self.fails(call.job, Binds::of(&limit).to_string()),
                    Denial::Braked(causes) => {
                        let until = causes.iter().filter_map(|cause| cause.until).max();
                        let day = Binds::Window(WindowKind::Day);
                        self.parks(call.job, until.unwrap_or(self.now + IDLE_TICK), &day);
                    }
                }
            }
        }
        self.news |= !self.line.is_empty();
        Ok(())
    }

    pub(super) fn pump(&mut self) {
        loop {
            let Pumped { steps, wake } = self.line.pump(&mut self.pace, &mut self.throttle, self.now);
            if steps.is_empty() {
                if let Some(wake) =
                    wake.filter(|wake| self.wake.is_none_or(|before| before <= self.now || *wake < before))
                {
                    self.wake = Some(wake);
                    self.at(wake.max(self.now + Duration::from_micros(1)), Event::Look);
                }
                return;
            }
            for step in steps {
                match step {
                    LineStep::Try(call, taken) => {
                        let refused = self.tries(call, taken);
                        self.line.tried();
                        if let Err(refused) = refused {
                            let (call, limit) = *refused;
                            self.line.refused(call, limit, false);
                        }
                    }
                    LineStep::Throttled { waiter, until, burn } => {
                        self.parks(waiter.job, until, &Binds::Window(burn.window));
                    }
                    LineStep::Paced { waiter, until } => {
                        let fullest = Binds::fullest(&self.pace.report());
                        self.parks(waiter.job, until, &fullest);
                    }
                }
            }
        }
    }

    fn goes(&mut self, call: PlanCall, taken: PaceTaken) {
        let (number, now) = (call.job, self.now);
        self.expected += call.cost;
        let usage = call.usage(&mut self.known, now);
        let Drawn { first_byte, whole, output, .. } = call.drawn;
        self.at(now + first_byte, Event::Begins(number));
        // Only what comes to more than was expected changes what the pace keeps free.
        if output > call.expected.output.tokens {
            for piece in 1..PIECES {
                self.at(
                    now + first_byte + whole.saturating_sub(first_byte) * piece / PIECES,
                    Event::Streams(number, piece),
                );
            }
        }
        self.at(now + whole, Event::Ends(number));
        self.in_air.insert(number, InAir { call, taken, held_at: now, usage });
    }

    pub(super) fn begins(&mut self, number: u64) {
        let Some(air) = self.in_air.get(&number) else { return };
        self.pace.answered(air.taken.ticket, &Told::default(), 200);
        self.pace.input_known(air.taken.ticket, air.usage.paced_input_tokens());
        self.has_room();
    }

    pub(super) fn streams(&mut self, number: u64, piece: u32) {
        let Some(air) = self.in_air.get(&number) else { return };
        let call = &air.call;
        let bytes = call.answer_bytes() * u64::from(piece) / u64::from(PIECES);
        let (model, most) = (call.row.model.as_str(), call.expected.most_output);
        let so_far = self.known.estimator.so_far(&call.who, model, most, bytes);
        self.pace.streamed(air.taken.ticket, so_far.tokens);
        if so_far.surprising {
            self.pace.surprised(call.expected.kind);
        }
    }

    pub(super) fn ends(&mut self, number: u64) {
        let Some(InAir { call, taken, held_at, usage }) = self.in_air.remove(&number) else { return };
        let now = self.now;
        let Drawn { first_byte, whole, .. } = call.drawn;
        let piece = |piece: u32| {
            let at = held_at + first_byte + whole.saturating_sub(first_byte) * piece / PIECES;
            (at, call.answer_bytes() / u64::from(PIECES))
        };
        let progress: Vec<_> = (1..=PIECES).map(piece).collect();
        self.pace.ended(taken.ticket, &Spent::Usage(&usage, &progress));
        if call.learn(&mut self.known, &usage, held_at) {
            self.pace.surprised(call.expected.kind);
        }
        let cost = call.row.cost(&usage);
        self.throttle.correct(taken.charge, cost);
        self.expected -= call.cost;
        self.money.settle(held_at, call.hold, cost, now);
        let job = self.jobs.get_mut(&number).expect("its call was under way");
        let ready = job.asks.take().map_or(held_at, |(_, ready)| ready);
        (job.spent, job.call) = (job.spent + cost, job.call + 1);
        let (calls, since, kind) = (job.call, job.since, &self.kinds[job.kind]);
        let day = self.money.day(held_at);
        let saved = call.row.saved(Saving::PromptCache, &usage);
        self.counts.answered(call.tiers, cost, saved, held_at, day, now.since(ready));
        self.has_room();
        if calls >= kind.calls {
            let today = self.money.day(now);
            self.counts.finished(since, today, now);
            self.leaves(number);
        } else if kind.work.is_zero() {
            self.asks(number);
        } else {
            self.at(now + kind.work, Event::Asks(number));
        }
    }

    fn has_room(&mut self) {
        self.line.room();
        self.news |= !self.line.is_empty();
    }

    fn fails(&mut self, number: u64, limit: String) {
        self.counts.failed += 1;
        *self.counts.fails.entry(limit).or_default() += 1;
        self.leaves(number);
    }

    // A job ends, and its slot comes free.
    fn leaves(&mut self, number: u64) {
        self.jobs.remove(&number);
        self.running -= 1;
    }

    // A job leaves its slot until then.
    fn parks(&mut self, number: u64, until: Timestamp, for_what: &Binds) {
        let until = until.max(self.now + Duration::from_millis(1));
        let mut from = self.now;
        while from < until {
            let day = self.money.day_span(from);
            let to = day.end.min(until);
            self.counts.waited(for_what.clone(), day.start, to.since(from));
            from = to;
        }
        self.at(until, Event::Due(number));
        self.running -= 1;
    }
}
