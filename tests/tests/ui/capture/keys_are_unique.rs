use posthog::capture;

fn main() {
    let r#type = "a";
    capture!("order_processed", plan = "pro", "plan" = "free");
    capture!("order_processed", $ip = "::1", "$ip" = "::1");
    capture!("order_processed", r#type, type = "b");
    capture!("order_processed", cart = { "a": 1, "b": [{ "c": 1, "c": 2 }], "a": 3 });
    capture!("order_processed", set = { "a": 1, "a": 2 });
}
