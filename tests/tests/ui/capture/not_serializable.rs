use posthog::capture;

struct Order;

fn main() {
    let order = Order;
    capture!("order_processed", order);
    capture!("order_processed", order = Order);
    capture!("order_processed", cart = { "order": order });
    capture!("order_processed", ..order);
}
