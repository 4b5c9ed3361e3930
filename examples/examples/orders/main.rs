//! A service that imports a file of orders. It shows contexts inside contexts (shop, order, payment attempt), events that
//! carry what those say, and errors and panics that are reported on their way out, once each. `posthog.plan.json`, beside
//! the manifest of the examples, says what may be sent: with a misspelt name this does not compile.
//!
//! `cargo run --example orders` sends to a local PostHog in this process and ends with what arrived there. With
//! `POSTHOG_API_KEY` set it sends to the real one.

mod order;
mod payment;
mod report;

use anyhow::Context as _;
use order::{Order, ReadError};
use posthog::{capture, context, scoped, tag};
use posthog_examples::{Demo, ELSEWHERE};
use std::{collections::BTreeMap, fs, panic};

/// 1,000 orders of six shops; 25 of them are broken.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/orders.jsonl");

fn main() -> anyhow::Result<()> {
    let demo = Demo::start();
    let options = demo.options().super_property("service", "order-import");
    let posthog = posthog::init(options)?;

    let file = fs::read_to_string(FILE).context("the orders that come with the example")?;
    let mut total = Tally::default();
    let mut shops: BTreeMap<String, Vec<Order>> = BTreeMap::new();
    for (line, text) in (1..).zip(file.lines()) {
        match read(line, text) {
            Ok(order) => shops.entry(order.tenant.clone()).or_default().push(order),
            Err(_) => total.unreadable += 1, // reported when it left `read`
        }
    }
    for (tenant, orders) in &shops {
        total.add(&process_shop(tenant, orders));
    }
    println!("{total}");

    // Ends the client, which delivers what is queued.
    match demo.finish(posthog).map_err(anyhow::Error::from_boxed)? {
        Some(events) => report::print(&events),
        None => println!("{ELSEWHERE}"),
    }
    Ok(())
}

/// One line of the file. All that is known of an unreadable one is where it stands.
#[scoped(tags(line))]
fn read(line: usize, text: &str) -> Result<Order, ReadError> {
    if text.trim().is_empty() {
        return Err(ReadError::Blank);
    }
    let order = serde_json::from_str(text)?; // becomes a `ReadError` by `From`
    Ok(order)
}

/// The orders of one shop. One that fails does not hold up the next.
fn process_shop(tenant: &str, orders: &[Order]) -> Tally {
    context! { <tags(tenant)>
        let mut tally = Tally::default();
        for order in orders {
            match panic::catch_unwind(|| process(order)) {
                Ok(Ok(())) => tally.paid += 1,
                Ok(Err(_)) => tally.failed += 1, // reported when it left a context
                Err(_) => tally.panicked += 1,   // this, too
            }
        }
        capture!("shop_finished", orders = orders.len(), paid = tally.paid, failed = tally.failed);
        tally
    }
}

/// One order: who ordered is known from here on, and stands in every event below.
#[scoped(distinct_id = &order.customer.id, tags(order_id = order.id, coupon = &order.coupon))]
fn process(order: &Order) -> anyhow::Result<()> {
    let total = order
        .checked_total()
        .with_context(|| format!("order {} is rejected", order.id))?;
    tag!(currency = &order.currency);

    // A payment that fails for good was reported where it failed; on its way through this context it is not again.
    let attempts = payment::collect(&order.payment)?;
    let average_price = order.average_price(total); // panics for an order of no pieces

    capture!(
        "order_processed",
        total = total.as_units(),
        average_price = average_price.as_units(),
        skus = order.skus(),
        attempts,
        placed_at = &order.placed_at,
        groups = { "shop": &order.tenant },
        set = { "country": &order.customer.country },
    );
    Ok(())
}

/// What became of the lines of the file.
#[derive(Default)]
struct Tally {
    unreadable: usize,
    paid: usize,
    failed: usize,
    panicked: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.unreadable += other.unreadable;
        self.paid += other.paid;
        self.failed += other.failed;
        self.panicked += other.panicked;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            unreadable,
            paid,
            failed,
            panicked,
        } = self;
        let lines = unreadable + paid + failed + panicked;
        write!(
            f,
            "{lines} lines: {paid} orders paid, {failed} failed, {panicked} panicked, {unreadable} unreadable"
        )
    }
}
