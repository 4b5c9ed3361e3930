use posthog::capture;

fn main() {
    let order = 1;
    capture!("order_processed", total = order.total);
    capture!("order_processed", total = ordr);
    capture!("order_processed", total = order.);
    capture!("order_processed", total = 1 2);
    capture!("order_processed", total = (1 + ));
    capture!("order_processed", disable_geoip = order);
}
