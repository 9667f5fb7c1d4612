//! A Claude that costs nothing: the Messages API on loopback, with faults on demand.
