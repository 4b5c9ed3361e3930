//! What the plan has nothing against.

#![deny(warnings, clippy::pedantic)]

use posthog::{Event, capture, context, scoped, tag};
use std::{borrow::Cow, collections::HashMap, sync::Mutex};

#[derive(serde::Serialize)]
struct Money(f64);

#[derive(serde::Serialize, Clone, Copy)]
enum Currency {
    #[serde(rename = "EUR")]
    Euro,
}

#[derive(Event)]
struct OrderProcessed<'a, T> {
    total: T,
    currency: Cow<'a, str>,
    coupon: Option<&'a str>,
    pieces: &'a u8,
    tenant: String,
}

#[derive(Event)]
#[event(name = "order_processed")]
struct Open {
    #[event(flatten)]
    rest: HashMap<String, u8>,
}

#[derive(Event)]
#[event(name = "$pageview")]
struct PageView {
    anything: u8,
}

fn generic<T: serde::Serialize>(total: T, currency: &impl serde::Serialize) {
    capture!("order_processed", total, currency = currency);
}

#[scoped(tags(tenant = name, region = "eu"))]
fn scoped_function(name: &str) {
    capture!("shop_opened", hour = 8);
}

fn early(total: Option<f64>) -> Option<f64> {
    capture!("order_processed", total = total?, currency = "EUR");
    total
}

async fn late(total: impl Future<Output = f64>) {
    capture!("order_processed", total = total.await, currency = "EUR");
}

fn is_send<T: Send>(value: T) -> T {
    value
}

fn main() {
    let (total, pieces, text) = (9.5_f32, 3_u128, String::from("EUR"));
    let (shared, locked) = (Box::new(Some("SPRING")), Mutex::new(4));
    // Types of std, and what wraps them.
    capture!("order_processed", total, currency = text, pieces, gift = pieces > 2);
    capture!("order_processed", total = &pieces, currency = &&text, coupon = shared, pieces = locked);
    capture!("order_processed", total = 1, currency = 'E'.to_string(), coupon = None::<String>, reference = pieces);
    capture!("order_processed", total, currency = "USD", coupon = null, reference = "r", skus = [&text, &text]);
    capture!("order_processed", total, currency = text, skus = vec![1], address = HashMap::from([("a", 1)]));
    capture!("order_processed", total, currency = "EUR", skus = ["a", "b"], address = { "country": "PT", "city": 1 });
    // Two locks of one mutex in one call: neither guard outlives its argument.
    capture!(
        "order_processed",
        total = *locked.lock().expect("a lock"),
        pieces = *locked.lock().expect("a lock"),
        currency = "EUR",
    );
    // Types that only run time knows.
    capture!("order_processed", total = Money(total.into()), currency = Currency::Euro);
    generic(total, &text);
    let open = 5;
    capture!("order_processed", total = open, currency = ?Currency2::EUR);
    let _: u8 = open;
    // What is not known is not missing, and what is computed is not checked.
    let rest = HashMap::from([("total", 1)]);
    let key = "anything";
    capture!("order_processed", ..rest);
    capture!("order_processed", (key) = 1);
    capture!(("order_procesed"), anything = 1);
    capture!(key);
    tag!(("anything"), 1);
    // PostHog's own names, options, and events that say nothing of their properties.
    capture!("$pageview", anything = 1);
    capture!("order_processed", total, currency = "EUR", $current_url = "x", groups = { "shop": 1 }, distinct_id = 7);
    tag!($current_url = "x");
    capture!("shop_opened", hour = 3, anything = "else");
    // A property may stand in for a tag; a required one that is a tag may come from the context.
    capture!("order_processed", total, currency = "EUR", tenant = "acme");
    capture!("shop_opened", hour = 3);
    context! { <tags(tenant = "acme", order_id = 7)> scoped_function("acme"); }
    capture!(OrderProcessed {
        total: 1,
        currency: "EUR".into(),
        coupon: None,
        pieces: &3,
        tenant: "acme".into(),
    });
    capture!(Open { rest: HashMap::new() }, anything = 1);
    posthog::capture(PageView { anything: 1 });
    drop(is_send(late(async { 1.0 })));
    let _ = early(None);
}

#[derive(Debug)]
#[allow(clippy::upper_case_acronyms)]
enum Currency2 {
    EUR,
}
