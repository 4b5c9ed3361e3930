use posthog::capture;

fn main() {
    let _ = capture!("order_processed", distinct_id = "anonymous");
    let _ = capture!("order_processed", distinct_id = " 'Null' ");
    let _ = capture!("order_processed", distinct_id = 0);
    let _ = capture!("order_processed", distinct_id = "");
    let _ = capture!("order_processed", distinct_id = " ");
    let _ = capture!("order_processed", distinct_id = 1.5);
    let _ = capture!("order_processed", distinct_id = true);
    let _ = capture!("order_processed", distinct_id = "0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789");
    let _ = capture!("order_processed", session_id = "session-1");
    let _ = capture!("order_processed", session_id = "0b4cbbc8-3b1f-4a4e-8f7c-2d6f1a9e7c11");
    let _ = capture!("order_processed", session_id = "");
    let _ = capture!("order_processed", session_id = 7);
    let _ = capture!("order_processed", uuid = "order-1");
    let _ = capture!("order_processed", uuid = "00000000-0000-0000-0000-000000000000");
    let _ = capture!("order_processed", uuid = "");
    let _ = capture!("order_processed", uuid = 7);
}
