//! Clients that capture nothing, or send nothing.

mod support;

use posthog::{Event, Options};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Rig, log_lines};

/// Counts what a hook sees.
fn counting(options: Options, seen: &Arc<AtomicUsize>) -> Options {
    let seen = Arc::clone(seen);
    options.before_send(move |event| {
        seen.fetch_add(1, Ordering::Relaxed);
        Some(event)
    })
}

#[test]
fn cap_10_a_disabled_client_does_nothing_and_its_flush_and_shutdown_succeed_at_once() {
    let seen = Arc::default();
    let rig = Rig::with(|options| counting(options.disabled(true), &seen));
    assert_eq!(rig.client.capture("e"), None);
    assert_eq!(rig.client.capture(""), None);
    assert_eq!(rig.client.flush(Duration::ZERO), Ok(()));
    assert_eq!(rig.client.shutdown(Duration::ZERO), Ok(()));
    assert_eq!(rig.client.capture("e"), None);
    assert!(rig.wire.stays_at(0));
    assert_eq!(seen.load(Ordering::Relaxed), 0);
    assert_eq!(rig.client.stats(), posthog::Stats::default());
}

#[test]
fn cap_11_opting_out_and_in_takes_effect_at_once() {
    let rig = Rig::new();
    assert!(!rig.client.is_opted_out());
    rig.client.opt_out();
    assert!(rig.client.is_opted_out());
    assert_eq!(rig.client.capture("lost"), None);
    rig.client.opt_in();
    assert!(rig.client.capture("kept").is_some());
    assert_eq!(rig.names(), ["kept"]);
    let rig = Rig::with(|options| options.opted_out(true));
    assert!(rig.client.is_opted_out());
    assert_eq!(rig.client.capture("lost"), None);
    rig.client.clone().opt_in();
    assert!(rig.client.capture("kept").is_some());
}

#[test]
fn cap_12_while_opted_out_no_hook_runs_and_what_was_queued_is_delivered() {
    let seen = Arc::default();
    let rig = Rig::with(|options| counting(options, &seen));
    rig.client.capture("before");
    rig.client.opt_out();
    rig.client.capture("while");
    assert_eq!(rig.names(), ["before"]);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}

#[test]
fn cap_13_debug_logs_each_event_and_sends_nothing_itself() {
    log_lines::collect();
    let rig = Rig::new();
    rig.client
        .capture(Event::new("quiet one").property("secret", "s1"));
    rig.client.debug(true);
    rig.client
        .capture(Event::new("loud one").property("secret", "s2"));
    rig.client.debug(false);
    rig.client
        .capture(Event::new("quiet again").property("secret", "s3"));
    assert_eq!(rig.names(), ["quiet one", "loud one", "quiet again"]);
    assert!(
        log_lines::with(&["quiet one"]).is_empty() && log_lines::with(&["quiet again"]).is_empty()
    );
    let loud = log_lines::with(&["loud one"]);
    assert!(!loud.is_empty());
    assert!(
        loud.iter()
            .filter(|line| line.text.contains("s2"))
            .all(|line| line.level == log::Level::Trace)
    );
}

#[test]
fn dlv_144_an_event_that_a_hook_made_one_about_ai_is_in_no_log() {
    log_lines::collect();
    let rig = Rig::with(|options| {
        options.debug(true).before_send(|mut event| {
            event.event = "$ai_generation".to_owned();
            Some(event)
        })
    });
    rig.sent(Event::new("asked").property("$ai_input", "a delicate question"));
    assert!(!log_lines::with(&["asked"]).is_empty());
    assert!(log_lines::with(&["delicate"]).is_empty());
}

#[test]
fn cap_14_a_dry_run_runs_hooks_gives_uuids_and_sends_nothing() {
    let seen = Arc::default();
    let rig = Rig::with(|options| counting(options.send(false), &seen));
    assert!(rig.client.capture("e").is_some());
    assert_eq!(rig.client.capture(" "), None);
    assert_eq!(rig.client.flush(Duration::ZERO), Ok(()));
    assert_eq!(seen.load(Ordering::Relaxed), 1);
    assert_eq!(rig.client.shutdown(Duration::ZERO), Ok(()));
    assert_eq!(rig.client.capture("e"), None);
    assert!(rig.wire.stays_at(0));
}

#[test]
fn cap_7_a_second_client_for_one_project_is_warned_about_once() {
    log_lines::collect();
    let warnings = || log_lines::warnings(&["second client"]);
    let made = |host: &'static str| Rig::with(move |options| options.host(host));
    let before = warnings();
    let _first = made("https://one.example");
    let _other_host = made("https://two.example");
    assert_eq!(warnings(), before);
    let _second = made("https://one.example/");
    let _third = made("https://one.example");
    assert!(warnings() > before);
}
