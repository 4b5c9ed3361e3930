use posthog::scoped;

#[scoped]
fn local(text: &str) -> &str {
    let own = text.to_owned();
    &own
}

#[scoped]
async fn local_async(text: &str) -> &str {
    let own = text.to_owned();
    &own
}

#[scoped]
fn not_mutable(list: Vec<u8>) -> usize {
    list.push(1);
    list.len()
}

#[scoped]
fn too_short<'a>(first: &'a str, second: &str) -> &'a str {
    if first.is_empty() { second } else { first }
}

fn main() {}
