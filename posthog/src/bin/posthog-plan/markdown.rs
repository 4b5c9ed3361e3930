//! A plan as Markdown, for a wiki.

use posthog_core::plan::{Fields, Listed, Plan, Shape};
use std::fmt::Write;

/// The text.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut out = String::from("# Tracking plan\n");
    out.push_str(if plan.strict {
        "\nA program that names anything else does not compile.\n"
    } else {
        "\nFurther names are allowed.\n"
    });
    if let Some(events) = &plan.events {
        out.push_str("\n## Events\n");
        for (name, event) in events {
            let _ = write!(out, "\n### {}\n", code(name));
            if event.deprecated {
                out.push_str("\n**Deprecated.**\n");
            }
            if let Some(description) = &event.description {
                let _ = write!(out, "\n{}\n", line(description));
            }
            properties(&mut out, &event.fields);
        }
    }
    if let Some(tags) = &plan.tags {
        out.push_str("\n## Tags\n");
        if tags.is_empty() {
            out.push_str("\nNone.\n");
        } else {
            out.push_str("\n| Tag | Type | Description |\n|---|---|---|\n");
            for (key, shape) in tags {
                let _ = writeln!(
                    out,
                    "| {} | {} | {} |",
                    cell(&code(key)),
                    cell(&types(shape)),
                    notes(shape)
                );
            }
        }
    }
    out
}

fn properties(out: &mut String, fields: &Fields) {
    if fields.properties.is_empty() {
        out.push_str(if fields.additional {
            "\nAny properties.\n"
        } else {
            "\nNo properties.\n"
        });
        return;
    }
    out.push_str("\n| Property | Type | Required | Description |\n|---|---|---|---|\n");
    for (key, shape) in &fields.properties {
        let required = if fields.required.contains(key) {
            "yes"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "| {} | {} | {required} | {} |",
            cell(&code(key)),
            cell(&types(shape)),
            notes(shape)
        );
    }
    if fields.additional {
        out.push_str("\nFurther properties are allowed.\n");
    }
}

fn types(shape: &Shape) -> String {
    match (&shape.values, shape.types) {
        (Some(values), _) => Listed(values).to_string(),
        (None, Some(types)) => types.to_string(),
        (None, None) => "any".to_owned(),
    }
}

fn notes(shape: &Shape) -> String {
    let description = cell(&line(shape.description.as_deref().unwrap_or_default()));
    match (shape.deprecated, description.is_empty()) {
        (true, true) => "**Deprecated.**".to_owned(),
        (true, false) => format!("**Deprecated.** {description}"),
        (false, _) => description,
    }
}

/// A name as code, whatever is in it.
fn code(name: &str) -> String {
    let fence = if name.contains('`') { "``" } else { "`" };
    let space = if name.contains('`') { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", line(name))
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Inside of a table a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
