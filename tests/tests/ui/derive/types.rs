use posthog::Event;

struct Money;

#[derive(Event)]
struct Paid {
    total: Money,
    #[event(flatten)]
    rest: Money,
}

#[derive(Event)]
struct Closed {
    #[event(distinct_id)]
    customer: f64,
}

fn main() {}
