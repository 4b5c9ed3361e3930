//! Serves the SDK to `PostHog`'s language-neutral test harness. See [`posthog_tests::adapter`].
//!
//! `compliance-adapter [--capture-mode v0|v1] [--encoding none|gzip|deflate|br|zstd] [PORT]`

use posthog_tests::adapter::{Settings, serve};
use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let served = Settings::parse(env::args().skip(1))
        .and_then(|settings| serve(settings).map_err(|error| error.to_string()));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("compliance-adapter: {reason}");
            ExitCode::FAILURE
        }
    }
}
