use posthog::Event;

#[derive(Event)]
#[event(name = " ")]
struct Blank {
    total: f64,
}

#[derive(Event)]
#[event(name = "$order_paid")]
struct NotOurs {
    total: f64,
}

fn main() {}
