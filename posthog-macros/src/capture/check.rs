//! What the arguments of `capture!` mean.

use syn::Ident;

use super::{
    options::OptionKind,
    parse::{self, Argument},
};
use crate::{
    errors::Errors,
    property::{self, Operand, Property, Value},
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
}

pub(super) fn capture(written: parse::Capture, errors: &mut Errors) -> Capture {
    let parse::Capture { name, arguments } = written;
    let properties = arguments.iter().filter_map(|argument| match argument {
        Argument::Property(property) => Some(property),
        Argument::Option { .. } | Argument::Spread(_) => None,
    });
    property::check::keys_are_unique(properties, "property", errors);
    options_are_unique(&arguments, errors);

    let mut client = None;
    let mut steps = Vec::new();
    for argument in arguments {
        match argument {
            Argument::Property(property) => steps.push(Step::Property(property)),
            Argument::Spread(operand) => steps.push(Step::Spread(operand)),
            Argument::Option {
                kind: OptionKind::Object(name),
                value,
                ..
            } => {
                property::check::json_keys_are_unique(&value, errors);
                steps.push(Step::Object { name, value });
            }
            Argument::Option {
                name: option,
                kind,
                value,
            } => {
                let Some(value) = errors.keep(plain(&option, value)) else {
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
                    OptionKind::Object(_) => {}
                }
            }
        }
    }
    Capture {
        name: name.without_parentheses(),
        client,
        steps,
    }
}

fn options_are_unique(arguments: &[Argument], errors: &mut Errors) {
    let mut seen = Vec::new();
    for argument in arguments {
        if let Argument::Option { name, .. } = argument {
            if seen.contains(&name) {
                errors.at(
                    name.span(),
                    format!("option `{name}` is already set above; remove one"),
                );
            }
            seen.push(name);
        }
    }
}

/// An option is given an expression; the forms of a property's value are for what is sent.
fn plain(option: &Ident, value: Value) -> syn::Result<Operand> {
    let span = value.span();
    let message = match value {
        Value::Serialized(operand) => return Ok(operand),
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
    Err(syn::Error::new(span, message))
}
