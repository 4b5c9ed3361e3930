//! Contexts: entered and left, read, and handed to another thread.
//!
//! sentry's are its scopes, tracing's and fastrace's their spans, emit's its frames. tracing's registry keeps no values, and
//! fastrace's are written and never read on the thread, so that neither can be read. posthog-rs has none without `async`.

use super::{Timed, sentry_hub, timed};
use crate::{
    by_hand,
    data::{Data, KEYS},
    peer::Peer,
};
use emit::platform::thread_local_ctxt::ThreadLocalCtxt;
use fastrace::local::LocalSpan;
use std::{
    hint::black_box,
    ops::ControlFlow,
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

const EMIT: ThreadLocalCtxt = ThreadLocalCtxt::shared();

pub(super) fn empty(peer: Peer) -> Option<Timed> {
    Some(match peer {
        Peer::Ours => Box::new(|times| timed(times, || posthog::context! { black_box(()) })),
        Peer::ByHand => Box::new(|times| {
            timed(times, || {
                let _scope = by_hand::context::enter();
                black_box(());
            })
        }),
        Peer::Sentry => {
            in_hub(|times| timed(times, || sentry::with_scope(|_| {}, || black_box(()))))
        }
        Peer::Tracing => in_registry(|times| {
            timed(times, || {
                let _span = tracing::info_span!("scope").entered();
                black_box(());
            })
        }),
        Peer::Emit => Box::new(|times| {
            timed(times, || {
                emit::Frame::push(EMIT, emit::Empty).call(|| black_box(()));
            })
        }),
        Peer::Fastrace => in_trace(1, |times| {
            timed(times, || {
                let _span = LocalSpan::enter_with_local_parent("scope");
                black_box(());
            })
        }),
        Peer::PosthogRs | Peer::Nothing => return None,
    })
}

pub(super) fn tagged(peer: Peer) -> Option<Timed> {
    let texts = Data::new().texts;
    Some(match peer {
        Peer::Ours => Box::new(move |times| {
            timed(times, || {
                posthog::context! {
                    posthog::tag!(
                        request_id = texts[0],
                        tenant = texts[1],
                        route = texts[2],
                        region = texts[3],
                        tier = texts[4],
                    );
                }
            })
        }),
        Peer::ByHand => Box::new(move |times| {
            timed(times, || {
                let _scope = by_hand::context::enter();
                for (key, text) in KEYS.iter().zip(&texts).take(5) {
                    by_hand::context::tag(key, text);
                }
            })
        }),
        Peer::Sentry => in_hub(move |times| {
            let set = |scope: &mut sentry::Scope| {
                for (key, text) in KEYS.iter().zip(&texts).take(5) {
                    scope.set_tag(key, text);
                }
            };
            timed(times, || sentry::with_scope(set, || black_box(())))
        }),
        Peer::Tracing => in_registry(move |times| {
            timed(times, || {
                let _span = tracing::info_span!(
                    "scope",
                    request_id = texts[0].as_str(),
                    tenant = texts[1].as_str(),
                    route = texts[2].as_str(),
                    region = texts[3].as_str(),
                    tier = texts[4].as_str(),
                )
                .entered();
                black_box(());
            })
        }),
        Peer::Emit => Box::new(move |times| {
            timed(times, || {
                let tags: [_; 5] = std::array::from_fn(|at| (KEYS[at], texts[at].as_str()));
                emit::Frame::push(EMIT, tags).call(|| black_box(()));
            })
        }),
        Peer::Fastrace => in_trace(1, move |times| {
            timed(times, || {
                let _span = LocalSpan::enter_with_local_parent("scope").with_properties(|| {
                    let tags = KEYS.into_iter().zip(texts.iter().cloned());
                    tags.take(5)
                });
                black_box(());
            })
        }),
        Peer::PosthogRs | Peer::Nothing => return None,
    })
}

/// Ours and sentry's are read as a map of their own; emit's and the one by hand are visited where they are.
pub(super) fn nested(peer: Peer) -> Option<Timed> {
    let data = Data::new();
    Some(match peer {
        Peer::Ours => Box::new(move |times| timed(times, || nested_ours(&data.texts))),
        Peer::ByHand => Box::new(move |times| {
            timed(times, || {
                nested_by_hand(&tags(&data), &mut || {
                    assert_eq!(by_hand::context::visit(), 16);
                });
            })
        }),
        Peer::Sentry => in_hub(move |times| {
            timed(times, || {
                nested_sentry(&tags(&data), &mut || {
                    sentry::configure_scope(|scope| {
                        let event = scope.apply_to_event(sentry::protocol::Event::default());
                        assert_eq!(black_box(event).map(|event| event.tags.len()), Some(16));
                    });
                });
            })
        }),
        Peer::Emit => Box::new(move |times| {
            timed(times, || {
                nested_emit(&tags(&data), &mut || {
                    let mut count = 0;
                    emit::Ctxt::with_current(&EMIT, |properties| {
                        let _ = emit::Props::for_each(&properties, |key, value| {
                            black_box((key, value));
                            count += 1;
                            ControlFlow::Continue(())
                        });
                    });
                    assert_eq!(count, 16);
                });
            })
        }),
        Peer::PosthogRs | Peer::Tracing | Peer::Fastrace | Peer::Nothing => return None,
    })
}

pub(super) fn handle(peer: Peer) -> Option<Timed> {
    let data = Data::new();
    Some(match peer {
        Peer::Ours => Box::new(move |times| {
            let _scope = posthog::new_context().tags(sixteen(&data)).enter();
            timed(times, || drop(black_box(posthog::Context::current())))
        }),
        Peer::ByHand => Box::new(move |times| {
            let mut took = Duration::ZERO;
            nested_by_hand(&tags(&data), &mut || {
                took = timed(times, || drop(black_box(by_hand::context::current())));
            });
            took
        }),
        Peer::Sentry => in_hub(move |times| {
            let mut took = Duration::ZERO;
            nested_sentry(&tags(&data), &mut || {
                took = timed(times, || {
                    drop(black_box(sentry_handle()));
                });
            });
            took
        }),
        Peer::Tracing => in_registry(|times| {
            let _span = tracing::info_span!("scope").entered();
            timed(times, || drop(black_box(tracing::Span::current())))
        }),
        Peer::Emit => Box::new(move |times| {
            let mut took = Duration::ZERO;
            nested_emit(&tags(&data), &mut || {
                took = timed(times, || drop(black_box(emit::Frame::current(EMIT))));
            });
            took
        }),
        // Its handle is a span of its own, which would be timed with it.
        Peer::Fastrace | Peer::PosthogRs | Peer::Nothing => return None,
    })
}

/// The handle comes from a thread that has ended.
pub(super) fn attached(peer: Peer) -> Option<Timed> {
    let data = Data::new();
    Some(match peer {
        Peer::Ours => {
            let make = move || {
                let context = posthog::new_context().tags(sixteen(&data));
                context.run(posthog::Context::current)
            };
            let handle = elsewhere(make);
            Box::new(move |times| {
                timed(times, || {
                    let _scope = handle.attach();
                    black_box(());
                })
            })
        }
        Peer::ByHand => {
            let make = move || {
                let mut handle = None;
                nested_by_hand(&tags(&data), &mut || handle = by_hand::context::current());
                handle
            };
            let handle = elsewhere(make);
            Box::new(move |times| {
                timed(times, || {
                    let _scope = by_hand::context::attach(handle.clone());
                    black_box(());
                })
            })
        }
        Peer::Sentry => {
            let make = move || {
                let mut handle = None;
                sentry::Hub::run(sentry_hub(), || {
                    nested_sentry(&tags(&data), &mut || handle = Some(sentry_handle()));
                });
                handle.expect("it was made")
            };
            let handle = elsewhere(make);
            Box::new(move |times| {
                timed(times, || {
                    sentry::Hub::run(Arc::clone(&handle), || black_box(()));
                })
            })
        }
        Peer::Tracing => {
            let dispatch = tracing::Dispatch::new(tracing_subscriber::registry());
            let subscriber = dispatch.clone();
            let make = move || {
                tracing::dispatcher::with_default(&subscriber, || tracing::info_span!("scope"))
            };
            let span = elsewhere(make);
            Box::new(move |times| {
                tracing::dispatcher::with_default(&dispatch, || {
                    timed(times, || {
                        let _entered = span.enter();
                        black_box(());
                    })
                })
            })
        }
        Peer::Emit => {
            let make = move || {
                let mut frame = None;
                nested_emit(&tags(&data), &mut || {
                    frame = Some(emit::Frame::current(EMIT))
                });
                frame.expect("it was made")
            };
            let mut frame = elsewhere(make);
            Box::new(move |times| {
                timed(times, || {
                    let _entered = frame.enter();
                    black_box(());
                })
            })
        }
        Peer::Fastrace | Peer::PosthogRs | Peer::Nothing => return None,
    })
}

fn elsewhere<T: Send + 'static>(make: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(make).join().expect("no panic")
}

type Tags<'a> = [(&'static str, &'a str); 16];

fn tags(data: &Data) -> Tags<'_> {
    std::array::from_fn(|at| (KEYS[at], data.texts[at % 8].as_str()))
}

fn sixteen(data: &Data) -> posthog::Properties {
    let tags = data.tags();
    tags.map(|(key, text)| (key.to_owned(), text)).collect()
}

fn nested_ours(texts: &[String; 8]) {
    use posthog::{context, tag};
    context! {
        tag!(request_id = texts[0], tenant = texts[1]);
        context! {
            tag!(route = texts[2], region = texts[3]);
            context! {
                tag!(tier = texts[4], feature = texts[5]);
                context! {
                    tag!(shard = texts[6], build = texts[7]);
                    context! {
                        tag!(user_role = texts[0], job = texts[1]);
                        context! {
                            tag!(queue = texts[2], worker = texts[3]);
                            context! {
                                tag!(attempt = texts[4], source = texts[5]);
                                context! {
                                    tag!(channel = texts[6], locale = texts[7]);
                                    let mut count = 0;
                                    posthog::Context::current().for_each_tag(|key, json| {
                                        black_box((key, json));
                                        count += 1;
                                    });
                                    assert_eq!(count, 16);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A context for each two of the tags.
fn nested_by_hand(tags: &[(&'static str, &str)], inside: &mut dyn FnMut()) {
    let Some((own, others)) = tags.split_at_checked(2) else {
        return inside();
    };
    let _scope = by_hand::context::enter();
    for (key, text) in own {
        by_hand::context::tag(key, text);
    }
    nested_by_hand(others, inside);
}

fn nested_sentry(tags: &[(&'static str, &str)], inside: &mut dyn FnMut()) {
    let Some((own, others)) = tags.split_at_checked(2) else {
        return inside();
    };
    let set = |scope: &mut sentry::Scope| {
        for (key, text) in own {
            scope.set_tag(key, text);
        }
    };
    sentry::with_scope(set, || nested_sentry(others, inside));
}

fn nested_emit(tags: &[(&'static str, &str)], inside: &mut dyn FnMut()) {
    let Some((own, others)) = tags.split_at_checked(2) else {
        return inside();
    };
    emit::Frame::push(EMIT, [own[0], own[1]]).call(|| nested_emit(others, inside));
}

fn sentry_handle() -> Arc<sentry::Hub> {
    Arc::new(sentry::Hub::new_from_top(sentry::Hub::current()))
}

fn in_hub(mut body: impl FnMut(u32) -> Duration + 'static) -> Timed {
    let hub = sentry_hub();
    Box::new(move |times| sentry::Hub::run(Arc::clone(&hub), || body(times)))
}

/// Below a subscriber that keeps spans.
fn in_registry(mut body: impl FnMut(u32) -> Duration + 'static) -> Timed {
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry());
    Box::new(move |times| tracing::dispatcher::with_default(&dispatch, || body(times)))
}

/// Below a new root, whose spans are handed to a reporter afterwards: a trace has room for some thousands only, and takes no
/// time when it is full. So it is seen to that all of them arrive.
fn in_trace(spans: u64, mut body: impl FnMut(u32) -> Duration + 'static) -> Timed {
    static REPORTED: AtomicU64 = AtomicU64::new(0);
    struct Counter;
    impl fastrace::collector::Reporter for Counter {
        fn report(&mut self, spans: Vec<fastrace::collector::SpanRecord>) {
            REPORTED.fetch_add(spans.len() as u64, Ordering::Relaxed);
        }
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let config = fastrace::collector::Config::default();
        fastrace::set_reporter(Counter, config.report_interval(Duration::from_secs(3600)));
    });
    Box::new(move |times| {
        let before = REPORTED.load(Ordering::Relaxed);
        let root = fastrace::Span::root("root", fastrace::prelude::SpanContext::random());
        let current = root.set_local_parent();
        let took = body(times);
        drop(current);
        drop(root);
        fastrace::flush();
        let reported = REPORTED.load(Ordering::Relaxed) - before;
        assert_eq!(reported, spans * u64::from(times) + 1);
        took
    })
}
