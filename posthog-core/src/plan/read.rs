//! A plan out of its JSON: what each key means, and which mean nothing.
//!
//! A key that is not known is a mistake and not ignored, as JSON Schema would: it is a misspelt one, or one that
//! would not be checked although it looks as if.

use std::collections::BTreeMap;

use super::{
    EventPlan, Plan,
    json::{self, Json, Key, Node},
    mistake::Mistake,
    scalar::Scalar,
    shape::{Fields, Shape},
    types::{Type, Types},
};
use crate::spelling::most_similar;

/// Keys that say something to people and tools, and nothing about values.
const NOTES: [&str; 5] = ["$schema", "$comment", "title", "examples", "default"];

type Entries = Vec<(Key, Node)>;

pub(super) fn plan(text: &str) -> Result<Plan, Mistake> {
    let root = json::read(text)?;
    let mut plan = Plan {
        strict: true,
        tags: None,
        events: None,
    };
    let known = ["strict", "description", "tags", "events"];
    for (key, node) in object(root, "a plan")? {
        match &*key.text {
            "strict" => plan.strict = boolean(&key, &node)?,
            "description" => drop(text_of(&key, node)?),
            "tags" => plan.tags = Some(each(node, "`tags`", shape)?),
            "events" => plan.events = Some(each(node, "`events`", event)?),
            _ => ignored(&key, "a plan", &known)?,
        }
    }
    Ok(plan)
}

fn event(node: Node) -> Result<EventPlan, Mistake> {
    let mut event = EventPlan {
        description: None,
        deprecated: false,
        fields: Fields {
            properties: BTreeMap::new(),
            required: Vec::new(),
            additional: true,
        },
    };
    let known = [
        "description",
        "deprecated",
        "type",
        "properties",
        "required",
        "additionalProperties",
    ];
    let mut required = None;
    for (key, node) in object(node, "an event")? {
        match &*key.text {
            "description" => event.description = Some(text_of(&key, node)?),
            "deprecated" => event.deprecated = boolean(&key, &node)?,
            // As a schema of its properties it may say so.
            "type" if node.json == Json::Text("object".into()) => {}
            "type" => {
                return Err(Mistake::new(
                    node.place,
                    format_args!("the type of an event is `\"object\"`, or not said"),
                ));
            }
            "properties" => event.fields.properties = each(node, "`properties`", shape)?,
            "required" => required = Some(node),
            "additionalProperties" => event.fields.additional = boolean(&key, &node)?,
            _ => ignored(&key, "an event", &known)?,
        }
    }
    require(required, &mut event.fields)?;
    Ok(event)
}

fn shape(node: Node) -> Result<Shape, Mistake> {
    let mut shape = Shape::default();
    let known = [
        "description",
        "deprecated",
        "type",
        "enum",
        "items",
        "properties",
        "required",
        "additionalProperties",
    ];
    let mut fields = Fields {
        properties: BTreeMap::new(),
        required: Vec::new(),
        additional: true,
    };
    let mut required = None;
    let (mut says_fields, place) = (false, node.place);
    for (key, node) in object(node, "a property or tag")? {
        match &*key.text {
            "description" => shape.description = Some(text_of(&key, node)?),
            "deprecated" => shape.deprecated = boolean(&key, &node)?,
            "type" => shape.types = Some(types(node)?),
            "enum" => shape.values = Some(values(node)?),
            "items" => shape.items = Some(Box::new(self::shape(node)?)),
            "properties" => {
                fields.properties = each(node, "`properties`", self::shape)?;
                says_fields = true;
            }
            "required" => {
                required = Some(node);
                says_fields = true;
            }
            "additionalProperties" => {
                fields.additional = boolean(&key, &node)?;
                says_fields = true;
            }
            _ => ignored(&key, "a property or tag", &known)?,
        }
    }
    require(required, &mut fields)?;
    if let Some(values) = &shape.values {
        let of_values = values
            .iter()
            .fold(Types::NONE, |types, value| types.with(value.ty()));
        let types = *shape.types.get_or_insert(of_values);
        if let Some(value) = values.iter().find(|value| !types.allow(value.ty())) {
            return Err(Mistake::new(
                place,
                format_args!("the `enum` lists `{value}`, which the `type` {types} rules out"),
            ));
        }
    }
    let parts = [
        (says_fields, Type::Object),
        (shape.items.is_some(), Type::Array),
    ];
    for (said, ty) in parts {
        if said && !shape.allows(ty) {
            return Err(Mistake::new(
                place,
                format_args!(
                    "what is in an `{}` is described, which the `type` rules out",
                    ty.name()
                ),
            ));
        }
    }
    shape.fields = says_fields.then_some(fields);
    Ok(shape)
}

fn types(node: Node) -> Result<Types, Mistake> {
    let nodes = match node.json {
        Json::Array(nodes) if nodes.is_empty() => {
            return Err(Mistake::new(
                node.place,
                format_args!("a `type` is missing in the list"),
            ));
        }
        Json::Array(nodes) => nodes,
        _ => vec![node],
    };
    let mut types = Types::NONE;
    for node in nodes {
        let Json::Text(name) = &node.json else {
            return Err(Mistake::new(
                node.place,
                format_args!(
                    "a `type` is text, such as `\"string\"`, not {}",
                    node.json.kind()
                ),
            ));
        };
        let Some(ty) = Type::named(name) else {
            let all = Type::ALL.map(Type::name);
            let advice = match most_similar(name, &all) {
                Some(similar) => format!("did you mean `{similar}`"),
                None => format!("the types are {}", listed(&all)),
            };
            return Err(Mistake::new(
                node.place,
                format_args!("unknown type `{name}`; {advice}"),
            ));
        };
        if types.contains(ty) {
            return Err(Mistake::new(
                node.place,
                format_args!("the type `{name}` is already listed"),
            ));
        }
        types = types.with(ty);
    }
    Ok(types)
}

fn values(node: Node) -> Result<Vec<Scalar>, Mistake> {
    let Json::Array(nodes) = node.json else {
        return Err(Mistake::new(
            node.place,
            format_args!("an `enum` is a list of values, not {}", node.json.kind()),
        ));
    };
    if nodes.is_empty() {
        return Err(Mistake::new(
            node.place,
            format_args!("an `enum` lists at least one value"),
        ));
    }
    let mut values = Vec::new();
    for node in nodes {
        let value = match node.json {
            Json::Null => Some(Scalar::Null),
            Json::Boolean(boolean) => Some(Scalar::Boolean(boolean)),
            Json::Number(number) => Scalar::number(&number),
            Json::Text(text) => Some(Scalar::Text(text)),
            Json::Array(_) | Json::Object(_) => None,
        };
        let Some(value) = value else {
            return Err(Mistake::new(
                node.place,
                format_args!("a value of an `enum` is text, a number, a boolean or `null`"),
            ));
        };
        if values.contains(&value) {
            return Err(Mistake::new(
                node.place,
                format_args!("`{value}` is already listed"),
            ));
        }
        values.push(value);
    }
    Ok(values)
}

/// What is required has to be described: it is a misspelt name otherwise.
fn require(node: Option<Node>, fields: &mut Fields) -> Result<(), Mistake> {
    let Some(node) = node else { return Ok(()) };
    let Json::Array(nodes) = node.json else {
        return Err(Mistake::new(
            node.place,
            format_args!("`required` is a list of names, not {}", node.json.kind()),
        ));
    };
    for node in nodes {
        let Json::Text(name) = node.json else {
            return Err(Mistake::new(
                node.place,
                format_args!("`required` lists names, not {}", node.json.kind()),
            ));
        };
        if !fields.properties.contains_key(&name) {
            let known: Vec<&str> = fields.properties.keys().map(String::as_str).collect();
            let advice = match most_similar(&name, &known) {
                Some(similar) => format!("did you mean `{similar}`"),
                None => "describe it there".to_owned(),
            };
            return Err(Mistake::new(
                node.place,
                format_args!("`{name}` is required and not in `properties`; {advice}"),
            ));
        }
        if fields.required.contains(&name) {
            return Err(Mistake::new(
                node.place,
                format_args!("`{name}` is already required"),
            ));
        }
        fields.required.push(name);
    }
    Ok(())
}

fn each<T>(
    node: Node,
    what: &str,
    read: fn(Node) -> Result<T, Mistake>,
) -> Result<BTreeMap<String, T>, Mistake> {
    let entries = object(node, what)?;
    let named = entries.into_iter().map(|(key, node)| {
        if key.text.trim().is_empty() || key.text.trim() != key.text {
            return Err(Mistake::new(
                key.place,
                format_args!("a name is not blank, and has no space around it"),
            ));
        }
        Ok((key.text, read(node)?))
    });
    named.collect()
}

fn object(node: Node, what: &str) -> Result<Entries, Mistake> {
    match node.json {
        Json::Object(entries) => Ok(entries),
        other => Err(Mistake::new(
            node.place,
            format_args!("{what} is an object, `{{ ... }}`, not {}", other.kind()),
        )),
    }
}

fn boolean(key: &Key, node: &Node) -> Result<bool, Mistake> {
    match node.json {
        Json::Boolean(boolean) => Ok(boolean),
        _ => Err(Mistake::new(
            node.place,
            format_args!(
                "`{}` is `true` or `false`, not {}",
                key.text,
                node.json.kind()
            ),
        )),
    }
}

fn text_of(key: &Key, node: Node) -> Result<String, Mistake> {
    match node.json {
        Json::Text(text) => Ok(text),
        other => Err(Mistake::new(
            node.place,
            format_args!("`{}` is text, not {}", key.text, other.kind()),
        )),
    }
}

/// A key that says nothing about values, or a mistake.
fn ignored(key: &Key, what: &str, known: &[&str]) -> Result<(), Mistake> {
    let name = &*key.text;
    if NOTES.contains(&name) {
        return Ok(());
    }
    let advice = match most_similar(name, known) {
        Some(similar) => format!("did you mean `{similar}`"),
        None => format!("{what} takes {}", listed(known)),
    };
    Err(Mistake::new(
        key.place,
        format_args!("unknown key `{name}`; {advice}"),
    ))
}

fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
