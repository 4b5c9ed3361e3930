//! The options of `capture!`: what `name = value` can mean other than a property.

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
        "groups" => OptionKind::Object("$groups"),
        "set" => OptionKind::Object("$set"),
        "set_once" => OptionKind::Object("$set_once"),
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
