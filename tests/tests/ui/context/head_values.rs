use posthog::context;

struct Order;

fn main() {
    let order = Order;
    context! { <fresh = 1> }
    context! { <capture_exceptions = "no"> }
    context! { <client = order> }
    context! { <distinct_id = order> }
    context! { <session_id = missing> }
    context! { <tags(order = order, (1) = 2, text = %order)> }
}
