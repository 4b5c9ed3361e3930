//! The arguments of macros inside a context, as far as their grammar is known.
//!
//! Any other macro is left alone: what looks like `?` in there may mean something else, and an exit in it goes unseen.

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::{
    Expr, Lit, Macro, Token,
    parse::{ParseStream, Parser, discouraged::Speculative},
};

/// What is known of a macro by the last name of its path.
pub(super) enum Grammar {
    /// Expressions between commas or semicolons, perhaps with a name before them: std's macros.
    Expressions,
    /// `capture!`, `capture_exception!`, `tag!`: as [`Self::Expressions`], and JSON literals.
    Properties,
    /// `context!`, if it is ours.
    Context,
    /// `bail!`: an exit in itself.
    Bail,
    /// `ensure!`: an exit in itself, if its condition does not hold.
    Ensure,
    Unknown,
}

impl Grammar {
    pub(super) fn of(mac: &Macro) -> Self {
        let Some(last) = mac.path.segments.last() else {
            return Self::Unknown;
        };
        let name = last.ident.to_string();
        match name.as_str() {
            "capture" | "capture_exception" | "tag" => Self::Properties,
            // Other crates have one of this name, for instance minijinja's `context! { name => value }`.
            "context" if super::parse::is_context(mac.tokens.clone()) => Self::Context,
            "bail" => Self::Bail,
            "ensure" if is_ensure(mac) => Self::Ensure,
            // Those that print the text of their argument are missing: it would be the text of our expansion.
            "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" | "write"
            | "writeln" | "vec" | "panic" | "todo" | "unimplemented" | "unreachable"
            | "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" | "matches"
            | "anyhow" | "eyre" => Self::Expressions,
            _ => Self::Unknown,
        }
    }
}

/// anyhow's and eyre's `ensure!(condition)` and `ensure!(condition, "text")`. Another crate's, such as snafu's, takes
/// something else there, and leaves with an error whose type would not be known inside of a closure.
fn is_ensure(mac: &Macro) -> bool {
    let arguments = |input: ParseStream| {
        input.parse::<Expr>()?;
        input.parse::<Option<Token![,]>>()?;
        let understood = input.is_empty() || input.peek(Lit);
        input.parse::<TokenStream>()?;
        Ok(understood)
    };
    arguments.parse2(mac.tokens.clone()).unwrap_or(false)
}

/// Whether anything in the tokens of a `context!` is of interest to the context around it.
pub(super) fn can_leave(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(ident) => ["return", "bail", "ensure", "await"]
            .iter()
            .any(|word| ident == word),
        TokenTree::Group(group) => can_leave(group.stream()),
        TokenTree::Literal(_) => false,
    })
}

/// Applies `change` to each expression among the arguments of a macro, and leaves every other token as it is.
pub(super) fn expressions(
    tokens: TokenStream,
    into_groups: bool,
    change: &mut dyn FnMut(Expr) -> TokenStream,
) -> TokenStream {
    let unchanged = tokens.clone();
    let rewrite = |input: ParseStream| rewrite(input, into_groups, change);
    rewrite.parse2(tokens).unwrap_or(unchanged)
}

fn rewrite(
    input: ParseStream,
    into_groups: bool,
    change: &mut dyn FnMut(Expr) -> TokenStream,
) -> syn::Result<TokenStream> {
    let mut rewritten = TokenStream::new();
    let mut expression_may_start = true;
    while !input.is_empty() {
        if expression_may_start && let Some(expr) = whole_expression(input) {
            rewritten.extend(change(expr));
            expression_may_start = false;
            continue;
        }
        let token: TokenTree = input.parse()?;
        expression_may_start =
            matches!(&token, TokenTree::Punct(punct) if ",;=:%?".contains(punct.as_char()));
        rewritten.extend([match token {
            TokenTree::Group(group) if into_groups => {
                let mut inner =
                    Group::new(group.delimiter(), expressions(group.stream(), true, change));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        }]);
    }
    Ok(rewritten)
}

/// The expression that starts here and ends where the argument ends.
fn whole_expression(input: ParseStream) -> Option<Expr> {
    let ahead = input.fork();
    let expr = ahead.parse::<Expr>().ok()?;
    let ends = ahead.is_empty() || ahead.peek(Token![,]) || ahead.peek(Token![;]);
    if !ends {
        return None;
    }
    input.advance_to(&ahead);
    Some(expr)
}
