//! What the service's answer to a batch means.

use super::{
    form::Form,
    retry_after,
    v1::{self, Undelivered},
};
use crate::transport::{Response, TransportError};
use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

/// The meaning of one answer, or of none.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// The service has the batch, but for these events.
    Taken {
        status: u16,
        others: HashMap<Uuid, Undelivered>,
        asked: Duration,
    },
    /// It may take the same request later.
    Later {
        status: Option<u16>,
        asked: Duration,
    },
    /// The batch is too large, and can be split (DLV-95).
    TooLarge,
    /// Sending it again would not help.
    Refused { status: u16, asked: Duration },
    /// It was accepted with words that make no sense: sending it again might double it (DLV-121).
    Unreadable { status: u16 },
}

impl Answer {
    /// Whether the service has every event of the batch, as nearly always.
    pub(super) fn takes_all(&self) -> bool {
        matches!(self, Self::Taken { others, .. } if others.is_empty())
    }

    /// Reads the answer to a batch of that many events.
    pub(super) fn read(
        form: Form,
        events: usize,
        outcome: &Result<Response, TransportError>,
        wall: SystemTime,
    ) -> Self {
        let Ok(response) = outcome else {
            return Self::Later {
                status: None,
                asked: Duration::ZERO,
            };
        };
        let Response {
            status,
            retry_after,
            body,
        } = response;
        let status = *status;
        let asked = || {
            let asked = retry_after.as_deref();
            asked
                .and_then(|value| retry_after::parse(value, wall))
                .unwrap_or_default()
        };
        match status {
            200..=299 if form == Form::V1 => match v1::undelivered(body) {
                Some(others) => Self::Taken {
                    status,
                    others,
                    asked: asked(),
                },
                None => Self::Unreadable { status },
            },
            200..=299 => Self::Taken {
                status,
                others: HashMap::new(),
                asked: Duration::ZERO,
            },
            413 if events > 1 => Self::TooLarge,
            _ if form.is_retryable(status) => Self::Later {
                status: Some(status),
                asked: asked(),
            },
            _ => Self::Refused {
                status,
                asked: asked(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Form};
    use crate::transport::{Response, TransportError};
    use std::time::{Duration, SystemTime};

    fn read(form: Form, events: usize, response: Response) -> Answer {
        Answer::read(form, events, &Ok(response), SystemTime::UNIX_EPOCH)
    }

    fn refused(status: u16) -> Answer {
        Answer::Refused {
            status,
            asked: Duration::ZERO,
        }
    }

    #[test]
    fn dlv_74_no_answer_is_retryable() {
        let lost = Err(TransportError::Connection {
            reason: "reset".into(),
        });
        for form in [Form::V0, Form::V1, Form::Ai] {
            let answer = Answer::read(form, 1, &lost, SystemTime::UNIX_EPOCH);
            assert_eq!(
                answer,
                Answer::Later {
                    status: None,
                    asked: Duration::ZERO
                }
            );
        }
    }

    #[test]
    fn dlv_95_413_splits_a_batch_and_ends_a_single_event() {
        for form in [Form::V0, Form::V1, Form::Ai] {
            assert_eq!(read(form, 2, Response::new(413)), Answer::TooLarge);
            assert_eq!(read(form, 1, Response::new(413)), refused(413));
        }
    }

    #[test]
    fn dlv_96_each_status_is_taken_retried_or_final() {
        let retried = |form| {
            (100..=999).filter(move |status| {
                matches!(read(form, 1, Response::new(*status)), Answer::Later { .. })
            })
        };
        let v0: Vec<u16> = [408, 429].into_iter().chain(500..=599).collect();
        assert_eq!(retried(Form::V0).collect::<Vec<_>>(), v0);
        assert_eq!(retried(Form::Ai).collect::<Vec<_>>(), v0);
        assert_eq!(
            retried(Form::V1).collect::<Vec<_>>(),
            [408, 500, 502, 503, 504]
        );
        for status in [
            100, 199, 300, 301, 307, 400, 401, 402, 403, 404, 415, 418, 600,
        ] {
            for form in [Form::V0, Form::V1, Form::Ai] {
                assert_eq!(read(form, 2, Response::new(status)), refused(status));
            }
        }
        for status in [200, 204, 299] {
            assert!(matches!(
                read(Form::V0, 2, Response::new(status)),
                Answer::Taken { .. }
            ));
            assert!(matches!(
                read(Form::V1, 2, Response::new(status).with_body("{}")),
                Answer::Taken { .. }
            ));
        }
    }

    #[test]
    fn dlv_121_a_v1_body_without_sense_is_final() {
        assert_eq!(
            read(Form::V1, 2, Response::new(200).with_body("ok")),
            Answer::Unreadable { status: 200 }
        );
        assert!(matches!(
            read(Form::V0, 2, Response::new(200).with_body("ok")),
            Answer::Taken { .. }
        ));
    }

    #[test]
    fn dlv_122_the_body_of_an_error_may_be_anything() {
        for body in [
            "",
            "nonsense",
            r#"{"error":"invalid_batch","error_description":"x"}"#,
        ] {
            assert_eq!(
                read(Form::V1, 2, Response::new(400).with_body(body)),
                refused(400)
            );
        }
    }
}
