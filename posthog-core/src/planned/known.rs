//! The types whose JSON is known by their name: those of std, and what is made of them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    ffi::{CStr, CString},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU8, NonZeroU16,
        NonZeroU32, NonZeroU64, NonZeroUsize, Saturating, Wrapping,
    },
    path::{Path, PathBuf},
    rc::Rc,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8,
            AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
        },
    },
};

use super::{
    JsonArray, JsonBoolean, JsonInteger, JsonNumber, JsonObject, JsonString, Planned, Takes,
    TakesNull,
};

/// A type of which it is known what it is in JSON.
#[diagnostic::on_unimplemented(
    message = "the type of this value is not known yet where it is held to the tracking plan",
    note = "name its type before, such as in `let value: Option<String> = ...`"
)]
pub trait Known {}

macro_rules! known {
    ($($kind:ident: $($type:ty),+;)+) => {$($(
        impl Known for $type {}
        // The compiler is to explain the message of `Planned` and not the bounds of an impl; the same further down.
        #[diagnostic::do_not_recommend]
        impl<S: Takes<$kind>> Planned<S> for $type {}
    )+)+};
}

known! {
    JsonString: str, String, char, Path, PathBuf,
        IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, uuid::Uuid, std::fmt::Arguments<'_>;
    JsonInteger: i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize,
        NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize,
        AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize,
        AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize;
    JsonNumber: f32, f64;
    JsonBoolean: bool, AtomicBool;
    // Bytes become text in an event (CAP-52).
    JsonString: CStr, CString;
}

impl Known for () {}
#[diagnostic::do_not_recommend]
impl<S: TakesNull> Planned<S> for () {}

/// `None` is `null`, so the plan has to take that as well.
impl<T: Known> Known for Option<T> {}
#[diagnostic::do_not_recommend]
impl<S: TakesNull, T: Planned<S>> Planned<S> for Option<T> {}

macro_rules! wrappers {
    ($($type:ty),+) => {$(
        impl<T: Known + ?Sized> Known for $type {}
        #[diagnostic::do_not_recommend]
        impl<S, T: Planned<S> + ?Sized> Planned<S> for $type {}
    )+};
}
wrappers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

macro_rules! sized_wrappers {
    ($($type:ty),+) => {$(
        impl<T: Known> Known for $type {}
        #[diagnostic::do_not_recommend]
        impl<S, T: Planned<S>> Planned<S> for $type {}
    )+};
}
sized_wrappers!(
    Wrapping<T>,
    Saturating<T>,
    std::cell::RefCell<T>,
    std::sync::Mutex<T>,
    std::sync::RwLock<T>
);

impl<T: Known + ToOwned + ?Sized> Known for Cow<'_, T> {}
#[diagnostic::do_not_recommend]
impl<S, T: Planned<S> + ToOwned + ?Sized> Planned<S> for Cow<'_, T> {}

macro_rules! containers {
    ($($kind:ident: $([$($parameter:tt)*] $type:ty),+;)+) => {$($(
        impl<$($parameter)*> Known for $type {}
        #[diagnostic::do_not_recommend]
        impl<S: Takes<$kind>, $($parameter)*> Planned<S> for $type {}
    )+)+};
}
containers! {
    JsonArray: [T] [T], [T, const N: usize] [T; N], [T] Vec<T>, [T] VecDeque<T>, [T] LinkedList<T>, [T] BinaryHeap<T>,
        [T] BTreeSet<T>, [T, H] HashSet<T, H>,
        [T] (T,), [T, U] (T, U), [T, U, V] (T, U, V), [T, U, V, W] (T, U, V, W);
    JsonObject: [K, V] BTreeMap<K, V>, [K, V, H] HashMap<K, V, H>;
}
