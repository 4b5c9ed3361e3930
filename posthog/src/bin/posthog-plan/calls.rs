//! The calls of `capture!` and `tag!`, and `tags(…)`, wherever they stand: also inside of other macros.

use posthog_core::names::EVENT_OPTIONS;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{
    found::{Call, Found, Property},
    tokens::{self, Argument, is_punct},
};

/// Notes every call in the tokens.
pub(crate) fn find(tokens: TokenStream, found: &mut Found) {
    walk(tokens, false, found);
}

/// `in_options`: the tokens are options of a context, where `tags(…)` may stand.
fn walk(tokens: TokenStream, in_options: bool, found: &mut Found) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        let macro_name = match &tokens[..at] {
            [.., TokenTree::Ident(name), bang] if is_punct(bang, '!') => name.to_string(),
            _ => String::new(),
        };
        let word = match &tokens[..at] {
            [.., TokenTree::Ident(word)] => word.to_string(),
            _ => String::new(),
        };
        match macro_name.as_str() {
            "capture" => capture(group.stream(), found),
            "tag" => tag(group.stream(), found),
            _ => {}
        }
        if in_options && word == "tags" {
            list_of_tags(group.stream(), found);
        }
        let head = macro_name == "context"
            && group
                .stream()
                .into_iter()
                .next()
                .is_some_and(|first| is_punct(&first, '<'));
        let attribute = word == "scoped" && group.delimiter() == Delimiter::Parenthesis;
        walk(group.stream(), head || attribute, found);
    }
}

fn capture(tokens: TokenStream, found: &mut Found) {
    let arguments = tokens::arguments(tokens);
    // A computed name, or a typed event.
    let Some(event) = arguments.first().and_then(|name| match &name[..] {
        [name] => tokens::text(name),
        _ => None,
    }) else {
        return;
    };
    let mut call = Call {
        event,
        description: None,
        properties: Vec::new(),
        open: false,
    };
    for argument in &arguments[1..] {
        match Argument::of(argument) {
            Argument::Named { key, bare, .. } if bare && EVENT_OPTIONS.contains(&&*key) => {}
            Argument::Named { key, value, .. } => call.properties.push(property(key, value)),
            Argument::Open => call.open = true,
            Argument::Other => {}
        }
    }
    found.call(call);
}

fn tag(tokens: TokenStream, found: &mut Found) {
    let arguments = tokens::arguments(tokens.clone());
    // `tag!("key", value)`
    if let [key, value] = &arguments[..]
        && let [key] = &key[..]
        && let Some(key) = tokens::text(key)
    {
        found.tag(property(key, value));
        return;
    }
    list_of_tags(tokens, found);
}

fn list_of_tags(tokens: TokenStream, found: &mut Found) {
    for argument in tokens::arguments(tokens) {
        if let Argument::Named { key, value, .. } = Argument::of(&argument) {
            found.tag(property(key, value));
        }
    }
}

fn property(key: String, value: &[TokenTree]) -> Property {
    Property {
        key,
        ty: tokens::type_of(value),
        description: None,
        optional: false,
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::found::Found;

    fn found(text: &str) -> Found {
        let mut found = Found::default();
        find(text.parse().expect("tokens"), &mut found);
        found
    }

    #[test]
    fn calls_are_found_in_functions_and_in_other_macros() {
        let found = found(
            r#"
            fn f() { capture!("a", x = 1, distinct_id = id); posthog::capture!("b"); }
            context! { <tags(tenant, step = 2)> if c { capture! { "c" } } tag!("k", "v"); }
            tokio::select! { _ = x => capture!("d") }
            #[posthog::scoped(fresh, tags(line))] fn g() { capture!(name, y = 1); tags(other = 3); }
            "#,
        );
        let events: Vec<_> = found.events.keys().map(String::as_str).collect();
        assert_eq!(events, ["a", "b", "c", "d"]);
        let properties: Vec<_> = found.events["a"].properties.keys().collect();
        assert_eq!(properties, ["x"]);
        let tags: Vec<_> = found.tags.keys().map(String::as_str).collect();
        assert_eq!(tags, ["k", "line", "step", "tenant"]);
    }

    #[test]
    fn an_option_is_no_property_unless_it_is_quoted() {
        let found =
            found(r#"capture!("a", "distinct_id" = 1, groups = {}, $pageview = 1, ..rest)"#);
        let event = &found.events["a"];
        let properties: Vec<_> = event.properties.keys().map(String::as_str).collect();
        assert_eq!((properties, event.open), (vec!["distinct_id"], true));
    }
}
