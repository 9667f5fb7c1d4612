//! How the words of the house stand in columns.

use anvil_types::{
    AlertId, BootId, CallId, DeliveryId, HostId, JobActionId, JobId, QuestionId, ScheduleId, Timestamp,
};

/// An id as it stands in a column: its 16 bytes, which sort as the id does.
pub(crate) trait Id: Copy {
    /// The bytes.
    fn bytes(self) -> [u8; 16];
    /// The id with these bytes.
    fn from_bytes(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl Id for $id {
            fn bytes(self) -> [u8; 16] {
                self.number().to_be_bytes()
            }

            fn from_bytes(bytes: [u8; 16]) -> Self {
                let number = u128::from_be_bytes(bytes);
                // The upper 48 bits are milliseconds, the rest is random.
                let millis = i64::try_from(number >> 80).unwrap_or(i64::MAX);
                Self::new(Timestamp::from_micros(millis.saturating_mul(1_000)), number)
            }
        }
    )*};
}
ids!(JobId, JobActionId, CallId, HostId, BootId, AlertId, DeliveryId, QuestionId, ScheduleId);

/// A count on its way into a column.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A list of texts on its way into a column.
pub(crate) fn texts(list: &[String]) -> String {
    serde_json::to_string(list).expect("a list of texts is JSON")
}
