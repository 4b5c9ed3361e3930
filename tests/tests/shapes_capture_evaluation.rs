//! `capture!`: what is evaluated, when, how often, and that arguments are ordinary code.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{
    Client, Options, capture, context,
    testing::{Memory, record},
};
use serde_json::json;
use std::{cell::RefCell, collections::BTreeMap, fmt, future::Future, sync::Arc};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{block_on, pause};

/// Notes what is evaluated, in order.
#[derive(Default)]
struct Notes(RefCell<Vec<&'static str>>);

impl Notes {
    fn note(&self, what: &'static str) -> &'static str {
        self.0.borrow_mut().push(what);
        what
    }

    fn taken(&self) -> Vec<&'static str> {
        self.0.take()
    }
}

fn captures_everything(notes: &Notes) {
    capture!(
        notes.note("name"),
        a = notes.note("a"),
        distinct_id = notes.note("id"),
        object = { "x": notes.note("x"), (notes.note("key")): [notes.note("y"), null] },
        ..BTreeMap::from([("k", notes.note("spread"))]),
        (notes.note("computed")) = notes.note("value"),
        text = %notes.note("text"),
        disable_geoip = notes.note("geoip").is_empty(),
        set = { "s": notes.note("set") },
    );
}

const ALL: [&str; 12] = [
    "name", "a", "id", "x", "key", "y", "spread", "computed", "value", "text", "geoip", "set",
];

#[test]
fn arguments_are_evaluated_once_from_left_to_right() {
    let notes = Notes::default();
    record(|| captures_everything(&notes));
    assert_eq!(notes.taken(), ALL);
}

#[test]
fn nothing_is_evaluated_when_no_client_listens() {
    let notes = Notes::default();
    captures_everything(&notes);
    assert_eq!(notes.taken(), [""; 0]);
}

#[test]
fn with_a_client_only_the_client_is_evaluated_when_it_does_not_listen() {
    let client = |disabled| {
        let options = Options::new("phc_x").disabled(disabled);
        Client::with_transport(options, Arc::new(Memory::default())).expect("a client")
    };
    let (enabled, disabled) = (client(false), client(true));
    let notes = Notes::default();
    let chosen = |client| {
        notes.note("client");
        client
    };
    let captured = capture!(
        notes.note("name"),
        a = notes.note("a"),
        client = &disabled,
        distinct_id = notes.note("id")
    );
    assert_eq!((captured, notes.taken()), (None, vec![]));
    // The client comes first, wherever it stands: it decides about the rest.
    assert!(
        capture!(
            notes.note("name"),
            a = notes.note("a"),
            client = chosen(&disabled)
        )
        .is_none()
    );
    assert_eq!(notes.taken(), ["client"]);
    assert!(
        capture!(
            notes.note("name"),
            a = notes.note("a"),
            client = chosen(&enabled)
        )
        .is_some()
    );
    assert_eq!(notes.taken(), ["client", "name", "a"]);
}

#[test]
fn arguments_are_borrowed() {
    struct NotClone(u8);
    impl serde::Serialize for NotClone {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u8(self.0)
        }
    }
    fn given_back(text: String, list: Vec<u8>, value: NotClone) -> (String, Vec<u8>, NotClone) {
        capture!(text, text, list, "length" = list.len(), value, nested = { "value": value }, distinct_id = text);
        (text, list, value)
    }
    // What is moved in an argument is moved only if the argument is evaluated, and the compiler knows no better.
    fn moved(text: String) {
        capture!("e", bytes = text.into_bytes());
    }
    let events = record(|| {
        given_back("a".into(), vec![1], NotClone(2));
        moved("b".into());
    });
    assert_eq!(events[0].properties["nested"], json!({ "value": 2 }));
    assert_eq!(events[1].properties["bytes"], json!([98]));
}

#[test]
fn a_temporary_lives_as_long_as_its_argument() {
    let cell = RefCell::new(1);
    let events = record(|| {
        capture!(
            "e",
            a = *cell.borrow(),
            b = {
                *cell.borrow_mut() += 1;
                *cell.borrow()
            }
        )
    });
    assert_eq!(
        (&events[0].properties["a"], &events[0].properties["b"]),
        (&json!(1), &json!(2))
    );
}

#[test]
fn exits_in_arguments_mean_what_they_mean_outside() {
    fn exits(first: Option<u32>) -> Option<u32> {
        for turn in 0..4 {
            capture!(
                "turn",
                first = first?,
                turn = if turn == 1 { continue } else { turn },
                last = {
                    if turn == 3 {
                        return None;
                    }
                    1
                },
            );
        }
        Some(1)
    }
    fn breaks() -> usize {
        let mut turns = 0;
        loop {
            turns += 1;
            capture!("e", nested = { "a": [if turns == 3 { break turns } else { turns }] });
        }
    }
    let turns = |first| {
        let events = record(|| exits(first));
        events
            .iter()
            .map(|event| event.properties["turn"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(turns(Some(5)), [json!(0), json!(2)]);
    assert_eq!(turns(None), [json!(null); 0]);
    // Nobody listens: no argument, no exit.
    assert_eq!(exits(None), Some(1));
    assert_eq!(record(|| assert_eq!(breaks(), 3)).len(), 2);
}

#[test]
fn an_await_in_arguments_keeps_the_future_send() {
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    async fn length(text: &str) -> Result<usize, fmt::Error> {
        pause().await;
        if text.is_empty() {
            Err(fmt::Error)
        } else {
            Ok(text.len())
        }
    }
    async fn captures(text: String) -> Result<u32, fmt::Error> {
        capture!(
            "e",
            a = length(&text).await?,
            object = { "x": [length("xy").await?, 3] },
            distinct_id = { pause().await; &text },
        );
        pause().await;
        Ok(1)
    }
    let events = record(|| assert_eq!(block_on(is_send(captures("abc".into()))), Ok(1)));
    let properties = &events[0].properties;
    assert_eq!(
        (&properties["a"], &properties["object"]),
        (&json!(3), &json!({ "x": [2, 3] }))
    );
    assert_eq!(record(|| block_on(captures(String::new()))), []);
}

#[test]
fn it_is_an_expression_of_any_place() {
    fn tail() -> Option<uuid::Uuid> {
        capture!("tail")
    }
    fn arm(n: u8) {
        match n {
            0 => drop(capture!("arm")),
            _ => {
                capture!("block");
            }
        }
    }
    let closure = |total: u8| capture!("closure", total).is_some();
    let events = record(|| {
        assert!(tail().is_some());
        arm(0);
        arm(1);
        assert!(closure(1));
        if capture!("condition").is_some() && capture!("and").is_some() {
            let nested = capture!("outer", inner = capture!("inner").is_some());
            assert!(nested.is_some());
        }
        context! { <fresh> capture!("value") }
    });
    let names: Vec<_> = events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(
        names,
        [
            "tail",
            "arm",
            "block",
            "closure",
            "condition",
            "and",
            "inner",
            "outer",
            "value"
        ]
    );
}
