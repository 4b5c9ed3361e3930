//! Reading the arguments of a macro from its tokens.

use posthog_core::plan::Type;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Lit;

/// The arguments between commas.
pub(crate) fn arguments(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut all = vec![Vec::new()];
    for token in tokens {
        if is_punct(&token, ',') {
            all.push(Vec::new());
        } else if let Some(last) = all.last_mut() {
            last.push(token);
        }
    }
    all.retain(|argument| !argument.is_empty());
    all
}

/// `key = value`, or a variable alone, which is its own key.
pub(crate) enum Argument<'a> {
    Named {
        key: String,
        /// It is written as an identifier, and so may be an option.
        bare: bool,
        value: &'a [TokenTree],
    },
    /// `..map`, `(expr) = value`
    Open,
    /// Something else.
    Other,
}

impl<'a> Argument<'a> {
    pub(crate) fn of(tokens: &'a [TokenTree]) -> Self {
        match tokens {
            [first, second, ..] if is_punct(first, '.') && is_punct(second, '.') => Self::Open,
            [TokenTree::Group(_), equals, ..] if is_punct(equals, '=') => Self::Open,
            [TokenTree::Ident(key)] => Self::Named {
                key: unraw(key),
                bare: true,
                value: tokens,
            },
            [TokenTree::Ident(key), equals, value @ ..] if is_punct(equals, '=') => Self::Named {
                key: unraw(key),
                bare: true,
                value,
            },
            [dollar, TokenTree::Ident(key), equals, value @ ..]
                if is_punct(dollar, '$') && is_punct(equals, '=') =>
            {
                Self::Named {
                    key: format!("${}", unraw(key)),
                    bare: false,
                    value,
                }
            }
            [literal, equals, value @ ..] if is_punct(equals, '=') => match text(literal) {
                Some(key) => Self::Named {
                    key,
                    bare: false,
                    value,
                },
                None => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// The type of a value, if its text says it.
pub(crate) fn type_of(value: &[TokenTree]) -> Option<Type> {
    match value {
        [sigil, _, ..] if is_punct(sigil, '%') || is_punct(sigil, '?') => Some(Type::String),
        [reference, rest @ ..] if is_punct(reference, '&') && !rest.is_empty() => type_of(rest),
        [minus, TokenTree::Literal(literal)] if is_punct(minus, '-') => literal_type(literal),
        [TokenTree::Literal(literal)] => literal_type(literal),
        [TokenTree::Ident(word)] if word == "true" || word == "false" => Some(Type::Boolean),
        [TokenTree::Ident(word)] if word == "null" => Some(Type::Null),
        [TokenTree::Group(group)] => match group.delimiter() {
            Delimiter::Brace if is_json(group) => Some(Type::Object),
            Delimiter::Bracket => Some(Type::Array),
            Delimiter::Parenthesis | Delimiter::None => {
                type_of(&group.stream().into_iter().collect::<Vec<_>>())
            }
            Delimiter::Brace => None,
        },
        [TokenTree::Ident(name), bang, TokenTree::Group(_)] if is_punct(bang, '!') => {
            match name.to_string().as_str() {
                "format" | "concat" | "stringify" | "env" => Some(Type::String),
                "vec" => Some(Type::Array),
                "matches" => Some(Type::Boolean),
                _ => None,
            }
        }
        [
            ..,
            dot,
            TokenTree::Ident(method),
            TokenTree::Group(arguments),
        ] if is_punct(dot, '.') && arguments.delimiter() == Delimiter::Parenthesis => {
            // Methods of std that give one type wherever they are called.
            match method.to_string().as_str() {
                "to_string" | "as_str" => Some(Type::String),
                "len" | "count" | "as_secs" => Some(Type::Integer),
                "as_secs_f64" => Some(Type::Number),
                "is_empty" | "is_some" | "is_none" | "is_ok" | "is_err" => Some(Type::Boolean),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The value of a string literal.
pub(crate) fn text(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Literal(literal) => match Lit::new(literal.clone()) {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        // A literal that a `macro_rules!` passed on.
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            match (tokens.next(), tokens.next()) {
                (Some(only), None) => text(&only),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(crate) fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// The identifier without `r#`.
fn unraw(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

fn literal_type(literal: &proc_macro2::Literal) -> Option<Type> {
    match Lit::new(literal.clone()) {
        Lit::Str(_) | Lit::Char(_) => Some(Type::String),
        // `2f64` is a float in all but its form.
        Lit::Int(integer) if !integer.suffix().starts_with('f') => Some(Type::Integer),
        Lit::Int(_) | Lit::Float(_) => Some(Type::Number),
        _ => None,
    }
}

/// A pair of braces that is empty, or starts with a key and a colon.
fn is_json(group: &Group) -> bool {
    let mut tokens = group.stream().into_iter();
    match (tokens.next(), tokens.next()) {
        (None, _) => true,
        (Some(_), Some(colon)) => is_punct(&colon, ':'),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::type_of;
    use posthog_core::plan::Type;
    use proc_macro2::{TokenStream, TokenTree};

    #[test]
    fn the_type_of_a_value_is_known_where_the_text_says_it() {
        for (text, expected) in [
            ("\"a\"", Some(Type::String)),
            ("&\"a\"", Some(Type::String)),
            ("%order", Some(Type::String)),
            ("format!(\"{a}\")", Some(Type::String)),
            ("order.id.to_string()", Some(Type::String)),
            ("3", Some(Type::Integer)),
            ("-3i64", Some(Type::Integer)),
            ("orders.len()", Some(Type::Integer)),
            ("(2.5)", Some(Type::Number)),
            ("2f64", Some(Type::Number)),
            ("true", Some(Type::Boolean)),
            ("null", Some(Type::Null)),
            ("{ \"a\": 1 }", Some(Type::Object)),
            ("{}", Some(Type::Object)),
            ("{ work() }", None),
            ("[1, 2]", Some(Type::Array)),
            ("total", None),
            ("order.total()", None),
            ("3 + n", None),
        ] {
            let tokens: Vec<TokenTree> = text
                .parse::<TokenStream>()
                .expect("tokens")
                .into_iter()
                .collect();
            assert_eq!(type_of(&tokens), expected, "{text}");
        }
    }
}
