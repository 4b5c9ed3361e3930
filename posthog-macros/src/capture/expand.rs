//! `capture!` as an `if` around one chain of calls, so that nothing is evaluated when nobody listens.
//!
//! The chain is what a call in a program costs to compile; see `posthog_core::draft`. It is broken by what takes more than
//! one call: a JSON literal, a computed key, a value that the tracking plan says something about.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprLit, Ident, Lit};

use super::check::{Capture, Step};
use crate::{
    errors::Errors,
    plan::{Expectation, Planned},
    property::{
        Operand,
        expand::{call, reference, write_steps, write_value},
    },
    root::Root,
    spans,
};

pub(super) fn capture(capture: &Capture, planned: &Planned, errors: &Errors) -> TokenStream {
    let Capture {
        name,
        client,
        steps,
    } = capture;
    let root = Root::default();
    let errors = errors.to_tokens();
    let before = planned.before(&root);
    // A name that is computed is evaluated only if somebody listens, and a typed event is more than a name.
    let (known, computed) = match name {
        Operand::Parsed(Expr::Lit(ExprLit {
            lit: Lit::Str(name),
            ..
        })) => (quote_spanned!(spans::own()=> #name), None),
        computed => (quote_spanned!(spans::own()=> ""), Some(computed)),
    };
    let (condition, start) = if let Some(client) = client {
        let span = spans::at(client.span());
        let at_client = root.at(client.span());
        let client = reference(client);
        let client = quote_spanned!(span=> #at_client::__private::AsClient::as_client(#client));
        let condition = quote_spanned! {spans::own()=>
            let #root::__private::Some(__event) = #root::__private::begin_with(#client, #known)
        };
        (condition, quote_spanned!(spans::own()=> __event))
    } else {
        (
            quote_spanned!(spans::own()=> #root::__private::listening()),
            quote_spanned!(spans::own()=> #root::__private::begin(#known)),
        )
    };
    let mut chain = Chain::from(start);
    if let Some(computed) = computed {
        let at_name = root.at(computed.span());
        let name = reference(computed);
        // The trait is asked for by itself: a bound on a function would show that function.
        let event = quote_spanned! {spans::at(computed.span())=>
            #at_name::EventName::to_event(#name)
        };
        chain.call(computed, quote_spanned!(spans::own()=> .of(#event)));
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
    let Chain {
        before: statements,
        calls,
    } = chain;
    quote_spanned! {spans::own()=> {
        #errors
        #before
        if #condition {
            #statements
            #calls.capture()
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
    fn call(&mut self, operand: &Operand, call: TokenStream) {
        self.calls.extend(call);
        if !is_place(operand) {
            self.settle(false);
        }
    }

    /// A statement that uses the local, behind [`Self::settle`].
    fn statement(&mut self, statement: &TokenStream) {
        statement.to_tokens(&mut self.before);
    }

    /// Ends the chain in a local, `__event`, and begins the next one with that.
    fn settle(&mut self, mutable: bool) {
        let calls = std::mem::take(&mut self.calls);
        let mutable = mutable.then(|| quote_spanned!(spans::own()=> mut));
        self.before
            .extend(quote_spanned!(spans::own()=> let #mutable __event = #calls;));
        self.calls = quote_spanned!(spans::own()=> __event);
    }
}

fn step(root: &Root, step: &Step, expected: Option<&Expectation>, chain: &mut Chain) {
    match step {
        Step::Property(property) => match call(property, expected) {
            Some(call) if call.is_plain() => {
                chain.call(call.operand(), call.on(root, &TokenStream::new()));
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
            let value = reference(operand);
            chain.call(operand, quote_spanned!(spans::own()=> .spread(#value)));
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
            let setter = Ident::new(setter, spans::at(option.span()));
            let reference = reference(value);
            chain.call(value, quote_spanned!(spans::own()=> .#setter(#reference)));
        }
        Step::Switch {
            setter,
            option,
            value,
        } => {
            let setter = Ident::new(setter, spans::at(option.span()));
            let switch = match value {
                Operand::Parsed(expr) => quote_spanned!(spans::own()=> #expr),
                Operand::Unparsed(_) => reference(value),
            };
            chain.call(value, quote_spanned!(spans::own()=> .#setter(#switch)));
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
