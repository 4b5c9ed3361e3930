use posthog::capture;

fn main() {
    let _ = capture!("order_processed", timestamp = "yesterday");
    let _ = capture!("order_processed", timestamp = "2031-05-07");
    let _ = capture!("order_processed", timestamp = "2031-05-07T02:00:00");
    let _ = capture!("order_processed", timestamp = "2031-02-30T02:00:00Z");
    let _ = capture!("order_processed", timestamp = 1_930_000_000);
}
