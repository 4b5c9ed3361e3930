//! `context! { [ < head > ] statements… [value] }`

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Block, Expr, Ident, Stmt, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser, discouraged::Speculative},
};

use crate::{
    errors::{Errors, mistake},
    options::{self, Written, WrittenOption},
    property::Operand,
};

pub(super) struct Context {
    /// The scope of the `context!` around this one, which put its name before our tokens.
    pub(super) outer: Option<Ident>,
    pub(super) head: Head,
    pub(super) body: Body,
}

/// What stands in angle brackets.
#[derive(Default)]
pub(super) struct Head {
    pub(super) options: Written,
    pub(super) statements: Vec<Stmt>,
}

pub(super) enum Body {
    Statements(Vec<Stmt>),
    /// Tokens that are no statements (yet), and what is wrong with them.
    Unread(TokenStream, syn::Error),
}

/// `None` if there is no body either where the head cannot be read.
pub(super) fn context(input: TokenStream, errors: &mut Errors) -> Option<Context> {
    let written = (|input: ParseStream| {
        let outer = outer(input)?;
        let head = match head(input, errors) {
            Ok(head) => head,
            Err(error) => {
                errors.push(error);
                behind_head(input)?;
                Head::default()
            }
        };
        rest(outer, head, input)
    })
    .parse2(input);
    written.ok()
}

/// Whether the tokens of a macro called `context!` are what ours takes.
pub(super) fn is_context(input: TokenStream) -> bool {
    let written = |input: ParseStream| {
        let outer = outer(input)?;
        let head = head(input, &mut Errors::default())?;
        rest(outer, head, input)
    };
    matches!(
        written.parse2(input),
        Ok(Context {
            body: Body::Statements(_),
            ..
        })
    )
}

fn rest(outer: Option<Ident>, head: Head, input: ParseStream) -> syn::Result<Context> {
    let body = body(input.parse()?);
    Ok(Context { outer, head, body })
}

/// Steps over a head that cannot be read, as far as one can tell.
fn behind_head(input: ParseStream) -> syn::Result<()> {
    loop {
        if input.peek(Token![->]) || input.peek(Token![=>]) {
            input.parse::<TokenTree>()?;
        } else if input.peek(Token![>]) && !input.peek(Token![>=]) {
            input.parse::<Token![>]>()?;
            return Ok(());
        }
        input.parse::<TokenTree>()?;
    }
}

fn outer(input: ParseStream) -> syn::Result<Option<Ident>> {
    if !input.peek(Token![@]) {
        return Ok(None);
    }
    input.parse::<Token![@]>()?;
    input.parse().map(Some)
}

fn body(tokens: TokenStream) -> Body {
    match Block::parse_within.parse2(tokens.clone()) {
        Ok(statements) => Body::Statements(statements),
        Err(error) => Body::Unread(tokens, error),
    }
}

/// The head, if there is one. A body can begin with `<` too, as a qualified path: `<T as Trait>::f()`.
fn head(input: ParseStream, errors: &mut Errors) -> syn::Result<Head> {
    if !input.peek(Token![<]) {
        return Ok(Head::default());
    }
    let ahead = input.fork();
    let mut mistakes = Errors::default();
    match head_in_brackets(&ahead, &mut mistakes) {
        Ok(head) if !ahead.peek(Token![::]) => {
            input.advance_to(&ahead);
            errors.append(mistakes);
            Ok(head)
        }
        Err(error) if Block::parse_within(&input.fork()).is_err() => Err(error),
        Ok(_) | Err(_) => Ok(Head::default()),
    }
}

fn head_in_brackets(input: ParseStream, errors: &mut Errors) -> syn::Result<Head> {
    let open: Token![<] = input.parse()?;
    let mut head = Head::default();
    while !input.peek(Token![>]) {
        if input.is_empty() {
            let message = "the head of this context does not end; write `>` behind its last option or statement";
            return Err(syn::Error::new(open.span, message));
        }
        if is_option(input) {
            head.options
                .push(WrittenOption::parse(input, errors, head_value)?);
            if input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
            } else if input.peek(Token![;]) {
                input.parse::<Token![;]>()?;
            } else if !input.peek(Token![>]) {
                return Err(mistake(input, "expected `,`, `;` or `>` behind an option"));
            }
        } else {
            head.statements.push(input.parse()?);
        }
    }
    input.parse::<Token![>]>()?;
    Ok(head)
}

/// Whether an option comes next, and not a statement.
fn is_option(input: ParseStream) -> bool {
    let Ok(name) = input.fork().call(Ident::parse_any) else {
        return false;
    };
    let assigned = input.peek2(Token![=]) && !input.peek2(Token![==]);
    let alone = input.peek2(Token![;]) || input.peek2(Token![,]) || input.peek2(Token![>]);
    // What follows a known name need not be right: the mistake is then reported as one of an option.
    let uses_variable = input.peek2(Token![.]) || input.peek2(Token![::]) || input.peek2(Token![!]);
    assigned || alone || (options::is_known(&name) && !uses_variable)
}

/// The shortest expression that ends where an option can end, so that the `>` of the head is not taken for "greater".
fn head_value(input: ParseStream) -> syn::Result<Operand> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![;]) {
        let may_end = input.peek(Token![,]) || (input.peek(Token![>]) && !input.peek(Token![>=]));
        if may_end && let Ok(expr) = syn::parse2::<Expr>(tokens.clone()) {
            return Ok(Operand::Parsed(expr));
        }
        if input.peek(Token![->]) || input.peek(Token![=>]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    syn::parse2(tokens).map(Operand::Parsed)
}
