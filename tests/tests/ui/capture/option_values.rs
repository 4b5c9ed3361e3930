use posthog::capture;

fn main() {
    let _ = capture!("order_processed", disable_geoip = "yes");
    let _ = capture!("order_processed", process_person_profile = 0);
    let _ = capture!("order_processed", cookieless_mode = -1);
    let _ = capture!("order_processed", disable_skew_correction = "false");
    let _ = capture!("order_processed", product_tour_id = 7);
    let _ = capture!("order_processed", product_tour_id = " ");
    let _ = capture!("order_processed", client = "phc_project_key");
    let _ = capture!("order_processed", set = "pro");
    let _ = capture!("order_processed", set_once = null);
    let _ = capture!("order_processed", groups = ["acme"]);
    let _ = capture!("order_processed", $set = 3);
    let _ = capture!("order_processed", $groups = "acme");
}
