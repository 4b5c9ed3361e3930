//! Programs held to a tracking plan by the compiler. Each is a crate of its own, for a plan lies beside a manifest.
//!
//! `TRYBUILD=overwrite cargo test -p posthog-tests --test plan` writes the expected texts anew.

#[path = "support/crate_with_plan.rs"]
mod crate_with_plan;

use crate_with_plan::{Crate, NAMES, same_compiler};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(here(path)).expect(path)
}

#[test]
fn mistakes_against_a_plan_are_reported_at_the_users_own_token() {
    if !same_compiler() {
        return;
    }
    let project = Crate::new("mistakes");
    project.write("posthog.plan.json", &read("tests/plan/posthog.plan.json"));
    for name in NAMES {
        project.write(
            &format!("src/bin/{name}.rs"),
            &read(&format!("tests/plan/{name}.rs")),
        );
    }
    let said = project.check();
    let mut wrong = Vec::new();
    for name in NAMES {
        let expected = here(&format!("tests/plan/{name}.stderr"));
        let said = said.of(name);
        if env::var_os("TRYBUILD").is_some_and(|value| value == "overwrite") {
            fs::write(&expected, &said).expect("a file");
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("{name}:\n{said}"));
        }
        assert!(!said.contains("__private"), "{said}");
    }
    assert!(
        wrong.is_empty(),
        "other than expected\n\n{}",
        wrong.join("\n")
    );
}

#[test]
fn what_a_plan_has_nothing_against_compiles_without_a_warning() {
    let project = Crate::new("fine");
    project.write("posthog.plan.json", &read("tests/plan/posthog.plan.json"));
    project.write("src/bin/fine.rs", &read("tests/plan/fine.rs"));
    let said = project.clippy();
    assert_eq!(said.of("fine"), "");
    assert!(said.succeeded);
}

#[test]
fn what_only_run_time_knows_is_logged_once_for_each_place_in_a_debug_build() {
    let project = Crate::new("observed");
    project.write("posthog.plan.json", &read("tests/plan/posthog.plan.json"));
    project.write("src/bin/observed.rs", &read("tests/plan/observed.rs"));
    let values = "is none of the values in the tracking plan, `\"EUR\"`, `\"USD\"`";
    let expected = [
        format!("WARN [PostHog] the property `currency` of `order_processed` {values} (src/bin/observed.rs:29:13)"),
        "WARN [PostHog] the property `total` of `order_processed` is `string`, and `number` in the tracking plan \
         (src/bin/observed.rs:31:9)"
            .to_owned(),
        format!("WARN [PostHog] the property `currency` of `order_processed` {values} (src/bin/observed.rs:32:9)"),
        "WARN [PostHog] the tag `region` is none of the values in the tracking plan, `\"eu\"`, `\"us\"` \
         (src/bin/observed.rs:34:29)"
            .to_owned(),
    ];
    let printed = project.run("observed", false);
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    assert_eq!(
        project.run("observed", true),
        "",
        "a release build does not look"
    );
}

#[test]
fn a_malformed_plan_is_one_error_with_its_line_and_column() {
    let project = Crate::new("malformed");
    project.write(
        "posthog.plan.json",
        "{\n  \"events\": {\n    \"paid\": { \"propertis\": {} }\n  }\n}\n",
    );
    project.write(
        "src/bin/malformed.rs",
        "use posthog::{capture, tag};\n\nfn main() {\n    capture!(\"paid\", total = 1);\n    capture!(\"other\");\n    tag!(a = 1);\n}\n",
    );
    let said = project.check();
    let mistake = "posthog.plan.json:3:15: unknown key `propertis`; did you mean `properties`";
    let expected = format!("error: the tracking plan is malformed: {mistake}");
    assert_eq!(said.messages("malformed"), [expected]);
}

/// The program that has the plan: the example, with something in the place of the PostHog that it starts.
fn orders(name: &str) -> Crate {
    let project = Crate::new(name);
    project.write("posthog.plan.json", &read("../examples/posthog.plan.json"));
    for file in ["main.rs", "order.rs", "payment.rs", "report.rs"] {
        let text = read(&format!("../examples/examples/orders/{file}"));
        project.write(&format!("src/bin/orders/{file}"), &text);
    }
    let stand_in = r#"
        pub const ELSEWHERE: &str = "";
        pub struct Arrived;
        impl Arrived {
            pub fn name(&self) -> &str { "" }
            pub fn person(&self) -> Option<&str> { None }
            pub fn context_tags(&self) -> impl Iterator<Item = &str> { [].into_iter() }
            pub fn exception_types(&self) -> impl Iterator<Item = &str> { [].into_iter() }
        }
        impl std::fmt::Display for Arrived {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
        }
        pub struct Demo;
        impl Demo {
            pub fn start() -> Self { Self }
            pub fn options(&self) -> posthog::Options { posthog::Options::new("phc_stand_in") }
            pub fn finish(&self, _: posthog::Guard)
            -> Result<Option<Vec<Arrived>>, Box<dyn std::error::Error + Send + Sync>> { Ok(None) }
        }
    "#;
    project.write("posthog-examples/src/lib.rs", stand_in);
    project
}

#[test]
fn the_orders_example_does_not_compile_with_an_edited_event_name() {
    let project = orders("orders");
    let said = project.check();
    assert_eq!(said.messages("orders"), [""; 0]);
    assert!(said.succeeded);

    let file = "src/bin/orders/main.rs";
    let text = project.read(file);
    let edited = text.replace("\"order_processed\"", "\"order_procesed\"");
    assert_ne!(edited, text);
    project.write(file, &edited);
    let said = project.check();
    let expected =
        "error: the tracking plan has no event `order_procesed`; did you mean `order_processed`";
    assert_eq!(said.messages("orders"), [expected]);
    let line = 1 + edited
        .lines()
        .position(|line| line.contains("order_procesed"))
        .expect("a line");
    let place = format!("--> {file}:{line}:9");
    assert!(said.of("orders").contains(&place), "{}", said.of("orders"));
}

#[test]
fn a_change_of_the_plan_compiles_again_what_used_it() {
    let project = Crate::new("change");
    project.write("posthog.plan.json", "{ \"events\": { \"paid\": {} } }");
    project.write(
        "src/bin/change.rs",
        "fn main() {\n    posthog::capture!(\"paid\");\n}\n",
    );
    assert_eq!(project.check().messages("change"), [""; 0]);
    project.write("posthog.plan.json", "{ \"events\": { \"charged\": {} } }");
    let unknown = "error: the tracking plan has no event `paid`; add it to `posthog.plan.json`, or write a name that is there";
    assert_eq!(project.check().messages("change"), [unknown]);
    project.write(
        "posthog.plan.json",
        "{ \"events\": { \"charged\": {}, \"paid\": {} } }",
    );
    assert_eq!(project.check().messages("change"), [""; 0]);
    fs::remove_file(project.path("posthog.plan.json")).expect("it is there");
    assert!(
        project.check().succeeded,
        "without a plan everything is allowed"
    );
}
