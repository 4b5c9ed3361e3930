use posthog::context;

fn main() {
    let x = context! { "5".parse().unwrap() };
    let y: u32 = x;
}
