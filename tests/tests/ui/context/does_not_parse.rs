use posthog::context;

fn dangling(text: String) -> usize {
    context! {
        let length = text.;
        length
    }
}

fn missing_semicolon(text: String) -> usize {
    context! {
        let length = text.len()
        length
    }
}

fn half(text: String) -> usize {
    context! { <fresh> text.len( + ) }
}

fn main() {}
