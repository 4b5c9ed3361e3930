//! The operations that are measured. Each stands for what a caller writes: keys are literals, strings are known at run time
//! only.

use posthog::{
    CaptureMode, Client, Context, Options, Properties, Request, Response, Transport,
    TransportError, capture, context, new_context, scoped, tag,
};
use std::{
    convert::Infallible, error::Error, fmt, hint::black_box, mem, sync::Arc, thread, time::Duration,
};

/// An operation, done so many times.
pub(crate) type Operation = fn(&World, u32);

/// All operations of fixed size, with their names.
pub(crate) const CASES: [(&str, Operation); 24] = [
    ("capture, nothing listening", |world, n| {
        repeat(n, || by_whoever_listens(world));
    }),
    ("capture, 0 properties", |world, n| {
        repeat(n, || bare(world));
    }),
    ("capture, 5 properties", |world, n| {
        repeat(n, || five(world));
    }),
    ("capture, 5 properties, by the global client", |world, n| {
        let installed = posthog::init_with(world.client.clone()).expect("there is none yet");
        repeat(n, || by_whoever_listens(world));
        // What is queued is of no interest.
        mem::forget(installed);
    }),
    ("capture, 20 properties", |world, n| {
        repeat(n, || twenty(world));
    }),
    (
        "capture, 5 properties and 6 tags of 3 contexts",
        |world, n| {
            let tags = |n: u8| -> Properties {
                [0, 1]
                    .map(|m| (format!("tag{n}{m}"), &world.texts[0]))
                    .into_iter()
                    .collect()
            };
            new_context().tags(tags(1)).run(|| {
                new_context().tags(tags(2)).run(|| {
                    new_context()
                        .tags(tags(3))
                        .run(|| repeat(n, || five(world)));
                });
            });
        },
    ),
    ("capture, 5 properties, in the form of V1", |world, n| {
        let mode = CaptureMode::V1;
        let client = idle_client(|options| options.capture_mode(mode));
        repeat(n, || five_by(world, &client));
        // What is queued is of no interest.
        mem::forget(client);
    }),
    ("capture, 5 properties, past a hook", |world, n| {
        let client = idle_client(|options| options.before_send(Some));
        repeat(n, || five_by(world, &client));
        mem::forget(client);
    }),
    ("capture by hand, 5 properties", |world, n| {
        repeat(n, || by_hand(world));
    }),
    ("empty context", |_, n| {
        repeat(n, || context! { black_box(()) });
    }),
    ("context with 5 tags", |world, n| {
        repeat(n, || tagged(world));
    }),
    ("8 contexts of 2 tags, then read", |world, n| {
        repeat(n, || nested(world, look));
    }),
    ("8 contexts of 2 tags, then read as a map", |world, n| {
        repeat(n, || {
            nested(world, || {
                assert_eq!(black_box(Context::current().tags()).len(), 16);
            });
        });
    }),
    (
        "8 contexts of 2 tags, then a capture in them",
        |world, n| {
            repeat(n, || nested(world, || bare(world)));
        },
    ),
    ("handle of a context with 16 tags", |world, n| {
        let _scope = new_context().tags(sixteen(world)).enter();
        repeat(n, || drop(black_box(Context::current())));
    }),
    ("attach it on another thread", |world, n| {
        let handle = new_context().tags(sixteen(world)).run(Context::current);
        let attached = thread::spawn(move || repeat(n, || drop(black_box(handle.attach()))));
        attached.join().expect("it attaches and detaches");
    }),
    ("#[scoped] fn that returns Ok", |world, n| {
        repeat(n, || {
            let _ = black_box(in_scope(world.numbers[0]));
        });
    }),
    ("the same fn without", |world, n| {
        repeat(n, || {
            let _ = black_box(plain(world.numbers[0]));
        });
    }),
    ("context that captures failures", |world, n| {
        repeat(n, || {
            drop(black_box(new_context().client(&world.client).enter()));
        });
    }),
    ("context that does not", |world, n| {
        repeat(n, || {
            let context = new_context()
                .client(&world.client)
                .capture_exceptions(false);
            drop(black_box(context.enter()));
        });
    }),
    ("an error handed over, with its stack", |world, n| {
        repeat(n, || {
            _ = black_box(world.unlimited.capture_exception(&Declined));
        });
    }),
    (
        "an error that leaves a context, with its stack",
        |world, n| {
            repeat(n, || leave(&world.unlimited));
        },
    ),
    ("the same, one too many of its kind", |world, n| {
        (0..100).for_each(|_| leave(&world.client));
        repeat(n, || leave(&world.client));
    }),
    ("nothing", |_, n| repeat(n, || black_box(()))),
];

/// What operations work with.
pub(crate) struct World {
    pub(crate) client: Client,
    /// As the other, and every failure is captured.
    unlimited: Client,
    texts: [String; 8],
    numbers: [i64; 5],
    floats: [f64; 4],
    flags: [bool; 3],
}

impl World {
    /// With a client whose worker stays asleep until its queue is flushed: only the caller's thread counts.
    pub(crate) fn quiet() -> Self {
        black_box(Self {
            client: idle_client(|options| options),
            unlimited: idle_client(|options| options.exception_rate_limit(None)),
            texts: [0, 1, 2, 3, 4, 5, 6, 7].map(|n| format!("https://example.com/p/{n}")),
            numbers: [42, -7, 1_700_000_000, 0, 65_535],
            floats: [129.99, 0.5, 3.25e-3, 1234.5678],
            flags: [true, false, true],
        })
    }
}

/// A client whose worker stays asleep, as its queue is never full.
fn idle_client(with: impl FnOnce(Options) -> Options) -> Client {
    let options = Options::new("phc_x")
        .flush_at(10_000)
        .max_batch_bytes(10 << 20)
        .flush_interval(Duration::from_secs(3600));
    Client::with_transport(with(options), Arc::new(Nowhere)).expect("the options are well-formed")
}

#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

impl Error for Declined {}

fn leave(client: &Client) {
    let left: Result<(), _> = new_context()
        .client(client)
        .try_run(|| Err(black_box(Declined)));
    drop(black_box(left));
}

/// Takes every batch, and keeps nothing.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        Ok(Response::new(200).with_body("{}"))
    }
}

fn repeat(n: u32, operation: impl Fn()) {
    (0..n).for_each(|_| operation());
}

#[expect(
    clippy::inline_always,
    reason = "where nobody listens, a call would be most of what is counted"
)]
#[inline(always)]
fn by_whoever_listens(world: &World) {
    capture!(
        "order processed",
        plan = world.texts[0],
        seats = world.numbers[0],
        amount = world.floats[0],
        trial = world.flags[0],
        referrer = world.texts[1],
    );
}

fn bare(world: &World) {
    capture!("order processed", client = &world.client);
}

fn five(world: &World) {
    five_by(world, &world.client);
}

#[inline]
fn five_by(world: &World, client: &Client) {
    capture!(
        "order processed",
        client = client,
        plan = world.texts[0],
        seats = world.numbers[0],
        amount = world.floats[0],
        trial = world.flags[0],
        referrer = world.texts[1],
    );
}

fn by_hand(world: &World) {
    let event = posthog::Event::new("order processed")
        .property("plan", &world.texts[0])
        .property("seats", world.numbers[0])
        .property("amount", world.floats[0])
        .property("trial", world.flags[0])
        .property("referrer", &world.texts[1]);
    world.client.capture(event);
}

fn twenty(world: &World) {
    capture!(
        "order processed",
        client = &world.client,
        plan = world.texts[0],
        seats = world.numbers[0],
        amount = world.floats[0],
        trial = world.flags[0],
        referrer = world.texts[1],
        page = world.texts[2],
        campaign = world.texts[3],
        country = world.texts[4],
        browser = world.texts[5],
        variant = world.texts[6],
        section = world.texts[7],
        width = world.numbers[1],
        created = world.numbers[2],
        retries = world.numbers[3],
        port = world.numbers[4],
        score = world.floats[1],
        ratio = world.floats[2],
        total = world.floats[3],
        beta = world.flags[1],
        admin = world.flags[2],
    );
}

fn tagged(world: &World) {
    context! {
        tag!(
            request_id = world.texts[0],
            tenant = world.texts[1],
            route = world.texts[2],
            region = world.texts[3],
            plan = world.texts[4],
        );
    }
}

fn nested(world: &World, then: impl Fn()) {
    let texts = &world.texts;
    context! {
        tag!(request_id = texts[0], tenant = texts[1]);
        context! {
            tag!(route = texts[2], region = texts[3]);
            context! {
                tag!(plan = texts[4], feature = texts[5]);
                context! {
                    tag!(shard = texts[6], version = texts[7]);
                    context! {
                        tag!(user_role = texts[0], job = texts[1]);
                        context! {
                            tag!(queue = texts[2], worker = texts[3]);
                            context! {
                                tag!(attempt = texts[4], source = texts[5]);
                                context! {
                                    tag!(channel = texts[6], locale = texts[7]);
                                    then();
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Looks at each tag, with what is inherited.
fn look() {
    let mut tags = 0;
    Context::current().for_each_tag(|key, json| {
        black_box((key, json));
        tags += 1;
    });
    assert_eq!(tags, 16);
}

fn sixteen(world: &World) -> Properties {
    let tag = |n: usize| (format!("tag{n}"), &world.texts[n % 8]);
    (0..16).map(tag).collect()
}

#[scoped]
fn in_scope(number: i64) -> Result<i64, Infallible> {
    Ok(black_box(number) + 1)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "to compare with one that may fail"
)]
#[inline(never)]
fn plain(number: i64) -> Result<i64, Infallible> {
    Ok(black_box(number) + 1)
}

/// A capture of 5 properties below so many inherited tags.
pub(crate) fn below_tags(world: &World, tags: usize, n: u32) {
    let tags: Properties = (0..tags)
        .map(|tag| (format!("inherited{tag}"), &world.texts[0]))
        .collect();
    let _scope = new_context().tags(tags).enter();
    repeat(n, || five(world));
}

/// A capture of 5 properties in so many contexts, all but the outermost of which set nothing.
pub(crate) fn at_depth(world: &World, depth: usize, n: u32) {
    let _outermost = new_context().tag("tenant", &world.texts[0]).enter();
    let _others: Vec<_> = (1..depth).map(|_| new_context().enter()).collect();
    repeat(n, || five(world));
}

/// A new context with one tag and a capture in it, within so many contexts that each have a tag of their own.
pub(crate) fn below_tagged(world: &World, depth: usize, n: u32) {
    let tagged = |level| new_context().tag(format!("level{level}"), &world.texts[0]);
    let _others: Vec<_> = (0..depth).map(|level| tagged(level).enter()).collect();
    repeat(n, || {
        context! {
            tag!(step = world.texts[1]);
            five(world);
        }
    });
}
