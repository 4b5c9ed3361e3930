//! New UUIDs, also where a thread is ending.

use crate::user_code::caught;
use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    time::SystemTime,
};
use uuid::{Builder, Uuid};

/// Needs dropping, so that it is gone once the destructors of the thread's locals have reached it.
struct Alive;

impl Drop for Alive {
    fn drop(&mut self) {}
}

thread_local! {
    static ALIVE: Alive = const { Alive };
    static WAS_ALIVE: Cell<bool> = const { Cell::new(false) };
}

/// A new UUIDv7.
///
/// The random numbers of [`Uuid::now_v7`] come from a thread-local, and once that is destroyed it panics; inside the
/// destructor of another thread-local a panic ends the process. [`ALIVE`] is made after it, and so is destroyed before it.
pub(crate) fn fresh_uuid() -> Uuid {
    if WAS_ALIVE.get() && ALIVE.try_with(|_| ()).is_err() {
        return from_hashes();
    }
    // Caught for platforms that destroy in another order.
    let uuid = caught(Uuid::now_v7).unwrap_or_else(from_hashes);
    WAS_ALIVE.set(ALIVE.try_with(|_| ()).is_ok());
    uuid
}

/// The keys of a `RandomState` are random, and different for each.
fn from_hashes() -> Uuid {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let mut random = [0; 10];
    for part in random.chunks_mut(8) {
        let hash = RandomState::new().hash_one(part.len()).to_ne_bytes();
        part.copy_from_slice(&hash[..part.len()]);
    }
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::{fresh_uuid, from_hashes};
    use std::collections::HashSet;

    #[test]
    fn cap_110_new_uuids_are_of_version_7_and_each_is_another() {
        for make in [fresh_uuid, from_hashes] {
            let uuids: HashSet<_> = (0..10_000).map(|_| make()).collect();
            assert_eq!(uuids.len(), 10_000);
            assert!(uuids.iter().all(|uuid| uuid.get_version_num() == 7));
            let (first, later) = (make(), make());
            let age = |uuid: uuid::Uuid| uuid.get_timestamp().map(|time| time.to_unix().0);
            assert!(age(first) <= age(later) && age(first) > Some(1_700_000_000));
        }
    }
}
