//! What captures take from the context (contexts.md, section 5).

#[path = "support/captured.rs"]
mod captured;

use captured::{one, own};
use posthog::{
    Client, Context, Event, Options, Properties, capture, identify_context, new_context,
    set_context_device_id, set_context_session, tag,
    testing::{self, Memory},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const SESSION: &str = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11";

#[test]
fn ctx_3_the_context_counts_for_every_client() {
    let memories: [Arc<Memory>; 2] = Default::default();
    let clients = memories
        .each_ref()
        .map(|memory| Client::with_transport("phc_x", memory.clone()).expect("a client"));
    // The context's own client is for failures only.
    new_context()
        .tag("tenant", "t-7")
        .distinct_id("u-1")
        .client(&clients[0])
        .run(|| {
            for client in &clients {
                client.capture("e");
                client.flush(Duration::from_secs(10)).expect("delivered");
            }
        });
    for memory in memories {
        let requests = memory.requests();
        let body: Value =
            serde_json::from_slice(&requests[0].body).expect("a small body is plain JSON");
        let event = &body["batch"][0];
        assert_eq!(
            (
                requests.len(),
                &event["distinct_id"],
                &event["properties"]["tenant"]
            ),
            (1, &json!("u-1"), &json!("t-7"))
        );
    }
}

#[test]
fn ctx_45_a_capture_reads_the_context_at_the_call() {
    let events = testing::record(|| {
        new_context().run(|| {
            tag("k", 1);
            capture("first");
            tag("k", 2);
            identify_context("u-2");
            capture("second");
        });
    });
    assert_eq!(
        (own(&events[0])["k"].clone(), own(&events[1])["k"].clone()),
        (json!(1), json!(2))
    );
    assert_eq!(events[1].distinct_id, "u-2");
}

#[test]
fn ctx_46_the_calls_id_beats_the_contexts_and_without_either_the_event_is_personless() {
    let id = |event: Event| {
        one(|| {
            new_context()
                .distinct_id("u-context")
                .run(|| capture(event))
        })
        .distinct_id
    };
    assert_eq!(id(Event::new("e").distinct_id("u-call")), "u-call");
    assert_eq!(id(Event::new("e").distinct_id(" ")), "u-context");
    assert_eq!(id(Event::new("e")), "u-context");
    let personless = one(|| capture("e"));
    assert_eq!(
        personless
            .distinct_id
            .parse::<uuid::Uuid>()
            .expect("a UUID")
            .get_version_num(),
        7
    );
    assert_eq!(
        personless.properties["$process_person_profile"],
        json!(false)
    );
    let chosen = one(|| capture(Event::new("e").process_person_profile(true)));
    assert_eq!(chosen.properties["$process_person_profile"], json!(true));
}

#[test]
fn ctx_47_tags_become_properties_unless_the_call_has_one_of_that_key() {
    let events = testing::record(|| {
        new_context().tag("a", "tag").tag("b", "tag").run(|| {
            capture(Event::new("e").property("b", "call"));
            capture("e");
        });
    });
    assert_eq!(
        (&events[0].properties["a"], &events[0].properties["b"]),
        (&json!("tag"), &json!("call"))
    );
    assert_eq!(
        events[1].properties["b"],
        json!("tag"),
        "the context is unchanged"
    );
}

#[test]
fn ctx_48_the_session_is_added_unless_a_property_or_a_tag_says_otherwise() {
    let session = |context: posthog::NewContext, event: Event| {
        one(|| context.run(|| capture(event)))
            .properties
            .get("$session_id")
            .cloned()
    };
    let context = || new_context().session_id(SESSION);
    assert_eq!(session(context(), Event::new("e")), Some(json!(SESSION)));
    assert_eq!(
        session(context(), Event::new("e").property("$session_id", "s-1")),
        Some(json!("s-1"))
    );
    assert_eq!(
        session(context(), Event::new("e").session_id("s-2")),
        Some(json!("s-2"))
    );
    assert_eq!(
        session(context().tag("$session_id", "s-tag"), Event::new("e")),
        Some(json!("s-tag"))
    );
    assert_eq!(session(new_context(), Event::new("e")), None);
}

#[test]
fn ctx_49_context_tags_lists_the_keys_sorted_if_there_are_any() {
    let keys = |context: posthog::NewContext, event: Event| {
        one(|| context.run(|| capture(event)))
            .properties
            .get("$context_tags")
            .cloned()
    };
    let context = || {
        new_context()
            .tag("b", 1)
            .tag("a!", 1)
            .tag("a", 1)
            .tag("ä\"", 1)
    };
    assert_eq!(
        keys(context(), Event::new("e")),
        Some(json!(["a", "a!", "b", "ä\""]))
    );
    assert_eq!(
        keys(context(), Event::new("e").property("b", 2)),
        Some(json!(["a", "a!", "b", "ä\""]))
    );
    assert_eq!(
        keys(context(), Event::new("e").property("$context_tags", "mine")),
        Some(json!("mine"))
    );
    assert_eq!(keys(new_context(), Event::new("e")), None);
}

#[test]
fn ctx_50_an_explicit_session_is_kept_even_if_it_is_empty() {
    let event = one(|| {
        new_context()
            .session_id(SESSION)
            .run(|| capture(Event::new("e").property("$session_id", "")))
    });
    assert_eq!(event.properties["$session_id"], json!(""));
}

#[test]
fn ctx_51_the_device_id_is_no_property() {
    let event = one(|| {
        new_context().run(|| {
            set_context_device_id("d-1");
            capture("e");
        });
    });
    assert_eq!(own(&event), json!({ "$process_person_profile": false }));
}

#[test]
fn ctx_52_a_capture_takes_identity_session_and_tags() {
    // The example of the contract.
    let event = one(|| {
        new_context().tag("tenant", "t-7").tag("step", 1).run(|| {
            identify_context("u-1");
            set_context_session(SESSION).expect("a UUIDv7");
            new_context().tag("step", 2).run(|| {
                capture(Event::new("invoice sent").property("amount", 12.5));
            });
        });
    });
    assert_eq!(
        (event.event.as_str(), event.distinct_id.as_str()),
        ("invoice sent", "u-1")
    );
    let expected = json!({
        "tenant": "t-7",
        "step": 2,
        "amount": 12.5,
        "$context_tags": ["step", "tenant"],
        "$session_id": SESSION,
    });
    assert_eq!(own(&event), expected);
}

#[test]
fn ctx_53_context_state_never_enters_person_properties() {
    let event = one(|| {
        new_context()
            .tag("tenant", "t-7")
            .session_id(SESSION)
            .run(|| {
                capture(
                    Event::new("e")
                        .set(json!({ "plan": "free" }))
                        .set_once(json!({ "first": 1 })),
                );
            });
    });
    assert_eq!(
        (&event.properties["$set"], &event.properties["$set_once"]),
        (&json!({ "plan": "free" }), &json!({ "first": 1 }))
    );
}

#[test]
fn remembered_tags_are_never_stale() {
    let events = testing::record(|| {
        new_context().tag("outer", 0).run(|| {
            for n in 0..3 {
                tag("n", n);
                capture("a");
                new_context().run(|| {
                    capture("b");
                    tag("inner", n);
                    capture("c");
                });
            }
        });
    });
    let tags: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.event.as_str(),
                event.properties["n"].clone(),
                event.properties.get("inner").cloned(),
            )
        })
        .collect();
    for n in 0..3 {
        let expected = [
            ("a", json!(n), None),
            ("b", json!(n), None),
            ("c", json!(n), Some(json!(n))),
        ];
        assert_eq!(tags[3 * n..3 * n + 3], expected);
    }
}

#[test]
fn a_recording_sees_handles_attached_elsewhere_and_explicit_clients() {
    let client = Client::new(Options::new("phc_x").host("http://127.0.0.1:9")).expect("a client");
    let events = testing::record(|| {
        client.capture("through a client");
        new_context().tag("k", 1).run(|| {
            let context = Context::current();
            let worker = std::thread::spawn(move || {
                capture("not attached");
                let _scope = context.attach();
                capture("attached");
                new_context()
                    .fresh(true)
                    .run(|| capture("attached and fresh"));
            });
            worker.join().expect("it ends well");
        });
    });
    let names: Vec<_> = events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(
        names,
        ["through a client", "attached", "attached and fresh"]
    );
    assert_eq!(
        (&events[1].properties["k"], events[2].properties.get("k")),
        (&json!(1), None)
    );
    assert_eq!(client.stats().admitted, 0);
}

#[test]
fn recordings_of_parallel_tests_do_not_see_each_other() {
    let threads = (0..8).map(|n| {
        std::thread::spawn(move || {
            for _ in 0..50 {
                let events = testing::record(|| {
                    for m in 0..20 {
                        capture(Event::new(format!("{n} {m}")));
                    }
                });
                let expected: Vec<_> = (0..20).map(|m| format!("{n} {m}")).collect();
                assert_eq!(
                    events
                        .iter()
                        .map(|event| event.event.clone())
                        .collect::<Vec<_>>(),
                    expected
                );
            }
        })
    });
    threads
        .collect::<Vec<_>>()
        .into_iter()
        .for_each(|thread| thread.join().expect("no other events"));
}

#[test]
fn a_recording_is_no_context() {
    let event = one(|| {
        tag("outside", 1);
        identify_context("u-outside");
        capture(Event::new("e").properties(&Properties::new()));
    });
    assert_eq!(own(&event), json!({ "$process_person_profile": false }));
}
