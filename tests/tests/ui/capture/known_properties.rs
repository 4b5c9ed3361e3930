use posthog::capture;

fn main() {
    let _ = capture!("order_processed", $session_Id = "a");
    let _ = capture!("order_processed", "$groups_" = 1);
    let _ = capture!("order_processed", $current_ulr = 1);
    let _ = capture!("order_processed", "$current-url" = 1);
    let _ = capture!("order_processed", $proces_person_profle = false);
    let _ = capture!("order_processed", $utm_source = "mail");
    let _ = capture!("order_processed", $ai_modle = "m");
    let _ = capture!("order_processed", $order_total = 1);
    let _ = capture!("order_processed", "$" = 1);
    let _ = capture!("order_processed", $process_person = false);
    let _ = capture!("order_processed", $time = 1);
    let _ = capture!("order_processed", $timestamp = 1);
    let _ = capture!("order_processed", $sent_at = 1);
    let _ = capture!("order_processed", $distinct_id = 1);
    let _ = capture!("order_processed", $exception_types = ["a"]);
    let _ = capture!("order_processed", $geoip_city_name = "Oslo");
    let _ = capture!("order_processed", $geoip_disabled = true);
    let _ = capture!("order_processed", $group_0 = "acme");
    let _ = capture!("order_processed", $virt_revenue = 1);
    let _ = capture!("order_processed", $plugins_failed = 1);
    let _ = capture!("order_processed", $creator_event_uuid = 1);
}
