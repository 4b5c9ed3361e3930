//! The tool `posthog-plan`, as somebody runs it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, Output},
};

/// A directory that is removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("posthog-plan-tool-{name}-{}", process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn plan(&self) -> String {
        fs::read_to_string(self.0.join("posthog.plan.json")).expect("a plan")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tool(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_posthog-plan"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("the tool runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn succeeds(directory: &Path, arguments: &[&str]) -> String {
    let output = tool(directory, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn fails(directory: &Path, arguments: &[&str], code: i32) -> String {
    let output = tool(directory, arguments);
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stdout));
    text(&output.stderr)
}

const SOURCE: &str = r#"
    /// An order was charged.
    #[derive(posthog::Event)]
    struct OrderProcessed {
        total: f64,
        /// As ISO 4217 has it.
        currency: String,
        coupon: Option<String>,
    }

    #[posthog::scoped(tags(tenant = &tenant.name))]
    fn shop(tenant: &Tenant) {
        context! { <tags(line = 3)>
            capture!("shop_opened", orders = orders.len(), open = true, distinct_id = tenant.owner);
            capture!("shop_opened", orders = 0.5);
            tokio::select! { _ = closed() => capture!("shop_closed", ..summary) }
            capture!("$pageview", $current_url = url);
            capture!(name, other = 1);
        }
    }
"#;

const EXPECTED: &str = r#"{
  "strict": true,
  "tags": {
    "line": { "type": "integer" },
    "tenant": {}
  },
  "events": {
    "order_processed": {
      "description": "An order was charged.",
      "properties": {
        "coupon": { "type": "string" },
        "currency": { "description": "As ISO 4217 has it.", "type": "string" },
        "total": { "type": "number" }
      },
      "required": ["currency", "total"],
      "additionalProperties": false
    },
    "shop_closed": {
      "properties": {}
    },
    "shop_opened": {
      "properties": {
        "open": { "type": "boolean" },
        "orders": { "type": "number" }
      },
      "required": ["orders"],
      "additionalProperties": false
    }
  }
}
"#;

#[test]
fn init_writes_what_the_calls_in_the_sources_say() {
    let project = Directory::new("init");
    project.write("src/main.rs", SOURCE);
    project.write("target/CACHEDIR.TAG", "");
    project.write("target/built.rs", "fn f() { capture!(\"built\"); }");
    project.write(".hidden/x.rs", "fn f() { capture!(\"hidden\"); }");
    project.write("src/notes.txt", "capture!(\"notes\")");
    project.write(
        "src/game.rs",
        "use engine::Event;\n#[derive(Event)]\nstruct Collided;",
    );
    let said = succeeds(&project.0, &["init"]);
    assert_eq!(said, "./posthog.plan.json: events: 3, tags: 2\n");
    assert_eq!(project.plan(), EXPECTED);
    let said = succeeds(&project.0, &["check"]);
    assert_eq!(said, "./posthog.plan.json: events: 3, tags: 2\n");
}

#[test]
fn init_leaves_a_plan_alone_that_is_there() {
    let project = Directory::new("there");
    project.write("posthog.plan.json", "mine");
    let said = fails(&project.0, &["init"], 1);
    assert_eq!(
        said,
        "./posthog.plan.json: there is a plan already; move it away to write another\n"
    );
    assert_eq!(project.plan(), "mine");
}

#[test]
fn init_says_which_files_it_cannot_read_and_goes_on() {
    let project = Directory::new("unread");
    project.write("a.rs", "fn f( {\n");
    project.write("b.rs", "#!/usr/bin/env cargo\nfn f() { capture!(\"b\"); }");
    let output = tool(&project.0, &["init"]);
    assert!(output.status.success());
    let said = text(&output.stderr);
    assert!(said.starts_with("./a.rs: left out: line 1: "), "{said}");
    assert_eq!(said.lines().count(), 1);
    assert!(project.plan().contains("\"b\""));
}

#[test]
fn check_names_the_line_and_column_of_a_mistake() {
    let project = Directory::new("check");
    project.write(
        "posthog.plan.json",
        "{\n  \"tags\": { \"a\": { \"type\": \"strng\" } }\n}\n",
    );
    let said = fails(&project.0, &["check"], 1);
    assert_eq!(
        said,
        "./posthog.plan.json:2:28: unknown type `strng`; did you mean `string`\n"
    );
    project.write("other.json", "{ \"events\": { \"a\": {} } }");
    assert_eq!(
        succeeds(&project.0, &["check", "other.json"]),
        "other.json: events: 1, tags: 0\n"
    );
    let said = fails(&project.0, &["check", "missing.json"], 1);
    assert!(said.starts_with("missing.json: "), "{said}");
}

#[test]
fn docs_renders_a_plan_as_markdown() {
    let project = Directory::new("docs");
    project.write(
        "posthog.plan.json",
        r#"{
          "tags": { "tenant": { "type": "string", "description": "whose shop | it is" } },
          "events": {
            "empty": { "additionalProperties": false },
            "old": { "deprecated": true, "description": "use\n`paid`" },
            "paid": {
              "properties": {
                "currency": { "enum": ["EUR", "USD"] },
                "total": { "type": ["number", "null"], "deprecated": true, "description": "in units" }
              },
              "required": ["currency"]
            }
          }
        }"#,
    );
    let expected = r#"# Tracking plan

A program that names anything else does not compile.

## Events

### `empty`

No properties.

### `old`

**Deprecated.**

use `paid`

Any properties.

### `paid`

| Property | Type | Required | Description |
|---|---|---|---|
| `currency` | `"EUR"`, `"USD"` | yes |  |
| `total` | `number` or `null` |  | **Deprecated.** in units |

Further properties are allowed.

## Tags

| Tag | Type | Description |
|---|---|---|
| `tenant` | `string` | whose shop \| it is |
"#;
    assert_eq!(succeeds(&project.0, &["docs"]), expected);
}

#[test]
fn a_wrong_use_says_what_is_wrong_and_how_it_is_used() {
    let project = Directory::new("usage");
    for (arguments, expected) in [
        (&[][..], "a command is missing\n"),
        (&["chekc"], "unknown command `chekc`\n"),
        (&["check", "--strict"], "unknown option `--strict`\n"),
        (&["check", "a", "b"], "there is more than one path\n"),
    ] {
        let said = fails(&project.0, arguments, 2);
        assert!(
            said.starts_with(expected) && said.contains("Usage: posthog-plan COMMAND"),
            "{said}"
        );
    }
    assert!(succeeds(&project.0, &["--help"]).starts_with("Usage: posthog-plan COMMAND"));
}
