//! Bytes as people read them.

use std::fmt;

const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];

/// A number of bytes, to a tenth of its unit, in the largest unit of which there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size(u64);

impl Size {
    pub(crate) fn of(bytes: usize) -> Self {
        Self(bytes as u64)
    }
}

impl From<u64> for Size {
    fn from(bytes: u64) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| self.0 >= *unit) else {
            return write!(f, "{} {}", self.0, if self.0 == 1 { "byte" } else { "bytes" });
        };
        let tenths = u128::from(self.0) * 10 / u128::from(unit);
        match tenths % 10 {
            0 => write!(f, "{} {name}", tenths / 10),
            tenth => write!(f, "{}.{tenth} {name}", tenths / 10),
        }
    }
}

/// A size beside the limit that it is above: where the two would read alike, by how much it is above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Above {
    pub(crate) size: Size,
    pub(crate) limit: Size,
}

impl fmt::Display for Above {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.size.to_string() == self.limit.to_string() {
            let more = Size(self.size.0.saturating_sub(self.limit.0));
            return write!(f, "{more} more than {}", self.limit);
        }
        self.size.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_above_its_limit_never_reads_as_the_limit() {
        const MIB: u64 = 1 << 20;
        for (size, limit, told) in [
            (256 * MIB + 65_536, 256 * MIB, "64 KiB more than 256 MiB"),
            (64 * MIB + 1, 64 * MIB, "1 byte more than 64 MiB"),
            (256 * MIB + MIB / 2, 256 * MIB, "256.5 MiB"),
            (3 << 30, 256 * MIB, "3 GiB"),
            (2_000, 1_000, "1.9 KiB"),
            (1_001, 1_000, "1001 bytes"),
        ] {
            assert_eq!(Above { size: size.into(), limit: limit.into() }.to_string(), told);
        }
        assert_eq!(Size(u64::MAX).to_string(), "17179869183.9 GiB");
    }
}
