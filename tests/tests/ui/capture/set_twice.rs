use posthog::capture;

fn main() {
    let plan = "pro";
    let _ = capture!("order_processed", set = { "plan": plan }, $set = { "seats": 3 });
    let _ = capture!("order_processed", "$set_once" = { "plan": plan }, set_once = { "seats": 3 });
    let _ = capture!("order_processed", groups = { "company": 1 }, $groups = { "team": 2 });
    let _ = capture!("order_processed", $process_person_profile = false, process_person_profile = true);
    let _ = capture!("order_processed", disable_geoip = true, $geoip_disable = false);
    let _ = capture!("order_processed", plan, plan);
    let _ = capture!("order_processed", plan, "plan" = 1);
    let _ = capture!(
        "order_processed",
        plan,
        total = 9.5,
        plan = "free",
    );
}
