//! `#[scoped(crate = path)]`, for a dependency on `posthog` under another name.

#![deny(warnings)]

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{block_on, fails, pause};
use std::{cell::Cell, fmt};

extern crate posthog as ph;

/// Stands for the crate; it has everything that the crate has, and counts the contexts that are made through it.
mod renamed {
    pub(crate) use posthog::*;

    pub(crate) mod sdk {
        pub(crate) use posthog::*;

        pub(crate) fn new_context() -> NewContext {
            crate::MADE.set(crate::MADE.get() + 1);
            posthog::new_context()
        }
    }
}

thread_local! {
    static MADE: Cell<u32> = const { Cell::new(0) };
}

const FORMATTING: &str = "core::fmt::Error: an error occurred when formatting an argument";

#[test]
fn ctx_73_the_crate_option_names_an_extern_crate() {
    #[ph::scoped(crate = ph)]
    fn sync() -> fmt::Result {
        Err(fmt::Error)
    }
    #[ph::scoped(crate = crate::renamed)]
    fn by_module() -> fmt::Result {
        Err(fmt::Error)
    }
    fails(FORMATTING, sync);
    fails(FORMATTING, by_module);
}

#[test]
fn ctx_73_everything_is_taken_from_the_path_of_the_crate_option() {
    use renamed::sdk;

    #[sdk::scoped(crate = sdk)]
    fn sync() -> fmt::Result {
        Err(fmt::Error)
    }
    #[sdk::scoped(fresh, crate = crate::renamed::sdk, tags(a = 1))]
    async fn asynchronous() -> fmt::Result {
        pause().await;
        Err(fmt::Error)
    }
    #[sdk::scoped(crate = self::renamed::sdk)]
    fn future() -> impl Future<Output = fmt::Result> {
        async { Err(fmt::Error) }
    }
    #[sdk::scoped(crate = sdk)]
    #[track_caller]
    fn in_place() -> fmt::Result {
        Err(fmt::Error)?;
        Ok(())
    }
    #[sdk::scoped(crate = sdk)]
    fn nothing() {}

    MADE.set(0);
    fails(FORMATTING, sync);
    fails(FORMATTING, || block_on(asynchronous()));
    fails(FORMATTING, || block_on(future()));
    fails(FORMATTING, in_place);
    nothing();
    assert_eq!(MADE.get(), 5);
}
