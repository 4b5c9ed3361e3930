use posthog::capture;

fn main() {
    let (text, total, count) = (String::from("9.5"), 9.5_f64, 3_usize);
    let (maybe, shared) = (Some(total), Box::new(text.clone()));
    capture!("order_processed", total = text, currency = "EUR");
    capture!("order_processed", total = &&text, currency = "EUR");
    capture!("order_processed", total = shared, currency = "EUR");
    capture!("order_processed", total = maybe, currency = "EUR");
    capture!("order_processed", total, currency = count);
    capture!("order_processed", total, currency = "EUR", coupon = Some(count));
    capture!("order_processed", total, currency = "EUR", pieces = total);
    capture!("order_processed", total, currency = "EUR", gift = count > 1, skus = text.as_str());
    capture!("order_processed", total, currency = "EUR", reference = total);
}
