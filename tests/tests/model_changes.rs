//! Random programs of contexts that change between captures, run by the SDK and by a naive model that works everything out
//! anew: what is remembered of a context is never stale.

mod support;

use posthog::{
    CapturedEvent, Client, Context, Event, capture, identify_context, new_context, tag,
    testing::record,
};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_oneof},
    test_runner::{Config, TestRunner},
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};
use support::Rig;

/// Plain ones, some that begin alike, one with an escape, one beyond ASCII, and one that an event has to look at.
const KEYS: [&str; 14] = [
    "step",
    "tenant",
    "tenant_of_the_first",
    "tenant_of_the_second",
    "a",
    "ab",
    "quo\"ted",
    "zé",
    "$special",
    "e",
    "f",
    "g",
    "h",
    "i",
];

#[derive(Clone, Debug)]
enum Step {
    Tag(usize, u8),
    /// Tags with a value that itself sets a tag while it is serialized.
    TagWhileTagging(usize, usize, u8),
    Identify(u8),
    Capture(Option<usize>),
    /// Looks at the tags as a map.
    Look,
    /// Keeps a handle to what is current.
    Hold,
    /// Runs steps below one of the handles, or in a new context where there is none.
    Below(usize, Vec<Step>),
    /// Runs steps in a new context with some tags.
    Nested {
        fresh: bool,
        tags: Vec<(usize, u8)>,
        steps: Vec<Step>,
    },
}

fn program() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..KEYS.len();
    let leaf = prop_oneof![
        4 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Tag(key, value)),
        1 => (key.clone(), key.clone(), any::<u8>()).prop_map(|(key, other, value)| Step::TagWhileTagging(key, other, value)),
        1 => any::<u8>().prop_map(Step::Identify),
        4 => proptest::option::of(key.clone()).prop_map(Step::Capture),
        1 => proptest::strategy::Just(Step::Look),
        2 => proptest::strategy::Just(Step::Hold),
    ];
    let step = leaf.prop_recursive(5, 40, 8, move |inner| {
        let tags = vec((key.clone(), any::<u8>()), 0..12);
        prop_oneof![
            4 => (proptest::bool::weighted(0.1), tags, vec(inner.clone(), 0..8))
                .prop_map(|(fresh, tags, steps)| Step::Nested { fresh, tags, steps }),
            1 => (any::<usize>(), vec(inner, 0..6)).prop_map(|(handle, steps)| Step::Below(handle, steps)),
        ]
    });
    vec(step, 0..10)
}

fn value(n: u8) -> Value {
    match n % 5 {
        0 => json!(n),
        1 => json!(format!("text {n}")),
        2 => json!({ "nested": [n, "\"\n"] }),
        3 => json!(-f64::from(n) / 8.0),
        _ => json!(n > 100),
    }
}

/// What an event has to show, or a look at the tags.
#[derive(Debug, PartialEq)]
struct Seen {
    distinct_id: Option<String>,
    properties: Map<String, Value>,
    tags: Vec<String>,
}

// ---- the model

#[derive(Clone, Default)]
struct State {
    tags: Map<String, Value>,
    distinct_id: Option<String>,
}

#[derive(Default)]
struct Model {
    open: Vec<State>,
    held: Vec<State>,
    seen: Vec<Seen>,
    looks: Vec<Map<String, Value>>,
    /// Each capture sets a tag, as a hook does.
    hooked: bool,
}

impl Model {
    fn current(&self) -> State {
        self.open.last().cloned().unwrap_or_default()
    }

    fn tag(&mut self, key: &str, value: Value) {
        if let Some(state) = self.open.last_mut() {
            state.tags.insert(key.to_owned(), value);
        }
    }

    fn run(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Tag(key, n) => self.tag(KEYS[*key], value(*n)),
                Step::TagWhileTagging(key, other, n) => {
                    self.tag(KEYS[*other], value(*n));
                    self.tag(KEYS[*key], json!(n));
                }
                Step::Identify(n) => {
                    if let Some(state) = self.open.last_mut() {
                        state.distinct_id = Some(format!("u-{n}"));
                    }
                }
                Step::Capture(own) => {
                    let State { tags, distinct_id } = self.current();
                    let mut properties = tags.clone();
                    properties.extend(own.map(|own| (KEYS[own].to_owned(), json!("own"))));
                    let mut tags: Vec<_> = tags.keys().cloned().collect();
                    tags.sort();
                    self.seen.push(Seen {
                        distinct_id,
                        properties,
                        tags,
                    });
                    if self.hooked {
                        self.tag("hooked", json!(self.seen.len()));
                    }
                }
                Step::Look => self.looks.push(self.current().tags),
                Step::Hold => self.held.push(self.current()),
                Step::Below(handle, steps) => {
                    let state = match self.held.len() {
                        0 => State::default(),
                        held => self.held[handle % held].clone(),
                    };
                    self.within(state, steps);
                }
                Step::Nested { fresh, tags, steps } => {
                    let mut state = if *fresh {
                        State::default()
                    } else {
                        self.current()
                    };
                    for (key, n) in tags {
                        state.tags.insert(KEYS[*key].to_owned(), value(*n));
                    }
                    self.within(state, steps);
                }
            }
        }
    }

    fn within(&mut self, state: State, steps: &[Step]) {
        self.open.push(state);
        self.run(steps);
        self.open.pop();
    }
}

// ---- the SDK

struct Tags(&'static str, u8);

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tag(self.0, value(self.1));
        serializer.serialize_u8(self.1)
    }
}

#[derive(Default)]
struct Run<'a> {
    client: Option<&'a Client>,
    held: Vec<Context>,
    looks: Vec<Map<String, Value>>,
}

impl Run<'_> {
    fn run(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Tag(key, n) => tag(KEYS[*key], value(*n)),
                Step::TagWhileTagging(key, other, n) => tag(KEYS[*key], Tags(KEYS[*other], *n)),
                Step::Identify(n) => identify_context(format!("u-{n}")),
                Step::Capture(own) => {
                    let mut event = Event::new("e");
                    if let Some(own) = own {
                        event = event.property(KEYS[*own], "own");
                    }
                    match self.client {
                        Some(client) => drop(client.capture(event)),
                        None => drop(capture(event)),
                    }
                }
                Step::Look => self.looks.push(Context::current().tags()),
                Step::Hold => self.held.push(Context::current()),
                Step::Below(handle, steps) => {
                    let context = match self.held.len() {
                        0 => Context::default(),
                        held => self.held[handle % held].clone(),
                    };
                    let _scope = context.attach();
                    self.run(steps);
                }
                Step::Nested { fresh, tags, steps } => {
                    let mut context = new_context().fresh(*fresh);
                    for (key, n) in tags {
                        context = context.tag(KEYS[*key], value(*n));
                    }
                    context.run(|| self.run(steps));
                }
            }
        }
    }
}

fn seen(event: &CapturedEvent) -> Seen {
    let mut properties = event.properties.clone();
    let personless = properties.remove("$process_person_profile") == Some(json!(false));
    let tags = properties
        .remove("$context_tags")
        .map(|tags| serde_json::from_value(tags).expect("texts"))
        .unwrap_or_default();
    properties.retain(|key, _| !key.starts_with('$') || KEYS.contains(&&**key));
    Seen {
        distinct_id: (!personless).then(|| event.distinct_id.clone()),
        properties,
        tags,
    }
}

fn all(events: &[CapturedEvent]) -> Vec<Seen> {
    events.iter().map(seen).collect()
}

fn check(programs: u32, test: impl Fn(Vec<Step>)) {
    let config = Config {
        cases: programs,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&program(), |steps| {
        test(steps);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn ctx_4_what_is_remembered_of_a_context_is_never_stale() {
    check(3000, |steps| {
        let mut run = Run::default();
        let events = record(|| run.run(&steps));
        let mut model = Model::default();
        model.run(&steps);
        assert_eq!(all(&events), model.seen);
        assert_eq!(run.looks, model.looks);
    });
}

#[test]
fn dlv_45_hooks_that_read_and_change_everything_leave_the_contexts_as_they_are() {
    let read: Arc<Mutex<Vec<CapturedEvent>>> = Arc::default();
    let reads = Arc::clone(&read);
    let rig = Rig::with(move |options| {
        options.before_send(move |mut event| {
            let mut reads = reads.lock().unwrap_or_else(PoisonError::into_inner);
            reads.push(event.clone());
            tag("hooked", reads.len());
            event.event = "changed".into();
            event.distinct_id = "someone".into();
            for (key, value) in &mut event.properties {
                *value = json!(key);
            }
            event.properties.insert("step".into(), json!("changed"));
            Some(event)
        })
    });
    check(500, |steps| {
        let mut run = Run {
            client: Some(&rig.client),
            ..Run::default()
        };
        run.run(&steps);
        let events = mem::take(&mut *read.lock().unwrap_or_else(PoisonError::into_inner));
        let mut model = Model {
            hooked: true,
            ..Model::default()
        };
        model.run(&steps);
        assert_eq!(all(&events), model.seen);
        assert_eq!(run.looks, model.looks);
    });
}
