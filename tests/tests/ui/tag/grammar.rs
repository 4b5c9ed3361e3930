use posthog::tag;

fn main() {
    let map = [("a", 1)];
    let error = std::fmt::Error;
    tag!();
    tag!("key");
    tag!("key",);
    tag!("key", 1, 2);
    tag!(..map);
    tag!(%error);
    tag!(step = 1, step = 2);
    tag!(in);
}
