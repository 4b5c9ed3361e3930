use posthog::scoped;

#[scoped(frsh = true, capture_exceptions = false, capture_exceptions = true, client, tags = 1, 3)]
fn options() -> u32 {
    1
}

#[scoped(fresh =, tags(a = 1, a = 2))]
fn values() -> u32 {
    1
}

#[scoped(crate = posthog, crate = posthog)]
fn roots() -> u32 {
    1
}

#[scoped(crate)]
fn no_root() -> u32 {
    1
}

#[scoped(fresh = "yes".len())]
fn wrong_type() -> u32 {
    1
}

fn main() {
    let _ = options() + values() + roots() + no_root() + wrong_type();
}
