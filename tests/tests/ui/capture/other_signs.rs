use posthog::capture;

fn main() {
    let mut count = 1;
    count += 1;
    capture!("order_processed", total: 9.5, items => 2);
    capture!("order_processed", count += 1);
}
