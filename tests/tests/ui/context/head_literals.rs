use posthog::{Client, context};

fn main() {
    context! { <distinct_id = "undefined"; session_id = "7"; device_id = ""> }
    context! { <fresh = "yes", capture_exceptions = 0, client = "c"> }
    context! { <tags("" = 1, $session_Id = 2, a = 3, a = 4)> }
    context! { <capture_exception = false> }
}

fn contradiction(client: &Client) {
    context! { <client = client, capture_exceptions = false> }
}
