use posthog::{capture, context, tag};

fn main() {
    let (session, plan) = ("0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11", "pro");
    context! {
        tag!("$session_id", session);
        capture!("$page_view", plan, distinct_id = "anonymous");
    }
}
