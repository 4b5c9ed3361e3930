use posthog::scoped;

#[scoped]
fn missing_semicolon(text: String) -> usize {
    let length = text.len()
    length
}

fn main() {}
