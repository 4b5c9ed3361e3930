//! Which names that begin with `$` are what (CAP-140).
//!
//! Names with `$` are PostHog's, so one that PostHog does not know is a misspelt one, or one that belongs elsewhere. Names
//! without `$` are free. The lists are in `known_names.txt`, for all that the macros check; they are read once.

use std::sync::OnceLock;

use crate::spelling;

/// What there is to say about a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Standing {
    /// Nothing: PostHog knows it, or it is the user's own.
    Fine,
    /// PostHog makes it itself; what a program sends under this name is wrong or lost.
    MadeByPostHog,
    /// It is not what it seems to be. This says why and what to write, in words that continue the name.
    Instead(&'static str),
    /// It begins with `$`, and PostHog does not know it.
    Unknown {
        /// A name that PostHog knows, and that this one may be meant to be.
        similar: Option<&'static str>,
    },
}

/// The standing of an event's name.
#[must_use]
pub fn event(name: &str) -> Standing {
    lists().events.standing(name, &lists().families)
}

/// Whether PostHog gives the event a meaning, as it does to a few without `$` (CAP-143).
#[must_use]
pub fn is_event_of_posthog(name: &str) -> bool {
    lists().events.known.binary_search(&name).is_ok()
}

/// The standing of the key of an event's property.
#[must_use]
pub fn property(key: &str) -> Standing {
    lists().properties.standing(key, &lists().families)
}

/// The standing of the key of a tag: a tag becomes a property, and is no identity (CTX-30 to CTX-33).
#[must_use]
pub fn tag(key: &str) -> Standing {
    match instead(&lists().tags_instead, key) {
        Some(advice) => Standing::Instead(advice),
        None => property(key),
    }
}

/// The lists of the data file.
#[derive(Default)]
struct Lists {
    events: Names,
    properties: Names,
    /// What names of either kind may begin with.
    families: Vec<&'static str>,
    tags_instead: Vec<(&'static str, &'static str)>,
}

/// What is known of one kind of name.
#[derive(Default)]
struct Names {
    known: Vec<&'static str>,
    made: Vec<&'static str>,
    made_families: Vec<&'static str>,
    instead: Vec<(&'static str, &'static str)>,
}

impl Names {
    fn standing(&self, name: &str, families: &[&str]) -> Standing {
        if !name.starts_with('$') || self.known.binary_search(&name).is_ok() {
            return Standing::Fine;
        }
        if let Some(advice) = instead(&self.instead, name) {
            return Standing::Instead(advice);
        }
        if self.made.binary_search(&name).is_ok() {
            return Standing::MadeByPostHog;
        }
        // A member of a family is a new name or a misspelt one; so close to a known one it is the latter (CAP-151).
        let slip = self
            .known
            .iter()
            .find(|known| spelling::is_slip(name, known));
        if let Some(similar) = slip {
            return Standing::Unknown {
                similar: Some(similar),
            };
        }
        if is_member(&self.made_families, name) {
            return Standing::MadeByPostHog;
        }
        if is_member(families, name) {
            return Standing::Fine;
        }
        Standing::Unknown {
            similar: spelling::most_similar(name, &self.known),
        }
    }
}

fn instead(list: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    let found = list.iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}

/// Whether a name continues one of `families`; the beginning alone is no name.
fn is_member(families: &[&str], name: &str) -> bool {
    families
        .iter()
        .any(|family| name.len() > family.len() && name.starts_with(family))
}

fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| read(include_str!("known_names.txt")))
}

/// A line that is understood in no list is left out; a test holds the file against that.
fn read(file: &'static str) -> Lists {
    let mut lists = Lists::default();
    let mut list = "";
    for line in file.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            list = name;
        } else {
            lists.add(list, line);
        }
    }
    lists.events.known.sort_unstable();
    lists.events.made.sort_unstable();
    lists.properties.known.sort_unstable();
    lists.properties.made.sort_unstable();
    lists
}

impl Lists {
    fn add(&mut self, list: &str, line: &'static str) {
        let advice = line.split_once(": ");
        match list {
            "events" => self.events.known.extend(line.split_whitespace()),
            "events, one a line" => self.events.known.push(line),
            "events made by PostHog" => self.events.add_made(line),
            "events, instead" => self.events.instead.extend(advice),
            "properties" => self.properties.known.extend(line.split_whitespace()),
            "properties made by PostHog" => self.properties.add_made(line),
            "properties, instead" => self.properties.instead.extend(advice),
            "tags, instead" => self.tags_instead.extend(advice),
            "families" => self.families.extend(
                line.split_whitespace()
                    .filter_map(|name| name.strip_suffix('*')),
            ),
            _ => {}
        }
    }
}

impl Names {
    fn add_made(&mut self, line: &'static str) {
        for name in line.split_whitespace() {
            match name.strip_suffix('*') {
                Some(family) => self.made_families.push(family),
                None => self.made.push(name),
            }
        }
    }
}

#[cfg(test)]
mod tests;
