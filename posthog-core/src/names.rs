//! The names that PostHog gives a meaning to, as they stand on the wire.
//!
//! The macros and the runtime share this list, so that a key is spelled in one place only.

/// The event that reports an error or a panic.
pub const EXCEPTION: &str = "$exception";
/// The errors of an `$exception` event, outermost first.
pub const EXCEPTION_LIST: &str = "$exception_list";
/// Groups exceptions by a word of the application's own (EXC-49).
pub const EXCEPTION_FINGERPRINT: &str = "$exception_fingerprint";
/// What an exception says of itself, and what the service makes of it: no property of the application's own can set
/// these (EXC-46, EXC-49).
pub const OF_EXCEPTIONS: [&str; 17] = [
    EXCEPTION_LIST,
    EXCEPTION_FINGERPRINT,
    "$exception_level",
    "$exception_source",
    "$exception_type",
    "$exception_message",
    "$debug_images",
    "$exception_handled",
    "$exception_types",
    "$exception_values",
    "$exception_sources",
    "$exception_functions",
    "$exception_fingerprint_version",
    "$exception_fingerprint_record",
    "$exception_issue_id",
    "$exception_release",
    "$cymbal_errors",
];
/// The event that says who somebody is.
pub const IDENTIFY: &str = "$identify";
/// The event that sets properties of a person.
pub const SET_PERSON: &str = "$set";
/// The event that makes two IDs one person.
pub const CREATE_ALIAS: &str = "$create_alias";
/// The event that sets properties of a group.
pub const GROUP_IDENTIFY: &str = "$groupidentify";
/// What the names of AI events begin with.
pub const AI_PREFIX: &str = "$ai_";
/// An event that the service discards (CAP-33).
pub const PERFORMANCE_EVENT: &str = "$performance_event";
/// Events that have a call of their own (CAP-34).
pub const WITH_A_CALL: [&str; 5] = [
    EXCEPTION,
    IDENTIFY,
    SET_PERSON,
    CREATE_ALIAS,
    GROUP_IDENTIFY,
];
/// Events that the service drops when they are personless (CAP-82).
pub const PERSON_EVENTS: [&str; 4] = [
    "$identify",
    "$create_alias",
    "$merge_dangerously",
    "$groupidentify",
];
/// Events in which the service ignores properties of the person (CAP-133).
pub const SET_NOTHING: [&str; 2] = [EXCEPTION, "$$heatmap"];

/// The other ID of an alias.
pub const ALIAS: &str = "alias";
/// The ID of an alias, once more among the properties (CAP-93).
pub const DISTINCT_ID: &str = "distinct_id";
/// The keys of the tags that the context gave the event.
pub const CONTEXT_TAGS: &str = "$context_tags";
/// Asks the service to process the event apart from any stored identity.
pub const COOKIELESS_MODE: &str = "$cookieless_mode";
/// Asks the service not to look up where the sender's address is.
pub const GEOIP_DISABLE: &str = "$geoip_disable";
/// The groups that the event belongs to.
pub const GROUPS: &str = "$groups";
/// Asks the service to take the timestamp as it is, without correcting the sender's clock.
pub const IGNORE_SENT_AT: &str = "$ignore_sent_at";
/// Says that the event comes from a server.
pub const IS_SERVER: &str = "$is_server";
/// The library that sent the event.
pub const LIB: &str = "$lib";
/// The version of the library that sent the event.
pub const LIB_VERSION: &str = "$lib_version";
/// The operating system's name.
pub const OS: &str = "$os";
/// The operating system's version.
pub const OS_VERSION: &str = "$os_version";
/// `false` makes the event personless.
pub const PROCESS_PERSON_PROFILE: &str = "$process_person_profile";
/// The product tour that the event belongs to.
pub const PRODUCT_TOUR_ID: &str = "$product_tour_id";
/// The session that the event belongs to.
pub const SESSION_ID: &str = "$session_id";
/// The type of a group that is identified.
pub const GROUP_TYPE: &str = "$group_type";
/// The key of a group that is identified.
pub const GROUP_KEY: &str = "$group_key";
/// Properties to set on the group.
pub const GROUP_SET: &str = "$group_set";
/// The browser window that the event belongs to.
pub const WINDOW_ID: &str = "$window_id";
/// Properties to set on the person.
pub const SET: &str = "$set";
/// Properties to set on the person where it has none of that name.
pub const SET_ONCE: &str = "$set_once";
/// Keys of properties to remove from the person.
pub const UNSET: &str = "$unset";

/// Properties that are objects, of properties in their turn: anything else the service cannot take.
pub const OBJECTS: [&str; 3] = [SET, SET_ONCE, GROUP_SET];

/// Properties that switch something and so must be booleans: a wrong type can cost the whole request (CAP-81, CAP-131).
pub const SWITCHES: [&str; 3] = [PROCESS_PERSON_PROFILE, COOKIELESS_MODE, IGNORE_SENT_AT];

/// What `$lib` says (CAP-70). The service reads stack frames by it (EXC-10), so it never changes.
pub const LIBRARY: &str = "posthog-rust";

/// The options of `capture!`: what `name = value` means other than a property.
pub const EVENT_OPTIONS: [&str; 13] = [
    "client",
    "distinct_id",
    "session_id",
    "timestamp",
    "uuid",
    "product_tour_id",
    "disable_geoip",
    "process_person_profile",
    "cookieless_mode",
    "disable_skew_correction",
    "groups",
    "set",
    "set_once",
];

/// The name of the event that a struct of that name is, unless it says another: `OrderProcessed` is `order_processed`.
#[must_use]
pub fn event_of_struct(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| characters[at]);
        if character.is_uppercase() {
            // A word begins behind a small letter, and where a row of capitals ends: `HTTPError`.
            let behind_word = before.is_some_and(|before| !before.is_uppercase() && before != '_');
            let ends_capitals = before.is_some_and(char::is_uppercase)
                && characters
                    .get(at + 1)
                    .is_some_and(|next| next.is_lowercase());
            if behind_word || ends_capitals {
                snake.push('_');
            }
            snake.extend(character.to_lowercase());
        } else {
            snake.push(*character);
        }
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::event_of_struct;

    #[test]
    fn the_name_of_a_struct_becomes_the_name_of_its_event() {
        for (name, expected) in [
            ("OrderProcessed", "order_processed"),
            ("HTTPError", "http_error"),
            ("Step2Done", "step2_done"),
            ("Paid", "paid"),
            ("A", "a"),
            ("Already_Snake", "already_snake"),
            ("already_snake", "already_snake"),
        ] {
            assert_eq!(event_of_struct(name), expected);
        }
    }
}
