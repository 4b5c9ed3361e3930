//! The tree of contexts: what is seen where (contexts.md, sections 1 to 4).

use posthog::{
    Context, Scope, SessionId, identify_context, new_context, set_context_device_id,
    set_context_session, tag,
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
    thread,
};

const SESSION: &str = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11";

fn tags() -> Value {
    Context::current().tags().into()
}

fn ids() -> [Option<String>; 3] {
    let context = Context::current();
    [
        context.distinct_id(),
        context.session_id(),
        context.device_id(),
    ]
}

fn panic_in(f: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err(), "it panics");
}

#[test]
fn ctx_1_a_context_holds_tags_and_three_ids_all_unset_at_first() {
    new_context().run(|| {
        assert_eq!((tags(), ids()), (json!({}), [None, None, None]));
        tag("k", 1);
        identify_context("u-1");
        set_context_session(SESSION).expect("a UUIDv7");
        set_context_device_id("d-1");
        let all = ["u-1", SESSION, "d-1"].map(|id| Some(id.to_owned()));
        assert_eq!((tags(), ids()), (json!({ "k": 1 }), all));
    });
}

#[test]
fn ctx_2_each_thread_has_its_own_current_context() {
    new_context().tag("here", true).run(|| {
        let other = thread::spawn(|| new_context().tag("there", true).run(tags));
        assert_eq!(
            other.join().expect("it ends well"),
            json!({ "there": true })
        );
        assert_eq!(tags(), json!({ "here": true }));
    });
    assert_eq!(tags(), json!({}));
}

#[test]
fn ctx_4_a_handle_keeps_what_it_saw() {
    new_context().run(|| {
        tag("k", 1);
        let before = Context::current();
        tag("k", 2);
        tag("l", 1);
        identify_context("u-2");
        assert_eq!(Value::from(before.tags()), json!({ "k": 1 }));
        assert_eq!(before.distinct_id(), None);
        assert_eq!(tags(), json!({ "k": 2, "l": 1 }));
        let attached = before.attach();
        assert_eq!((tags(), ids()[0].as_deref()), (json!({ "k": 1 }), None));
        drop(attached);
        assert_eq!(tags(), json!({ "k": 2, "l": 1 }));
    });
}

#[test]
fn ctx_4_a_child_opened_from_then_on_sees_the_change_and_one_opened_earlier_does_not() {
    let outer = new_context().tag("k", 1).enter();
    let early = new_context().wrap(std::future::poll_fn(|_| Poll::Ready(tags())));
    tag("k", 2);
    let late = new_context().wrap(std::future::poll_fn(|_| Poll::Ready(tags())));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    assert_eq!(runtime.block_on(early), json!({ "k": 1 }));
    assert_eq!(runtime.block_on(late), json!({ "k": 2 }));
    drop(outer);
}

#[test]
fn ctx_5_handles_are_shared_between_threads() {
    fn assert_shared<T: Send + Sync + Clone>() {}
    assert_shared::<Context>();
}

#[test]
fn ctx_5_no_lock_is_held_while_a_value_is_serialized() {
    struct Busy;
    impl Serialize for Busy {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            tag("from_inside", 1);
            identify_context("u-inside");
            let seen = new_context()
                .tag("deeper", 2)
                .run(|| Context::current().tags());
            seen.serialize(serializer)
        }
    }
    new_context().run(|| {
        tag("busy", Busy);
        assert_eq!(
            tags(),
            json!({ "from_inside": 1, "busy": { "from_inside": 1, "deeper": 2 } })
        );
        assert_eq!(ids()[0].as_deref(), Some("u-inside"));
    });
}

#[test]
fn ctx_5_a_value_that_panics_sets_nothing_and_goes_no_further() {
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in serialize")
        }
    }
    new_context().run(|| {
        tag("a", 1);
        tag("a", Panics);
        tag("b", 2);
        assert_eq!(tags(), json!({ "a": 1, "b": 2 }));
    });
}

#[test]
fn ctx_6_a_tag_is_any_json_value() {
    let values = json!({ "null": null, "text": "é\"\\\n", "number": -1.5e300, "big": u64::MAX, "list": [1, [2]], "map": { "a": { "b": [] } } });
    new_context().run(|| {
        for (key, value) in values.as_object().expect("an object") {
            tag(key, value);
        }
        assert_eq!(tags(), values);
    });
}

#[test]
fn ctx_10_a_new_context_is_current_and_below_the_one_before() {
    let _outer = new_context().tag("outer", 1).enter();
    let _inner = new_context().enter();
    assert_eq!(tags(), json!({ "outer": 1 }));
    tag("inner", 1);
    assert_eq!(tags(), json!({ "outer": 1, "inner": 1 }));
}

#[test]
fn ctx_11_guard_closure_and_future_mean_the_same() {
    let guard = {
        let _scope = new_context().tag("k", 1).enter();
        tags()
    };
    let closure = new_context().tag("k", 1).run(tags);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let future = runtime.block_on(new_context().tag("k", 1).wrap(async { tags() }));
    let fallible = new_context()
        .tag("k", 1)
        .try_run(|| Ok::<_, std::fmt::Error>(tags()));
    assert_eq!(
        [guard, closure, future, fallible.expect("no error")],
        [(); 4].map(|()| json!({ "k": 1 }))
    );
}

#[test]
fn ctx_12_leaving_restores_the_outer_scope_after_a_panic() {
    let _outer = new_context().tag("k", "outer").enter();
    panic_in(|| {
        let _inner = new_context().tag("k", "inner").enter();
        let _innermost = new_context().fresh(true).enter();
        panic!("mid-scope");
    });
    assert_eq!(tags(), json!({ "k": "outer" }));
}

#[test]
fn ctx_12_leaving_restores_the_outer_scope_on_return_question_mark_and_break() {
    fn early(how: &str) -> Option<u32> {
        let _scope = new_context().tag("k", how).enter();
        loop {
            match how {
                "return" => return Some(1),
                "question mark" => None?,
                _ => break,
            }
        }
        Some(2)
    }
    let _outer = new_context().tag("k", "outer").enter();
    for how in ["return", "question mark", "break"] {
        early(how);
        assert_eq!(tags(), json!({ "k": "outer" }), "{how}");
    }
}

#[test]
fn ctx_13_two_contexts_one_after_the_other_share_nothing() {
    new_context().run(|| {
        tag("k", 1);
        identify_context("u-1");
    });
    assert_eq!((tags(), ids()), (json!({}), [None, None, None]));
    new_context().run(|| assert_eq!((tags(), ids()), (json!({}), [None, None, None])));
}

#[test]
fn ctx_13_contexts_that_follow_each_other_see_nothing_of_those_before_whatever_those_did() {
    let fill = |user: &str| {
        new_context().tag("user", user).run(|| {
            tag("deep", user);
            let handle = new_context().device_id(user).run(|| {
                identify_context(user);
                tag(format!("only-{user}"), 1);
                set_context_session(SESSION).expect("a UUIDv7");
                Context::current()
            });
            // Whoever holds a handle keeps what they saw, also while others are opened.
            new_context().run(|| {
                tag("user", "nobody");
                assert_eq!(handle.tags()["user"], user);
            });
            handle
        })
    };
    let handles: Vec<_> = (0..20).map(|n| fill(&format!("u-{n}"))).collect();
    for _ in 0..20 {
        let guards: Vec<_> = (0..12).map(|_| new_context().enter()).collect();
        assert_eq!((tags(), ids()), (json!({}), [None, None, None]));
        tag("mine", 1);
        assert_eq!((tags(), ids()), (json!({ "mine": 1 }), [None, None, None]));
        drop(guards);
    }
    for (n, handle) in handles.iter().enumerate() {
        let user = format!("u-{n}");
        assert_eq!(handle.distinct_id().as_ref(), Some(&user));
        let expected = json!({ "user": user, "deep": user, (format!("only-{user}")): 1 });
        assert_eq!(Value::Object(handle.tags()), expected);
    }
}

#[test]
fn ctx_14_a_million_nested_contexts_neither_overflow_on_lookup_nor_on_drop() {
    fn nested(tagged: bool) {
        let mut scopes: Vec<Scope> = Vec::new();
        for depth in 0..1_000_000 {
            scopes.push(new_context().enter());
            if tagged && depth % 10 == 0 {
                tag("depth", depth);
            } else if tagged {
                identify_context(depth);
            }
        }
        let handle = Context::current();
        let expected = tagged.then(|| "999999".to_owned());
        assert_eq!(handle.distinct_id(), expected);
        assert_eq!(
            tags()["depth"],
            if tagged { json!(999_990) } else { Value::Null }
        );
        // Innermost first, as guards go.
        while scopes.pop().is_some() {}
        assert_eq!(ids()[0], None);
        // The last owner of the whole chain.
        drop(handle);
    }
    let small_stack = thread::Builder::new().stack_size(256 << 10);
    small_stack
        .spawn(|| [true, false].map(nested))
        .expect("a thread")
        .join()
        .expect("no overflow");
}

#[test]
fn ctx_15_a_guard_stays_on_its_thread() {
    // Inherent associated constants win over those of traits: `Send` types would have the first.
    struct Probe<T>(std::marker::PhantomData<T>);
    trait Otherwise {
        const IS_SEND: bool = false;
    }
    impl<T> Otherwise for Probe<T> {}
    impl<T: Send> Probe<T> {
        const IS_SEND: bool = true;
    }
    const { assert!(!Probe::<Scope>::IS_SEND) };
    const { assert!(Probe::<Context>::IS_SEND) };
}

#[test]
fn ctx_16_an_outer_guard_dropped_first_leaves_the_inner_context_current() {
    let a = new_context().tag("k", "a").enter();
    let b = new_context().tag("k", "b").enter();
    let c = new_context().tag("k", "c").enter();
    drop(b);
    assert_eq!(tags(), json!({ "k": "c" }));
    drop(c);
    assert_eq!(tags(), json!({ "k": "a" }));
    let d = new_context().tag("k", "d").enter();
    drop(a);
    assert_eq!(tags(), json!({ "k": "d" }));
    drop(d);
    assert_eq!(tags(), json!({}));
    tag("k", 1);
    assert_eq!(tags(), json!({}), "there is no current context left");
}

#[test]
fn ctx_16_an_inner_context_keeps_what_it_inherits_when_the_outer_guard_is_gone() {
    let outer = new_context().tag("outer", 1).enter();
    let inner = new_context().enter();
    drop(outer);
    assert_eq!(tags(), json!({ "outer": 1 }));
    tag("inner", 1);
    assert_eq!(tags(), json!({ "outer": 1, "inner": 1 }));
    drop(inner);
    assert_eq!(tags(), json!({}));
}

#[test]
fn ctx_16_a_hundred_thousand_guards_dropped_in_the_order_of_entry_take_linear_time() {
    let mut scopes: Vec<_> = (0..100_000)
        .map(|n| new_context().tag("n", n).enter())
        .collect();
    scopes.reverse();
    while let Some(oldest) = scopes.pop() {
        drop(oldest);
        if !scopes.is_empty() && scopes.len().is_multiple_of(10_000) {
            assert_eq!(tags(), json!({ "n": 99_999 }));
        }
    }
    assert_eq!(tags(), json!({}));
}

#[test]
fn ctx_17_contexts_work_before_any_client_exists() {
    assert_eq!(posthog::capture("nobody listens"), None);
    assert_eq!(new_context().tag("k", 1).run(tags), json!({ "k": 1 }));
}

#[test]
fn ctx_18_contexts_work_while_a_thread_unwinds() {
    struct InDrop;
    impl Drop for InDrop {
        fn drop(&mut self) {
            assert_eq!(
                new_context().tag("k", "in drop").run(tags),
                json!({ "k": "in drop" })
            );
            tag("late", 1);
        }
    }
    new_context().tag("k", "outer").run(|| {
        panic_in(|| {
            let _in_drop = InDrop;
            panic!("first");
        });
        assert_eq!(tags(), json!({ "k": "outer", "late": 1 }));
    });
}

#[test]
fn ctx_18_contexts_are_empty_but_harmless_while_a_thread_ends() {
    struct AtTheEnd(RefCell<Option<Scope>>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let scope = new_context().tag("k", 1).enter();
            tag("l", 1);
            identify_context("u-1");
            let seen = tags();
            let all = json!({ "kept": 1, "k": 1, "l": 1 });
            assert!(seen == json!({}) || seen == all, "{seen}");
            drop(Context::current().attach());
            drop(scope);
            self.0.take();
        }
    }
    thread_local! { static LAST: AtTheEnd = const { AtTheEnd(RefCell::new(None)) }; }
    let before = thread::spawn(|| {
        // Made before the SDK's own thread-local, so destroyed after it on some platforms, and before it on others.
        LAST.with(|last| *last.0.borrow_mut() = Some(new_context().tag("kept", 1).enter()));
    });
    before.join().expect("nothing panics in a thread's end");
    let after = thread::spawn(|| {
        let kept = new_context().tag("kept", 1).enter();
        LAST.with(|last| *last.0.borrow_mut() = Some(kept));
    });
    after.join().expect("nothing panics in a thread's end");
}

#[test]
fn ctx_20_ids_are_inherited_one_by_one() {
    new_context()
        .distinct_id("u-outer")
        .device_id("d-outer")
        .run(|| {
            new_context().run(|| {
                identify_context("u-inner");
                set_context_session(SESSION).expect("a UUIDv7");
                assert_eq!(
                    ids(),
                    ["u-inner", SESSION, "d-outer"].map(|id| Some(id.to_owned()))
                );
            });
            assert_eq!(
                ids(),
                [Some("u-outer".to_owned()), None, Some("d-outer".to_owned())]
            );
        });
}

#[test]
fn ctx_21_child_tag_overrides_the_parent_inside_it_only() {
    new_context().tag("a", 1).tag("b", 1).run(|| {
        new_context().tag("b", 2).tag("c", 2).run(|| {
            new_context().run(|| assert_eq!(tags(), json!({ "a": 1, "b": 2, "c": 2 })));
        });
        assert_eq!(tags(), json!({ "a": 1, "b": 1 }));
    });
}

#[test]
fn ctx_22_a_child_never_changes_its_parent() {
    new_context()
        .tag("k", 1)
        .distinct_id("u-1")
        .session_id(SESSION)
        .device_id("d-1")
        .run(|| {
            let before = (tags(), ids());
            new_context().run(|| {
                tag("k", 2);
                tag("new", 2);
                identify_context("u-2");
                set_context_session(SessionId::new_v7()).expect("a UUIDv7");
                set_context_device_id("d-2");
            });
            assert_eq!((tags(), ids()), before);
        });
}

#[test]
fn ctx_23_a_fresh_context_and_its_children_see_nothing_from_above() {
    new_context()
        .tag("k", 1)
        .distinct_id("u-1")
        .session_id(SESSION)
        .device_id("d-1")
        .run(|| {
            new_context().fresh(true).run(|| {
                assert_eq!((tags(), ids()), (json!({}), [None, None, None]));
                tag("own", 1);
                new_context()
                    .run(|| assert_eq!((tags(), ids()), (json!({ "own": 1 }), [None, None, None])));
            });
            new_context()
                .fresh(false)
                .run(|| assert_eq!(tags(), json!({ "k": 1 })));
        });
}

#[test]
fn ctx_24_leaving_a_fresh_context_brings_the_outer_state_back() {
    new_context().tag("k", 1).run(|| {
        new_context()
            .fresh(true)
            .tag("k", 2)
            .run(|| assert_eq!(tags(), json!({ "k": 2 })));
        assert_eq!(tags(), json!({ "k": 1 }));
    });
}

#[test]
fn ctx_26_the_last_write_wins() {
    new_context().run(|| {
        for n in 0..100 {
            tag("k", n);
            identify_context(n);
        }
        assert_eq!(
            (tags(), ids()[0].as_deref()),
            (json!({ "k": 99 }), Some("99"))
        );
    });
}

#[test]
fn ctx_30_there_may_be_any_number_of_tags_and_keys_are_used_verbatim() {
    new_context().run(|| {
        for n in 0..2000 {
            tag(format!("key {n}"), n);
        }
        for key in ["", " ", "$odd", "ключ", "a\"b\\c\n"] {
            tag(key, key);
        }
        let tags = Context::current().tags();
        assert_eq!((tags.len(), &tags["key 1999"]), (2005, &json!(1999)));
        assert_eq!(tags["a\"b\\c\n"], json!("a\"b\\c\n"));
    });
}

#[test]
fn ctx_31_identify_context_sets_the_distinct_id() {
    new_context().run(|| {
        identify_context("u-1");
        assert_eq!(ids()[0].as_deref(), Some("u-1"));
    });
}

#[test]
fn ctx_32_set_context_session_sets_the_session_id() {
    new_context().run(|| {
        let id = uuid::Uuid::now_v7();
        set_context_session(id).expect("a UUIDv7");
        assert_eq!(ids()[1], Some(id.to_string()));
    });
}

#[test]
fn ctx_33_set_context_device_id_sets_the_device_id() {
    new_context().run(|| {
        set_context_device_id("d-1");
        assert_eq!(ids()[2].as_deref(), Some("d-1"));
    });
}

#[test]
fn ctx_34_without_a_context_nothing_is_set_and_nothing_remembered() {
    tag("k", 1);
    identify_context("u-1");
    set_context_device_id("d-1");
    assert_eq!(set_context_session(SESSION), Ok(()));
    assert!(
        set_context_session("no session").is_err(),
        "the argument is checked all the same"
    );
    new_context().run(|| assert_eq!((tags(), ids()), (json!({}), [None, None, None])));
}

#[test]
fn ctx_35_the_tags_are_a_copy() {
    new_context().tag("k", 1).run(|| {
        let mut copy = Context::current().tags();
        copy.insert("k".to_owned(), json!(2));
        assert_eq!(tags(), json!({ "k": 1 }));
    });
    assert!(Context::current().tags().is_empty());
}

#[test]
fn ctx_35_who_looks_at_the_tags_may_set_others_meanwhile() {
    let context = new_context().tag("a", "outer").tag("b", [1, 2]);
    context.run(|| {
        new_context().tag("a", "inner \"quoted\"").run(|| {
            let mut seen = Map::new();
            Context::current().for_each_tag(|key, json| {
                tag("a", "new");
                tag("c", key);
                let value = serde_json::from_str(json).expect("JSON");
                seen.insert(key.to_owned(), value);
            });
            let seen = Value::Object(seen);
            assert_eq!(seen, json!({ "a": "inner \"quoted\"", "b": [1, 2] }));
            assert_eq!(tags()["a"], json!("new"));
        });
    });
    Context::current().for_each_tag(|key, _| panic!("there is no context, but {key}"));
}

#[test]
fn ctx_35_who_looks_at_the_tags_may_leave_all_scopes_or_panic_meanwhile() {
    for panics_at in 0..3 {
        let outer = new_context().tag("a", 1).tag("b", 1).enter();
        let inner = new_context().tag("b", 2).tag("c", "\"").enter();
        let (context, expected) = (Context::current(), tags());
        let (mut scopes, mut seen) = (Some((inner, outer)), Map::new());
        let left = catch_unwind(AssertUnwindSafe(|| {
            context.for_each_tag(|key, json| {
                drop(scopes.take());
                // In the room that the others had, if they were gone.
                let _scope = new_context().tag("a", "x".repeat(99)).enter();
                let value = serde_json::from_str(json).expect("JSON");
                seen.insert(key.to_owned(), value);
                assert_ne!(seen.len(), panics_at);
            });
        }));
        assert_eq!(left.is_err(), panics_at > 0);
        assert_eq!(seen.len(), if panics_at > 0 { panics_at } else { 3 });
        for (key, value) in &seen {
            assert_eq!(*value, expected[key]);
        }
        assert_eq!(Value::Object(context.tags()), expected);
        assert_eq!(tags(), json!({}));
    }
}

#[test]
fn ctx_36_readers_give_the_resolved_values() {
    new_context().distinct_id("u-1").run(|| {
        new_context().run(|| assert_eq!(Context::current().distinct_id().as_deref(), Some("u-1")));
    });
}

#[test]
fn ctx_37_outside_any_context_there_is_no_distinct_id() {
    assert_eq!(Context::current().distinct_id(), None);
}

#[test]
fn ctx_38_blank_ids_are_ignored() {
    new_context().distinct_id("u-1").device_id("d-1").run(|| {
        for blank in ["", " ", "\t\n", "\u{a0}"] {
            identify_context(blank);
            set_context_device_id(blank);
            new_context()
                .distinct_id(blank)
                .device_id(blank)
                .run(|| assert_eq!(ids()[0].as_deref(), Some("u-1")));
        }
        identify_context(None::<&str>);
        assert_eq!(
            [&ids()[0], &ids()[2]].map(|id| id.as_deref().unwrap_or("")),
            ["u-1", "d-1"]
        );
    });
}

#[test]
fn ctx_39_ids_are_stored_as_given() {
    new_context().run(|| {
        identify_context("  U-1 ");
        assert_eq!(ids()[0].as_deref(), Some("  U-1 "));
        identify_context(-42_i64);
        assert_eq!(ids()[0].as_deref(), Some("-42"));
        identify_context(uuid::Uuid::max());
        assert_eq!(
            ids()[0].as_deref(),
            Some("ffffffff-ffff-ffff-ffff-ffffffffffff")
        );
    });
}

#[test]
fn ctx_40_identify_context_sends_nothing() {
    let events = posthog::testing::record(|| {
        new_context().run(|| {
            identify_context("u-1");
            tag("k", 1);
        });
    });
    assert_eq!(events, []);
}

#[test]
fn ctx_41_an_illegal_id_is_stored_all_the_same() {
    new_context().run(|| {
        identify_context("anonymous");
        assert_eq!(ids()[0].as_deref(), Some("anonymous"));
    });
}

#[test]
fn ctx_90_a_context_does_nothing_about_forks_and_the_documentation_says_so() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"))
        .expect("a README");
    assert!(
        readme.contains("fork"),
        "forking after `init` is documented"
    );
}

#[test]
fn ctx_150_no_session_is_made_by_the_sdk() {
    let events = posthog::testing::record(|| new_context().run(|| posthog::capture("e")));
    assert!(!events[0].properties.contains_key("$session_id"));
    assert_eq!(Context::current().session_id(), None);
}

#[test]
fn ctx_151_an_invalid_session_is_an_error_that_changes_nothing() {
    new_context().session_id(SESSION).run(|| {
        for invalid in ["", "s-1", "0197a2b4-6c1e-4d10-9a53-5c0f4f2e9b11"] {
            let error = set_context_session(invalid)
                .expect_err("no UUIDv7")
                .to_string();
            assert!(
                error.contains("session ID") && (invalid.is_empty() || !error.contains(invalid)),
                "{error}"
            );
        }
        assert_eq!(ids()[1].as_deref(), Some(SESSION));
        new_context()
            .session_id("s-1")
            .run(|| assert_eq!(ids()[1].as_deref(), Some(SESSION), "an option is ignored"));
    });
}

#[test]
fn ctx_152_a_session_id_can_be_made_for_tests() {
    new_context().run(|| {
        let id = SessionId::new_v7();
        assert_eq!(set_context_session(id), Ok(()));
        assert_eq!(ids()[1], Some(id.to_string()));
    });
}
