use posthog::scoped;

#[scoped(distinct_id = "anonymous", session_id = "session-1", device_id = " ")]
fn ids() {}

#[scoped(fresh = 1, capture_exceptions = "no", client = true)]
fn kinds() {}

#[scoped(tags(plan = "pro", "plan" = "free", "" = 1, $tenant = 2))]
fn tags() {}

fn main() {
    ids();
    kinds();
    tags();
}
