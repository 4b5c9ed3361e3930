//! Collecting the money, which may take several attempts.

use posthog::{capture, context, scoped};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Payment {
    method: String,
    /// What the payment service will answer, attempt by attempt.
    attempts: Vec<Answer>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok,
    Declined,
    Timeout,
    FraudSuspected,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error("the payment was declined")]
    Declined,
    #[error("the payment service did not answer in time")]
    TimedOut,
    #[error("the payment looks like fraud")]
    FraudSuspected,
    #[error("there is nothing to charge")]
    NoAttempt,
}

/// Collects a payment: the number of attempts that it took, or why the last one failed.
///
/// Only that last error leaves this context and is reported. The attempts before it are handled: each is an event, none an
/// exception.
#[scoped(tags(payment_method = &payment.method))]
pub(crate) fn collect(payment: &Payment) -> Result<u32, PaymentError> {
    let mut result = Err(PaymentError::NoAttempt);
    for (attempt, answer) in (1..).zip(&payment.attempts) {
        result = context! { <capture_exceptions = false, tags(attempt)>
            let charged = charge(*answer);
            let error = charged.as_ref().err().map(ToString::to_string);
            capture!("payment_attempted", answer, error);
            charged.map(|()| attempt)
        };
        if result.is_ok() {
            break;
        }
    }
    result
}

fn charge(answer: Answer) -> Result<(), PaymentError> {
    match answer {
        Answer::Ok => Ok(()),
        Answer::Declined => Err(PaymentError::Declined),
        Answer::Timeout => Err(PaymentError::TimedOut),
        Answer::FraudSuspected => Err(PaymentError::FraudSuspected),
    }
}
