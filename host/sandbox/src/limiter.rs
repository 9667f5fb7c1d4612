//! Memory, tables and instances of one guest.

use crate::gauge::Gauge;
use crate::size::{Above, Size};
use crate::{AttemptLimits, Breach, end::BreachKind};
use std::sync::Arc;
use wasmtime::{Error, ResourceLimiter, Result};

/// Sums what all memories and tables of a store take: wasmtime asks for each one alone, so a limit
/// that did not sum would be had once for each memory.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: AttemptLimits,
    /// What the pool holds of any one memory and table.
    single: Single,
    memory_bytes: usize,
    table_elements: usize,
    /// The growth allowed last, to be taken back when it fails after all.
    last_memory: usize,
    last_table: usize,
    gauge: Arc<Gauge>,
}

/// The pool's bounds of one memory and one table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Single {
    pub(crate) memory_bytes: usize,
    pub(crate) table_elements: usize,
}

impl Limiter {
    pub(crate) fn new(limits: AttemptLimits, single: Single, gauge: Arc<Gauge>) -> Self {
        Self { limits, single, memory_bytes: 0, table_elements: 0, last_memory: 0, last_table: 0, gauge }
    }

    /// Counts what another allowed, whose limits were the same: the store that it did so for goes on with this one.
    pub(crate) fn take_over(&mut self, before: &Self) {
        self.memory_bytes = before.memory_bytes;
        self.table_elements = before.table_elements;
        self.gauge.memory(self.memory_bytes);
        self.gauge.tables(self.table_elements);
    }

    /// What all memories have together.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

impl ResourceLimiter for Limiter {
    // Beyond the limit the guest traps instead of being told -1: most guests answer that with a trap
    // that names nothing, and one that asks again for ever would end by its time, not by its crime.
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let growth = desired.saturating_sub(current);
        let total = self.memory_bytes.saturating_add(growth);
        if total > self.limits.memory_bytes || desired > self.single.memory_bytes {
            let (limit, asked) = if total > self.limits.memory_bytes {
                (Size::of(self.limits.memory_bytes), total)
            } else {
                (Size::of(self.single.memory_bytes), desired)
            };
            return Err(Error::new(Breach::new(
                BreachKind::Memory,
                format!(
                    "the guest wants {} of memory in all; its limit is {limit}{}",
                    Above { size: Size::of(asked), limit },
                    self.limits.of.raised_by(BreachKind::Memory)
                ),
            )));
        }
        self.memory_bytes = total;
        self.gauge.memory(total);
        self.last_memory = growth;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        tracing::debug!(error = %error, "a guest's memory could not grow");
        self.memory_bytes = self.memory_bytes.saturating_sub(std::mem::take(&mut self.last_memory));
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let growth = desired.saturating_sub(current);
        let total = self.table_elements.saturating_add(growth);
        if total > self.limits.table_elements || desired > self.single.table_elements {
            let limit = self.limits.table_elements.min(self.single.table_elements);
            return Err(Error::new(Breach::new(
                BreachKind::Table,
                format!(
                    "the guest wants {total} table elements in all; its limit is {limit}{}",
                    self.limits.of.raised_by(BreachKind::Table)
                ),
            )));
        }
        self.table_elements = total;
        self.gauge.tables(total);
        self.last_table = growth;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        tracing::debug!(error = %error, "a guest's table could not grow");
        self.table_elements = self.table_elements.saturating_sub(std::mem::take(&mut self.last_table));
        Ok(())
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.instances
    }

    fn memories(&self) -> usize {
        self.limits.instances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small_limits;

    #[test]
    fn a_breach_never_says_that_the_limit_is_more_than_the_limit() {
        const MIB: usize = 1024 * 1024;
        let limits = AttemptLimits { memory_bytes: 256 * MIB, ..small_limits() };
        let single = Single { memory_bytes: 256 * MIB, table_elements: 10 };
        let refused =
            Limiter::new(limits, single, Arc::default()).memory_growing(0, 256 * MIB + 65_536, None);
        let told = refused.expect_err("it is too much").to_string();
        assert!(told.contains("64 KiB more than 256 MiB"), "{told}");
    }

    #[test]
    fn memories_share_one_limit_and_a_failed_growth_is_given_back() {
        const MIB: usize = 1024 * 1024;
        let limits = AttemptLimits { memory_bytes: 4 * MIB, ..small_limits() };
        let mut limiter =
            Limiter::new(limits, Single { memory_bytes: 3 * MIB, table_elements: 10 }, Arc::default());
        assert!(limiter.memory_growing(0, 4 * MIB, None).is_err(), "the pool has less room for one memory");
        assert!(limiter.memory_growing(0, 3 * MIB, None).is_ok());
        assert!(limiter.memory_growing(0, 2 * MIB, None).is_err(), "a second memory gets the rest only");
        assert!(limiter.memory_growing(0, MIB, None).is_ok());
        assert!(limiter.memory_grow_failed(wasmtime::format_err!("no pages")).is_ok());
        assert!(limiter.memory_growing(0, MIB, None).is_ok());
    }
}
