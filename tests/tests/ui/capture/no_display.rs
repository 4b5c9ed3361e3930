use posthog::capture;

struct Order;

fn main() {
    let order = Order;
    capture!("order_processed", order = %order);
    capture!("order_processed", order = ?order);
}
