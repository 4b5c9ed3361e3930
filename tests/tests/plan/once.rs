//! What is wrong by itself is not held to the plan as well; and what a `macro_rules!` passes on is.

use posthog::capture;

macro_rules! processed {
    ($name:literal, $total:expr) => {
        capture!($name, total = $total, currency = "EUR")
    };
}

fn main() {
    let order = (9.5,);
    capture!("order_processed", total = , currency = "EUR");
    capture!("order_processed", total = order., currency = "EUR");
    capture!("order_processed", total = orders, currency = "EUR");
    processed!("order_procesed", 1);
    processed!("order_processed", "9.5");
}
