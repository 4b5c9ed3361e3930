//! What the arguments of `capture!` mean, and what they must not be: one function per rule.

use syn::{Ident, parse_quote};

use super::{
    event_name,
    options::{self, OptionKind},
    parse::{self, Argument},
    person,
};
use crate::{
    errors::Errors,
    option_value,
    options::already_set,
    property::{self, Key, Operand, Property, Value},
    spans,
};

pub(super) struct Capture {
    pub(super) name: Operand,
    pub(super) client: Option<Operand>,
    /// In the order in which they are written, which is the order of evaluation.
    pub(super) steps: Vec<Step>,
}

/// One call that fills the event.
pub(super) enum Step {
    Property(Property),
    Spread(Operand),
    /// A property with a name of its own: `$set`, from the option `set`.
    Object {
        name: &'static str,
        value: Value,
    },
    Reference {
        setter: &'static str,
        option: Ident,
        value: Operand,
    },
    Switch {
        setter: &'static str,
        option: Ident,
        value: Operand,
    },
    /// What is said of an exception.
    Told {
        method: &'static str,
        option: Ident,
        value: Operand,
        /// The method takes it as it is, and not a reference.
        by_value: bool,
    },
}

pub(super) fn capture(written: parse::Capture, errors: &mut Errors) -> Capture {
    let parse::Capture {
        name, arguments, ..
    } = written;
    if let Some(name) = &name {
        event_name::check(name, errors);
    }
    property::check::properties(properties(&arguments), errors);
    options_are_unique(&arguments, errors);
    options_are_no_properties_as_well(&arguments, errors);
    person::check(name.as_ref(), &arguments, errors);
    meant(name, arguments, errors)
}

/// As [`capture`], with an error in the place of the name.
pub(super) fn exception(written: parse::Capture, errors: &mut Errors) -> Capture {
    let parse::Capture {
        name, arguments, ..
    } = written;
    property::check::properties(properties(&arguments), errors);
    options_are_unique(&arguments, errors);
    options_are_no_properties_as_well(&arguments, errors);
    let event: Operand = Operand::Parsed(parse_quote!("$exception"));
    person::check(Some(&event), &arguments, errors);
    meant(name, arguments, errors)
}

fn properties(arguments: &[Argument]) -> impl Iterator<Item = &Property> + Clone {
    arguments.iter().filter_map(|argument| match argument {
        Argument::Property(property) => Some(property),
        Argument::Option { .. } | Argument::Spread(_) => None,
    })
}

fn options_are_unique(arguments: &[Argument], errors: &mut Errors) {
    let mut seen: Vec<&Ident> = Vec::new();
    for argument in arguments {
        if let Argument::Option { name, .. } = argument {
            match seen.iter().find(|first| **first == name) {
                Some(first) => already_set(name, first, errors),
                None => seen.push(name),
            }
        }
    }
}

/// `set = …` and `$set = …` are one and the same, and the option would replace the property (CAP-63).
fn options_are_no_properties_as_well(arguments: &[Argument], errors: &mut Errors) {
    for (index, argument) in arguments.iter().enumerate() {
        let Argument::Option { name: option, .. } = argument else {
            continue;
        };
        let Some(sent_as) = options::property(&option.to_string()) else {
            continue;
        };
        for (other, property) in arguments.iter().enumerate() {
            let Argument::Property(Property {
                key: Key::Named { name, span, .. },
                ..
            }) = property
            else {
                continue;
            };
            if name != sent_as {
                continue;
            }
            // At the second of the two.
            if other > index {
                let place = spans::place(option.span());
                errors.at(
                    *span,
                    format!(
                        "the option `{option}` already sets `{name}` {place}; remove one of them"
                    ),
                );
            } else {
                let place = spans::place(*span);
                errors.at(
                    option.span(),
                    format!("`{name}`, which this option sets, is already set {place}; remove one of them"),
                );
            }
        }
    }
}

/// The arguments as the steps that they are. An option with a value that it cannot be given is none.
fn meant(name: Option<Operand>, arguments: Vec<Argument>, errors: &mut Errors) -> Capture {
    let mut client = None;
    let mut steps = Vec::new();
    for argument in arguments {
        match argument {
            Argument::Property(property) => steps.push(Step::Property(property)),
            Argument::Spread(operand) => steps.push(Step::Spread(operand)),
            Argument::Option {
                name: option,
                kind: OptionKind::Object(name),
                value,
            } => {
                property::check::json_keys_are_unique(&value, errors);
                if property::check::object_is_one(&option.to_string(), &value, errors) {
                    steps.push(Step::Object { name, value });
                } else {
                    errors.salvage_value(value);
                }
            }
            Argument::Option {
                name: option,
                kind,
                value,
            } => {
                let Some(value) = plain(&option, value, errors) else {
                    continue;
                };
                match kind {
                    OptionKind::Client => client = Some(value),
                    OptionKind::Reference(setter) => steps.push(Step::Reference {
                        setter,
                        option,
                        value,
                    }),
                    OptionKind::Switch(setter) => steps.push(Step::Switch {
                        setter,
                        option,
                        value: value.without_parentheses(),
                    }),
                    OptionKind::Told(method) => steps.push(Step::Told {
                        method,
                        option,
                        value,
                        by_value: false,
                    }),
                    OptionKind::ToldSwitch(method) => steps.push(Step::Told {
                        method,
                        option,
                        value: value.without_parentheses(),
                        by_value: true,
                    }),
                    OptionKind::Object(_) => {}
                }
            }
        }
    }
    Capture {
        // Where there is a mistake instead of a name, any will do: nothing of it runs.
        name: name.map_or_else(
            || Operand::Parsed(parse_quote!("")),
            Operand::without_parentheses,
        ),
        client,
        steps,
    }
}

/// An option is given an expression; the forms of a property's value are for what is sent.
fn plain(option: &Ident, value: Value, errors: &mut Errors) -> Option<Operand> {
    let span = value.span();
    let message = match value {
        Value::Serialized(operand) => {
            let name = option.to_string();
            let fine = options::takes(&name)
                .is_none_or(|takes| option_value::check(&name, takes, &operand, errors));
            return fine.then_some(operand);
        }
        Value::Displayed(_) => {
            format!("the option `{option}` takes no `%`; write `{option} = value.to_string()`")
        }
        Value::Debugged(_) => {
            format!("the option `{option}` takes no `?`; write `{option} = value`")
        }
        Value::Null(_) => format!("the option `{option}` cannot be `null`; leave it out"),
        Value::Object(..) | Value::Array(..) => {
            format!("the option `{option}` takes no JSON literal; write `{option} = value`")
        }
    };
    errors.at(span, message);
    errors.salvage_value(value);
    None
}
