//! All that a plan says, and what that means for a name.

use std::collections::BTreeMap;

use super::{Fields, Mistake, Shape, read};
use crate::{known_names::is_event_of_posthog, spelling::most_similar};

/// The name of the file that holds a plan.
pub const FILE: &str = "posthog.plan.json";

/// A tracking plan.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// Whether a name that is not in it is a mistake. Defaults to true.
    pub strict: bool,
    /// The tags; none if the plan says nothing about tags.
    pub tags: Option<BTreeMap<String, Shape>>,
    /// The events; none if the plan says nothing about events.
    pub events: Option<BTreeMap<String, EventPlan>>,
}

/// What a plan says about an event.
#[derive(Clone, PartialEq, Debug)]
pub struct EventPlan {
    /// What it is for.
    pub description: Option<String>,
    /// It should not be captured any more.
    pub deprecated: bool,
    /// Its properties.
    pub fields: Fields,
}

/// What a plan says about a name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Finding<'a, T> {
    /// It is in the plan.
    Planned(&'a T),
    /// It is not, and need not be.
    Free,
    /// It is not, which is a mistake.
    Unknown {
        /// A name of the plan that it may be meant to be.
        similar: Option<&'a str>,
    },
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// The first mistake, and where it is.
    pub fn read(text: &str) -> Result<Self, Mistake> {
        read::plan(text)
    }

    /// An event of that name.
    #[must_use]
    pub fn event(&self, name: &str) -> Finding<'_, EventPlan> {
        let strict = self.strict && !is_event_of_posthog(name);
        find(self.events.as_ref(), name, strict)
    }

    /// A tag of that key.
    #[must_use]
    pub fn tag(&self, key: &str) -> Finding<'_, Shape> {
        find(self.tags.as_ref(), key, self.strict)
    }

    /// A property of that event. One with the key of a tag may stand in for that tag.
    #[must_use]
    pub fn property<'a>(&'a self, event: &'a EventPlan, key: &str) -> Finding<'a, Shape> {
        let Fields {
            properties,
            required: _,
            additional,
        } = &event.fields;
        match find(Some(properties), key, !additional) {
            Finding::Unknown { similar } => match self.tags.as_ref().and_then(|tags| tags.get(key))
            {
                Some(tag) => Finding::Planned(tag),
                None => Finding::Unknown { similar },
            },
            found => found,
        }
    }

    /// The required properties of an event that are not among `given`, and that no context can give: a tag of the plan may
    /// be set there.
    #[must_use]
    pub fn missing<'a>(&self, event: &'a EventPlan, given: &[&str]) -> Vec<&'a str> {
        let is_tag = |name: &str| {
            self.tags
                .as_ref()
                .is_some_and(|tags| tags.contains_key(name))
        };
        let required = event.fields.required.iter().map(String::as_str);
        required
            .filter(|name| !given.contains(name) && !is_tag(name))
            .collect()
    }
}

/// PostHog's own names are exempt: the plan is about the program's (CAP-141 to CAP-149).
fn find<'a, T>(all: Option<&'a BTreeMap<String, T>>, name: &str, strict: bool) -> Finding<'a, T> {
    let Some(all) = all else {
        return Finding::Free;
    };
    if let Some(found) = all.get(name) {
        return Finding::Planned(found);
    }
    if !strict || name.starts_with('$') {
        return Finding::Free;
    }
    let known: Vec<&str> = all.keys().map(String::as_str).collect();
    Finding::Unknown {
        similar: most_similar(name, &known),
    }
}
