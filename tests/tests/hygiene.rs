//! A program that uses every macro where nearly every name around it means something else.

#![deny(warnings)]
#![allow(
    dead_code,
    reason = "most of what shadows a name is there only to be in the way"
)]

mod shadowed {
    pub(crate) mod std {}
    pub(crate) mod core {}
    pub(crate) mod alloc {}
    pub(crate) mod posthog {}
    pub(crate) struct Option;
    pub(crate) struct Result;
    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct Ok;
    pub(crate) struct Err;
    pub(crate) struct String;
    pub(crate) struct Box;
    pub(crate) struct Vec;
    pub(crate) struct Site;
    pub(crate) struct Properties;
    pub(crate) struct Event;
    pub(crate) struct Context;
    pub(crate) struct Client;
    pub(crate) trait Default {}
    pub(crate) trait Future {}
    pub(crate) trait Error {}
    pub(crate) trait Display {}
    pub(crate) trait Clone {}
    pub(crate) trait AsRef {}
    pub(crate) trait Look {}
    pub(crate) trait Iterator {}
    pub(crate) trait From {}
    pub(crate) trait Into {}
    pub(crate) trait FnOnce {}
    pub(crate) trait Send {}
    pub(crate) trait Drop {}
}

mod program {
    use super::shadowed::*;
    use ::posthog::{capture, capture_exception, context, scoped, tag};

    pub(crate) fn uses(_: Option, _: String, _: Vec) {}

    type Outcome<T> = ::std::result::Result<T, ::std::fmt::Error>;

    fn fails() -> Outcome<u32> {
        ::std::result::Result::Err(::std::fmt::Error)
    }

    /// Methods with the names of the rungs, and locals with the names of ours.
    trait Rungs {
        fn kind(&self) -> u32 {
            1
        }
        fn settle(&self) -> u32 {
            2
        }
        fn known(&self) -> u32 {
            3
        }
        fn witness(&self) -> u32 {
            4
        }
    }
    impl Rungs for u32 {}

    #[scoped(fresh = true, capture_exceptions = true, tags(a = 1, b = { "c": null }), distinct_id = "someone")]
    pub(crate) fn sync(n: u32) -> Outcome<u32> {
        let (__scope, __left, __site0, __properties, __event, __listener) = (1, 2, 3, 4, 5, 6);
        let sum = __scope + __left + __site0 + __properties + __event + __listener;
        capture!("e", n, sum, "k" = %n, d = ?n, o = { "x": [1, null, n] }, ..(1, 2).0, distinct_id = "x", set = { "a": 1 }, uuid = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11");
        capture!(("e"), ("$k") = 1, $current_url = 2, session_id = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11", timestamp = "2031-05-07T02:00:00Z");
        let value = context! {
            <fresh; tag!("a", n); tag!(n, m = 2);>
            let __scope = __left;
            if n > 9 {
                return fails();
            }
            let kept = context! { <capture_exceptions = false> if n == 7 { fails()? } else { n } };
            kept + __scope
        };
        let _ = value.kind() + value.settle() + value.known() + value.witness();
        if n == 5 {
            fails()?;
        }
        ::std::result::Result::Ok(value)
    }

    #[scoped]
    pub(crate) async fn asynchronous(n: u32) -> Outcome<u32> {
        let __future = n;
        context! { <fresh> async move { capture!("async", __future); fails() } }.await
    }

    #[scoped]
    pub(crate) fn boxed()
    -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = Outcome<u32>>>> {
        ::std::boxed::Box::pin(async move { fails() })
    }

    #[derive(::posthog::Event)]
    struct Typed<'a, T> {
        left_out: ::std::option::Option<u8>,
        str: &'a T,
        #[event(flatten)]
        event: ::std::collections::BTreeMap<u8, T>,
        #[event(distinct_id)]
        properties: u8,
    }

    #[scoped]
    pub(crate) fn nothing() {
        let (__exception, __error, __at) = (1, 2, 3);
        capture!("nothing");
        capture_exception!(
            "text",
            __error,
            level = "error",
            at = __at,
            handled = __exception == 1
        );
        capture!(Typed {
            left_out: ::std::option::Option::None,
            str: &1,
            event: ::std::collections::BTreeMap::from([(1, 1)]),
            properties: 1,
        });
    }
}

#[test]
fn every_macro_works_where_the_prelude_is_shadowed() {
    let events = posthog::testing::record(|| {
        assert!(program::sync(1).is_ok());
        assert!(program::sync(5).is_err());
        assert!(program::sync(7).is_err());
        assert!(program::sync(10).is_err());
        program::nothing();
    });
    let exceptions = events
        .iter()
        .filter(|event| event.event == "$exception")
        .count();
    assert_eq!((events.len(), exceptions), (14, 4));
}

#[tokio::test]
async fn every_async_form_works_where_the_prelude_is_shadowed() {
    let events = posthog::testing::record_async(async {
        assert!(program::asynchronous(1).await.is_err());
        assert!(program::boxed().await.is_err());
    })
    .await;
    let names: Vec<_> = events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(names, ["async", "$exception", "$exception"]);
}
