//! An event about to be captured.

use crate::{
    event_id::ToUuid,
    frames::Stack,
    identifier::{Identifier, clean},
    kind::Kind,
    names, notice,
    properties::Properties,
    property_value::PropertyValue,
    timestamp::{Timestamp, ToTimestamp},
};
use std::borrow::Cow;
use uuid::Uuid;

/// Something that happened: a name, properties, and what this one event says differently from its context.
///
/// ```
/// use posthog_core::Event;
/// let event = Event::new("order_processed").property("total", 9.5).distinct_id("user-7");
/// ```
#[derive(Clone, Debug)]
#[must_use = "an event is sent by `capture`"]
pub struct Event {
    pub(crate) kind: Kind,
    /// Borrowed where it is a literal that JSON has no escape for, as in most programs.
    pub(crate) name: Cow<'static, str>,
    pub(crate) properties: Properties,
    pub(crate) overrides: Overrides,
    pub(crate) exception: Option<Box<Exceptional>>,
}

/// What the SDK says about a failure; nothing that the application says can replace it (EXC-46).
#[derive(Clone, Debug)]
pub(crate) struct Exceptional {
    pub(crate) properties: Properties,
    /// The stack, which goes into the event once its names are known.
    pub(crate) stack: Option<Stack>,
    /// The process ends, at least as a rule: nothing is left for the worker to do (EXC-64).
    pub(crate) at_once: bool,
}

/// What the call says about the event itself.
#[derive(Clone, Debug)]
pub(crate) struct Overrides {
    /// Blank where the call names nobody.
    pub(crate) distinct_id: String,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) uuid: Option<Uuid>,
    pub(crate) disable_geoip: Option<bool>,
}

impl Overrides {
    const fn none() -> Self {
        Self {
            distinct_id: String::new(),
            timestamp: None,
            uuid: None,
            disable_geoip: None,
        }
    }

    /// Keeps the room of the ID.
    #[inline]
    fn clear(&mut self) {
        let Self {
            distinct_id,
            timestamp,
            uuid,
            disable_geoip,
        } = self;
        if distinct_id.capacity() > KEPT_ID_BYTES {
            *distinct_id = String::new();
        }
        distinct_id.clear();
        (*timestamp, *uuid, *disable_geoip) = (None, None, None);
    }
}

/// The room of a longer ID is not kept: no such ID is sent.
const KEPT_ID_BYTES: usize = 1024;

impl Event {
    /// An event of that name. A blank name is dropped at capture (CAP-30), one over 200 bytes is cut (CAP-32).
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Cow::Owned(name.into()),
            ..Self::named("")
        }
    }

    /// Says who somebody is: sets properties of the person of that distinct ID, with [`set`](Self::set) and
    /// [`set_once`](Self::set_once) (CAP-90).
    ///
    /// It needs an ID of its own, and takes none from the context. A blank ID, or one that stands for nobody such as
    /// `anonymous`, drops the event.
    pub fn identify(distinct_id: impl Identifier) -> Self {
        Self::of_kind(Kind::Identify, names::IDENTIFY).distinct_id(distinct_id)
    }

    /// Sets properties of a person, with [`set`](Self::set) and [`set_once`](Self::set_once) (CAP-91).
    ///
    /// The person is that of the event's distinct ID, else of the context; without either, and without properties,
    /// nothing is sent.
    pub fn person() -> Self {
        Self::of_kind(Kind::Person, names::SET_PERSON)
    }

    /// Makes two distinct IDs one person: what `new_id` has done is added to the person of `previous_id` (CAP-93).
    ///
    /// A `None` as `new_id` takes the context's. The service refuses it where `new_id` is a person that was identified
    /// before. To add what an anonymous ID did to a user who is known, send `Event::identify(user)` with the property
    /// `$anon_distinct_id` instead.
    pub fn alias(previous_id: impl Identifier, new_id: impl Identifier) -> Self {
        let new_id = new_id.identifier().map(Cow::into_owned);
        Self::of_kind(Kind::Alias { new_id }, names::CREATE_ALIAS).distinct_id(previous_id)
    }

    /// Says what a group is: sets properties of the group of that type and key, such as `company` and `acme` (CAP-95).
    pub fn group_identify(
        group_type: impl Into<String>,
        key: impl Identifier,
        properties: impl PropertyValue,
    ) -> Self {
        let (group_type, key) = (
            cleaned(&group_type.into()),
            cleaned(&key.identifier().unwrap_or_default()),
        );
        let mut event = Self::of_kind(Kind::Group { group_type, key }, names::GROUP_IDENTIFY);
        event.typed(names::GROUP_SET, &properties);
        event
    }

    /// The event that an exception will be, before anything is known of the error.
    pub(crate) fn of_exception() -> Self {
        Self::of_kind(Kind::Exception, names::EXCEPTION)
    }

    /// A failure that was described.
    pub(crate) fn exceptional(exception: Exceptional) -> Self {
        Self {
            exception: Some(Box::new(exception)),
            ..Self::of_exception()
        }
    }

    pub(crate) fn through_ai_lane(mut self) -> Self {
        if self.kind == Kind::Capture {
            self.kind = Kind::Ai;
        }
        self
    }

    pub(crate) fn is_ai(&self) -> bool {
        self.kind == Kind::Ai
    }

    fn of_kind(kind: Kind, name: &'static str) -> Self {
        Self {
            kind,
            ..Self::named(name)
        }
    }

    /// Makes it an event without a name again, whose buffers are there for the next one.
    #[inline]
    pub(crate) fn clear(&mut self) {
        let Self {
            kind,
            name,
            properties,
            overrides,
            exception,
        } = self;
        *kind = Kind::Capture;
        *name = Cow::Borrowed("");
        properties.clear();
        overrides.clear();
        *exception = None;
    }

    /// Adds a property, or replaces the one of that key. It wins over a tag of the context (CTX-47).
    pub fn property(mut self, key: impl AsRef<str>, value: impl PropertyValue) -> Self {
        self.properties.insert(key, value);
        self
    }

    /// Adds properties; each replaces the one of its key.
    pub fn properties(mut self, properties: &Properties) -> Self {
        self.properties.merge(properties);
        self
    }

    /// Who did it, instead of the context's distinct ID. A blank one counts as absent (CAP-41).
    pub fn distinct_id(mut self, id: impl Identifier) -> Self {
        self.set_distinct_id(&id);
        self
    }

    /// The session, instead of the context's. Sent as given.
    pub fn session_id(mut self, id: impl Identifier) -> Self {
        self.set_session_id(&id);
        self
    }

    /// When it happened. Defaults to the time of the capture; text that is no timestamp counts as absent, with a
    /// warning (CAP-107).
    pub fn timestamp(mut self, timestamp: impl ToTimestamp) -> Self {
        self.set_timestamp(&timestamp);
        self
    }

    /// The event's UUID. Defaults to a new UUIDv7; text that is no UUID counts as absent, with an error in the log
    /// (CAP-110). The service drops an event whose UUID it has seen.
    pub fn uuid(mut self, uuid: impl ToUuid) -> Self {
        self.set_uuid(&uuid);
        self
    }

    /// The groups that the event belongs to: a map of type to key, such as `company` to `acme`.
    pub fn groups(mut self, groups: impl PropertyValue) -> Self {
        self.typed(names::GROUPS, &groups);
        self
    }

    /// Properties to set on the person.
    pub fn set(mut self, properties: impl PropertyValue) -> Self {
        self.typed(names::SET, &properties);
        self
    }

    /// Properties to set on the person where it has none of that name yet.
    pub fn set_once(mut self, properties: impl PropertyValue) -> Self {
        self.typed(names::SET_ONCE, &properties);
        self
    }

    /// Whether the service leaves out where the sender's address is, instead of what the client says (CAP-73).
    pub fn disable_geoip(mut self, disable: bool) -> Self {
        self.set_disable_geoip(disable);
        self
    }

    /// `false` makes the event personless (CAP-80).
    pub fn process_person_profile(mut self, process: bool) -> Self {
        self.set_process_person_profile(process);
        self
    }

    /// Whether the service processes the event apart from any stored identity.
    pub fn cookieless_mode(mut self, cookieless: bool) -> Self {
        self.set_cookieless_mode(cookieless);
        self
    }

    /// Whether the service takes the timestamp as it is, without correcting this machine's clock.
    pub fn disable_skew_correction(mut self, disable: bool) -> Self {
        self.set_disable_skew_correction(disable);
        self
    }

    /// The product tour that the event belongs to.
    pub fn product_tour_id(mut self, id: impl AsRef<str>) -> Self {
        self.set_product_tour_id(&id);
        self
    }
}

/// What the macros call; not covered by any promise of stability.
#[doc(hidden)]
impl Event {
    /// An event of a name that stands in JSON as it is: without anything that has to be escaped.
    pub const fn named(name: &'static str) -> Self {
        Self {
            kind: Kind::Capture,
            name: Cow::Borrowed(name),
            properties: Properties::new(),
            overrides: Overrides::none(),
            exception: None,
        }
    }

    pub fn properties_mut(&mut self) -> &mut Properties {
        &mut self.properties
    }

    pub fn set_distinct_id<I: Identifier + ?Sized>(&mut self, id: &I) {
        let id = id.identifier().unwrap_or_default();
        self.overrides.distinct_id.clear();
        self.overrides.distinct_id.push_str(&id);
    }

    pub fn set_session_id<I: Identifier + ?Sized>(&mut self, id: &I) {
        if let Some(id) = id.identifier() {
            self.typed(names::SESSION_ID, &*id);
        }
    }

    pub fn set_timestamp<T: ToTimestamp + ?Sized>(&mut self, timestamp: &T) {
        match timestamp.to_timestamp() {
            Ok(timestamp) => self.overrides.timestamp = Some(timestamp),
            Err(error) => notice::warn_each(format_args!(
                "the timestamp of an event is replaced by the current time: {error}"
            )),
        }
    }

    pub fn set_uuid<U: ToUuid + ?Sized>(&mut self, uuid: &U) {
        self.overrides.uuid = uuid.to_uuid();
        if self.overrides.uuid.is_none() {
            notice::error_each(format_args!(
                "the UUID given for an event is none; the event gets a new one"
            ));
        }
    }

    pub fn set_disable_geoip(&mut self, disable: bool) {
        self.overrides.disable_geoip = Some(disable);
    }

    pub fn set_process_person_profile(&mut self, process: bool) {
        self.typed(names::PROCESS_PERSON_PROFILE, &process);
    }

    pub fn set_cookieless_mode(&mut self, cookieless: bool) {
        self.typed(names::COOKIELESS_MODE, &cookieless);
    }

    pub fn set_disable_skew_correction(&mut self, disable: bool) {
        self.typed(names::IGNORE_SENT_AT, &disable);
    }

    pub fn set_product_tour_id<S: AsRef<str> + ?Sized>(&mut self, id: &S) {
        self.typed(names::PRODUCT_TOUR_ID, id.as_ref());
    }

    fn typed<T: PropertyValue + ?Sized>(&mut self, key: &str, value: &T) {
        self.properties.typed_key(key);
        self.properties.value(value);
    }
}

/// As IDs are cleaned (CAP-42, CAP-43).
fn cleaned(text: &str) -> String {
    clean(text).unwrap_or_default().into_owned()
}

impl From<&str> for Event {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Event {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}
