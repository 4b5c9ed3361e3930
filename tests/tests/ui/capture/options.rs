use posthog::capture;

fn main() {
    let id = 7;
    capture!("order_processed", distinct_id = %id);
    capture!("order_processed", distinct_id = ?id);
    capture!("order_processed", distinct_id = null);
    capture!("order_processed", distinct_id = { "a": 1 });
    capture!("order_processed", disable_geoip);
    capture!("order_processed", distinct_id = "a", disable_geoip = true, distinct_id = "c");
}
