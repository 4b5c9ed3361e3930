use posthog::{Event, capture, tag};

#[derive(Event)]
struct OrderViewed;

fn main() {
    capture!("order_viewed");
    capture!("order_processed", total = 9.5, currency = "EUR", weight = 2);
    tag!(shard = 3);
    capture!(OrderViewed);
}
