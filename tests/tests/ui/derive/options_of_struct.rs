use posthog::Event;

#[derive(Event)]
#[event(nam = "paid")]
struct Unknown {
    total: f64,
}

#[derive(Event)]
#[event(name = paid)]
struct NotQuoted {
    total: f64,
}

#[derive(Event)]
#[event(name)]
struct NoValue {
    total: f64,
}

#[derive(Event)]
#[event(name = "a", name = "b")]
struct Twice {
    total: f64,
}

#[derive(Event)]
#[event]
struct NoParentheses {
    total: f64,
}

#[derive(Event)]
#[event(crate = "posthog")]
struct NoPath {
    total: f64,
}

fn main() {}
