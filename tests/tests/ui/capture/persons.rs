use posthog::capture;

fn main() {
    let _ = capture!("order_processed", process_person_profile = false, set = { "plan": "pro" });
    let _ = capture!("order_processed", $set_once = { "plan": "pro" }, $process_person_profile = false);
    let _ = capture!("$identify", distinct_id = "user-7", process_person_profile = false);
    let _ = capture!("$exception", set = { "plan": "pro" });
}
