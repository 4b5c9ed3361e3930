use posthog::{Event, capture};

#[derive(Event)]
enum Order {
    Processed,
    Shipped,
}

#[derive(Event)]
struct Paid(f64, String);

#[derive(Event)]
union Bits {
    a: u32,
    b: f32,
}

// What is wrong with a struct is not said again wherever it is used.
fn main() {
    capture!(Order::Processed);
    capture!(&Paid(9.5, String::new()), attempts = 2);
    posthog::capture(Order::Shipped);
}
