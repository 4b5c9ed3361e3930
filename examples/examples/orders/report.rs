//! What arrived, in three tables and one example.

use posthog_examples::Arrived;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn print(events: &[Arrived]) {
    let people: BTreeSet<_> = events.iter().filter_map(Arrived::person).collect();
    println!(
        "{} events arrived, about {} people.",
        events.len(),
        people.len()
    );
    let names = events.iter().map(|event| event.name().to_owned());
    table("Events", names);
    table("Exceptions <- their causes", exceptions(events));
    let tags = events.iter().flat_map(Arrived::context_tags);
    table(
        "Tags that contexts added to events",
        tags.map(str::to_owned),
    );
    if let Some(panic) = events
        .iter()
        .find(|event| event.exception_types().any(|name| name == "Panic"))
    {
        println!(
            "\nThe panic of which Rust printed its own message above, as it arrived\n  {panic}"
        );
    }
}

fn exceptions(events: &[Arrived]) -> impl Iterator<Item = String> {
    events
        .iter()
        .map(|event| event.exception_types().collect::<Vec<_>>().join(" <- "))
        .filter(|types| !types.is_empty())
}

/// How often each of `items` occurs, the most frequent first.
fn table(title: &str, items: impl Iterator<Item = String>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("\n{title}");
    for (item, count) in rows {
        println!("{count:>7}  {item}");
    }
}
