//! One mistake is one error: what stands around it is still seen by the compiler, and nothing follows from it.

#![deny(unused)]

use posthog::{capture, context, tag};

struct Order {
    total: f64,
}

fn mistakes(order: Order, plan: &str, count: u32) -> Option<u32> {
    let id = capture!("order_processed", order.total, %plan.len());
    let uuid: String = capture!("order_processed" total = count + 1)?.to_string();
    let mut seen = Vec::new();
    capture!(total = seen.push(id), "order_processed");
    tag!(plan, seen.len());
    context! { <frsh = plan.len()>
        tag!("uuid", uuid);
        seen.first().copied().flatten()?;
        Some(count)
    }
}

fn main() {
    mistakes(Order { total: 1.0 }, "pro", 2);
}
