use posthog::capture_exception;

fn main() {
    let error = "three".parse::<u32>().unwrap_err();
    capture_exception!();
    capture_exception!(level = "warning");
    capture_exception!(, order = 1);
    capture_exception!(error order = 1);
    capture_exception!(error, level = "terrible");
    capture_exception!(error, level = 3);
    capture_exception!(error, level);
    capture_exception!(error, handled = "no");
    capture_exception!(error, fingerprint = "");
    capture_exception!(error, source = 7);
    capture_exception!(error, level = "error", level = "fatal");
    capture_exception!(error, order = 1, order = 2);
    capture_exception!(error, set = { "plan": "pro" });
    capture_exception!(error, $exception_types = ["A"]);
    capture_exception!(error, distinct_id = "anonymous");
    capture_exception!(error, levl = "error", client = 1);
}
