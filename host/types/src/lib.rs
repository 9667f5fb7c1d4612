//! The words of the house: ids, money, usage, limits, jobs, calls, events. No I/O.
