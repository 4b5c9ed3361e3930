//! A tracking plan: which events and tags a program may send, and what is in them.
//!
//! `posthog.plan.json` is read by the macros, which hold the program to it, and by the tool `posthog-plan`. What it means
//! stands here, once. Of JSON Schema it has the words `type`, `enum`, `properties`, `required`, `additionalProperties`,
//! `items`, `description` and `deprecated`.
//!
//! A program that runs knows what its macros made of the plan: types and values, no file.

#[cfg(any(feature = "_checks", test))]
mod file;
#[cfg(any(feature = "_checks", test))]
pub mod json;
#[cfg(any(feature = "_checks", test))]
mod mistake;
#[cfg(any(feature = "_checks", test))]
mod read;
#[cfg(any(feature = "_checks", test))]
mod shape;

mod allowed;
mod scalar;
mod types;

pub use self::{
    allowed::{Allowed, Refusal},
    scalar::{Listed, Scalar},
    types::{Type, Types},
};
#[cfg(any(feature = "_checks", test))]
pub use self::{
    file::{EventPlan, FILE, Finding, Plan},
    mistake::{Mistake, Place},
    shape::{Fields, Shape},
};

#[cfg(test)]
mod tests;
