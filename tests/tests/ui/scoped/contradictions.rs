use posthog::{Client, scoped};

#[scoped(fresh, fresh = false)]
fn twice() {}

#[scoped(capture_exceptions = false, client = client)]
fn nothing_to_capture(client: &Client) {}

#[scoped(tags(a = 1), tags(b = 2))]
fn tags_twice() {}

#[scoped(capture_exception = false)]
fn almost() {}

#[scoped(distinctid = "user-7", crat = posthog)]
fn almost_as_well() {}

#[scoped(timestamp = "2031-05-07T02:00:00Z")]
fn option_of_an_event() {}

fn main() {}
