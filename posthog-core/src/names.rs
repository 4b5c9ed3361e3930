//! The names that PostHog gives a meaning to, as they stand on the wire.
//!
//! The macros and the runtime share this list, so that a key is spelled in one place only.

/// The event that reports an error or a panic.
pub const EXCEPTION: &str = "$exception";
/// An event that the service discards (CAP-33).
pub const PERFORMANCE_EVENT: &str = "$performance_event";
/// Events that the service drops when they are personless (CAP-82).
pub const PERSON_EVENTS: [&str; 4] = [
    "$identify",
    "$create_alias",
    "$merge_dangerously",
    "$groupidentify",
];

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
/// Properties to set on the person.
pub const SET: &str = "$set";
/// Properties to set on the person where it has none of that name.
pub const SET_ONCE: &str = "$set_once";

/// Properties that switch something and so must be booleans: a wrong type can cost the whole request (CAP-81, CAP-131).
pub const SWITCHES: [&str; 3] = [PROCESS_PERSON_PROFILE, COOKIELESS_MODE, IGNORE_SENT_AT];

/// What `$lib` says (CAP-70). The service reads stack frames by it (EXC-10), so it never changes.
pub const LIBRARY: &str = "posthog-rust";
