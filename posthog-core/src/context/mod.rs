//! Contexts: who is acting and what is going on, said once for everything below.
//!
//! A [`Context`] is a handle to an immutable node of a tree ([`node`]). Each thread has a stack of open scopes, the last
//! of which is current ([`stack`]). A [`Scope`] is a guard for one of them; a future carries its own ([`future`]).
//!
//! Invariants: entering and leaving never fail and never panic (CTX-18), also while a thread ends; no borrow of the
//! thread-local is held while code runs that is not the SDK's.

mod builder;
mod future;
mod gathered_tags;
mod handle;
mod key;
mod merged_tags;
mod mutators;
mod node;
mod scope;
mod session;
pub(crate) mod stack;

pub use builder::{Detached, NewContext, new_context};
pub use future::InContext;
#[doc(hidden)]
pub use future::wrap;
pub use handle::Context;
pub(crate) use merged_tags::MergedTags;
#[doc(hidden)]
pub use mutators::set_tags;
pub(crate) use mutators::warn_of_illegal;
pub use mutators::{identify_context, set_context_device_id, set_context_session, tag};
pub(crate) use node::Node;
pub use scope::Scope;
pub use session::{InvalidSessionId, SessionId};
