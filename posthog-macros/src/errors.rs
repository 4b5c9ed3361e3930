//! The mistakes of one macro call, all of them.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;

use crate::spans;

/// A mistake at the next token. Where there is none it is at the end of the input, and the message does not say so: it says
/// what is missing.
pub(crate) fn mistake(input: ParseStream, message: impl Display) -> syn::Error {
    syn::Error::new(input.span(), message)
}

/// Collects mistakes instead of stopping at the first.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Takes the mistake out of `result`, for a parser that can go on without its value.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn append(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistakes as the whole expansion of an expression.
    pub(crate) fn to_expression(&self) -> TokenStream {
        let errors = self.to_tokens();
        quote_spanned!(spans::own()=> { #errors })
    }

    /// One `compile_error!` per mistake.
    ///
    /// At the end of a block the last of them is its value, of a type that fits everywhere: no error follows from it.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}
