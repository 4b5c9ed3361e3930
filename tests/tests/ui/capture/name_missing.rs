use posthog::capture;

fn main() {
    capture!();
}
