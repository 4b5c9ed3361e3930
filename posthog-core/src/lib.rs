//! What a context, an event, an exception and a batch of the PostHog SDK are.
//!
//! Users depend on the crate `posthog`, which re-exports what they need from here. This crate decides; it has no macros
//! and opens no socket: whoever makes a [`Client`] gives it a [`Transport`].
//!
//! Without the feature `runtime` only the rules that the macros share are left ([`names`], [`limits`], [`illegal_id`],
//! [`uuid_text`], [`rfc3339`], [`plan`]), and no dependency. What the macros alone ask is in no program: which names PostHog
//! knows, what a misspelt one is meant to be, what a tracking plan says.

mod civil;
pub mod illegal_id;
#[cfg(any(feature = "_checks", test))]
pub mod known_names;
pub mod levels;
pub mod limits;
pub mod names;
pub mod plan;
pub mod rfc3339;
#[cfg(any(feature = "_checks", test))]
pub mod spelling;
mod trimmed;
pub mod uuid_text;

#[cfg(feature = "runtime")]
mod assemble;
#[cfg(feature = "runtime")]
mod captured;
#[cfg(feature = "runtime")]
mod client;
#[cfg(feature = "runtime")]
mod clock;
#[cfg(feature = "runtime")]
mod config;
#[cfg(feature = "runtime")]
mod context;
#[cfg(feature = "runtime")]
mod delivery;
#[cfg(feature = "runtime")]
mod draft;
#[cfg(feature = "runtime")]
mod event;
#[cfg(feature = "runtime")]
mod event_id;
#[cfg(feature = "runtime")]
mod exception;
#[cfg(feature = "runtime")]
mod failure;
#[cfg(feature = "runtime")]
mod frames;
#[cfg(feature = "runtime")]
mod fresh_uuid;
#[cfg(feature = "runtime")]
mod global_functions;
#[cfg(feature = "runtime")]
mod head;
#[cfg(feature = "runtime")]
mod host;
#[cfg(feature = "runtime")]
mod hyphenated;
#[cfg(feature = "runtime")]
mod identifier;
#[cfg(feature = "runtime")]
mod json;
#[cfg(feature = "runtime")]
mod key;
#[cfg(feature = "runtime")]
mod kind;
#[cfg(feature = "runtime")]
mod memory;
#[cfg(feature = "runtime")]
mod merge;
#[cfg(feature = "runtime")]
mod notice;
#[cfg(feature = "runtime")]
mod object;
#[cfg(feature = "runtime")]
mod options;
#[cfg(feature = "runtime")]
mod plain;
#[cfg(feature = "runtime")]
pub mod planned;
#[cfg(feature = "runtime")]
mod properties;
#[cfg(feature = "runtime")]
mod property_value;
#[cfg(feature = "runtime")]
mod recorder;
#[cfg(feature = "runtime")]
mod runtime;
#[cfg(feature = "runtime")]
mod scratch;
#[cfg(feature = "runtime")]
mod seen;
#[cfg(feature = "runtime")]
pub mod site;
#[cfg(feature = "runtime")]
mod spares;
#[cfg(feature = "runtime")]
mod switch;
#[cfg(feature = "runtime")]
mod test_clock;
#[cfg(feature = "runtime")]
pub mod threads;
#[cfg(feature = "runtime")]
mod timestamp;
#[cfg(feature = "runtime")]
mod transport;
#[cfg(feature = "runtime")]
mod user_code;

#[cfg(feature = "runtime")]
pub use self::{
    captured::CapturedEvent,
    client::{Client, FlushError, Immediate, InitError, Stats, global},
    clock::Clock,
    context::{
        Context, InContext, InvalidSessionId, NewContext, Scope, SessionId, identify_context,
        new_context, set_context_device_id, set_context_session, tag,
    },
    delivery::{Compression, DeliveryFailure, DeliveryFailureKind, FailedEvent},
    draft::Draft,
    event::Event,
    event_id::ToUuid,
    exception::Exception,
    failure::{ExceptionRateLimit, ExceptionText, Level, ToLevel},
    global_functions::{
        alias, capture, capture_ai, capture_exception, flush, flush_async, group_identify,
        identify, set, set_once, shutdown,
    },
    identifier::Identifier,
    options::{CaptureMode, Options},
    properties::Properties,
    property_value::{DebuggedValue, DisplayedValue, EventName, PropertyKey, PropertyValue},
    timestamp::{InvalidTimestamp, Timestamp, ToTimestamp},
    transport::{Request, Response, Transport, TransportError},
};

/// What expansions of the macros call; not covered by any promise of stability.
#[cfg(feature = "runtime")]
#[doc(hidden)]
pub mod expansion {
    pub use crate::{
        client::{
            Installed,
            global::{begin, begin_with, listening},
        },
        context::{Detached, set_tags, wrap},
        failure::{Failure, FailureKind},
        site::*,
    };
}

/// For tests of code that captures.
#[cfg(feature = "runtime")]
pub mod testing {
    pub use crate::{
        memory::Memory,
        recorder::{record, record_async},
        test_clock::TestClock,
    };
}
