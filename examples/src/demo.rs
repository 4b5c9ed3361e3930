//! The PostHog that an example sends to.

use crate::Arrived;
use posthog::Options;
use posthog_tests::LocalPostHog;
use std::{env, error::Error};

/// The real service where `POSTHOG_API_KEY` is set; without it one in this process, which needs no account.
#[derive(Debug)]
pub struct Demo {
    local: Option<LocalPostHog>,
}

impl Demo {
    /// Starts the local one, if it is needed.
    #[must_use]
    pub fn start() -> Self {
        let key = env::var("POSTHOG_API_KEY").unwrap_or_default();
        let local = key.trim().is_empty().then(LocalPostHog::start);
        Self { local }
    }

    /// The options of a client for it.
    pub fn options(&self) -> Options {
        match &self.local {
            Some(local) => Options::new("phc_local").host(local.url()),
            None => Options::from_env(),
        }
    }

    /// The events that arrived; `None` with the real service, which shows them itself.
    ///
    /// # Errors
    /// If the local one saw something that the SDK promises not to send.
    pub fn arrived(&self) -> Result<Option<Vec<Arrived>>, Box<dyn Error + Send + Sync>> {
        let Some(local) = &self.local else {
            return Ok(None);
        };
        let violations = local.violations();
        if !violations.is_empty() {
            return Err(violations.join("\n").into());
        }
        Ok(Some(
            local.events().into_iter().map(Arrived::from).collect(),
        ))
    }

    /// Prints the events that arrived, one to a line.
    ///
    /// # Errors
    /// As [`arrived`](Self::arrived).
    pub fn show(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self.arrived()? {
            Some(events) => {
                println!("{} events arrived:", events.len());
                for event in events {
                    println!("  {event}");
                }
            }
            None => println!("The events are in the activity view of your project."),
        }
        Ok(())
    }
}
