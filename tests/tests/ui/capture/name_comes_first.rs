use posthog::capture;

fn main() {
    let map = [("a", 1)];
    capture!(total = 1);
    capture!("total" = 1, "order_processed");
    capture!($current_url = "https://example.com");
    capture!(..map);
    capture!(, total = 1);
}
