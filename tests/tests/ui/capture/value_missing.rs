use posthog::capture;

fn main() {
    capture!("order_processed", total =);
    capture!("order_processed", total = , plan = "pro");
    capture!("order_processed", error = %);
    capture!("order_processed", cart = { "items": , "total": 1 });
    capture!("order_processed", "plan");
    capture!("order_processed", $current_url);
    capture!("order_processed", ..);
}
