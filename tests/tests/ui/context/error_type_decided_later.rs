use posthog::context;

fn main() {
    let result = context! { Ok(1) };
    let _: Result<u32, String> = result;
}
