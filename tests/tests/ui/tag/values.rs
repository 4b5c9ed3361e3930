use posthog::tag;

struct Order;

fn main() {
    let order = Order;
    tag!("order", order);
    tag!(order);
    tag!(text = %order);
    tag!((1), 2);
    tag!("cart", { "order": order });
}
