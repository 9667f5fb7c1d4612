//! Pure policy: prices, bounds, windows, thresholds, brake, model choice.
