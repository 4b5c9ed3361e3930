use posthog::capture_exception;

struct NotSerializable;

fn main() {
    let error = "three".parse::<u32>().unwrap_err();
    capture_exception!(error, value = NotSerializable);
    let level = 3;
    capture_exception!(error, level = level);
    let handled = "no";
    capture_exception!(error, handled = handled);
    let number = 7;
    capture_exception!(error, fingerprint = number);
    capture_exception!(unknown, order = 1);
}
