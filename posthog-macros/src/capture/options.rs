//! The options of `capture!`: what `name = value` can mean other than a property.

use posthog_core::names;

use crate::option_value::Takes;

/// What an option does with its value.
#[derive(Clone, Copy)]
pub(super) enum OptionKind {
    /// Chooses the client, before anything else is evaluated.
    Client,
    /// Calls this setter of `Event` with a reference to the value.
    Reference(&'static str),
    /// Calls this setter of `Event` with the value, a `bool`.
    Switch(&'static str),
    /// Writes the property of this name, which can be a JSON literal.
    Object(&'static str),
    /// Calls this method of `Exception` with a reference to the value.
    Told(&'static str),
    /// Calls this method of `Exception` with the value, a `bool`.
    ToldSwitch(&'static str),
}

/// The option of this name.
pub(super) fn named(name: &str) -> Option<OptionKind> {
    Some(match name {
        "client" => OptionKind::Client,
        "distinct_id" => OptionKind::Reference("set_distinct_id"),
        "session_id" => OptionKind::Reference("set_session_id"),
        "timestamp" => OptionKind::Reference("set_timestamp"),
        "uuid" => OptionKind::Reference("set_uuid"),
        "product_tour_id" => OptionKind::Reference("set_product_tour_id"),
        "disable_geoip" => OptionKind::Switch("set_disable_geoip"),
        "process_person_profile" => OptionKind::Switch("set_process_person_profile"),
        "cookieless_mode" => OptionKind::Switch("set_cookieless_mode"),
        "disable_skew_correction" => OptionKind::Switch("set_disable_skew_correction"),
        "groups" => OptionKind::Object(names::GROUPS),
        "set" => OptionKind::Object(names::SET),
        "set_once" => OptionKind::Object(names::SET_ONCE),
        _ => return None,
    })
}

/// The option of this name in `capture_exception!`: those of every event, and what is said of an error (EXC-48).
pub(super) fn named_of_exception(name: &str) -> Option<OptionKind> {
    Some(match name {
        "level" => OptionKind::Told("level"),
        "fingerprint" => OptionKind::Told("fingerprint"),
        "mechanism" => OptionKind::Told("mechanism"),
        "source" => OptionKind::Told("source"),
        "handled" => OptionKind::ToldSwitch("handled"),
        other => return named(other),
    })
}

/// What the option of this name takes; those that take an object are not among them.
pub(super) fn takes(name: &str) -> Option<Takes> {
    Some(match name {
        "client" => Takes::Client,
        "distinct_id" => Takes::DistinctId,
        "session_id" => Takes::SessionId,
        "timestamp" => Takes::Timestamp,
        "uuid" => Takes::Uuid,
        "product_tour_id" | "fingerprint" | "source" => Takes::Text,
        "level" => Takes::Level,
        "handled"
        | "disable_geoip"
        | "process_person_profile"
        | "cookieless_mode"
        | "disable_skew_correction" => Takes::Bool,
        _ => return None,
    })
}

/// The property that the option of this name is sent as.
pub(super) fn property(name: &str) -> Option<&'static str> {
    Some(match name {
        "session_id" => names::SESSION_ID,
        "product_tour_id" => names::PRODUCT_TOUR_ID,
        "disable_geoip" => names::GEOIP_DISABLE,
        "process_person_profile" => names::PROCESS_PERSON_PROFILE,
        "cookieless_mode" => names::COOKIELESS_MODE,
        "disable_skew_correction" => names::IGNORE_SENT_AT,
        "groups" => names::GROUPS,
        "set" => names::SET,
        "set_once" => names::SET_ONCE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::named;
    use posthog_core::names::EVENT_OPTIONS;

    #[test]
    fn the_options_are_those_that_core_lists() {
        assert!(EVENT_OPTIONS.iter().all(|name| named(name).is_some()));
        assert!(named("total").is_none());
    }
}
