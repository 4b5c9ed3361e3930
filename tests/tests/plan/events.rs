use posthog::{capture, context};

fn main() {
    capture!("order_procesed", total = 9.5, currency = "EUR");
    capture!("checkout", step = 1);
    context! { capture!("shop_closd"); }
    capture!("shop_opened");
}
