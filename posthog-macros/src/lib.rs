//! The macros of the PostHog SDK. Syntax in, calls of functions out: what a context, an event or an exception is, the
//! `posthog-core` crate decides. Use them through the `posthog` crate, whose functions the expansions call.
//!
//! Each macro reads its input (`parse`), says what is wrong with it (`check`), all of it at once, and writes it as calls
//! (`expand`). What they share has a module of its own: `property` the grammar of `key = value`, `options` that of the
//! options of a context, `option_value` what the options of contexts and events are given, `spans` where generated tokens
//! claim to stand, `salvage` what is left of code with a mistake in it. Rules that hold at run time as well are those of
//! `posthog_core`.

mod capture;
mod context;
mod errors;
mod event_derive;
mod literal;
#[cfg(test)]
mod mistakes;
mod option_value;
mod options;
mod plan;
mod property;
mod root;
mod salvage;
mod scoped;
#[cfg(test)]
mod snapshots;
mod spans;
mod tag;
mod unread;
mod write;

use proc_macro::TokenStream;

/// Captures an event.
///
/// ```ignore
/// capture!("order_processed");
/// capture!("order_processed", total = order.total, items = ["a", "b"], distinct_id = &user.id);
/// ```
///
/// The name comes first: a string literal, or any expression that is `AsRef<str>`, or a value of a struct that derives
/// [`Event`](macro@Event). Then, in any order, properties, options
/// and maps to merge:
///
/// | written | sent |
/// |---|---|
/// | `key = value` | `value`, as its `serde::Serialize` says |
/// | `key = %value` | the text of its `Display` |
/// | `key = ?value` | the text of its `Debug` |
/// | `key` | short for `key = key` |
/// | `"any key" = value`, `$current_url = value` | a key that is no identifier |
/// | `(expr) = value` | a key that is computed |
/// | `key = { "a": [1, null], (expr): value }` | a JSON object; its values are expressions, and JSON again |
/// | `..map` | every entry of a struct or map; a key that is written out beats it |
///
/// The options are `distinct_id`, `session_id`, `timestamp`, `uuid`, `groups`, `set`, `set_once`, `disable_geoip`,
/// `process_person_profile`, `cookieless_mode`, `disable_skew_correction`, `product_tour_id` and `client`. A property of
/// such a name is written quoted.
///
/// The value of the macro is the UUID of the event, as an `Option`: `None` if nothing was captured. When no client is
/// listening, the arguments are not even evaluated. They are evaluated in the order in which they are written, each once,
/// and only borrowed; `?`, `.await` and `return` in them mean what they mean outside.
///
/// Where the crate has a tracking plan, `posthog.plan.json`, a literal name and what stands with it are held to it.
///
/// A short property takes its name from the variable: an editor that renames the variable renames the property.
///
/// # What is checked
///
/// As far as they are literals: the name (not blank, no white space around it, at most 200 bytes, and with `$` one that
/// PostHog knows), keys (not blank, none twice, and with `$` known), and what options are given (IDs, timestamps, their
/// kind). A name, key or value in parentheses counts as computed and is not checked: `capture!(("$my_event"), ("$key") = 1)`.
///
/// # Expansion
///
/// ```ignore
/// // capture!("order_processed", total = order.total, distinct_id = id)
/// if listening() {
///     begin("order_processed")
///         .property("total", &(order.total))
///         .set_distinct_id(&(id))
///         .capture()
/// } else {
///     None
/// }
/// ```
#[proc_macro]
pub fn capture(input: TokenStream) -> TokenStream {
    capture::capture(input.into()).into()
}

/// Captures an error that the program deals with.
///
/// ```ignore
/// capture_exception!(error);
/// capture_exception!(error, level = "warning", order = order.id, distinct_id = &user.id);
/// ```
///
/// The error comes first. It is of any type, and only borrowed: one that implements `Error`, `anyhow::Error`, a box, text, or
/// a type of which nothing is known but its name. Then properties, options and maps as in [`capture!`], and the options of
/// an exception:
///
/// | option | meaning |
/// |---|---|
/// | `level` | how bad it is: a `Level`, or `"fatal"`, `"error"` (the default), `"warning"`, `"log"`, `"info"`, `"debug"` |
/// | `fingerprint` | what it is grouped by, instead of its type and place |
/// | `mechanism` | how it was caught: text is the type, an object has the fields |
/// | `handled` | `false` says that it escaped; the default is `true` |
/// | `source` | the hook that caught it, such as `"tower.layer"` |
///
/// A property of such a name is written quoted.
///
/// The value of the macro is the UUID of the event, as an `Option`: `None` if nothing was captured. When no client is
/// listening, nothing is evaluated. An error that a context has captured just before is not captured again, and a context
/// that it leaves later does not capture it again either.
///
/// # Expansion
///
/// ```ignore
/// // capture_exception!(error, level = "warning", order = 12)
/// if listening() {
///     match &(error) {
///         error => {
///             let at = ErrorAt::new();
///             let exception = Exception::described(at, error, &|| {});
///             (&&&&&&&at).__settle(); // chooses how the error is described
///             let event = begin("$exception");
///             let exception = exception.level(&("warning"));
///             event.property("order", &(12)).capture_exception(exception)
///         }
///     }
/// } else {
///     None
/// }
/// ```
#[proc_macro]
pub fn capture_exception(input: TokenStream) -> TokenStream {
    capture::capture_exception(input.into()).into()
}

/// Sets tags on the current context.
///
/// ```ignore
/// tag!("transaction_id", "abc123");
/// tag!("nested", { "tags": "can be dicts" });
/// tag!(tenant = tenant.id, step, error = %error);
/// tag!((key), value); // a key that is computed
/// ```
///
/// Properties are written as in `capture!`, without options and `..map`. Two variables alone, `tag!(k, v)`, are refused:
/// they could be two tags, or a key and its value.
///
/// Keys are checked as in `capture!`. Moreover a tag is no identity: for `$session_id`, `distinct_id`, `$groups` and their
/// kin the error says which function or option does what the tag would not. A key in parentheses is not checked.
///
/// Outside of a context nothing is set. The value is `()`.
#[proc_macro]
pub fn tag(input: TokenStream) -> TokenStream {
    tag::tag(input.into()).into()
}

/// Runs a block in a context of its own.
///
/// ```ignore
/// context! {
///     tag!("transaction_id", "abc123");
///     identify_context(&user.id);
///     capture!("order_processed");
/// }
/// let receipt = context! { <fresh, capture_exceptions = false; tag!("step", 2);> charge(&order)? };
/// context! { async move { charge(&order).await } }.await?;
/// ```
///
/// To the code inside it is an ordinary block: `return`, `?`, `break` and `continue` mean what they mean outside, and it
/// has a value. An `Err` that leaves it (by `?`, by `return`, or as its value) and a panic that unwinds through it are
/// captured once, with the state of this context, and go on unchanged.
///
/// The head in angle brackets belongs to the context itself. Its options are `fresh`, `capture_exceptions = bool`,
/// `client = expr`, `distinct_id = expr`, `session_id = expr`, `device_id = expr` and `tags(key = value, …)`, divided by `,`
/// or `;`, and evaluated before the context is entered; a value with a comparison by `>` stands in parentheses. Statements
/// in the head end in `;` and run inside of the context, before the body.
///
/// A body that is an `async` block gives a future that carries the context. The head is then run at once, and the block at
/// each poll. `.await` outside of such a block is refused, for the context belongs to the thread.
///
/// # What it does not see
///
/// - An exit inside of another crate's macro. Known are the arguments of std's macros (but not of `assert!` and `dbg!`,
///   which print the text of theirs), of ours, and `bail!`, `ensure!`, `anyhow!` and `eyre!`. Use [`macro@scoped`], which
///   sees every exit.
/// - A type parameter that turns out to be a `Result`.
/// - A value whose type is decided only behind the context; that is an error at the value.
///
/// # Expansion
///
/// ```ignore
/// // context! { <fresh> charge(order)?; }
/// let mut site = Site::new();
/// let scope = posthog::new_context().fresh(true).enter_here(&|| {}); // the closure names the function
/// if true {
///     (match tried(&scope, charge(order), here()) { (left, noted) => { site = noted; left } })?;
/// } else {
///     (&&&&&&&(&&site).__kind()).__settle(); // only type-checked: chooses how the error is described
///     never()
/// }
/// ```
#[proc_macro]
pub fn context(input: TokenStream) -> TokenStream {
    context::context(input.into()).into()
}

/// Runs the body of a function in a context of its own.
///
/// ```ignore
/// #[scoped(fresh = true)]
/// fn process_order(user: &User, order: &Order) -> Result<Receipt, OrderError> {
///     identify_context(&user.distinct_id);
///     capture!("order_processed");
///     charge(order) // an `Err` that leaves is captured as an exception
/// }
/// ```
///
/// It goes on functions and methods, also `async` and generic ones. The context of an `async` function is opened at its
/// first poll, and current during each poll and never in between. A function whose body ends in an `async` block, or in
/// `Box::pin` of one, is treated alike; any other that returns a future is in the context only while it makes the future.
///
/// An `Err` that the function returns and a panic that unwinds through it are captured once, with the state of this
/// context, and go on unchanged. Every exit is seen, those in macros too.
///
/// The options are those of the head of [`context!`], and `crate = path` for a dependency that is not called `posthog`.
/// They are evaluated once per call, before the body, and can use the arguments.
///
/// Arguments that the body does not mention are dropped after the context ended.
///
/// It does not go on a `const fn`, nor on one that a panic cannot unwind out of, such as `extern "C"`: a context would not
/// hear of the panic.
///
/// # Expansion
///
/// ```ignore
/// // #[scoped] fn pay(order: Order) -> Result<Receipt, PayError> { body }
/// fn pay(order: Order) -> Result<Receipt, PayError> {
///     let site = Site::new();
///     let scope = posthog::new_context().enter_here(&|| {});
///     // `noted` is told at which exit the body is left: `Noted::at(charge(&order), &noted, here())?`
///     let left = call_in(&scope, move |noted: &Noted| -> Result<Receipt, PayError> { body });
///     let left = pass(&scope, site, left, here());
///     (&&&&&&&(&&site).__kind()).__settle(); // chooses how the error is described
///     left
/// }
/// ```
#[proc_macro_attribute]
pub fn scoped(arguments: TokenStream, item: TokenStream) -> TokenStream {
    scoped::scoped(arguments.into(), &item.into()).into()
}

/// Makes a struct an event.
///
/// ```ignore
/// #[derive(Event)]
/// #[event(name = "order_processed")] // without it the name of the struct in snake case, which is the same here
/// struct OrderProcessed<'a> {
///     total: f64,
///     #[event(rename = "currency_code")]
///     currency: &'a str,
///     coupon: Option<String>, // left out where it is `None`
///     #[event(flatten)]
///     shop: Shop, // a struct or map that implements `serde::Serialize`: its entries are properties
///     #[event(distinct_id)]
///     customer: u64, // who did it, and no property
///     #[event(skip)]
///     internal: u32,
/// }
///
/// capture!(OrderProcessed { .. });
/// capture!(&event, attempts = 2, distinct_id = "someone-else");
/// posthog::capture(event);
/// ```
///
/// The struct has named fields, or none. Each is a property, and implements `serde::Serialize`; so does each of its type
/// parameters. A property that `capture!` adds wins over one of the struct. Only a type that is written as an `Option` is
/// taken for one: the `None` of an alias is sent as `null`.
///
/// Name, properties and types are held to the tracking plan, where the crate has one. `crate = path` is for a dependency
/// that is not called `posthog`.
///
/// # Expansion
///
/// ```ignore
/// impl EventName for OrderProcessed<'_> {
///     fn event_name(&self) -> &str {
///         "order_processed"
///     }
///     fn to_event(&self) -> Event {
///         let mut event = Event::new("order_processed");
///         event.properties_mut().property("total", &self.total);
///         // and so on
///         event
///     }
/// }
/// impl From<OrderProcessed<'_>> for Event { .. }
/// impl From<&OrderProcessed<'_>> for Event { .. }
/// ```
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    event_derive::event(input.into()).into()
}
