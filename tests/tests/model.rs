//! Random programs of nested contexts, run by the SDK and by a naive model: a list of maps.

#[path = "support/futures.rs"]
mod futures;

use futures::{poll, yield_now};
use posthog::{
    CapturedEvent, Context, Event, Scope, capture, identify_context, new_context,
    set_context_device_id, set_context_session, tag,
    testing::{record, record_async},
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use std::{
    pin::{Pin, pin},
    task::Poll,
    thread,
};

/// One step of a program.
#[derive(Clone, Debug)]
enum Step {
    Tag(u8, u8),
    Identify(u8),
    Session(u8),
    Device(u8),
    /// Captures an event, with a property of that key if there is one, and with an ID of its own if asked to.
    Capture {
        key: Option<u8>,
        own_id: bool,
    },
    /// Opens a scope whose guard lives until it is closed.
    Open {
        fresh: bool,
    },
    /// Drops one of the guards that live.
    Close(u8),
    /// Runs steps in a context.
    Nested {
        fresh: bool,
        steps: Vec<Step>,
    },
    Panicking {
        fresh: bool,
        steps: Vec<Step>,
    },
}

fn program() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..5_u8;
    let leaf = prop_oneof![
        3 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Tag(key, value)),
        1 => any::<u8>().prop_map(Step::Identify),
        1 => any::<u8>().prop_map(Step::Session),
        1 => any::<u8>().prop_map(Step::Device),
        3 => (proptest::option::of(key), any::<bool>()).prop_map(|(key, own_id)| Step::Capture { key, own_id }),
        1 => prop_oneof![4 => Just(false), 1 => Just(true)].prop_map(|fresh| Step::Open { fresh }),
        2 => any::<u8>().prop_map(Step::Close),
    ];
    let step = leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            4 => (prop_oneof![3 => Just(false), 1 => Just(true)], vec(inner.clone(), 0..6)).prop_map(|(fresh, steps)| Step::Nested { fresh, steps }),
            1 => (any::<bool>(), vec(inner, 0..4)).prop_map(|(fresh, steps)| Step::Panicking { fresh, steps }),
        ]
    });
    vec(step, 0..10)
}

fn session(n: u8) -> String {
    format!("0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b{n:02x}")
}

/// What a capture has to show: distinct ID (none: personless), session ID, device ID, tags, and the property given.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    ids: [Option<String>; 3],
    properties: Map<String, Value>,
    tags: Vec<String>,
}

// ---- the model

#[derive(Clone, Default)]
struct State {
    tags: Map<String, Value>,
    ids: [Option<String>; 3],
}

/// The contexts that are open, the last of which is current, each with all that is seen in it.
#[derive(Default)]
struct Model {
    open: Vec<(usize, State)>,
    made: usize,
    guards: Vec<usize>,
    seen: Vec<Seen>,
    /// A guard does not outlive the future in which it was made.
    guards_end_with_their_block: bool,
}

impl Model {
    fn enter(&mut self, fresh: bool) -> usize {
        let state = if fresh {
            State::default()
        } else {
            self.open
                .last()
                .map(|(_, state)| state.clone())
                .unwrap_or_default()
        };
        self.made += 1;
        self.open.push((self.made, state));
        self.made
    }

    fn leave(&mut self, id: usize) {
        self.open.retain(|(open, _)| *open != id);
    }

    fn change(&mut self, f: impl FnOnce(&mut State)) {
        if let Some((_, state)) = self.open.last_mut() {
            f(state);
        }
    }

    fn run(&mut self, steps: &[Step]) {
        let guards_before = self.guards.len();
        for step in steps {
            match step {
                Step::Tag(key, value) => {
                    self.change(|state| drop(state.tags.insert(format!("k{key}"), json!(value))));
                }
                Step::Identify(id) => self.change(|state| state.ids[0] = Some(format!("u-{id}"))),
                Step::Session(id) => self.change(|state| state.ids[1] = Some(session(*id))),
                Step::Device(id) => self.change(|state| state.ids[2] = Some(format!("d-{id}"))),
                Step::Capture { key, own_id } => {
                    let State { tags, mut ids } = self
                        .open
                        .last()
                        .map(|(_, state)| state.clone())
                        .unwrap_or_default();
                    let mut properties = tags.clone();
                    properties.extend(key.map(|key| (format!("k{key}"), json!("own"))));
                    if *own_id {
                        ids[0] = Some("u-own".to_owned());
                    }
                    let mut tags: Vec<_> = tags.keys().cloned().collect();
                    tags.sort();
                    self.seen.push(Seen {
                        ids,
                        properties,
                        tags,
                    });
                }
                Step::Open { fresh } => {
                    let guard = self.enter(*fresh);
                    self.guards.push(guard);
                }
                Step::Close(n) => {
                    let from = if self.guards_end_with_their_block {
                        guards_before
                    } else {
                        0
                    };
                    let live = self.guards.len() - from;
                    if live > 0 {
                        let guard = self.guards.remove(from + usize::from(*n) % live);
                        self.leave(guard);
                    }
                }
                Step::Nested { fresh, steps } | Step::Panicking { fresh, steps } => {
                    let id = self.enter(*fresh);
                    self.run(steps);
                    self.leave(id);
                }
            }
        }
        if self.guards_end_with_their_block {
            for guard in self.guards.split_off(guards_before) {
                self.leave(guard);
            }
        }
    }
}

fn expected(steps: &[Step], in_future: bool) -> Vec<Seen> {
    let mut model = Model {
        guards_end_with_their_block: in_future,
        ..Model::default()
    };
    if in_future {
        model.enter(true);
    }
    model.run(steps);
    model.seen
}

// ---- the SDK

/// Everything but what opens a context.
fn plain(step: &Step, guards: &mut Vec<Scope>) {
    match step {
        Step::Tag(key, value) => tag(format!("k{key}"), value),
        Step::Identify(id) => identify_context(format!("u-{id}")),
        Step::Session(id) => set_context_session(session(*id)).expect("a UUIDv7"),
        Step::Device(id) => set_context_device_id(format!("d-{id}")),
        Step::Capture { key, own_id } => {
            // The device ID is no property; it is read where the event is captured.
            let mut event = Event::new("e").property("device", Context::current().device_id());
            if let Some(key) = key {
                event = event.property(format!("k{key}"), "own");
            }
            if *own_id {
                event = event.distinct_id("u-own");
            }
            capture(event);
        }
        Step::Open { fresh } => guards.push(new_context().fresh(*fresh).enter()),
        Step::Close(n) => {
            if !guards.is_empty() {
                let guard = guards.remove(usize::from(*n) % guards.len());
                match n / 64 {
                    // Inside the poll of a future with a context of its own, or as that is cancelled: all the same.
                    0 => drop(poll(pin!(new_context().wrap(async { drop(guard) })))),
                    1 => {
                        let mut cancelled = Box::pin(new_context().wrap(async {
                            let _guard = guard;
                            std::future::pending::<()>().await;
                        }));
                        assert!(poll(cancelled.as_mut()).is_pending());
                    }
                    _ => drop(guard),
                }
            }
        }
        Step::Nested { .. } | Step::Panicking { .. } => {}
    }
}

fn run(steps: &[Step], guards: &mut Vec<Scope>) {
    for step in steps {
        match step {
            Step::Nested { fresh, steps } => new_context().fresh(*fresh).run(|| run(steps, guards)),
            Step::Panicking { fresh, steps } => {
                let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    new_context()
                        .fresh(*fresh)
                        .capture_exceptions(false)
                        .run(|| {
                            run(steps, guards);
                            // No hook, no text on the console: only the unwinding counts here.
                            std::panic::resume_unwind(Box::new("unwinds"));
                        });
                }));
                assert!(unwound.is_err());
            }
            step => plain(step, guards),
        }
    }
}

/// The same program as a future that yields after each step.
fn run_async(steps: &[Step]) -> Pin<Box<dyn Future<Output = ()> + '_>> {
    Box::pin(async move {
        let mut guards = Vec::new();
        for step in steps {
            match step {
                Step::Nested { fresh, steps } | Step::Panicking { fresh, steps } => {
                    new_context().fresh(*fresh).wrap(run_async(steps)).await;
                }
                step => plain(step, &mut guards),
            }
            yield_now().await;
        }
    })
}

/// The same without guards, which stay on their thread.
fn run_sendable(steps: Vec<Step>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        for step in steps {
            match step {
                Step::Nested { fresh, steps } | Step::Panicking { fresh, steps } => {
                    new_context().fresh(fresh).wrap(run_sendable(steps)).await;
                }
                step => plain(&step, &mut Vec::new()),
            }
            yield_now().await;
        }
    })
}

fn without_guards(steps: &[Step]) -> Vec<Step> {
    let kept = steps
        .iter()
        .filter(|step| !matches!(step, Step::Open { .. } | Step::Close(_)));
    kept.map(|step| match step {
        Step::Nested { fresh, steps } | Step::Panicking { fresh, steps } => Step::Nested {
            fresh: *fresh,
            steps: without_guards(steps),
        },
        step => step.clone(),
    })
    .collect()
}

fn seen(event: &CapturedEvent) -> Seen {
    let mut properties = event.properties.clone();
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let personless = properties.remove("$process_person_profile") == Some(json!(false));
    let distinct = (!personless).then(|| event.distinct_id.clone());
    let ids = [
        distinct,
        text(properties.remove("$session_id")),
        text(properties.remove("device")),
    ];
    let tags = properties
        .remove("$context_tags")
        .map(|tags| serde_json::from_value(tags).expect("texts"))
        .unwrap_or_default();
    properties.retain(|key, _| !key.starts_with('$'));
    Seen {
        ids,
        properties,
        tags,
    }
}

fn all(events: &[CapturedEvent]) -> Vec<Seen> {
    events.iter().map(seen).collect()
}

fn check(programs: u32, test: impl Fn(Vec<Step>, Vec<Step>)) {
    let config = Config {
        cases: programs,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&(program(), program()), |(a, b)| {
        test(a, b);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn ctx_4_ten_thousand_programs_agree_with_a_list_of_maps() {
    check(5000, |a, b| {
        for steps in [a, b] {
            let events = record(|| {
                let mut guards = Vec::new();
                run(&steps, &mut guards);
                drop(guards);
                assert!(Context::current().tags().is_empty(), "everything is closed");
            });
            assert_eq!(all(&events), expected(&steps, false));
        }
    });
}

#[test]
fn ctx_84_two_programs_interleaved_on_one_thread_agree_with_the_model() {
    check(1500, |a, b| {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let mut futures = [&a, &b].map(|steps| {
            Box::pin(record_async(
                new_context().fresh(true).wrap(run_async(steps)),
            ))
        });
        let [one, two] = &mut futures;
        let mut done = [false; 2];
        while done != [true; 2] {
            if !done[0]
                && let Poll::Ready(events) = poll(one.as_mut())
            {
                (first, done[0]) = (events, true);
            }
            if !done[1]
                && let Poll::Ready(events) = poll(two.as_mut())
            {
                (second, done[1]) = (events, true);
            }
            assert!(
                Context::current().tags().is_empty(),
                "nothing is left between polls"
            );
        }
        assert_eq!(
            (all(&first), all(&second)),
            (expected(&a, true), expected(&b, true))
        );
    });
}

#[test]
fn ctx_76_programs_moved_between_threads_agree_with_the_model() {
    // Two threads hand the futures to and fro, so that every poll is on another thread than the one before.
    type Sent = Pin<Box<dyn Future<Output = Vec<CapturedEvent>> + Send>>;
    let (there, receiver) = std::sync::mpsc::channel::<Sent>();
    let (back, returned) = std::sync::mpsc::channel::<Result<Vec<CapturedEvent>, Sent>>();
    let other = thread::spawn(move || {
        for mut future in receiver {
            let noise = new_context().tag("noise", 1).enter();
            let polled = poll(future.as_mut());
            drop(noise);
            let sent = match polled {
                Poll::Ready(events) => back.send(Ok(events)),
                Poll::Pending => back.send(Err(future)),
            };
            sent.expect("the test waits");
        }
    });
    check(750, |a, b| {
        for steps in [without_guards(&a), without_guards(&b)] {
            let mut future: Sent = Box::pin(record_async(
                new_context().fresh(true).wrap(run_sendable(steps.clone())),
            ));
            let events = loop {
                match poll(future.as_mut()) {
                    Poll::Ready(events) => break events,
                    Poll::Pending => there.send(future).expect("the thread waits"),
                }
                match returned.recv().expect("the thread answers") {
                    Ok(events) => break events,
                    Err(pending) => future = pending,
                }
            };
            assert_eq!(all(&events), expected(&steps, true));
        }
    });
    drop(there);
    other.join().expect("it ends well");
}
