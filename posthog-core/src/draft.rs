//! What `capture!` fills, call by call.
//!
//! A program captures in many places, and each is compiled. So a draft has the size of a pointer, goes from call to call by
//! value, and there is one call for each argument. With the event, its properties and its client as locals of the user's
//! function, which may all have to be dropped at each of these calls, an expansion took twice the time to compile.

use crate::{
    assemble::Assembled,
    client::Client,
    context::Context,
    event::Event,
    event_id::ToUuid,
    exception::Exception,
    identifier::Identifier,
    properties::Properties,
    property_value::{DebuggedValue, DisplayedValue, PropertyValue},
    timestamp::ToTimestamp,
};
use std::{borrow::Cow, cell::Cell, mem};
use uuid::Uuid;

/// What `capture!` fills: an event for a client that listens.
///
/// It is only in the expansion of that macro, and public because error messages name it. Its methods carry no promise of
/// stability; by hand write an [`Event`].
#[must_use]
pub struct Draft(Box<Parts>);

struct Parts {
    /// None if it stopped listening since it was asked.
    client: Option<Client>,
    event: Event,
    assembled: Assembled,
}

thread_local! {
    /// What the thread's last draft was made of, for its next one: it needs no allocation then.
    static SPARE: Cell<Option<Box<Parts>>> = const { Cell::new(None) };
}

/// Whether the thread is ending, and what it kept of drafts is gone for good.
pub(crate) fn is_gone() -> bool {
    SPARE.try_with(|_| ()).is_err()
}

impl Draft {
    /// The name stands in JSON as it is.
    pub(crate) fn new(client: Option<Client>, name: &'static str) -> Self {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let mut parts = spare.unwrap_or_else(|| {
            Box::new(Parts {
                client: None,
                event: Event::named(""),
                assembled: Assembled::default(),
            })
        });
        parts.client = client;
        parts.event.name = Cow::Borrowed(name);
        Self(parts)
    }

    /// Makes it that event: one of a computed name, or a typed one.
    #[doc(hidden)]
    pub fn of(mut self, event: Event) -> Self {
        let before = mem::replace(&mut self.0.event, event);
        before.properties.recycle();
        // The macro knows nothing of its keys.
        self.0.event.properties.hash_keys();
        self
    }

    /// The properties, for what is written in several steps.
    #[doc(hidden)]
    pub fn properties(&mut self) -> &mut Properties {
        &mut self.0.event.properties
    }

    /// A property as its `Serialize` says. The macro has quoted its key: `"key":`, with escapes where it needs them.
    #[doc(hidden)]
    pub fn property<T: PropertyValue + ?Sized>(mut self, quoted_key: &str, value: &T) -> Self {
        self.properties().property(quoted_key, value);
        self
    }

    /// A property as its `Display` text.
    #[doc(hidden)]
    pub fn display<T: DisplayedValue + ?Sized>(mut self, quoted_key: &str, value: &T) -> Self {
        self.properties().display(quoted_key, value);
        self
    }

    /// A property as its `Debug` text.
    #[doc(hidden)]
    pub fn debug<T: DebuggedValue + ?Sized>(mut self, quoted_key: &str, value: &T) -> Self {
        self.properties().debug(quoted_key, value);
        self
    }

    /// Merges the entries of a struct or map.
    #[doc(hidden)]
    pub fn spread<T: PropertyValue + ?Sized>(mut self, value: &T) -> Self {
        self.properties().spread(value);
        self
    }

    #[doc(hidden)]
    pub fn set_distinct_id<I: Identifier + ?Sized>(mut self, id: &I) -> Self {
        self.0.event.set_distinct_id(id);
        self
    }

    #[doc(hidden)]
    pub fn set_session_id<I: Identifier + ?Sized>(mut self, id: &I) -> Self {
        self.0.event.set_session_id(id);
        self
    }

    #[doc(hidden)]
    pub fn set_timestamp<T: ToTimestamp + ?Sized>(mut self, timestamp: &T) -> Self {
        self.0.event.set_timestamp(timestamp);
        self
    }

    #[doc(hidden)]
    pub fn set_uuid<U: ToUuid + ?Sized>(mut self, uuid: &U) -> Self {
        self.0.event.set_uuid(uuid);
        self
    }

    #[doc(hidden)]
    pub fn set_disable_geoip(mut self, disable: bool) -> Self {
        self.0.event.set_disable_geoip(disable);
        self
    }

    #[doc(hidden)]
    pub fn set_process_person_profile(mut self, process: bool) -> Self {
        self.0.event.set_process_person_profile(process);
        self
    }

    #[doc(hidden)]
    pub fn set_cookieless_mode(mut self, cookieless: bool) -> Self {
        self.0.event.set_cookieless_mode(cookieless);
        self
    }

    #[doc(hidden)]
    pub fn set_disable_skew_correction(mut self, disable: bool) -> Self {
        self.0.event.set_disable_skew_correction(disable);
        self
    }

    #[doc(hidden)]
    pub fn set_product_tour_id<S: AsRef<str> + ?Sized>(mut self, id: &S) -> Self {
        self.0.event.set_product_tour_id(id);
        self
    }

    /// Captures it in the current context as what goes with that error.
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called for its effect; the UUID is a bonus"
    )]
    #[doc(hidden)]
    pub fn capture_exception(self, exception: Exception<'_>) -> Option<Uuid> {
        let Parts { client, event, .. } = *self.0;
        exception.report(&client?, event)
    }

    /// Captures the event in the current context.
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called for its effect; the UUID is a bonus"
    )]
    #[doc(hidden)]
    pub fn capture(self) -> Option<Uuid> {
        let Self(mut parts) = self;
        let Parts {
            client,
            event,
            assembled,
        } = &mut *parts;
        let uuid = client
            .take()?
            .capture_by(event, &Context::current(), assembled);
        event.clear();
        assembled.clear();
        let _ = SPARE.try_with(|spare| spare.set(Some(parts)));
        uuid
    }
}
