//! A scoped function: the same declaration, and its body inside of a context.
//!
//! The whole body is wrapped, so every exit is seen, also one that a macro makes. Four shapes:
//!
//! - `async`: the body is a future that carries the context.
//! - a body that ends in an `async` block, or in `Box::pin` of one: the rest is statements before that future (CTX-74).
//! - a function that returns nothing, never, or an `impl Trait`: a guard is enough, for only a panic can fail there. And
//!   the compiler still sees what a closure that is returned has to take.
//! - any other: the body is a closure with the declared return type, so that what it returns can be looked at.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    AttrStyle, Block, Expr, ExprAsync, ItemFn, ReturnType, Stmt, Type, parse_quote,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

use super::check::Arguments;
use crate::{
    context::{exits, expand as context, sites::Sites},
    errors::Errors,
    root::Root,
    spans,
};

pub(super) fn scoped(arguments: &Arguments, function: ItemFn) -> TokenStream {
    let Arguments { options, root } = arguments;
    let new_context = options.expand(root);
    let ItemFn {
        mut attrs,
        vis,
        modifiers: _,
        sig,
        block,
    } = function;
    // Those that stand inside of the body belong to the function as well, and have no place before it in that form.
    for attribute in &mut attrs {
        attribute.style = AttrStyle::Outer;
    }
    let returns = match &sig.output {
        ReturnType::Default => Returns::Nothing,
        ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => Returns::Never,
        ReturnType::Type(_, ty) if matches!(**ty, Type::ImplTrait(_)) => {
            Returns::Opaque(inferable(ty))
        }
        ReturnType::Type(_, ty) => Returns::Value(inferable(ty)),
    };
    let body = if sig.asyncness.is_some() {
        asynchronous(root, &new_context, &returns, &block)
    } else if let Some(ending) = AsyncEnding::of(&block) {
        ends_in_async(root, &new_context, &ending)
    } else if attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("track_caller"))
    {
        in_place(root, &new_context, &block)
    } else {
        synchronous(root, &new_context, &returns, &block, sig.ident.span())
    };
    quote!(#(#attrs)* #vis #sig { #body })
}

fn enter(new_context: &TokenStream) -> TokenStream {
    let here = context::here();
    quote_spanned!(spans::own()=> #new_context.enter_here(#here))
}

/// The function as it is, but for `mentions`, which never run.
pub(super) fn unscoped(mentions: &TokenStream, mut function: ItemFn) -> TokenStream {
    if !mentions.is_empty() {
        let mentions = quote_spanned!(spans::own()=> if false { #mentions });
        function
            .block
            .stmts
            .insert(0, Stmt::Expr(Expr::Verbatim(mentions), None));
    }
    quote!(#function)
}

enum Returns {
    Nothing,
    Never,
    /// An `impl Trait`, which is no `Result`.
    Opaque(Box<Type>),
    /// The type as it can be written on a closure.
    Value(Box<Type>),
}

/// `impl Trait` cannot be written on a closure; `_` can, anywhere in the type.
fn inferable(ty: &Type) -> Box<Type> {
    struct InferImplTrait;
    impl VisitMut for InferImplTrait {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::ImplTrait(_) = ty {
                *ty = parse_quote!(_);
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    let mut ty = Box::new(ty.clone());
    InferImplTrait.visit_type_mut(&mut ty);
    ty
}

fn synchronous(
    root: &Root,
    new_context: &TokenStream,
    returns: &Returns,
    block: &Block,
    name: Span,
) -> TokenStream {
    let scope = context::scope();
    let enter = enter(new_context);
    let Returns::Value(ty) = returns else {
        let statements = &block.stmts;
        return quote_spanned!(spans::own()=> let #scope = #enter; #(#statements)*);
    };
    let mut sites = Sites::default();
    let site = sites.returned(name);
    let declare = sites.declare(root);
    let settle = sites.settle(root);
    let mut body = Group::new(Delimiter::Brace, context::noting(root, block.stmts.clone()));
    // An error about the type of the body falls on the user's braces.
    body.set_span(block.brace_token.span.join());
    let left = quote_spanned!(spans::own()=> __left);
    let pass = exits::passed(root, &scope, &site, &left, name);
    quote_spanned! {spans::own()=>
        #declare
        let #scope = #enter;
        let __left = #root::__private::call_in(&#scope, move |__noted: &#root::__private::Noted| -> #ty #body);
        let __left = #pass;
        #settle
        __left
    }
}

/// A closure would be the caller that `#[track_caller]` is about, so the exits are looked at in place, as in `context!`.
fn in_place(root: &Root, new_context: &TokenStream, block: &Block) -> TokenStream {
    let enter = enter(new_context);
    // Outside of an `async` function the compiler itself refuses `.await`.
    let mut awaits = Errors::default();
    context::statements(
        root,
        &enter,
        Sites::default(),
        Vec::new(),
        block.stmts.clone(),
        &mut awaits,
    )
}

fn asynchronous(
    root: &Root,
    new_context: &TokenStream,
    returns: &Returns,
    block: &Block,
) -> TokenStream {
    let mut sites = Sites::default();
    let site = sites.returned(spans::own());
    let declare = sites.declare(root);
    let statements = &block.stmts;
    let ty = match returns {
        Returns::Nothing => Box::new(parse_quote!(())),
        Returns::Opaque(ty) | Returns::Value(ty) => ty.clone(),
        Returns::Never => {
            return quote_spanned! {spans::own()=>
                let #site = #root::__private::Site::<_, #root::__private::Plain>::new();
                #root::__private::wrap(#new_context.detached(), #site, async move { #(#statements)* }).await
            };
        }
    };
    let settle = sites.settle(root);
    // The user's statements get braces of their own, so that what they import cannot change what the return type means.
    // An error about the type of the body falls on the braces, hence the span; and as they are not the user's, nobody
    // calls them superfluous.
    let mut body = Group::new(Delimiter::Brace, context::noting(root, statements.clone()));
    body.set_span(spans::at(block.brace_token.span.join()));
    // An `async` block has no place for a return type, but a `return` that never runs says it as well.
    let never = root.at(ty.span());
    let never = quote_spanned!(spans::at(ty.span())=> return #never::__private::never::<#ty>(););
    quote_spanned! {spans::own()=>
        #declare
        let __future = #root::__private::wrap(#new_context.detached(), #site, async move {
            let __noted = #root::__private::Noting::new();
            if false {
                #never
            }
            #body
        });
        #settle
        __future.await
    }
}

/// A body that ends in an `async` block.
struct AsyncEnding<'a> {
    before: &'a [Stmt],
    block: &'a ExprAsync,
    /// The `Box::pin` around it.
    pin: Option<&'a Expr>,
}

impl<'a> AsyncEnding<'a> {
    fn of(body: &'a Block) -> Option<Self> {
        let (Stmt::Expr(last, None), before) = body.stmts.split_last()? else {
            return None;
        };
        let (pin, last) = match last {
            Expr::Call(call) if call.args.len() == 1 && is_box_pin(&call.func) => {
                (Some(&*call.func), call.args.first()?)
            }
            other => (None, other),
        };
        match last {
            Expr::Async(block) => Some(Self { before, block, pin }),
            _ => None,
        }
    }
}

fn is_box_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else {
        return false;
    };
    let mut names = path
        .path
        .segments
        .iter()
        .rev()
        .map(|segment| &segment.ident);
    names.next().is_some_and(|name| name == "pin") && names.next().is_some_and(|name| name == "Box")
}

fn ends_in_async(root: &Root, new_context: &TokenStream, ending: &AsyncEnding) -> TokenStream {
    let AsyncEnding { before, block, pin } = *ending;
    let enter = enter(new_context);
    context::future(
        root,
        &enter,
        Sites::default(),
        before,
        block,
        |future| match pin {
            Some(pin) => quote_spanned!(spans::own()=> #pin(#future)),
            None => future,
        },
    )
}
