//! What an answer says of itself that has a price: its service tier, its place, its speed. The cheapest stands first.

use super::vocabulary;

vocabulary! {
    /// The service tiers that have a price.
    ServiceTier {
        /// Message Batches.
        Batch = "batch";
        /// The ordinary one.
        Standard = "standard";
    }
}

vocabulary! {
    /// The places of inference that have a price.
    InferenceGeo {
        /// Where nothing is told of it.
        NotAvailable = "not_available";
        /// Anywhere.
        Global = "global";
        /// In the United States.
        Us = "us";
    }
}

vocabulary! {
    /// The speeds; each has rows of its own in a table of prices.
    Speed {
        /// The ordinary one, of rows that name no speed.
        Standard = "standard";
        /// Fast mode.
        Fast = "fast";
    }
}
