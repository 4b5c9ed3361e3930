use posthog::{context, scoped, tag};

#[scoped(tags(tennant = "acme", order_id = 7))]
fn scoped_function() {}

fn main() {
    let (id, region) = (7_u64, 3);
    tag!("tennant", "acme");
    tag!(tenant = id, shop = 1);
    tag!(order_id = "7");
    tag!(region = "asia");
    tag!(region);
    context! { <tags(order = id)> scoped_function(); }
}
