use posthog::capture;

fn main() {
    let plan = "pro";
    capture!(
        "order_processed",
        total =,
        plan,
        plan = "free",
        %plan,
        cart = { "items": 1, "items": 2, total: 3 },
        client,
        distinct_id = "a",
        distinct_id = "b",
        plan.len(),
        match,
    );
}
