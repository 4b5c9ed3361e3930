use posthog::capture;

fn main() {
    let _ = capture!("order_processed", "" = 1);
    let _ = capture!("order_processed", "  " = 1);
    let _ = capture!("order_processed", set = { "": 1 });
    let _ = capture!("order_processed", $set_once = { " ": 1 });
    let _ = capture!("order_processed", groups = { "": "acme" });
    let _ = capture!("order_processed", groups = { "company": " " });
}
