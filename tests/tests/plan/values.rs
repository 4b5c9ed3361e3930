use posthog::capture;

fn main() {
    let total = 9.5;
    capture!("order_processed", total, currency = "EURO");
    capture!("order_processed", total, currency = "GBP");
    capture!("order_processed", total, currency = 978);
    capture!("order_processed", total = "9.5", currency = "EUR");
    capture!("order_processed", total, currency = "EUR", pieces = 2.0);
    capture!("order_processed", total, currency = "EUR", gift = 1);
    capture!("order_processed", total, currency = "EUR", gift = null);
    capture!("order_processed", total = %total, currency = "EUR");
    capture!("order_processed", total, currency = "EUR", skus = { "a": 1 });
    capture!("order_processed", total, currency = "EUR", skus = ["a", 1]);
    capture!("order_processed", total, currency = "EUR", address = { "country": "DK" });
    capture!("order_processed", total, currency = "EUR", address = ["DE"]);
    capture!("order_processed", total, currency = "EUR", reference = -1.5);
    through_a_macro!("order_processed", total = "9.5", currency = "EUR");
}

macro_rules! through_a_macro {
    ($name:literal, $($key:ident = $value:expr),*) => { capture!($name, $($key = $value),*) };
}
use through_a_macro;
