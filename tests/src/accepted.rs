//! What the service takes of a request, and how it says so.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::body;
use crate::verdict::Verdict;

/// A body that was accepted, but for the events that a verdict takes out.
///
/// The body is shared with the request: tests with a million events need it only once.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    body: Arc<Value>,
    /// One for each event, or `None` where events are accepted together.
    verdicts: Option<Vec<Verdict>>,
}

impl Accepted {
    pub(crate) fn whole(body: Arc<Value>) -> Self {
        Self {
            body,
            verdicts: None,
        }
    }

    pub(crate) fn by_verdict(body: Arc<Value>, verdicts: Vec<Verdict>) -> Self {
        Self {
            body,
            verdicts: Some(verdicts),
        }
    }

    /// Replaces the verdicts on the events at these places, where there are verdicts.
    pub(crate) fn overrule(&mut self, results: &[(usize, String, String)]) {
        for (event, result, details) in results {
            if let Some(verdict) = self
                .verdicts
                .as_mut()
                .and_then(|verdicts| verdicts.get_mut(*event))
            {
                *verdict = Verdict::new(result, details);
            }
        }
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Value> {
        let taken = |index| match &self.verdicts {
            None => true,
            Some(verdicts) => verdicts.get(index).is_some_and(Verdict::accepts),
        };
        let events = body::events(&self.body).iter().enumerate();
        events
            .filter(move |(index, _)| taken(*index))
            .map(|(_, event)| event)
    }

    /// The body of the answer (DLV-117).
    pub(crate) fn answer(&self) -> String {
        let Some(verdicts) = &self.verdicts else {
            return r#"{"status":1}"#.to_owned();
        };
        let results: serde_json::Map<String, Value> = body::events(&self.body)
            .iter()
            .zip(verdicts)
            .filter_map(|(event, verdict)| {
                let uuid = event.get("uuid")?.as_str()?;
                Some((uuid.to_owned(), verdict.as_json()?))
            })
            .collect();
        json!({ "results": results }).to_string()
    }
}
