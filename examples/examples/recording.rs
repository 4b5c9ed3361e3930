//! Testing what code captures: `record` runs it and gives its events, without a client, a network or other tests' events.
//!
//! The tests at the end are run by `cargo test --example recording`.

use posthog::{CapturedEvent, capture, scoped, testing::record};
use std::num::ParseIntError;

fn main() -> Result<(), ParseIntError> {
    let mut left = Ok(0);
    let events = record(|| left = stock_after_sale("user-7", "12", 3));
    println!("{} pieces are left; captured:", left?);
    for CapturedEvent {
        event,
        distinct_id,
        properties,
        ..
    } in events
    {
        println!(
            "  {event} by {distinct_id}: pieces {}, warehouse {}",
            properties["pieces"], properties["warehouse"]
        );
    }
    Ok(())
}

/// The code under test; it knows nothing of recordings.
#[scoped(distinct_id = user, tags(warehouse = "Lisbon"))]
fn stock_after_sale(user: &str, stock: &str, pieces: u32) -> Result<u32, ParseIntError> {
    let stock: u32 = stock.parse()?;
    capture!("sold", pieces);
    Ok(stock - pieces)
}

#[cfg(test)]
mod tests {
    use super::stock_after_sale;
    use posthog::testing::record;

    #[test]
    fn a_sale_is_captured_with_who_and_where() {
        let events = record(|| assert_eq!(stock_after_sale("user-7", "12", 3), Ok(9)));
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].event, "sold");
        assert_eq!(events[0].distinct_id, "user-7");
        assert_eq!(events[0].properties["pieces"], 3);
        assert_eq!(events[0].properties["warehouse"], "Lisbon");
    }

    #[test]
    fn an_unreadable_stock_is_reported_as_an_exception() {
        let events = record(|| assert!(stock_after_sale("user-7", "a dozen", 3).is_err()));
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].event, "$exception");
        assert_eq!(events[0].properties["$exception_type"], "ParseIntError");
        assert_eq!(events[0].properties["warehouse"], "Lisbon");
    }
}
