use posthog::capture;

struct Order {
    total: f64,
}

fn main() {
    let order = Order { total: 1.0 };
    let error = std::fmt::Error;
    capture!("order_processed", order.total);
    capture!("order_processed", total == 1.0);
    capture!("order_processed", %error);
    capture!("order_processed", 3);
    capture!("order_processed", $ = 3);
    capture!("order_processed", () = 3);
    capture!("order_processed", cart = { total: 3 });
    capture!("order_processed", type);
    capture!("order_processed" total = 3);
}
