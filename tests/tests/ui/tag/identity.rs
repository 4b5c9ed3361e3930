use posthog::{context, scoped, tag};

fn main() {
    let id = "user-7";
    tag!("distinct_id", id);
    tag!(distinct_id = id);
    tag!("$distinct_id", id);
    tag!("$session_id", id);
    tag!($device_id = id);
    tag!("$groups", { "company": id });
    tag!("$set", { "plan": "pro" });
    tag!("$set_once", { "plan": "pro" });
    tag!("$anon_distinct_id", id);
    tag!($group_key = id);
    tag!("$timestamp", "2031-05-07T02:00:00Z");
    context! { <tags(distinct_id = id)> }
}

#[scoped(tags($session_id = id))]
fn scoped(id: &str) {}
