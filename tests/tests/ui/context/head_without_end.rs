use posthog::context;

fn main() {
    context! { <fresh; let x = 1; }
    context! { <fresh capture_exceptions = true> }
}
