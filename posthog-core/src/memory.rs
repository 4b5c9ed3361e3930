//! A transport that keeps everything in memory.

use crate::transport::{Request, Response, Transport, TransportError};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Answers as it was told, 200 unless told otherwise, and keeps the requests: for tests of what a client sends, without
/// a server.
///
/// ```
/// use posthog_core::{Client, Options, testing::Memory};
/// use std::{sync::Arc, time::Duration};
/// let memory = Arc::new(Memory::default());
/// let client = Client::with_transport(Options::new("phc_project_key"), memory.clone())?;
/// client.capture("order_processed");
/// client.flush(Duration::from_secs(1)).expect("delivered");
/// assert_eq!(memory.requests().len(), 1);
/// # Ok::<(), posthog_core::InitError>(())
/// ```
#[derive(Default)]
pub struct Memory(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    requests: Vec<Request>,
    answers: VecDeque<Result<Response, TransportError>>,
}

impl Memory {
    /// The answer to the next request that has none yet; requests beyond the last answer get 200.
    pub fn answer(&self, answer: Result<Response, TransportError>) {
        self.lock().answers.push_back(answer);
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Memory {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut kept = self.lock();
        kept.requests.push(request.clone());
        kept.answers
            .pop_front()
            // A body that V1 can read; no other form looks at it (DLV-121).
            .unwrap_or_else(|| Ok(Response::new(200).with_body("{}")))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("requests", &self.lock().requests.len())
            .finish_non_exhaustive()
    }
}
