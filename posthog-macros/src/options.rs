//! The options of a context: what stands in the head of `context!` and in the parentheses of `#[scoped]`.

use std::fmt::{self, Display};

use posthog_core::spelling::most_similar;
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{Ident, Token, ext::IdentExt, parenthesized, parse::ParseStream, token};

use crate::{
    errors::Errors,
    literal::Literal,
    option_value::{self, Takes},
    plan::{self, Planned},
    property::{self, Operand, Property},
    root::Root,
    spans,
};

/// The options as written.
#[derive(Default)]
pub(crate) struct Written(Vec<WrittenOption>);

pub(crate) struct WrittenOption {
    name: Ident,
    setting: Setting,
}

enum Setting {
    /// `fresh`
    Bare,
    /// `name = expr`
    Value(Operand),
    /// `tags(key = value)`
    Tags(Vec<Property>),
}

impl WrittenOption {
    /// One option; `value` reads what stands behind the `=`, because where that ends is different in a head.
    pub(crate) fn parse(
        input: ParseStream,
        errors: &mut Errors,
        value: fn(ParseStream) -> syn::Result<Operand>,
    ) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            if name != "tags" {
                let message = format!("`{name}` takes no parentheses; write `{name} = value`");
                let _: TokenStream = content.parse()?;
                return Err(syn::Error::new(name.span(), message));
            }
            let tags = property::parse::list(&content, errors, property::parse::property)?;
            return Ok(Self {
                name,
                setting: Setting::Tags(tags),
            });
        }
        if !property::parse::assigns(input) {
            return Ok(Self {
                name,
                setting: Setting::Bare,
            });
        }
        let assign: Token![=] = input.parse()?;
        if input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]) {
            return Err(syn::Error::new(
                spans::behind(assign.span),
                "a value is missing here",
            ));
        }
        Ok(Self {
            name,
            setting: Setting::Value(value(input)?),
        })
    }
}

impl Written {
    pub(crate) fn push(&mut self, option: WrittenOption) {
        self.0.push(option);
    }

    /// Every expression in the options; they are evaluated before the context is entered.
    pub(crate) fn for_each_operand(&mut self, change: &mut dyn FnMut(&mut Operand)) {
        for option in &mut self.0 {
            match &mut option.setting {
                Setting::Bare => {}
                Setting::Value(operand) => change(operand),
                Setting::Tags(tags) => tags.iter_mut().for_each(|tag| tag.for_each_operand(change)),
            }
        }
    }

    /// What the options mean.
    pub(crate) fn check(self, owner: Owner, errors: &mut Errors) -> Options {
        let mut options = Options::default();
        for option in self.0 {
            let name = option.name.unraw().to_string();
            match (name.as_str(), option.setting) {
                ("tags", Setting::Tags(tags)) => {
                    property::check::tags(&tags, errors);
                    let planned = plan::check::tags(&tags, errors);
                    options.set(Call::Tags(option.name, tags, planned), errors);
                }
                ("fresh", Setting::Bare) => options.set(Call::Fresh(option.name), errors),
                (name, Setting::Value(operand)) if takes(name).is_some() => {
                    if let Some(takes) = takes(name) {
                        option_value::check(name, takes, &operand, errors);
                    }
                    let call = if SWITCHES.contains(&name) {
                        Call::Switch(option.name, operand.without_parentheses())
                    } else {
                        Call::Reference(option.name, operand)
                    };
                    options.set(call, errors);
                }
                ("tags", _) => errors.at(
                    option.name.span(),
                    "tags stand in parentheses; write `tags(key = value)`",
                ),
                ("capture_exceptions", _) => errors.at(
                    option.name.span(),
                    "`capture_exceptions` has no value; write `capture_exceptions = false`",
                ),
                (name, _) if REFERENCES.contains(&name) => {
                    errors.at(
                        option.name.span(),
                        format!("`{name}` has no value; write `{name} = value`"),
                    );
                }
                (name, _) => errors.at(option.name.span(), unknown(name, owner)),
            }
        }
        client_is_used(&options, errors);
        options
    }
}

/// The message about an option that there is none of.
fn unknown(name: &str, owner: Owner) -> String {
    let mut known = [SWITCHES, REFERENCES, &["tags"]].concat();
    if matches!(owner, Owner::Scoped) {
        known.push("crate");
    }
    match most_similar(name, &known) {
        Some(similar) => format!("unknown option `{name}`; did you mean `{similar}`? {owner}"),
        None => format!("unknown option `{name}`; {owner}"),
    }
}

/// The client of a context captures what leaves it, and does nothing else (CTX-3).
fn client_is_used(options: &Options, errors: &mut Errors) {
    let find = |wanted: &str| options.0.iter().find(|call| call.name() == wanted);
    if let (Some(Call::Reference(client, _)), Some(Call::Switch(switch, Operand::Parsed(value)))) =
        (find("client"), find("capture_exceptions"))
        && Literal::of_expr(value).is_some_and(|literal| literal.is_false())
    {
        let place = spans::place(switch.span());
        errors.at(
            client.span(),
            format!(
                "the `client` of a context captures what leaves it, and `capture_exceptions = false` {place} \
                 switches that off; remove one of them"
            ),
        );
    }
}

/// The options as they are meant: each at most once.
#[derive(Default)]
pub(crate) struct Options(Vec<Call>);

/// A call on `NewContext`; the identifier is its method.
enum Call {
    Fresh(Ident),
    Switch(Ident, Operand),
    Reference(Ident, Operand),
    Tags(Ident, Vec<Property>, Planned),
}

impl Call {
    fn name(&self) -> &Ident {
        match self {
            Self::Fresh(name)
            | Self::Switch(name, _)
            | Self::Reference(name, _)
            | Self::Tags(name, ..) => name,
        }
    }

    fn expand(&self, root: &Root) -> TokenStream {
        let name = self.name();
        // The name of the option is the name of the method, so an editor shows the docs of the method on it.
        let method = Ident::new(&name.unraw().to_string(), spans::at(name.span()));
        let argument = match self {
            Self::Fresh(_) => quote_spanned!(spans::own()=> true),
            Self::Switch(_, Operand::Parsed(expr)) => quote_spanned!(spans::own()=> #expr),
            Self::Switch(_, Operand::Unparsed(raw)) => quote_spanned!(spans::own()=> (#raw)),
            Self::Reference(_, operand) => property::expand::reference(operand),
            Self::Tags(_, tags, planned) => property::expand::properties(root, tags, planned),
        };
        quote_spanned!(spans::own()=> .#method(#argument))
    }
}

impl Options {
    /// Each option is set at most once.
    fn set(&mut self, call: Call, errors: &mut Errors) {
        let name = call.name();
        if let Some(earlier) = self.0.iter().find(|earlier| earlier.name() == name) {
            already_set(name, earlier.name(), errors);
        } else {
            self.0.push(call);
        }
    }

    /// A `NewContext` with these options.
    pub(crate) fn expand(&self, root: &Root) -> TokenStream {
        let calls = self.0.iter().map(|call| call.expand(root));
        quote_spanned!(spans::own()=> #root::new_context() #(#calls)*)
    }
}

/// Reports the second of two options of one name.
pub(crate) fn already_set(name: &Ident, first: &Ident, errors: &mut Errors) {
    let place = spans::place(first.span());
    errors.at(
        name.span(),
        format!("option `{name}` is already set {place}; remove one of them"),
    );
}

/// What the option of this name takes, if there is one that takes a value.
fn takes(name: &str) -> Option<Takes> {
    Some(match name {
        "fresh" | "capture_exceptions" => Takes::Bool,
        "client" => Takes::Client,
        "distinct_id" => Takes::DistinctId,
        "session_id" => Takes::SessionId,
        "device_id" => Takes::DeviceId,
        _ => return None,
    })
}

const SWITCHES: &[&str] = &["fresh", "capture_exceptions"];
const REFERENCES: &[&str] = &["client", "distinct_id", "session_id", "device_id"];

/// Whether an option has this name.
pub(crate) fn is_known(name: &Ident) -> bool {
    let is_name = |known: &&str| name == known;
    name == "tags" || SWITCHES.iter().any(is_name) || REFERENCES.iter().any(is_name)
}

/// The macro that the options belong to. Its `Display` lists the options it takes.
#[derive(Clone, Copy)]
pub(crate) enum Owner {
    Context,
    Scoped,
}

impl Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Context => "the head of `context!` takes ",
            Self::Scoped => "`#[scoped]` takes ",
        })?;
        for name in SWITCHES.iter().chain(REFERENCES) {
            write!(f, "`{name}`, ")?;
        }
        f.write_str(match self {
            Self::Context => "`tags(...)`",
            Self::Scoped => "`tags(...)`, `crate`",
        })
    }
}
