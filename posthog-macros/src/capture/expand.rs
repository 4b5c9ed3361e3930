//! `capture!` as an `if` around one chain of calls, so that nothing is evaluated when nobody listens.
//!
//! The chain is what a call in a program costs to compile; see `posthog_core::draft`. It is broken behind an argument that
//! may make something that has to be dropped, and by what takes more than one call: a JSON literal, a computed key, a value
//! that the tracking plan says something about.

use proc_macro2::{Delimiter, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Ident, LitStr};

use super::check::{Capture, Step};
use crate::{
    context::expand::here,
    errors::Errors,
    plan::{Expectation, Planned},
    property::{
        Operand,
        expand::{call, is_verbatim, reference, write_steps, write_value},
    },
    root::Root,
    spans, write,
};

pub(super) fn capture(capture: &Capture, planned: &Planned, errors: &Errors) -> TokenStream {
    let Capture {
        name,
        client,
        steps,
    } = capture;
    let root = Root::default();
    let own = spans::own();
    // A name that is computed is evaluated only if somebody listens, and a typed event is more than a name.
    let (known, computed) = match name.as_text() {
        Some(name) if is_verbatim(&name.value()) => (name.clone(), None),
        _ => (LitStr::new("", own), Some(name)),
    };
    let mut tokens = TokenStream::new();
    write::ident(&mut tokens, "if", own);
    let mut start = TokenStream::new();
    if let Some(client) = client {
        let span = spans::at(client.span());
        let at_client = root.at(client.span());
        let client = reference(client);
        let client = quote_spanned!(span=> #at_client::__private::AsClient::as_client(#client));
        tokens.extend(quote_spanned! {own=>
            let #root::__private::Some(__event) = #root::__private::begin_with(#client, #known)
        });
        write::ident(&mut start, "__event", own);
    } else {
        write::private(&mut tokens, &root, "listening");
        write::group(&mut tokens, Delimiter::Parenthesis, own, TokenStream::new());
        write::private(&mut start, &root, "begin");
        let known = known.to_token_stream();
        write::group(&mut start, Delimiter::Parenthesis, own, known);
    }
    let mut chain = Chain::from(start);
    if let Some(computed) = computed {
        let at_name = root.at(computed.span());
        let name = reference(computed);
        // The trait is asked for by itself: a bound on a function would show that function.
        let event = quote_spanned! {spans::at(computed.span())=>
            #at_name::EventName::to_event(#name)
        };
        chain.call(computed, |calls| {
            calls.extend(quote_spanned!(own=> .of(#event)));
        });
    }
    let mut properties = 0;
    for step in steps {
        let mut expected = None;
        if let Step::Property(_) = step {
            expected = planned.expectation(properties);
            properties += 1;
        }
        self::step(&root, step, expected, &mut chain);
    }
    write::group(
        &mut tokens,
        Delimiter::Brace,
        own,
        chain.end("capture", |_| {}),
    );
    write::ident(&mut tokens, "else", own);
    let mut none = TokenStream::new();
    write::private(&mut none, &root, "None");
    write::group(&mut tokens, Delimiter::Brace, own, none);

    let mut block = TokenStream::new();
    if !errors.is_empty() {
        block.extend(errors.to_statements());
    }
    planned.before(&root, &mut block);
    if block.is_empty() {
        block = tokens;
    } else {
        block.extend(tokens);
    }
    let mut whole = TokenStream::new();
    write::group(&mut whole, Delimiter::Brace, own, block);
    whole
}

/// An error of any type, described by the rungs of `posthog_core::site`, and then as [`capture`].
pub(super) fn exception(capture: &Capture, errors: &Errors) -> TokenStream {
    let Capture {
        name: error,
        client,
        steps,
    } = capture;
    let root = Root::default();
    let errors = errors.to_statements();
    let (condition, start) = if let Some(client) = client {
        let span = spans::at(client.span());
        let at_client = root.at(client.span());
        let client = reference(client);
        let client = quote_spanned!(span=> #at_client::__private::AsClient::as_client(#client));
        (
            quote_spanned!(spans::own()=> let #root::__private::Some(__event) = #root::__private::begin_with(#client, "$exception")),
            quote_spanned!(spans::own()=> __event),
        )
    } else {
        (
            quote_spanned!(spans::own()=> #root::__private::listening()),
            quote_spanned!(spans::own()=> #root::__private::begin("$exception")),
        )
    };
    let mut chain = Chain::from(start);
    for step in steps {
        self::step(&root, step, None, &mut chain);
    }
    let captured = chain.end("capture_exception", |arguments| {
        write::ident(arguments, "__exception", spans::own());
    });
    let error = reference(error);
    let here = here();
    quote_spanned! {spans::own()=> {
        #errors
        if #condition {
            match #error { __error => {
                let __at = #root::__private::ErrorAt::new();
                let __exception = #root::Exception::described(__at, __error, #here);
                {
                    use #root::__private::probe::*;
                    (&&&&&&&__at).__settle();
                }
                #captured
            } }
        } else {
            #root::__private::None
        }
    }}
}

/// Calls on a draft, and the statements that have to stand before them.
struct Chain {
    before: TokenStream,
    calls: TokenStream,
}

impl Chain {
    fn from(start: TokenStream) -> Self {
        Self {
            before: TokenStream::new(),
            calls: start,
        }
    }

    /// One more call, with an argument of the user.
    ///
    /// What an argument makes on the way is dropped behind it, as in a statement of its own: the guard of a lock must not be
    /// held while the next argument takes the same lock.
    fn call(&mut self, operand: &Operand, append: impl FnOnce(&mut TokenStream)) {
        append(&mut self.calls);
        if !is_place(operand) {
            self.settle(false);
        }
    }

    /// Ends the chain in a local, `__event`, and begins the next one with that.
    fn settle(&mut self, mutable: bool) {
        let own = spans::own();
        write::ident(&mut self.before, "let", own);
        if mutable {
            write::ident(&mut self.before, "mut", own);
        }
        write::ident(&mut self.before, "__event", own);
        write::punct(&mut self.before, '=', own);
        self.before.extend(std::mem::take(&mut self.calls));
        write::punct(&mut self.before, ';', own);
        write::ident(&mut self.calls, "__event", own);
    }

    /// A statement that uses the local, behind [`Self::settle`].
    fn statement(&mut self, statement: &TokenStream) {
        statement.to_tokens(&mut self.before);
    }

    /// All of it, with the call that captures the event.
    fn end(self, capture: &str, arguments: impl FnOnce(&mut TokenStream)) -> TokenStream {
        let Self { before, mut calls } = self;
        write::call(&mut calls, capture, spans::own(), arguments);
        if before.is_empty() {
            return calls;
        }
        let mut tokens = before;
        tokens.extend(calls);
        tokens
    }
}

fn step(root: &Root, step: &Step, expected: Option<&Expectation>, chain: &mut Chain) {
    match step {
        Step::Property(property) => match call(property, expected) {
            Some(call) if call.is_plain() => {
                chain.call(call.operand(), |calls| call.append_to(calls));
            }
            Some(call) => {
                chain.settle(false);
                chain.calls = call.on(root, &chain.calls);
                chain.settle(true);
                chain.statement(&call.observe(root, &properties()));
            }
            None => {
                chain.settle(true);
                chain.statement(&write_steps(&properties(), property));
                if let Some(expected) = expected {
                    chain.statement(&expected.observe(root, &properties()));
                }
            }
        },
        Step::Spread(operand) => {
            chain.call(operand, |calls| {
                write::call(calls, "spread", spans::own(), |arguments| {
                    write::reference(arguments, operand);
                });
            });
        }
        Step::Object { name, value } => {
            let properties = properties();
            let write = write_value(&properties, value);
            chain.settle(true);
            chain.statement(&quote_spanned! {spans::own()=>
                #properties.typed_key(#name);
                #write
            });
        }
        Step::Reference {
            setter,
            option,
            value,
        } => {
            chain.call(value, |calls| {
                write::call(calls, setter, spans::at(option.span()), |arguments| {
                    write::reference(arguments, value);
                });
            });
        }
        Step::Switch {
            setter,
            option,
            value,
        } => {
            chain.call(value, |calls| {
                write::call(
                    calls,
                    setter,
                    spans::at(option.span()),
                    |arguments| match value {
                        Operand::Parsed(expr) => expr.to_tokens(arguments),
                        Operand::Unparsed(_) => write::reference(arguments, value),
                    },
                );
            });
        }
        Step::Told {
            method,
            option,
            value,
            by_value,
        } => {
            let method = Ident::new(method, spans::at(option.span()));
            let value = match value {
                Operand::Parsed(expr) if *by_value => quote_spanned!(spans::own()=> #expr),
                _ => reference(value),
            };
            chain.settle(false);
            chain.statement(&quote_spanned! {spans::own()=>
                let __exception = __exception.#method(#value);
            });
        }
    }
}

/// What takes a property in several steps.
fn properties() -> TokenStream {
    quote_spanned!(spans::own()=> __event.properties())
}

/// Whether evaluating the operand makes nothing that has to be dropped: a literal, a variable, a field, a reference to one.
fn is_place(operand: &Operand) -> bool {
    fn place(expr: &Expr) -> bool {
        match expr {
            Expr::Lit(_) | Expr::Path(_) => true,
            Expr::Field(field) => place(&field.base),
            Expr::Paren(inner) => place(&inner.expr),
            Expr::Group(inner) => place(&inner.expr),
            Expr::Reference(inner) => place(&inner.expr),
            _ => false,
        }
    }
    match operand {
        Operand::Parsed(expr) => place(expr),
        Operand::Unparsed(_) => false,
    }
}
