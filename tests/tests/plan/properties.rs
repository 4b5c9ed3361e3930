use posthog::capture;

fn main() {
    let (total, currency) = (9.5, String::from("EUR"));
    capture!("order_processed", currency);
    capture!("order_processed");
    capture!("order_processed", total, currency, copon = "SPRING");
    capture!("order_processed", total, currency, "customer" = 7);
    capture!("shop_closed", reason = "rain");
    capture!("order_processed", totl = total, currency = "GBP", pieces = "3");
    // With another mistake in the call, what is missing is told all the same, and what only has a mistake in it is not missing.
    capture!("order_processed", total = 1, total = 2);
    capture!("order_processed", total: 1, gift = true);
    capture!("order_processed", total, "currency", $time = 1);
    capture!("order_processed", totl: 1);
    // What is wrong with any plan is told once.
    capture!("order_processed", total, currency, "" = 2);
    capture!(" order_processed", total, currency);
    capture!("");
}
