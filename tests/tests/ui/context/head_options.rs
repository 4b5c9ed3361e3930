use posthog::context;

fn main() {
    context! { <frsh, capture_exceptions = false, fresh, fresh = true, client, capture_exceptions, tags = 1> }
    context! { <distinct_id = , fresh> }
    context! { <tags(a = 1, a = 2, %x)> }
    context! { <fresh(true)> }
}
