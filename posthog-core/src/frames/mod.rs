//! Where a failure happened: the stack as error tracking shows it (exceptions.md, section 4).
//!
//! The caller pays for the walk only, which gives addresses ([`walk`]). Names are looked up behind it, on the worker, and
//! remembered by address ([`symbols`]); then the stack becomes [`Frame`]s, cut and judged by rules that know neither
//! threads nor files ([`trim`], [`InApp`]), and goes into the event's JSON ([`Unfinished`]).

mod frame;
#[cfg(all(feature = "backtrace", target_os = "linux"))]
mod images;
#[cfg(not(all(feature = "backtrace", target_os = "linux")))]
#[path = "no_images.rs"]
mod images;
mod in_app;
mod location;
mod path;
mod splice;
#[cfg(feature = "backtrace")]
mod symbols;
#[cfg(not(feature = "backtrace"))]
#[path = "no_symbols.rs"]
mod symbols;
#[cfg(feature = "anyhow")]
mod text;
mod trim;
mod unfinished;

pub(crate) use in_app::InApp;
pub(crate) use location::Location;
pub(crate) use path::without_home;
pub(crate) use splice::{exceeds, shortened};
pub(crate) use unfinished::{FrameRules, Stack, Unfinished};
