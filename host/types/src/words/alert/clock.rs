//! The wall's clock beside the ledger's.

use super::AlertKey;
use super::text::AlertText;
use crate::UpstreamKind;
use std::time::Duration;

/// How the wall's clock stands to the ledger's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WallStands {
    /// It is ahead.
    Ahead,
    /// It is behind.
    Behind,
}

/// The wall's clock has jumped, for as long as the two are apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockJump<'a> {
    /// How the wall's clock stands.
    pub stands: WallStands,
    /// What it says, as people read it.
    pub wall: &'a str,
    /// What the ledger's says, as people read it.
    pub ledger: &'a str,
    /// How far they are apart.
    pub apart: Duration,
}

impl AlertText for ClockJump<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::ClockJump(upstream)
    }

    fn title(&self) -> String {
        "the wall's clock has jumped".to_owned()
    }

    fn detail(&self) -> String {
        let what_to_do = match self.stands {
            WallStands::Ahead => {
                "Windows go by the ledger's time. If the wall's clock is right (the machine may have slept), restart \
                 the host to take its time over; if it is wrong, set it right"
            }
            WallStands::Behind => {
                "Windows go by the ledger's time, which never runs backwards, until the wall's clock has caught up. If \
                 the wall's clock is wrong, set it right; if the ledger's is (the host was started once with a wrong \
                 clock), set it back: anvil clock set-back"
            }
        };
        format!(
            "The wall's clock says {}, the ledger's {}: {} seconds apart. {what_to_do}.",
            self.wall,
            self.ledger,
            self.apart.as_secs(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_says_what_to_do_for_each_way() {
        let apart = Duration::from_secs(90);
        let ahead = ClockJump { stands: WallStands::Ahead, wall: "12:01", ledger: "12:00", apart };
        assert_eq!(ahead.title(), "the wall's clock has jumped");
        assert_eq!(
            ahead.detail(),
            "The wall's clock says 12:01, the ledger's 12:00: 90 seconds apart. Windows go by the ledger's time. If the \
             wall's clock is right (the machine may have slept), restart the host to take its time over; if it is \
             wrong, set it right."
        );
        let behind = ClockJump { stands: WallStands::Behind, wall: "12:00", ledger: "12:01", apart };
        assert_eq!(
            behind.detail(),
            "The wall's clock says 12:00, the ledger's 12:01: 90 seconds apart. Windows go by the ledger's time, which \
             never runs backwards, until the wall's clock has caught up. If the wall's clock is wrong, set it right; if \
             the ledger's is (the host was started once with a wrong clock), set it back: anvil clock set-back."
        );
    }
}
