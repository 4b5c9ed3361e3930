use super::{Standing, event, lists, property, read, tag};

/// The names between backquotes in the paragraph of the contract that begins with this ID.
fn in_contract(id: &str) -> Vec<&'static str> {
    let contract = include_str!("../../../docs/contracts/capture.md");
    let paragraph = contract
        .split_once(&format!("- {id} "))
        .map_or("", |(_, rest)| {
            rest.split("\n- CAP-").next().unwrap_or_default()
        });
    let paragraph = paragraph.split("\n## ").next().unwrap_or_default();
    paragraph.split('`').skip(1).step_by(2).collect()
}

fn all_are(expected: Standing, names: &[&str], standing: fn(&str) -> Standing) {
    assert!(names.len() > 2, "{names:?}");
    for name in names {
        assert_eq!(standing(name), expected, "{name}");
    }
}

#[test]
fn cap_140_a_name_is_free_or_posthogs() {
    for name in ["order_processed", "session_id", "", " ", "€", "order$"] {
        assert_eq!(event(name), Standing::Fine, "{name}");
        assert_eq!(property(name), Standing::Fine, "{name}");
    }
    for name in ["$", "$order_processed", "$🦀", "$$"] {
        assert_eq!(event(name), Standing::Unknown { similar: None }, "{name}");
        assert_eq!(
            property(name),
            Standing::Unknown { similar: None },
            "{name}"
        );
    }
    // An event is no property, nor the other way round.
    assert_ne!(property("$pageview"), Standing::Fine);
    assert_ne!(event("$current_url"), Standing::Fine);
}

#[test]
fn cap_140_every_line_of_the_data_file_is_in_a_list() {
    let file = include_str!("../known_names.txt");
    let lines = file
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
    for line in lines {
        let name = line.split(": ").next().unwrap_or_default();
        let names = if name == line && !line.starts_with("survey ") {
            line.split_whitespace().collect()
        } else {
            vec![name]
        };
        for name in names {
            let found = if let Some(family) = name.strip_suffix('*') {
                let lists = lists();
                let families = [
                    &lists.families,
                    &lists.events.made_families,
                    &lists.properties.made_families,
                ];
                families.iter().any(|list| list.contains(&family))
            } else {
                let unknown = |standing| matches!(standing, Standing::Unknown { .. });
                !unknown(event(name)) || !unknown(property(name)) || !unknown(tag(name))
            };
            assert!(found, "{name}");
        }
    }
    let lists = read("[events]\n$a\n# $b\n[other]\n$c\n[events, instead]\n$d\n$e: f");
    assert_eq!(lists.events.known, ["$a"]);
    assert_eq!(lists.events.instead, [("$e", "f")]);
}

#[test]
fn cap_141_events_of_a_server_are_known() {
    all_are(Standing::Fine, &in_contract("CAP-141"), event);
}

#[test]
fn cap_142_events_of_other_products_are_known() {
    let names = in_contract("CAP-142");
    assert!(names.len() >= 30);
    all_are(Standing::Fine, &names, event);
}

#[test]
fn cap_143_events_that_posthog_makes_are_not_captured() {
    let made = [
        "$error_tracking_issue_created",
        "$error_tracking_issue_reopened",
        "$error_tracking_issue_spiking",
        "$conversation_started",
        "$slack_message_received",
    ];
    all_are(Standing::MadeByPostHog, &made, event);
    all_are(
        Standing::Fine,
        &["survey sent", "survey shown", "survey dismissed"],
        event,
    );
    for name in ["survey sent", "survey shown", "survey dismissed"] {
        assert!(lists().events.known.contains(&name));
    }
    assert!(matches!(event("$performance_event"), Standing::Instead(_)));
}

#[test]
fn cap_144_control_properties_are_known_and_the_old_one_has_a_successor() {
    let mut names = in_contract("CAP-144");
    names.retain(|name| *name != "$process_person");
    assert!(names.len() > 20);
    all_are(Standing::Fine, &names, property);
    let advice = "is deprecated; write `$process_person_profile`";
    assert_eq!(property("$process_person"), Standing::Instead(advice));
}

#[test]
fn cap_145_common_properties_are_known_and_three_are_options_now() {
    let mut names = in_contract("CAP-145");
    let deprecated = names.split_off(names.len() - 3);
    assert!(names.len() > 40);
    all_are(Standing::Fine, &names, property);
    let advice = "is deprecated; write the option `timestamp`";
    all_are(Standing::Instead(advice), &deprecated, property);
}

#[test]
fn cap_146_properties_of_flags_are_known() {
    let mut names = in_contract("CAP-146");
    names.retain(|name| *name != "$feature/<key>");
    all_are(Standing::Fine, &names, property);
    for name in ["$feature/new-checkout", "$feature/x", "$feature/ü"] {
        assert_eq!(property(name), Standing::Fine, "{name}");
    }
    assert_ne!(property("$feature/"), Standing::Fine);
}

#[test]
fn cap_147_properties_of_exceptions_are_known_or_made_by_posthog() {
    let names = in_contract("CAP-147");
    let (known, made) = names.split_at(6);
    all_are(Standing::Fine, known, property);
    assert_eq!(made.len(), 7);
    all_are(Standing::MadeByPostHog, made, property);
}

#[test]
fn cap_148_properties_of_ai_events_are_known() {
    let names = in_contract("CAP-148");
    assert!(names.len() > 40);
    all_are(Standing::Fine, &names, property);
    for name in &names {
        assert!(lists().properties.known.contains(name), "{name}");
    }
}

#[test]
fn cap_149_families_are_accepted_or_made_by_posthog() {
    let names = in_contract("CAP-149");
    let families: Vec<_> = names
        .iter()
        .take_while(|name| **name != "$geoip_*")
        .collect();
    assert_eq!(families.len(), 15);
    for family in families {
        let member = format!("{family}of_tomorrow");
        assert_eq!(property(&member), Standing::Fine, "{member}");
        assert_eq!(event(&member), Standing::Fine, "{member}");
    }
    let made = [
        "$geoip_city_name",
        "$group_0",
        "$group_4",
        "$virt_revenue",
        "$plugins_failed",
        "$transformations_failed",
        "$lib_version__major",
        "$creator_event_uuid",
    ];
    all_are(Standing::MadeByPostHog, &made, property);
    assert_eq!(property("$geoip_disable"), Standing::Fine);
    assert_ne!(property("$group_5"), Standing::Fine);
}

#[test]
fn cap_150_attribution_keys_are_known_and_offered_for_those_with_a_dollar() {
    let mut names = in_contract("CAP-150");
    names.retain(|name| *name != "$");
    assert!(names.len() > 20);
    assert!(
        names
            .iter()
            .all(|name| lists().properties.known.contains(name))
    );
    assert_eq!(
        property("$utm_source"),
        Standing::Unknown {
            similar: Some("utm_source")
        }
    );
}

#[test]
fn cap_151_a_name_that_is_almost_right_gets_a_hint() {
    for (written, meant) in [
        ("$session_Id", "$session_id"),
        ("$groups_", "$groups"),
        ("$sesion_id", "$session_id"),
        ("$SET", "$set"),
        ("$ste", "$set"),
        ("$current-url", "$current_url"),
        ("$feature_flag_respnose", "$feature_flag_response"),
        // In a family a slip of a known name is one all the same.
        ("$ai_modle", "$ai_model"),
        ("$geoip_disabled", "$geoip_disable"),
    ] {
        let similar = Some(meant);
        assert_eq!(
            property(written),
            Standing::Unknown { similar },
            "{written}"
        );
    }
    let similar = Some("$pageview");
    assert_eq!(event("$page_view"), Standing::Unknown { similar });
}

#[test]
fn ctx_30_a_tag_is_no_identity() {
    for key in [
        "distinct_id",
        "$session_id",
        "$groups",
        "$device_id",
        "$set",
    ] {
        assert!(matches!(tag(key), Standing::Instead(_)), "{key}");
    }
    for key in [
        "tenant",
        "session_id",
        "$current_url",
        "$ai_trace_id",
        "$process_person_profile",
    ] {
        assert_eq!(tag(key), Standing::Fine, "{key}");
    }
    assert_eq!(tag("$group_0"), Standing::MadeByPostHog);
}

#[test]
fn cap_140_each_name_that_the_sdk_itself_uses_is_known() {
    let names = include_str!("../names.rs").split('"').skip(1).step_by(2);
    let names: Vec<_> = names
        .filter(|name| name.starts_with('$') && !name.ends_with('_'))
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let unknown = |standing| matches!(standing, Standing::Unknown { .. });
        assert!(!unknown(event(name)) || !unknown(property(name)), "{name}");
    }
}
