//! A context as a scope guard, the user's statements, and a branch that is only type-checked; see `posthog_core::site`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{ExprAsync, Ident, Stmt, spanned::Spanned};

use super::{
    ending,
    exits::{self, Exits},
    sites::Sites,
};
use crate::{errors::Errors, root::Root, spans};

/// The local that holds the scope guard.
pub(crate) fn scope() -> Ident {
    Ident::new("__scope", spans::own())
}

/// A closure that does nothing, whose type has the name of the function it stands in.
pub(crate) fn here() -> TokenStream {
    quote_spanned!(spans::own()=> &|| {})
}

/// `enter` (an expression that gives a `Scope`), then `head` and `body`, with every exit looked at.
pub(crate) fn statements(
    root: &Root,
    enter: &TokenStream,
    mut sites: Sites,
    mut head: Vec<Stmt>,
    mut body: Vec<Stmt>,
    awaits: &mut Errors,
) -> TokenStream {
    let has_value = ending::has_value(&body);
    let mut exits = Exits::of(scope(), root, &mut sites, awaits);
    exits.visit(&mut head);
    exits.visit(&mut body);
    let last = if has_value { body.pop() } else { None };
    let value = last.map(|last| {
        let span = last.span();
        let never = root.at(span);
        let site = sites.value(span);
        // The inner `if` keeps the compiler from calling `pass` unreachable where the value diverges after all.
        let value = quote_spanned! {spans::at(span)=>
            if true { #last } else { #never::__private::never() }
        };
        exits::passed(root, &scope(), &site, &value, span)
    });
    late(
        root,
        enter,
        &sites,
        &quote_spanned!(spans::own()=> #(#head)* #(#body)* #value),
    )
}

/// `enter`, then `head` and the statements `before`, then a future that carries the context on; `place` puts the future
/// where the user wrote the `async` block.
pub(crate) fn future(
    root: &Root,
    enter: &TokenStream,
    mut sites: Sites,
    before: &[Stmt],
    block: &ExprAsync,
    place: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let scope = scope();
    let site = sites.returned(block.async_token.span);
    let future =
        quote_spanned!(spans::own()=> #root::__private::wrap(#scope.detach(), #site, #block));
    let future = place(future);
    late(
        root,
        enter,
        &sites,
        &quote_spanned!(spans::own()=> #(#before)* #future),
    )
}

/// `body` inside of the scope, with the kinds of the sites settled behind it.
fn late(root: &Root, enter: &TokenStream, sites: &Sites, body: &TokenStream) -> TokenStream {
    let scope = scope();
    if sites.is_empty() {
        return quote_spanned! {spans::own()=>
            let #scope = #enter;
            #body
        };
    }
    let declare = sites.declare(root);
    let settle = sites.settle(root);
    // Not a labelled block: an unlabelled `break` of the user may not stand in one.
    quote_spanned! {spans::own()=>
        #declare
        let #scope = #enter;
        if true {
            #body
        } else {
            #settle
            #root::__private::never()
        }
    }
}

/// The statements of a function's body with the place of each exit taken down in a local `__noted`, for the scope around
/// the body.
pub(crate) fn noting(root: &Root, mut body: Vec<Stmt>) -> TokenStream {
    let has_value = ending::has_value(&body);
    let mut ignored = Errors::default();
    let mut last = if has_value { body.pop() } else { None };
    let mut exits = Exits::noting(root, &mut ignored);
    exits.visit(&mut body);
    if let Some(last) = &mut last {
        exits.visit_value(last);
    }
    let note = last.as_ref().map(|last| exits::note(root, last.span()));
    quote_spanned!(spans::own()=> #(#body)* #note #last)
}

/// The user's statements without a context, for a body with mistakes in it: what else is wrong there is then reported as
/// if the macro were not there.
pub(super) fn bare(head: &[Stmt], body: &impl ToTokens) -> TokenStream {
    quote_spanned!(spans::own()=> #(#head)* #body)
}
