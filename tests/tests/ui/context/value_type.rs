use posthog::context;

fn wrong_value() -> u32 {
    context! { "five" }
}

fn wrong_binding() {
    let _five: u32 = context! { <fresh> if true { return; } "five" };
}

fn wrong_return() -> u32 {
    context! {
        return "five";
    }
}

fn no_value() -> u32 {
    context! { drop(1); }
}

fn main() {}
