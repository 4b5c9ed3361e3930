use posthog::Event;

#[derive(Event)]
struct OrderProcesed {
    total: f64,
}

#[derive(Event)]
struct OrderProcessed {
    total: String,
    curency: String,
    pieces: Option<f64>,
}

#[derive(Event)]
#[event(name = "order_processed")]
struct Paid {
    total: Option<f64>,
    currency: String,
    #[event(rename = "cupon")]
    coupon: String,
}

fn main() {}
