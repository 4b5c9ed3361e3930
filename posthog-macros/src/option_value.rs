//! What the options of events and contexts are given, as far as a literal shows it. A value that is computed is left to
//! the types, and to run time.

use posthog_core::{illegal_id, levels, limits, rfc3339, uuid_text};

use crate::{
    errors::Errors,
    literal::{Kind, Literal},
    property::Operand,
};

/// What an option takes.
#[derive(Clone, Copy)]
pub(crate) enum Takes {
    Bool,
    Client,
    DistinctId,
    SessionId,
    DeviceId,
    Uuid,
    Timestamp,
    Text,
    Level,
}

/// Reports a literal that the option `name` cannot be given. `false` if it did: what the compiler would say about its type
/// is then said already.
pub(crate) fn check(name: &str, takes: Takes, value: &Operand, errors: &mut Errors) -> bool {
    let Some(literal) = Literal::of(value) else {
        return true;
    };
    let fault = match takes {
        Takes::Bool => bool_is_one(name, &literal),
        Takes::Client => Some(client_is_none()),
        Takes::DistinctId => distinct_id_is_legal(&literal),
        Takes::SessionId => session_id_is_a_uuid_v7(&literal),
        Takes::DeviceId => device_id_is_not_blank(&literal),
        Takes::Uuid => uuid_is_one(&literal),
        Takes::Timestamp => timestamp_is_one(&literal),
        Takes::Text => text_is_one(name, &literal),
        Takes::Level => level_is_one(&literal),
    };
    let fine = fault.is_none();
    if let Some(message) = fault {
        errors.at(literal.span, message);
    }
    fine
}

fn bool_is_one(name: &str, literal: &Literal) -> Option<String> {
    let message =
        || format!("`{name}` is switched on or off; write `{name} = true` or `{name} = false`");
    (!matches!(literal.kind, Kind::Bool(_))).then(message)
}

fn client_is_none() -> String {
    "this is no client; write `client = &client`, where `client` is a `posthog::Client`".to_owned()
}

/// CAP-41, CAP-44, CAP-122
fn distinct_id_is_legal(literal: &Literal) -> Option<String> {
    let id = match &literal.kind {
        Kind::Text(id) | Kind::Integer(id) => id,
        Kind::Bool(_) | Kind::Other => {
            return Some(
                "a distinct ID is text, an integer or a `Uuid`; write `distinct_id = user_id`"
                    .to_owned(),
            );
        }
    };
    let length = id.trim().chars().count();
    if length == 0 {
        Some(
            "a distinct ID cannot be blank; write who is acting, or leave the option out"
                .to_owned(),
        )
    } else if illegal_id::is_illegal(id) {
        Some(format!(
            "the distinct ID `{:?}` stands for nobody, and would mix the events of different users; \
             write who is acting, or leave the option out",
            id.trim()
        ))
    } else if length > limits::DISTINCT_ID {
        Some(format!(
            "a distinct ID has at most {} characters, and this one has {length}; shorten it",
            limits::DISTINCT_ID
        ))
    } else {
        None
    }
}

/// CTX-151
fn session_id_is_a_uuid_v7(literal: &Literal) -> Option<String> {
    let text = literal.text().unwrap_or("-").trim();
    let wrong = match uuid_text::parse(text) {
        _ if text.is_empty() => "a session ID cannot be blank",
        None => "this session ID is no UUID",
        Some(bits) if !uuid_text::is_version_7(bits) => {
            "this session ID is a UUID of another version than 7"
        }
        Some(_) => return None,
    };
    Some(format!("{wrong}; write the UUIDv7 that the frontend made"))
}

/// CTX-38
fn device_id_is_not_blank(literal: &Literal) -> Option<String> {
    match &literal.kind {
        Kind::Text(id) if id.trim().is_empty() => Some(
            "a device ID cannot be blank; write which device it is, or leave the option out"
                .to_owned(),
        ),
        Kind::Text(_) | Kind::Integer(_) => None,
        Kind::Bool(_) | Kind::Other => Some(
            "a device ID is text, an integer or a `Uuid`; write `device_id = device.id`".to_owned(),
        ),
    }
}

/// CAP-110
fn uuid_is_one(literal: &Literal) -> Option<String> {
    let text = literal.text().unwrap_or_default();
    let wrong = match uuid_text::event_id(text) {
        Some(_) => return None,
        None if uuid_text::parse(text.trim()).is_some() => "the nil UUID names no event",
        None => "this is no UUID",
    };
    Some(format!(
        "{wrong}; write one such as `\"0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11\"`, or leave the option out for a new one"
    ))
}

/// CAP-107
fn timestamp_is_one(literal: &Literal) -> Option<String> {
    let fine = literal.text().is_some_and(rfc3339::is_timestamp);
    (!fine).then(|| {
        "this is no RFC 3339 timestamp with an offset; write one such as `\"2031-05-07T02:00:00Z\"`, \
         or a `SystemTime`"
            .to_owned()
    })
}

/// EXC-33
fn level_is_one(literal: &Literal) -> Option<String> {
    let fine = literal.text().is_some_and(levels::is_one);
    (!fine).then(|| {
        "this is no level; write `\"fatal\"`, `\"error\"`, `\"warning\"`, `\"log\"`, `\"info\"` or `\"debug\"`".to_owned()
    })
}

fn text_is_one(name: &str, literal: &Literal) -> Option<String> {
    match literal.text() {
        Some(text) if text.trim().is_empty() => {
            Some(format!("`{name}` cannot be blank; leave the option out"))
        }
        Some(_) => None,
        None => Some(format!("`{name}` is text; write `{name} = \"...\"`")),
    }
}
