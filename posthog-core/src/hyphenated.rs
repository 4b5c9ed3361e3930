//! UUIDs as text: every event has one or two.

use uuid::Uuid;

/// Lower-case with hyphens, as all UUIDs are sent.
///
/// Two digits at once, from a table: half of what the library's own takes.
pub(crate) fn hyphenated(uuid: Uuid) -> [u8; 36] {
    let mut text = [b'-'; 36];
    write_digits(uuid, &mut text);
    text
}

/// Puts the digits where they belong; the hyphens are there already.
#[inline]
pub(crate) fn write_digits(uuid: Uuid, text: &mut [u8; 36]) {
    for (at, byte) in PLACES.into_iter().zip(uuid.into_bytes()) {
        [text[at], text[at + 1]] = DIGITS[usize::from(byte)];
    }
}

/// Where the digits of each byte begin.
const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The two digits of each byte.
static DIGITS: [[u8; 2]; 256] = {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        digits[byte] = [HEX[byte >> 4], HEX[byte & 15]];
        byte += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::hyphenated;
    use uuid::Uuid;

    #[test]
    fn cap_110_a_uuid_is_written_lower_case_with_hyphens() {
        for n in 0..=u8::MAX {
            let uuid = Uuid::from_u128(u128::from_le_bytes([
                n,
                n ^ 0xff,
                0,
                1,
                2,
                3,
                0x7f,
                0x80,
                0xab,
                0xcd,
                0xef,
                n,
                15,
                16,
                240,
                n,
            ]));
            assert_eq!(hyphenated(uuid), uuid.to_string().as_bytes());
        }
    }
}
