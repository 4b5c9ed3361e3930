use posthog::capture;

fn main() {
    let (total, currency) = (9.5, String::from("EUR"));
    capture!("order_processed", currency);
    capture!("order_processed");
    capture!("order_processed", total, currency, copon = "SPRING");
    capture!("order_processed", total, currency, "customer" = 7);
    capture!("shop_closed", reason = "rain");
    capture!("order_processed", totl = total, currency = "GBP", pieces = "3");
}
