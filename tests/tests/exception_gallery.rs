//! Forty ways to fail: exactly these events are captured of each.
//!
//! `POSTHOG_BLESS=1` writes the file anew, for a look at what has changed.

use posthog_tests::gallery::{failures, shown};
use std::{env, fs, panic};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exception_gallery.txt");

#[test]
fn exc_77_each_of_forty_failures_is_reported_as_it_should_be() {
    // Their messages would hide what the test has to say.
    panic::set_hook(Box::new(|_| {}));
    let mut found = String::new();
    let mut count = 0;
    for failure in failures() {
        count += 1;
        found.push_str("# ");
        found.push_str(failure.title);
        found.push_str("\n\n");
        let captured = failure.captured();
        if captured.is_empty() {
            found.push_str("nothing\n\n");
        }
        for event in captured {
            found.push_str(&shown(&event, false));
            found.push('\n');
        }
    }
    drop(panic::take_hook());
    assert!(count >= 40, "{count}");
    if env::var_os("POSTHOG_BLESS").is_some() {
        fs::write(SNAPSHOT, &found).expect("the snapshot is written");
    }
    let expected = fs::read_to_string(SNAPSHOT).expect("the snapshot is there");
    for (expected, found) in expected.split("\n# ").zip(found.split("\n# ")) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected, found);
}
