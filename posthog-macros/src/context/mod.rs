//! `context!`: a block that runs in a context of its own.

mod awaits;
mod check;
mod ending;
pub(crate) mod exits;
pub(crate) mod expand;
mod mend;
mod nested;
mod parse;
pub(crate) mod sites;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, Stmt, visit_mut::VisitMut};

use self::{
    exits::Exits,
    parse::{Body, Head},
    sites::Sites,
};
use crate::{
    errors::Errors, options::Owner, property::Operand, root::Root, salvage, spans, unread,
};

pub(crate) fn context(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let written = parse::context(input.clone(), &mut errors);
    let read = matches!(
        written,
        Some(parse::Context {
            body: Body::Statements(_),
            ..
        })
    );
    if !(read && errors.is_empty())
        && let Some(mended) = mend::mend(input)
    {
        return mend::unmend(context(mended));
    }
    match written {
        None => errors.to_expression(),
        Some(parse::Context {
            outer,
            head,
            body: Body::Statements(body),
        }) => Context {
            root: Root::default(),
            outer,
            head,
            body,
        }
        .expand(errors),
        Some(parse::Context {
            head,
            body: Body::Unread(tokens, error),
            ..
        }) => {
            let errors = errors.to_statements();
            let warning = unread::warning(&Root::default(), &error);
            let bare = expand::bare(&head.statements, &tokens);
            quote_spanned!(spans::own()=> { #errors #warning #bare })
        }
    }
}

struct Context {
    root: Root,
    outer: Option<Ident>,
    head: Head,
    body: Vec<Stmt>,
}

impl Context {
    fn expand(mut self, mut errors: Errors) -> TokenStream {
        let mut sites = Sites::default();
        let mut mentions = TokenStream::new();
        self.head
            .options
            .for_each_operand(&mut |operand| mentions.extend(salvage::mention(operand)));
        self.exits_of_options(&mut sites, &mut errors);
        let Self {
            root,
            outer,
            head: Head {
                options,
                statements,
            },
            body,
        } = self;
        let options = options.check(Owner::Context, &mut errors).expand(&root);
        let here = expand::here();
        let enter = if let Some(outer) = outer {
            quote_spanned!(spans::own()=> #options.enter_inside(&#outer, #here))
        } else {
            quote_spanned!(spans::own()=> #options.enter_here(#here))
        };
        let bare = expand::bare(&statements, &quote!(#(#body)*));
        let expansion = match check::async_body(&body, &mut errors) {
            Some((before, block)) => {
                let mut before = [statements, before].concat();
                Exits::of(expand::scope(), &root, &mut sites, &mut errors).visit(&mut before);
                expand::future(&root, &enter, sites, &before, &block, |future| future)
            }
            None => expand::statements(&root, &enter, sites, statements, body, &mut errors),
        };
        if errors.is_empty() {
            return quote_spanned!(spans::own()=> { #expansion });
        }
        let errors = errors.to_statements();
        quote_spanned!(spans::own()=> { #errors #mentions #bare })
    }

    /// The options are evaluated before the context is entered: what leaves there leaves the context around this one.
    fn exits_of_options(&mut self, sites: &mut Sites, awaits: &mut Errors) {
        if let Some(outer) = &self.outer {
            let mut exits = Exits::of(outer.clone(), &self.root, sites, awaits);
            self.head.options.for_each_operand(&mut |operand| {
                if let Operand::Parsed(expr) = operand {
                    exits.visit_expr_mut(expr);
                }
            });
        }
    }
}
