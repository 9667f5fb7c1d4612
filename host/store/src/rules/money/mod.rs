//! Money: holds and settlements, the sums by window, and what stops when they are full.

pub(crate) mod asked;
pub(crate) mod brake;
pub(crate) mod compressed_hours;
pub(crate) mod correct;
pub(crate) mod evaluate;
pub(crate) mod held;
pub(crate) mod hold;
pub(crate) mod hold_row;
pub(crate) mod late;
pub(crate) mod ledger_time;
pub(crate) mod limits;
pub(crate) mod miss_hours;
pub(crate) mod prices;
pub(crate) mod scope_limits;
pub(crate) mod settle;
pub(crate) mod spend;
pub(crate) mod standing;
pub(crate) mod swept;
pub(crate) mod tree;
pub(crate) mod usage_hours;
pub(crate) mod verify;
pub(crate) mod week;
pub(crate) mod zone;
