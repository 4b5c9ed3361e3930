use posthog::tag;

fn main() {
    let (key, value) = ("a", 1);
    tag!(key, value);
    tag!(key, 3);
    tag!(key, value.to_string());
}
