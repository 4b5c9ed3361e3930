//! The mistakes of one macro call, all of them, and what is left of the user's code around them.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;

use crate::{
    property::{Operand, Value},
    salvage, spans,
};

/// A mistake at the next token. Where there is none it is at the end of the input, and the message does not say so: it says
/// what is missing.
pub(crate) fn mistake(input: ParseStream, message: impl Display) -> syn::Error {
    syn::Error::new(input.span(), message)
}

/// Collects mistakes instead of stopping at the first.
#[derive(Default)]
pub(crate) struct Errors {
    mistakes: Vec<syn::Error>,
    /// Expressions of the user that have no other place in the expansion.
    salvaged: Vec<Operand>,
}

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.mistakes.push(error);
    }

    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Takes the mistake out of `result`, for a parser that can go on without its value.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Keeps the expressions of arguments that cannot be read.
    pub(crate) fn salvage(&mut self, arguments: TokenStream) {
        self.salvaged.extend(salvage::arguments(arguments));
    }

    /// Keeps the expressions of a value that is a mistake where it stands.
    pub(crate) fn salvage_value(&mut self, mut value: Value) {
        value.for_each_operand(&mut |operand| self.salvage_operand(operand));
    }

    pub(crate) fn salvage_operand(&mut self, operand: &mut Operand) {
        self.salvaged.push(operand.take());
    }

    pub(crate) fn append(&mut self, more: Self) {
        let Self { mistakes, salvaged } = more;
        self.mistakes.extend(mistakes);
        self.salvaged.extend(salvaged);
    }

    /// Takes over what was salvaged around mistakes that follow from another one.
    pub(crate) fn append_salvaged(&mut self, more: Self) {
        self.salvaged.extend(more.salvaged);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The mistakes as the whole expansion of an expression.
    pub(crate) fn to_expression(&self) -> TokenStream {
        let errors = self.to_statements();
        quote_spanned!(spans::own()=> { #errors })
    }

    /// The mistakes, behind what was salvaged.
    pub(crate) fn to_statements(&self) -> TokenStream {
        let errors = self.to_tokens();
        if self.salvaged.is_empty() {
            return errors;
        }
        let mentions = self.salvaged.iter().map(salvage::mention);
        quote_spanned!(spans::own()=> if false { #(#mentions)* } #errors)
    }

    /// One `compile_error!` per mistake.
    ///
    /// At the end of a block the last of them is its value, of a type that fits everywhere: no error follows from it.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        self.mistakes
            .iter()
            .map(syn::Error::to_compile_error)
            .collect()
    }
}
