use posthog::Event;

#[derive(Event)]
struct Paid {
    #[event(renam = "sum")]
    total: f64,
    #[event(rename)]
    currency: String,
    #[event(rename = 3)]
    customer: u64,
    #[event(skip = true)]
    internal: u32,
    #[event(skip, flatten)]
    rest: Vec<u8>,
    #[event(skip, skip)]
    twice: u32,
}

fn main() {}
