//! Panics in a program that is built with `panic = "abort"`.

use serde_json::{Value, json};
use std::process::Command;

#[test]
fn ctx_68_with_panic_abort_the_hook_captures_with_the_innermost_capturing_contexts_state() {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let output = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "-p",
            "posthog-core",
            "--example",
            "abort",
            "--profile",
            "abort",
        ])
        .current_dir(workspace)
        .output()
        .expect("cargo runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success(),
        "it aborts: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bodies: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a body"))
        .collect();
    assert_eq!(bodies.len(), 1, "{printed}");
    let events = bodies[0]["batch"].as_array().expect("a batch");
    assert_eq!(
        (events.len(), &events[0]["event"], &events[0]["distinct_id"]),
        (1, &json!("$exception"), &json!("u-1"))
    );
    let properties = &events[0]["properties"];
    assert_eq!(properties["depth"], json!(2));
    assert_eq!(properties["$exception_level"], json!("fatal"));
    assert_eq!(
        properties["$exception_list"][0]["value"],
        json!("nothing unwinds")
    );
}
