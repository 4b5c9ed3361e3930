use posthog::scoped;

#[scoped]
struct Order {
    total: u32,
}

#[scoped(fresh = true)]
pub mod orders {}

#[scoped]
impl Order {}

trait Charge {
    #[scoped]
    fn charge(&self) -> u32;
}

#[scoped]
const fn total() -> u32 {
    1
}

fn main() {
    let order = Order { total: 1 };
    let _ = order.total + total();
}
