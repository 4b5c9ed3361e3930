//! New UUIDs, without a system call for each.
//!
//! Each thread has a generator of its own, seeded from the system's randomness and stirred again in every second that it
//! is used. It needs no destructor, so that it serves also while its thread is ending.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    process,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

thread_local! {
    static GENERATOR: Generator = const { Generator::unseeded() };
}

/// A new UUIDv7 (RFC 9562): the time of the system's clock to a fraction of a millisecond, and 62 random bits.
pub(crate) fn fresh_uuid() -> Uuid {
    let now = SystemTime::UNIX_EPOCH.elapsed();
    fresh_uuid_at(now.unwrap_or_default())
}

/// As [`fresh_uuid`], for whoever has looked at the clock already; `now` is the time since 1970.
pub(crate) fn fresh_uuid_at(now: Duration) -> Uuid {
    let [uuid, _] = two_fresh_uuids_at(now);
    uuid
}

/// Two new UUIDs of one moment.
#[inline]
pub(crate) fn two_fresh_uuids_at(now: Duration) -> [Uuid; 2] {
    let millis = now.as_secs() * 1000 + u64::from(now.subsec_millis());
    // Of 4096 parts of a millisecond, so that UUIDs have the order of their making (RFC 9562, section 6.2).
    let part = (u64::from(now.subsec_nanos() % 1_000_000) << 12) / 1_000_000;
    let time = millis << 16 | VERSION_7 | part;
    let (one, other) = GENERATOR.with(|generator| {
        generator.stir_if_due(now);
        (generator.next(now), generator.next(now))
    });
    let uuid = |random| Uuid::from_u64_pair(time, VARIANT | random & (u64::MAX >> 2));
    [uuid(one), uuid(other)]
}

const VERSION_7: u64 = 7 << 12;
const VARIANT: u64 = 0b10 << 62;

/// xoshiro256++ by Blackman and Vigna: fast, and with a period that threads do not meet on.
struct Generator {
    state: [Cell<u64>; 4],
    /// The second in which it was stirred last.
    stirred: Cell<u64>,
}

impl Generator {
    const fn unseeded() -> Self {
        Self {
            state: [const { Cell::new(0) }; 4],
            stirred: Cell::new(u64::MAX),
        }
    }

    #[inline]
    fn stir_if_due(&self, now: Duration) {
        if self.stirred.get() != now.as_secs() {
            self.stir(now.as_secs());
        }
    }

    #[inline]
    fn next(&self, now: Duration) -> u64 {
        // Two processes that were one a moment ago have the same state until they are stirred, but not the same time.
        self.step() ^ u64::from(now.subsec_nanos()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    #[inline]
    fn step(&self) -> u64 {
        let [a, b, c, d] = &self.state;
        let mut state = [a.get(), b.get(), c.get(), d.get()];
        let sum = state[0].wrapping_add(state[3]);
        let result = sum.rotate_left(23).wrapping_add(state[0]);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        for (cell, word) in self.state.iter().zip(state) {
            cell.set(word);
        }
        result
    }

    /// Mixes randomness of the system in. Its keys are copied by a fork, but the ID of the process is not.
    #[cold]
    fn stir(&self, second: u64) {
        let keys = RandomState::new();
        for (at, word) in self.state.iter().enumerate() {
            word.set(word.get() ^ keys.hash_one((at, second, process::id())));
        }
        self.stirred.set(second);
    }
}

#[cfg(test)]
mod tests {
    use super::{Generator, fresh_uuid, fresh_uuid_at};
    use std::{collections::HashSet, thread, time::Duration};
    use uuid::{Uuid, Variant};

    #[test]
    fn cap_110_new_uuids_are_of_version_7_and_each_is_another() {
        let uuids: HashSet<_> = (0..10_000).map(|_| fresh_uuid()).collect();
        assert_eq!(uuids.len(), 10_000);
        assert!(uuids.iter().all(|uuid| uuid.get_version_num() == 7));
        assert!(
            uuids
                .iter()
                .all(|uuid| uuid.get_variant() == Variant::RFC4122)
        );
        let (first, later) = (fresh_uuid(), fresh_uuid());
        let age = |uuid: Uuid| uuid.get_timestamp().map(|time| time.to_unix().0);
        assert!(age(first) <= age(later) && age(first) > Some(1_700_000_000));
    }

    #[test]
    fn cap_110_a_uuid_has_the_milliseconds_of_its_time_and_the_order_within() {
        let at = |micros: u64| Duration::from_micros(1_936_000_000_123_000 + micros);
        let time = fresh_uuid_at(at(999))
            .get_timestamp()
            .map(|time| time.to_unix());
        assert_eq!(time, Some((1_936_000_000, 123_000_000)));
        let uuids: Vec<_> = (0..3000_u64)
            .map(|micros| fresh_uuid_at(at(micros)))
            .collect();
        assert!(uuids.is_sorted());
    }

    #[test]
    fn cap_110_threads_at_the_same_time_make_different_uuids() {
        let at = Duration::from_secs(1_936_000_000);
        let make = move || (0..1000).map(|_| fresh_uuid_at(at)).collect::<Vec<_>>();
        let threads: Vec<_> = (0..8).map(|_| thread::spawn(make)).collect();
        let uuids: HashSet<_> = threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect();
        assert_eq!(uuids.len(), 8000);
    }

    #[test]
    fn cap_110_a_copied_generator_goes_another_way_at_another_time() {
        let (parent, child) = (Generator::unseeded(), Generator::unseeded());
        parent.stir_if_due(Duration::from_secs(7));
        child.stirred.set(7);
        for (of_child, of_parent) in child.state.iter().zip(&parent.state) {
            of_child.set(of_parent.get());
        }
        let at = Duration::new(7, 1000);
        assert_ne!(parent.next(at), child.next(at + Duration::from_nanos(1)));
    }

    #[test]
    fn every_random_bit_is_set_in_about_half_of_all_uuids() {
        let mut counts = [0_u128; 128];
        for _ in 0..4000 {
            let bits = fresh_uuid().as_u128();
            for (at, count) in counts.iter_mut().enumerate() {
                *count += bits >> at & 1;
            }
        }
        let random = 0..62;
        for at in random {
            assert!(
                (1700..2300).contains(&counts[at]),
                "bit {at}: {}",
                counts[at]
            );
        }
    }
}
