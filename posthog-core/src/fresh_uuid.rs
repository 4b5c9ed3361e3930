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
    static GENERATOR: Cell<Generator> = const { Cell::new(Generator::UNSEEDED) };
}

/// A new UUIDv7 (RFC 9562): the milliseconds of the system's clock, and 74 random bits.
pub(crate) fn fresh_uuid() -> Uuid {
    fresh_uuid_at(SystemTime::now())
}

/// As [`fresh_uuid`], for whoever has looked at the clock already.
pub(crate) fn fresh_uuid_at(now: SystemTime) -> Uuid {
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let mut generator = GENERATOR.get();
    let [high, low] = generator.next(now);
    GENERATOR.set(generator);
    let millis = now.as_secs() * 1000 + u64::from(now.subsec_millis());
    Uuid::from_u64_pair(
        millis << 16 | VERSION_7 | high & 0x0FFF,
        VARIANT | low & (u64::MAX >> 2),
    )
}

const VERSION_7: u64 = 7 << 12;
const VARIANT: u64 = 0b10 << 62;

/// xoshiro256++ by Blackman and Vigna: fast, and with a period that threads do not meet on.
#[derive(Clone, Copy)]
struct Generator {
    state: [u64; 4],
    /// The second in which it was stirred last.
    stirred: u64,
}

impl Generator {
    const UNSEEDED: Self = Self {
        state: [0; 4],
        stirred: u64::MAX,
    };

    fn next(&mut self, now: Duration) -> [u64; 2] {
        if self.stirred != now.as_secs() {
            self.stir(now.as_secs());
        }
        // Two processes that were one a moment ago have the same state until they are stirred, but not the same time.
        let time = u64::from(now.subsec_nanos()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        [self.step(), self.step() ^ time]
    }

    fn step(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Mixes randomness of the system in. Its keys are copied by a fork, but the ID of the process is not.
    #[cold]
    fn stir(&mut self, second: u64) {
        let keys = RandomState::new();
        for (at, word) in self.state.iter_mut().enumerate() {
            *word ^= keys.hash_one((at, second, process::id()));
        }
        self.stirred = second;
    }
}

#[cfg(test)]
mod tests {
    use super::{Generator, fresh_uuid, fresh_uuid_at};
    use std::{
        collections::HashSet,
        thread,
        time::{Duration, SystemTime},
    };
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
    fn cap_110_a_uuid_has_the_milliseconds_of_its_time() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_936_000_000_123_999);
        let time = fresh_uuid_at(at).get_timestamp().map(|time| time.to_unix());
        assert_eq!(time, Some((1_936_000_000, 123_000_000)));
    }

    #[test]
    fn cap_110_threads_at_the_same_time_make_different_uuids() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_936_000_000);
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
        let mut parent = Generator::UNSEEDED;
        parent.next(Duration::from_secs(7));
        let mut child = parent;
        let [_, of_parent] = parent.next(Duration::new(7, 1000));
        let [_, of_child] = child.next(Duration::new(7, 1001));
        assert_ne!(of_parent, of_child);
    }

    #[test]
    fn every_random_bit_is_set_in_about_half_of_all_uuids() {
        let mut counts = [0; 128];
        for _ in 0..4000 {
            let bits = fresh_uuid().as_u128();
            for (at, count) in counts.iter_mut().enumerate() {
                *count += bits >> at & 1;
            }
        }
        let random = (0..62).chain(64..76);
        for at in random {
            assert!(
                (1700..2300).contains(&counts[at]),
                "bit {at}: {}",
                counts[at]
            );
        }
    }
}
