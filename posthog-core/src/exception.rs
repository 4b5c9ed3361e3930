//! An error about to be captured by a call.

use crate::{
    client::{Client, global},
    event::Event,
    event_id::ToUuid,
    failure::{self, Failure, FailureKind, ToLevel, Told},
    frames::Location,
    identifier::Identifier,
    properties::Properties,
    property_value::PropertyValue,
    site::{DescribedBy, ErrorAt},
    timestamp::ToTimestamp,
};
use std::{any::type_name, error::Error, fmt, panic};
use uuid::Uuid;

/// An error that the application deals with and wants to be known, with what it says about it.
///
/// [`capture_exception`](crate::capture_exception) is shorter where there is nothing to say, and the macro
/// `capture_exception!` takes errors of any type. Nothing is read of the error before the capture, and nothing at all when
/// no client listens (EXC-6).
///
/// ```
/// use posthog_core::{Exception, Level, testing::record};
/// let error = "three".parse::<u32>().expect_err("no number");
/// let events = record(|| {
///     Exception::new(&error)
///         .level(Level::Warning)
///         .fingerprint("bad quantity")
///         .property("order", 12)
///         .capture();
/// });
/// assert_eq!(events[0].properties["$exception_type"], "ParseIntError");
/// assert_eq!(events[0].properties["$exception_level"], "warning");
/// ```
#[must_use = "an exception is sent by `capture`"]
pub struct Exception<'a> {
    failure: Failure<'a>,
    told: Told,
    event: Event,
}

impl<'a> Exception<'a> {
    /// An error of a known type.
    #[track_caller]
    pub fn new<E: Error>(error: &'a E) -> Self {
        Self::of(type_name::<E>(), FailureKind::Error(error), None)
    }

    /// An error that hides its type behind a pointer: `&*boxed`, or `error.as_ref()` of anyhow and eyre.
    #[track_caller]
    pub fn erased(error: &'a (dyn Error + 'a)) -> Self {
        Self::of(type_name::<dyn Error>(), FailureKind::Erased(error), None)
    }

    /// What `capture_exception!` makes of an error of any type; `here` tells the function that it is called in.
    #[doc(hidden)]
    #[track_caller]
    pub fn described<E, D: DescribedBy<E>, H>(_: ErrorAt<E, D>, error: &'a E, _here: &H) -> Self {
        Self::of(type_name::<E>(), D::describe(error), Some(type_name::<H>()))
    }

    #[track_caller]
    fn of(type_name: &'static str, kind: FailureKind<'a>, function: Option<&'static str>) -> Self {
        Self {
            failure: Failure {
                type_name,
                kind,
                location: Location::of(panic::Location::caller(), function),
            },
            told: Told::default(),
            event: Event::of_exception(),
        }
    }

    /// How bad it is: a [`Level`](crate::Level), or its name as text. Defaults to an error (EXC-33).
    pub fn level(mut self, level: impl ToLevel) -> Self {
        self.told.set_level(&level);
        self
    }

    /// Groups it with all others of the same fingerprint, instead of by type and place (EXC-49). A blank one counts as
    /// absent.
    pub fn fingerprint(mut self, fingerprint: impl AsRef<str>) -> Self {
        self.told.set_fingerprint(fingerprint.as_ref());
        self
    }

    /// How it was caught: text is the type, such as `"task"` or `"middleware"`, instead of `"generic"`; an object has
    /// fields of the mechanism (EXC-29, EXC-32).
    pub fn mechanism(mut self, mechanism: impl PropertyValue) -> Self {
        self.told.mechanism.read(&mechanism);
        self
    }

    /// Whether the application deals with it. Defaults to `true`; `false` says that it escaped (EXC-30).
    pub fn handled(mut self, handled: bool) -> Self {
        self.told.mechanism.handled = Some(handled);
        self
    }

    /// The hook that caught it, as `<technology>.<stable_hook>`, such as `tower.layer` (EXC-34). Defaults to none.
    pub fn source(mut self, source: impl AsRef<str>) -> Self {
        self.told.set_source(source.as_ref());
        self
    }

    /// Adds a property, or replaces the one of that key. What an exception says of itself, such as `$exception_list`,
    /// cannot be set by it (EXC-46).
    pub fn property(mut self, key: impl AsRef<str>, value: impl PropertyValue) -> Self {
        self.event = self.event.property(key, value);
        self
    }

    /// Adds properties; each replaces the one of its key.
    pub fn properties(mut self, properties: &Properties) -> Self {
        self.event = self.event.properties(properties);
        self
    }

    /// Who was affected, instead of the context's distinct ID. A blank one counts as absent (CAP-41).
    pub fn distinct_id(mut self, id: impl Identifier) -> Self {
        self.event = self.event.distinct_id(id);
        self
    }

    /// The session, instead of the context's. Sent as given.
    pub fn session_id(mut self, id: impl Identifier) -> Self {
        self.event = self.event.session_id(id);
        self
    }

    /// The groups that were affected: a map of type to key, such as `company` to `acme`.
    pub fn groups(mut self, groups: impl PropertyValue) -> Self {
        self.event = self.event.groups(groups);
        self
    }

    /// When it happened. Defaults to the time of the capture (EXC-8).
    pub fn timestamp(mut self, timestamp: impl ToTimestamp) -> Self {
        self.event = self.event.timestamp(timestamp);
        self
    }

    /// The event's UUID. Defaults to a new UUIDv7.
    pub fn uuid(mut self, uuid: impl ToUuid) -> Self {
        self.event = self.event.uuid(uuid);
        self
    }

    /// Captures it in the current context with the global client: the event's UUID, or `None` if nothing was sent (EXC-5).
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called for its effect; the UUID is a bonus"
    )]
    pub fn capture(self) -> Option<Uuid> {
        self.capture_by(global::listener())
    }

    /// Captures it in the current context with a client of one's own.
    pub fn capture_with<C: AsRef<Client> + ?Sized>(self, client: &C) -> Option<Uuid> {
        self.capture_by(global::listener_for(client.as_ref()))
    }

    fn capture_by(self, client: Option<Client>) -> Option<Uuid> {
        let Self {
            failure,
            told,
            event,
        } = self;
        failure::report_call(&client?, &failure, &told, event)
    }

    /// Captures it with what goes with that event.
    pub(crate) fn report(self, client: &Client, event: Event) -> Option<Uuid> {
        failure::report_call(client, &self.failure, &self.told, event)
    }
}

impl fmt::Debug for Exception<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            failure,
            told: _,
            event,
        } = self;
        f.debug_struct("Exception")
            .field("type", &failure.type_name)
            .field("location", &failure.location)
            .field("properties", &event.properties)
            .finish_non_exhaustive()
    }
}
