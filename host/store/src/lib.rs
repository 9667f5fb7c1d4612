//! What survives: jobs, ledger, journal, events. The only SQL in the house.
