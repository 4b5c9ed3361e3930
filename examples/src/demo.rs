//! The PostHog that an example sends to.

use crate::Arrived;
use posthog::{Guard, Options};
use posthog_tests::LocalPostHog;
use std::{env, error::Error};

/// Why an example did not end well.
pub type Failed = Box<dyn Error + Send + Sync>;

/// Where to look for the events with the real service.
pub const ELSEWHERE: &str =
    "The events were sent; look for them in the activity view of your project.";

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

    /// Ends the client, which delivers what is queued, and gives the events that arrived; `None` with the real service,
    /// which shows them itself.
    ///
    /// # Errors
    /// If an event was lost on its way, or the local PostHog saw something that the SDK promises not to send.
    pub fn finish(&self, posthog: Guard) -> Result<Option<Vec<Arrived>>, Failed> {
        let client = posthog.client().clone();
        drop(posthog);
        let stats = client.stats();
        if stats.delivered < stats.admitted {
            return Err(format!("not every event was delivered: {stats:?}").into());
        }
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

    /// Ends the client, which delivers what is queued, and prints the events that arrived, one to a line.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn show(&self, posthog: Guard) -> Result<(), Failed> {
        match self.finish(posthog)? {
            Some(events) => {
                println!("{} events arrived:", events.len());
                for event in events {
                    println!("  {event}");
                }
            }
            None => println!("{ELSEWHERE}"),
        }
        Ok(())
    }
}
