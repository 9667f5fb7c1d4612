//! A window's money as a bar of text.

use anvil_types::Nanodollars;

/// Cells of a bar.
const CELLS: u8 = 24;

/// `[########??==......]`: settled, unknown, held, and what is left.
pub(crate) fn bar(settled: f64, unknown: f64, held: f64, limit: f64) -> String {
    let end = |amount: f64| {
        let share = if limit > 0.0 { amount / limit } else { 1.0 };
        cells(share)
    };
    let (first, second, third) = (end(settled), end(settled + unknown), end(settled + unknown + held));
    let part = |sign: &str, from: u8, to: u8| sign.repeat(usize::from(to.saturating_sub(from)));
    format!(
        "[{}{}{}{}]",
        part("#", 0, first),
        part("?", first, second),
        part("=", second, third),
        part(".", third, CELLS)
    )
}

/// The bar of amounts of money; `spent` has what is unknown in it.
pub(crate) fn money_bar(
    spent: Nanodollars,
    unknown: Nanodollars,
    held: Nanodollars,
    limit: Nanodollars,
) -> String {
    bar(spent.less(unknown).usd(), unknown.usd(), held.usd(), limit.usd())
}

/// What is there at all shows, and only what is full is full.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the cells first")]
fn cells(share: f64) -> u8 {
    let most = f64::from(CELLS);
    if share >= 1.0 {
        CELLS
    } else if share <= 0.0 {
        0
    } else {
        (share * most).floor().clamp(1.0, most - 1.0) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_tells_what_is_spent_unknown_held_and_left() {
        for (settled, unknown, held, limit, shown) in [
            (0.0, 0.0, 0.0, 8.0, "[........................]"),
            (0.01, 0.0, 0.0, 8.0, "[#.......................]"),
            (4.0, 2.0, 1.0, 8.0, "[############??????===...]"),
            (7.99, 0.0, 0.0, 8.0, "[#######################.]"),
            (8.0, 0.0, 1.0, 8.0, "[########################]"),
            (0.0, 0.0, 0.0, 0.0, "[########################]"),
        ] {
            assert_eq!(bar(settled, unknown, held, limit), shown);
        }
    }
}
