//! A program that fails in the way of its argument, for tests of what is reported of it.
//!
//! `failing <scenario> <host>`

use posthog::{
    Client, Guard, Options, capture, capture_exception, context, identify_context, init,
    new_context, scoped, tag,
};
use std::{
    cell::RefCell,
    error::Error,
    fmt::{self, Write},
    panic,
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

#[derive(Debug)]
struct OrderError(&'static str);

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for OrderError {}

#[expect(
    clippy::too_many_lines,
    reason = "one short paragraph for each way to fail"
)]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(scenario), Some(host)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: failing <scenario> <host>");
        return ExitCode::from(2);
    };
    let host = host.as_str();
    // Its message would be in the way of the tests'.
    panic::set_hook(Box::new(|_| eprintln!("the previous hook ran")));
    match scenario.as_str() {
        "scoped_main_returns_an_error" => report(scoped_main(host)),
        "async_scoped_main_returns_an_error" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().build();
            report(runtime.map_err(Into::into).and_then(|runtime| {
                runtime
                    .block_on(async_scoped_main(host))
                    .map_err(Into::into)
            }))
        }
        "scoped_main_panics" => scoped_main_that_panics(host),
        "init_again_inside_of_a_scope" => {
            context! {
                drop(start(host, |options| options));
                let _again = start(host, |options| options);
                capture!("again");
            }
            ExitCode::SUCCESS
        }
        "exit_inside_of_a_scope" => {
            context! {
                let posthog = start(host, |options| options);
                capture!("done");
                drop(posthog);
                std::process::exit(0)
            }
        }
        "panic_behind_the_guard_inside_of_a_scope" => {
            context! {
                drop(start(host, |options| options));
                panic!("behind the guard")
            }
        }
        "panic_on_main" => {
            // Without the guard only the hook delivers.
            std::mem::forget(start(host, |options| options.capture_panics(true)));
            panic!("nobody is there");
        }
        "panic_on_main_in_an_uncapturing_context" => {
            std::mem::forget(start(host, |options| options.capture_panics(true)));
            new_context()
                .capture_exceptions(false)
                .distinct_id("u-1")
                .run(|| panic!("nobody is there"))
        }
        "panic_on_main_uncaptured" => {
            let _posthog = start(host, |options| options);
            panic!("nobody is there");
        }
        "panic_on_main_in_a_context" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            new_context().distinct_id("u-1").run(|| panic!("on main"))
        }
        "panic_on_a_thread" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            fails(thread::spawn(|| panic!("on a thread")).join())
        }
        "panic_in_a_task" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            fails(runtime.block_on(async { tokio::spawn(async { panic!("in a task") }).await }))
        }
        "panic_caught" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            let payload = panic::catch_unwind(|| panic!("caught")).expect_err("it panics");
            thread::spawn(|| new_context().run(|| panic::resume_unwind(payload)))
                .join()
                .map_or_else(|_| ExitCode::SUCCESS, |()| ExitCode::FAILURE)
        }
        "panic_caught_and_resumed_in_a_context" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            let payload = panic::catch_unwind(|| panic!("caught")).expect_err("it panics");
            fails(panic::catch_unwind(panic::AssertUnwindSafe(|| {
                new_context().run(|| panic::resume_unwind(payload));
            })))
        }
        "panic_after_shutdown" => {
            drop(start(host, |options| options.capture_panics(true)));
            panic!("too late");
        }
        "panic_while_unwinding" => {
            let _posthog = start(host, |options| options);
            new_context().tag("order", 7).run(|| {
                let _bomb = Bomb("second");
                panic!("first")
            })
        }
        "panic_while_unwinding_without_a_context" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            let _bomb = Bomb("second");
            panic!("first");
        }
        "panic_in_drop" => {
            let _posthog = start(host, |options| options);
            fails(panic::catch_unwind(|| {
                new_context().run(|| drop(Bomb("in drop")));
            }))
        }
        "panic_through_a_foreign_function" => {
            let _posthog = start(host, |options| options);
            new_context().tag("order", 7).run(|| foreign());
            ExitCode::SUCCESS
        }
        "panic_in_a_thread_locals_destructor" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            // It comes up before the SDK's own, and so goes after them.
            fails(
                thread::spawn(|| {
                    LOCAL.with_borrow_mut(|bomb| *bomb = Some(Bomb("in a destructor")));
                    context! {
                        tag!("order", 7);
                        capture!("before");
                    }
                })
                .join(),
            )
        }
        "panic_in_a_thread_locals_destructor_without_a_context"
        | "panic_in_a_thread_locals_destructor_without_a_macro" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            let by_macro = scenario.ends_with("context");
            fails(
                thread::spawn(move || {
                    LOCAL.with_borrow_mut(|bomb| *bomb = Some(Bomb("in a destructor")));
                    if by_macro {
                        capture!("before");
                    } else {
                        capture("before");
                    }
                })
                .join(),
            )
        }
        "panic_in_on_error" => {
            let posthog = start(host, |options| {
                options
                    .capture_panics(true)
                    .on_error(|_| panic!("in a callback"))
            });
            capture!("refused");
            let _ = posthog.client().flush(Duration::from_secs(10));
            capture!("after");
            ExitCode::SUCCESS
        }
        "panic_in_the_logger" => {
            log::set_logger(&LOGGER).expect("the only logger");
            log::set_max_level(log::LevelFilter::Trace);
            thread::spawn(|| {
                thread::sleep(Duration::from_secs(60));
                eprintln!("it waits for ever");
                std::process::exit(3);
            });
            // On its way out of `main` the panic gives the lock back.
            let _posthog = start(host, |options| options.capture_panics(true).debug(true));
            log::info!("{PanicsWhenShown}");
            ExitCode::SUCCESS
        }
        "panic_in_before_send" => {
            let _posthog = start(host, |options| {
                options.capture_panics(true).before_send(|event| {
                    assert!(event.event != "bad", "in a hook");
                    Some(event)
                })
            });
            capture!("bad");
            capture!("good");
            ExitCode::SUCCESS
        }
        "panic_in_serialize" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            capture!("bad", value = Unserializable);
            capture!("good");
            ExitCode::SUCCESS
        }
        "anyhow" => {
            let _posthog = start(host, |options| options);
            let _ = outer_with_anyhow();
            ExitCode::SUCCESS
        }
        "two_clients" => {
            let _posthog = start(host, |options| options.capture_panics(true));
            let _others = [client(host), client(host)];
            fails(thread::spawn(|| panic!("once")).join())
        }
        other => {
            eprintln!("there is no scenario `{other}`");
            ExitCode::from(2)
        }
    }
}

fn start(host: &str, change: impl FnOnce(Options) -> Options) -> Guard {
    init(change(Options::new("phc_test").host(host))).expect("the only client")
}

fn client(host: &str) -> Client {
    Client::new(Options::new("phc_other").host(host).capture_panics(true)).expect("a client")
}

fn report(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The program ends well if `outcome` is the panic that was to come.
#[expect(
    clippy::needless_pass_by_value,
    reason = "nothing else is done with it"
)]
fn fails<T, E>(outcome: Result<T, E>) -> ExitCode {
    if outcome.is_err() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// As a `main` may be: the client is made and gone inside of the scope, and the error leaves behind it.
#[scoped]
fn scoped_main(host: &str) -> Result<(), Box<dyn Error>> {
    let _posthog = start(host, |options| options);
    identify_context("u-1");
    capture!("started");
    Err(Box::new(OrderError("out of stock")))
}

#[scoped]
async fn async_scoped_main(host: &str) -> Result<(), OrderError> {
    let _posthog = start(host, |options| options);
    tokio::task::yield_now().await;
    identify_context("u-1");
    Err(OrderError("out of stock"))
}

#[scoped]
fn scoped_main_that_panics(host: &str) -> ExitCode {
    let _posthog = start(host, |options| options);
    identify_context("u-1");
    panic!("out of stock");
}

struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

thread_local! {
    static LOCAL: RefCell<Option<Bomb>> = const { RefCell::new(None) };
}

extern "C" fn foreign() {
    panic!("must not unwind");
}

/// A logger that writes under a lock, as most do.
struct Logger(Mutex<String>);

static LOGGER: Logger = Logger(Mutex::new(String::new()));

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.clear();
        // A `String` takes everything.
        let _ = write!(line, "{}", record.args());
    }

    fn flush(&self) {}
}

struct PanicsWhenShown;

impl fmt::Display for PanicsWhenShown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in the logger")
    }
}

struct Unserializable;

impl serde::Serialize for Unserializable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("in serialize");
    }
}

#[inline(never)]
fn inner_with_anyhow() -> anyhow::Result<()> {
    Err(anyhow::anyhow!("out of stock"))
}

#[scoped]
fn outer_with_anyhow() -> anyhow::Result<()> {
    inner_with_anyhow()?;
    capture_exception(&OrderError("never"));
    Ok(())
}
