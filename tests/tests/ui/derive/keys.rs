use posthog::Event;

#[derive(Event)]
struct Paid {
    total: f64,
    #[event(rename = "total")]
    sum: f64,
    #[event(rename = "")]
    blank: u32,
    #[event(distinct_id)]
    user: u64,
    #[event(distinct_id)]
    customer: u64,
}

fn main() {}
