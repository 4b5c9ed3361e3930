//! An event as JSON. Its keys are literals, so theirs is made at compile time; values go through `serde_json`. The UUID of
//! version 7 comes from the thread's own generator, and the text of the current second is kept.

use std::{
    cell::{Cell, RefCell},
    hash::{BuildHasher, RandomState},
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

/// Puts a property behind what is there.
#[macro_export]
macro_rules! put_by_hand {
    ($json:expr, $key:literal, $value:expr) => {
        $json.extend_from_slice(concat!("\"", $key, "\":").as_bytes());
        serde_json::to_writer(&mut *$json, &$value).expect("a plain value");
        $json.push(b',');
    };
}

/// Hands the JSON of an event, with a comma behind it, to `take`. `properties` writes what is its own, with a comma behind
/// each. The buffer belongs to the thread.
pub fn encoded<T>(
    distinct_id: &str,
    properties: impl FnOnce(&mut Vec<u8>),
    take: impl FnOnce(&[u8]) -> T,
) -> T {
    thread_local!(static SCRATCH: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(4096)));
    SCRATCH.with_borrow_mut(|json| {
        let now = milliseconds();
        json.clear();
        json.extend_from_slice(b"{\"uuid\":\"");
        json.extend_from_slice(&uuid(now));
        json.extend_from_slice(b"\",\"event\":\"order processed\",\"distinct_id\":");
        serde_json::to_writer(&mut *json, distinct_id).expect("a text");
        json.extend_from_slice(b",\"timestamp\":\"");
        json.extend_from_slice(&timestamp(now));
        json.extend_from_slice(b"\",\"properties\":{");
        properties(json);
        json.extend_from_slice(OF_THE_LIBRARY);
        take(json)
    })
}

/// What a library adds to each event.
const OF_THE_LIBRARY: &[u8] = br#""$lib":"by-hand-rust","$lib_version":"0.0.0","$is_server":true,"$geoip_disable":true,"$os":"Linux","$os_version":"0.0.0"}},"#;

/// What stands around the events of a batch: its beginning. The end is `]}`.
pub fn begin_batch(body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"api_key\":\"phc_x\",\"historical_migration\":false,\"sent_at\":\"");
    body.extend_from_slice(&timestamp(milliseconds()));
    body.extend_from_slice(b"\",\"batch\":[");
}

fn milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

/// Not for secrets: SplitMix64, seeded once per thread.
fn random() -> u64 {
    thread_local!(static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0)));
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn uuid(now: u64) -> [u8; 36] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&now.to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&(0x7000 | (random() as u16 & 0x0fff)).to_be_bytes());
    bytes[8..].copy_from_slice(&((random() >> 2) | (1 << 63)).to_be_bytes());
    let mut text = [b'-'; 36];
    let mut end = 0;
    for (at, byte) in bytes.into_iter().enumerate() {
        end += usize::from(matches!(at, 4 | 6 | 8 | 10));
        text[end] = HEX[usize::from(byte >> 4)];
        text[end + 1] = HEX[usize::from(byte & 15)];
        end += 2;
    }
    text
}

/// RFC 3339 with milliseconds.
fn timestamp(now: u64) -> [u8; 24] {
    thread_local!(static SECOND: Cell<(u64, [u8; 19])> = const { Cell::new((u64::MAX, [0; 19])) });
    let (mut second, mut head) = SECOND.get();
    if second != now / 1000 {
        second = now / 1000;
        head = date_and_time(second);
        SECOND.set((second, head));
    }
    let mut text = *b"0000-00-00T00:00:00.000Z";
    text[..19].copy_from_slice(&head);
    text[20] = b'0' + (now / 100 % 10) as u8;
    text[21] = b'0' + (now / 10 % 10) as u8;
    text[22] = b'0' + (now % 10) as u8;
    text
}

/// The civil date of a day since 1970, by counting years from March.
fn date_and_time(second: u64) -> [u8; 19] {
    let days = second / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600 % 24, second / 60 % 60, second % 60);
    let mut text = [0; 19];
    write!(
        &mut text[..],
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    )
    .expect("it has that length");
    text
}
