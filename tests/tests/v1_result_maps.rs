//! Random answers of V1: whatever the service says, each event ends in one way, and is told of once if it is lost.

mod support;

use posthog::{
    CaptureMode, Client, Clock, Event, Options, Request, Response, Transport, TransportError,
    testing::TestClock,
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_oneof},
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use support::{body, eventually, header, start};

/// What a request meets.
#[derive(Clone, Debug)]
enum Meets {
    /// A result for each of its events in turn, as long as there are some.
    Results(Vec<Said>),
    Unavailable,
    Lost,
    Nonsense,
}

/// What is said of an event.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Said {
    Ok,
    Warning,
    Nothing,
    Unknown,
    NoObject,
    Drop,
    Retry,
}

impl Said {
    fn json(self) -> Option<Value> {
        let result =
            |name: &str| Some(json!({ "result": name, "details": format!("{name} it is") }));
        match self {
            Self::Ok => Some(json!({ "result": "ok" })),
            Self::Warning => result("warning"),
            Self::Nothing => None,
            Self::Unknown => result("limited"),
            Self::NoObject => Some(json!(7)),
            Self::Drop => result("drop"),
            Self::Retry => result("retry"),
        }
    }
}

#[derive(Clone, Debug)]
struct Plan {
    events: usize,
    max_batch_size: usize,
    max_retries: u32,
    answers: Vec<Meets>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let said = prop_oneof![
        4 => Just(Said::Retry),
        2 => Just(Said::Ok),
        2 => Just(Said::Drop),
        1 => Just(Said::Warning),
        1 => Just(Said::Nothing),
        1 => Just(Said::Unknown),
        1 => Just(Said::NoObject),
    ];
    let meets = prop_oneof![
        8 => vec(said, 0..8).prop_map(Meets::Results),
        1 => Just(Meets::Unavailable),
        1 => Just(Meets::Lost),
        1 => Just(Meets::Nonsense),
    ];
    (1..16_usize, 1..8_usize, 0..4_u32, vec(meets, 0..24)).prop_map(
        |(events, max_batch_size, max_retries, answers)| Plan {
            events,
            max_batch_size,
            max_retries,
            answers,
        },
    )
}

/// How one event fares, as a model has it that knows only what went over the wire.
#[derive(Clone, PartialEq, Debug)]
enum Fate {
    Delivered,
    /// Lost, with the reason if the service gave one.
    Lost(Option<String>),
    /// To be sent again, if attempts are left.
    Open,
}

#[derive(Default)]
struct Service {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answers: std::vec::IntoIter<Meets>,
    fates: BTreeMap<String, Fate>,
    faults: Vec<String>,
}

impl Service {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Service {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut state = self.state();
        let batch = body(request)["batch"].as_array().cloned();
        let uuid = |event: &Value| event["uuid"].as_str().unwrap_or_default().to_owned();
        let uuids: Vec<String> = batch.unwrap_or_default().iter().map(uuid).collect();
        let is_first = header(request, "PostHog-Attempt") == Some("1");
        for uuid in &uuids {
            let fate = state.fates.get(uuid).cloned();
            if fate != (!is_first).then_some(Fate::Open) {
                let fault = format!("{uuid} is sent although it is {fate:?}");
                state.faults.push(fault);
            }
        }
        let (fate, answer) = match state.answers.next().unwrap_or(Meets::Results(Vec::new())) {
            Meets::Results(said) => {
                let mut results = Map::new();
                for (n, uuid) in uuids.into_iter().enumerate() {
                    let said = said.get(n).copied().unwrap_or(Said::Ok);
                    let fate = match said {
                        Said::Drop => Fate::Lost(Some("drop it is".to_owned())),
                        Said::Retry => Fate::Open,
                        _ => Fate::Delivered,
                    };
                    results.extend(said.json().map(|said| (uuid.clone(), said)));
                    state.fates.insert(uuid, fate);
                }
                // Of an event that was never sent.
                results.insert(
                    "0197b0aa-51c0-7c44-8f11-a7d0c1b2e3f4".into(),
                    json!({ "result": "retry" }),
                );
                let body = json!({ "results": results }).to_string();
                return Ok(Response::new(200).with_body(body));
            }
            Meets::Unavailable => (Fate::Open, Ok(Response::new(503))),
            Meets::Lost => {
                let reason = "reset".to_owned();
                (Fate::Open, Err(TransportError::Connection { reason }))
            }
            Meets::Nonsense => (Fate::Lost(None), Ok(Response::new(200).with_body("yes"))),
        };
        let fates = uuids.into_iter().map(|uuid| (uuid, fate.clone()));
        state.fates.extend(fates);
        answer
    }
}

fn holds(plan: &Plan) {
    let service = Arc::new(Service::default());
    service.state().answers = plan.answers.clone().into_iter();
    let clock = Arc::new(TestClock::starting_at(start()));
    let told = Arc::<Mutex<BTreeMap<String, Vec<Option<String>>>>>::default();
    let noted = Arc::clone(&told);
    let options = Options::new("phc_test")
        .capture_mode(CaptureMode::V1)
        .max_batch_size(plan.max_batch_size)
        .max_retries(plan.max_retries)
        .shutdown_timeout(Duration::ZERO)
        .on_error(move |failure| {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            for event in &failure.events {
                let told = noted.entry(event.uuid.to_string()).or_default();
                told.push(event.details.clone());
            }
        });
    let client = Client::with_clock(
        options,
        Arc::clone(&service) as Arc<dyn Transport>,
        Arc::clone(&clock) as Arc<dyn Clock>,
    );
    let client = client.expect("options in order");
    for n in 0..plan.events {
        assert!(client.capture(Event::new(format!("{n}"))).is_some());
    }
    let _ = client.flush(Duration::ZERO);
    eventually(|| {
        clock.advance(Duration::from_secs(31));
        client.stats().pending() == 0
    });
    let state = service.state();
    assert_eq!(state.faults, Vec::<String>::new());
    assert_eq!(state.fates.len(), plan.events);
    let delivered = state
        .fates
        .values()
        .filter(|fate| **fate == Fate::Delivered);
    let books = client.stats();
    let delivered = delivered.count() as u64;
    assert_eq!(books.delivered, delivered);
    assert_eq!(books.failed, plan.events as u64 - delivered);
    // Whatever is open still was so after the last attempt.
    let expected: BTreeMap<String, Vec<Option<String>>> = state
        .fates
        .iter()
        .filter_map(|(uuid, fate)| match fate {
            Fate::Delivered => None,
            Fate::Lost(details) => Some((uuid.clone(), vec![details.clone()])),
            Fate::Open => Some((uuid.clone(), vec![None])),
        })
        .collect();
    let told = || told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    eventually(|| told().len() == expected.len());
    assert_eq!(told(), expected);
}

#[test]
fn dlv_118_and_120_hold_for_any_answers() {
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&plan(), |plan| {
            holds(&plan);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
