use posthog::context;

struct Order;

fn main() {
    let (order, number, text) = (Order, 1, "no");
    context! { <fresh = number> }
    context! { <capture_exceptions = text> }
    context! { <client = order> }
    context! { <distinct_id = order> }
    context! { <session_id = missing> }
    context! { <tags(order = order, (1) = 2, text = %order)> }
}
