use posthog::capture;

fn main() {
    let (key, mut total) = ("key", 1);
    let keys = ["key"];
    let _ = capture!("order_processed", concat!("a", "b") = 1);
    let _ = capture!("order_processed", keys[0] = 1);
    let _ = capture!("order_processed", &key = 1);
    let _ = capture!("order_processed", b"key" = 1);
    let _ = capture!("order_processed", 'k' = 1);
    let _ = capture!("order_processed", c"key" = 1);
    let _ = capture!("order_processed", 1 = 2);
    let _ = capture!("order_processed", "key": 1);
    let _ = capture!("order_processed", "key" => 1);
    let _ = capture!("order_processed", key: u32 = 1);
    let _ = capture!("order_processed", let total = 1);
    let _ = capture!("order_processed", total += 1);
    let _ = capture!("order_processed", #[cfg(all())] total = 1);
    let _ = capture!("order_processed", { "key": 1 });
    let _ = capture!("order_processed", key?);
    let _ = capture!("order_processed", _ = 1);
    let _ = capture!("order_processed", "$a\nb" = 1);
    let _ = capture!("order_processed", r#"$"x""# = 1);
}
