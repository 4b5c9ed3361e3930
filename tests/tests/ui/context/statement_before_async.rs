use posthog::{context, tag};

fn main() {
    let _future = context! {
        tag!("step", 1);
        async move { 1 }
    };
}
