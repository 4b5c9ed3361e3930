use posthog::capture;

fn main() {
    let _ = capture!("");
    let _ = capture!(" \t", total = 1);
    let _ = capture!(r#""#);
    let _ = capture!(" order_processed");
    let _ = capture!("order_processed\n");
    let _ = capture!("order_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789");
    let _ = capture!("$page_view");
    let _ = capture!("$Identify");
    let _ = capture!("$order_processed");
    let _ = capture!("$");
    let _ = capture!("$conversation_started");
    let _ = capture!("$error_tracking_issue_created");
    let _ = capture!("$performance_event");
    let _ = capture!("$ai_generatoin");
}
