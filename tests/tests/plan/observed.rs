//! Sends what the plan does not say, in ways that only run time can know, and prints the warnings.

use posthog::{capture, tag, testing::record};

struct Print;

impl log::Log for Print {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        println!("{} {}", record.level(), record.args());
    }

    fn flush(&self) {}
}

#[derive(serde::Serialize)]
struct Money(&'static str);

fn main() {
    log::set_logger(&Print).expect("the only logger");
    log::set_max_level(log::LevelFilter::Warn);
    let currencies = ["EUR", "GBP", "GBP", "USD"].map(String::from);
    let (fine, region) = (9.5, String::from("secret"));
    record(|| {
        for currency in &currencies {
            capture!("order_processed", total = fine, currency);
        }
        capture!("order_processed", total = Money("9.5"), currency = currencies[0]);
        capture!("order_processed", total = fine, currency = %currencies[1]);
        capture!("order_processed", total = fine, currency = "EUR", coupon = Money("SPRING"));
        posthog::context! { tag!(region); }
    });
}
