//! Typed events: structs with `#[derive(Event)]`.

use posthog_core::plan::Type;
use syn::{
    Attribute, Expr, Fields, ItemStruct, Lit, LitStr, Meta, Path, Token,
    ext::IdentExt,
    parse::ParseStream,
    punctuated::Punctuated,
    visit_mut::{self, VisitMut},
};

use crate::found::{Call, Found, Property};

/// Notes every typed event in the file.
pub(crate) fn find(file: &mut syn::File, found: &mut Found) {
    Visitor { found }.visit_file_mut(file);
}

struct Visitor<'a> {
    found: &'a mut Found,
}

impl VisitMut for Visitor<'_> {
    fn visit_item_struct_mut(&mut self, item: &mut ItemStruct) {
        if item.attrs.iter().any(derives_event) {
            self.found.call(event(item));
        }
        visit_mut::visit_item_struct_mut(self, item);
    }
}

fn derives_event(attribute: &Attribute) -> bool {
    let derived = attribute
        .path()
        .is_ident("derive")
        .then(|| attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated));
    let Some(Ok(derived)) = derived else {
        return false;
    };
    derived.iter().any(|path| {
        path.segments
            .last()
            .is_some_and(|last| last.ident == "Event")
    })
}

fn event(item: &ItemStruct) -> Call {
    let name = options(&item.attrs)
        .into_iter()
        .find_map(|(option, text)| (option == "name").then_some(text)?);
    let mut call = Call {
        event: name.unwrap_or_else(|| {
            posthog_core::names::event_of_struct(&item.ident.unraw().to_string())
        }),
        description: description(&item.attrs),
        properties: Vec::new(),
        open: false,
    };
    let Fields::Named(fields) = &item.fields else {
        return call;
    };
    for field in &fields.named {
        let options = options(&field.attrs);
        let has = |name: &str| options.iter().any(|(option, _)| option == name);
        call.open |= has("flatten");
        if has("flatten") || has("skip") || has("distinct_id") {
            continue;
        }
        let renamed = options
            .iter()
            .find_map(|(option, text)| (option == "rename").then(|| text.clone())?);
        let Some(ident) = &field.ident else { continue };
        let (ty, optional) = type_of(&field.ty);
        call.properties.push(Property {
            key: renamed.unwrap_or_else(|| ident.unraw().to_string()),
            ty,
            description: description(&field.attrs),
            optional,
        });
    }
    call
}

/// The options of `#[event(…)]` and their text; what is no option is none.
fn options(attributes: &[Attribute]) -> Vec<(String, Option<String>)> {
    let mut all = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("event"))
    {
        let options = attribute.parse_args_with(|input: ParseStream| {
            let mut options = Vec::new();
            while !input.is_empty() {
                let name = input.call(syn::Ident::parse_any)?.to_string();
                let mut text = None;
                if input.parse::<Option<Token![=]>>()?.is_some() {
                    if input.peek(LitStr) {
                        text = Some(input.parse::<LitStr>()?.value());
                    } else {
                        input.parse::<Expr>()?;
                    }
                }
                options.push((name, text));
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(options)
        });
        all.extend(options.unwrap_or_default());
    }
    all
}

/// The first paragraph of the doc comment.
fn description(attributes: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attribute in attributes {
        let Meta::NameValue(meta) = &attribute.meta else {
            continue;
        };
        if let Expr::Lit(literal) = &meta.value
            && let Lit::Str(text) = &literal.lit
            && meta.path.is_ident("doc")
        {
            // Not `lines`, of which an empty text has none.
            lines.extend(text.value().split('\n').map(|line| line.trim().to_owned()));
        }
    }
    let paragraph = lines
        .iter()
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty());
    let text = paragraph.map(String::as_str).collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// What a value of the type is in JSON, if its name says it, and whether it is left out at times.
fn type_of(ty: &syn::Type) -> (Option<Type>, bool) {
    match ty {
        syn::Type::Reference(reference) => type_of(&reference.elem),
        syn::Type::Array(_) | syn::Type::Slice(_) => (Some(Type::Array), false),
        syn::Type::Path(path) => {
            let Some(last) = path.path.segments.last() else {
                return (None, false);
            };
            let inner = || match &last.arguments {
                syn::PathArguments::AngleBracketed(generics) => {
                    generics.args.iter().find_map(|argument| match argument {
                        syn::GenericArgument::Type(ty) => Some(type_of(ty).0),
                        _ => None,
                    })
                }
                _ => None,
            };
            match last.ident.to_string().as_str() {
                "Option" => (inner().flatten(), true),
                "Box" | "Rc" | "Arc" | "Cow" => (inner().flatten(), false),
                "String" | "str" | "char" | "Uuid" | "PathBuf" | "Path" => {
                    (Some(Type::String), false)
                }
                "bool" => (Some(Type::Boolean), false),
                "f32" | "f64" => (Some(Type::Number), false),
                "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64"
                | "u128" | "usize" => (Some(Type::Integer), false),
                "Vec" | "VecDeque" | "HashSet" | "BTreeSet" => (Some(Type::Array), false),
                "HashMap" | "BTreeMap" => (Some(Type::Object), false),
                _ => (None, false),
            }
        }
        _ => (None, false),
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::found::Found;
    use posthog_core::plan::{Type, Types};

    #[test]
    fn a_typed_event_is_described_by_its_fields_and_comments() {
        let text = r#"
            /// An order
            /// was charged.
            ///
            /// More about it.
            #[derive(Debug, posthog::Event)]
            struct OrderProcessed<'a> {
                /// In whole units.
                total: f64,
                #[event(rename = "currency")]
                code: &'a str,
                coupon: Option<String>,
                #[event(skip)]
                internal: u32,
                #[event(distinct_id)]
                user: u64,
                money: Money,
            }
            #[derive(Event)]
            #[event(name = "closed")]
            struct Closing { #[event(flatten)] rest: Rest }
            #[derive(Debug)]
            struct Other;
        "#;
        let mut file = syn::parse_file(text).expect("a file");
        let mut found = Found::default();
        find(&mut file, &mut found);
        let events: Vec<_> = found.events.keys().map(String::as_str).collect();
        assert_eq!(events, ["closed", "order_processed"]);
        let order = &found.events["order_processed"];
        assert_eq!(order.description.as_deref(), Some("An order was charged."));
        let properties: Vec<_> = order
            .properties
            .iter()
            .map(|(key, values)| (key.as_str(), values.types(), values.calls))
            .collect();
        let only = |ty| Some(Types::NONE.with(ty));
        assert_eq!(
            properties,
            [
                ("coupon", only(Type::String), 0),
                ("currency", only(Type::String), 1),
                ("money", None, 1),
                ("total", only(Type::Number), 1),
            ]
        );
        assert_eq!(
            order.properties["total"].description.as_deref(),
            Some("In whole units.")
        );
        assert!(found.events["closed"].open && !order.open);
    }
}
