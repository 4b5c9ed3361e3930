//! Which calls are mistakes, as far as no types are needed to tell. How the messages read, and where they stand, the UI
//! tests of `posthog-tests` show.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

/// The messages of the mistakes in the arguments of `capture!`.
fn capture(arguments: &str) -> Vec<String> {
    messages(crate::capture::capture(tokens(arguments)))
}

fn tag(arguments: &str) -> Vec<String> {
    messages(crate::tag::tag(tokens(arguments)))
}

fn context(body: &str) -> Vec<String> {
    messages(crate::context::context(tokens(body)))
}

fn scoped(arguments: &str, function: &str) -> Vec<String> {
    messages(crate::scoped::scoped(tokens(arguments), &tokens(function)))
}

fn tokens(code: &str) -> TokenStream {
    TokenStream::from_str(code).expect("tokens")
}

/// What stands in each `compile_error!`.
fn messages(expansion: TokenStream) -> Vec<String> {
    let tokens: Vec<_> = expansion.into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if ident == "compile_error" => {
                if let Some(TokenTree::Group(group)) = tokens.get(index + 2) {
                    let text: syn::LitStr = syn::parse2(group.stream()).expect("a text");
                    found.push(text.value());
                }
            }
            TokenTree::Group(group) => found.extend(messages(group.stream())),
            _ => {}
        }
    }
    found
}

#[track_caller]
fn no_mistake(found: &[String]) {
    assert!(found.is_empty(), "{found:#?}");
}

/// One mistake, with `words` in its message.
#[track_caller]
fn one(words: &str, found: &[String]) {
    assert!(
        found.len() == 1 && found[0].contains(words),
        "{words}: {found:#?}"
    );
}

#[test]
fn cap_122_a_literal_that_is_no_distinct_id_is_a_mistake_wherever_it_stands() {
    for id in [
        "\"anonymous\"",
        "\"NULL\"",
        "r#\" 'none' \"#",
        "0",
        "0u64",
        "\"\\u{30}\"",
    ] {
        one(
            "stands for nobody",
            &capture(&format!("\"e\", distinct_id = {id}")),
        );
        one(
            "stands for nobody",
            &context(&format!("<distinct_id = {id}>")),
        );
        one(
            "stands for nobody",
            &scoped(&format!("distinct_id = {id}"), "fn f() {}"),
        );
    }
    for id in [
        "\"user-7\"",
        "7",
        "-1",
        "id",
        "(\"anonymous\")",
        "&\"anonymous\"",
        "concat!(\"\")",
    ] {
        no_mistake(&capture(&format!("\"e\", distinct_id = {id}")));
        no_mistake(&context(&format!("<distinct_id = {id}>")));
        no_mistake(&scoped(&format!("distinct_id = {id}"), "fn f() {}"));
    }
    // A property or an entry of that name is no identity.
    no_mistake(&capture(
        "\"e\", \"distinct_id\" = \"anonymous\", o = { \"distinct_id\": \"\" }",
    ));
}

#[test]
fn cap_140_what_is_computed_is_not_checked() {
    for name in [
        "(\"\")",
        "(\"$nothing\")",
        "name",
        "concat!(\"$\", \"nothing\")",
        "&\" \"",
        "names[0]",
        "f()",
        "{ \"\" }",
    ] {
        no_mistake(&capture(name));
        no_mistake(&capture(&format!("{name}, total = 1")));
    }
    for key in [
        "(\"\")",
        "(\"$nothing\")",
        "(key)",
        "(\"$session_id\")",
        "(concat!(\" \"))",
    ] {
        no_mistake(&capture(&format!("\"e\", {key} = 1, {key} = 2")));
        no_mistake(&tag(&format!("{key} = 1")));
        no_mistake(&tag(&format!("{key}, 1")));
        no_mistake(&scoped(&format!("tags({key} = 1)"), "fn f() {}"));
    }
}

#[test]
fn cap_140_a_literal_is_checked_however_it_is_written() {
    for name in [
        "\"\"",
        "r\" \"",
        "r##\"\"##",
        "\"\\u{20}\"",
        "\"\\\n  \"",
        "\"\u{a0}\"",
    ] {
        one("blank", &capture(name));
        one("blank", &tag(&format!("{name}, 1")));
    }
    one("did you mean `$set`", &capture("\"e\", r\"$Set\" = {}"));
    one("did you mean `$set`", &capture("\"e\", $Set = {}"));
    one("already set", &capture("\"e\", r#type = 1, \"type\" = 2"));
    one("already set", &capture("\"e\", \"größe\" = 1, größe"));
    one("already set", &capture("\"e\", \"a\" = 1, \"\\x61\" = 2"));
    // A literal that a `macro_rules!` passes on stands in an invisible group.
    let group = |code: &str| {
        TokenTree::Group(proc_macro2::Group::new(
            proc_macro2::Delimiter::None,
            tokens(code),
        ))
    };
    let (name, value) = (group("\"\""), group("\"anonymous\""));
    let found = messages(crate::capture::capture(quote!(#name, distinct_id = #value)));
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn cap_140_names_without_a_dollar_are_free() {
    let long = format!("\"{}\"", "e".repeat(200));
    for name in [
        "\"order processed\"",
        "\"🦀\"",
        "\"Ünïcode\"",
        "\"a\\nb\"",
        "\"survey sent\"",
        &long,
    ] {
        no_mistake(&capture(name));
        no_mistake(&capture(&format!("\"e\", {name} = 1")));
        no_mistake(&tag(&format!("{name}, 1")));
    }
    no_mistake(&tag(
        "session_id = 1, user_id, timestamp = now, utm_sauce = 1",
    ));
    one(
        "at most 200 bytes",
        &capture(&format!("\"{}\"", "e".repeat(201))),
    );
    one(
        "at most 200 bytes",
        &capture(&format!("\"{}\"", "ü".repeat(101))),
    );
    let longest = "ü".repeat(200);
    no_mistake(&capture(&format!("\"e\", distinct_id = \"{longest}\"")));
    one(
        "201",
        &capture(&format!("\"e\", distinct_id = \"{longest}x\"")),
    );
}

#[test]
fn options_that_do_not_meet_are_no_mistake() {
    no_mistake(&capture(
        "\"e\", set = { \"a\": 1 }, set_once = { \"a\": 1 }, $unset = [\"b\"], \"set\" = 1",
    ));
    no_mistake(&capture(
        "\"e\", process_person_profile = false, groups = { \"company\": id }",
    ));
    no_mistake(&capture(
        "\"e\", process_person_profile = personless, set = { \"a\": 1 }",
    ));
    no_mistake(&capture(
        "\"e\", $process_person_profile = (false), set = map",
    ));
    no_mistake(&capture(
        "\"$identify\", process_person_profile = true, set = map()",
    ));
    no_mistake(&context("<client = client, capture_exceptions = true>"));
    no_mistake(&context("<client = client, capture_exceptions = yes>"));
    no_mistake(&scoped("fresh = false, tags(fresh = 1)", "fn f() {}"));
}

#[test]
fn a_function_that_can_unwind_can_be_scoped() {
    for function in [
        "extern \"C-unwind\" fn f() {}",
        "extern \"Rust\" fn f() {}",
        "unsafe extern \"system-unwind\" fn f() -> u32 { 1 }",
        "pub unsafe fn f() {}",
        "async unsafe fn f() {}",
        "#[no_mangle] pub fn f() {}",
    ] {
        no_mistake(&scoped("", function));
    }
    one(
        "assembly",
        &scoped(
            "",
            "#[unsafe(naked)] extern \"C-unwind\" fn f() { naked_asm!(\"ret\") }",
        ),
    );
    one("goes on a function", &scoped("", "static F: fn() = f;"));
    one(
        "goes on a function",
        &scoped("", "macro_rules! f { () => {} }"),
    );
    one("no body", &scoped("", "fn f();"));
}

#[test]
fn awaits_are_found_where_they_are_awaited_and_nowhere_else() {
    no_mistake(&context("async move { f().await }"));
    no_mistake(&context("let f = async { g().await }; f"));
    no_mistake(&context("let f = async |x, y| g(x).await; f"));
    no_mistake(&context("vec![async { f().await }]"));
    no_mistake(&context("stream! { yield f().await }"));
    no_mistake(&context("fn inner() { async { f().await }; }"));
    no_mistake(&context("let r#await = 1; r#await"));
    for body in [
        "f().await",
        "vec![[f().await]]",
        "unknown! { a => f().await }",
        "capture!(name().await)",
        "#[cfg(all())] { f().await }",
        "let x = if f().await { 1 } else { 2 };",
        "|| { (async {}, 1) }; f().await",
    ] {
        one("`.await` cannot stand", &context(body));
    }
}

#[test]
fn nothing_panics_on_what_is_half_written() {
    for code in [
        "",
        ",",
        ",,",
        "=",
        "$",
        "..",
        "%",
        "?",
        "(",
        "\"e\",",
        "\"e\" =",
        "\"e\", =",
        "\"e\", $",
        "\"e\", $ = 1",
        "\"e\", () = 1",
        "\"e\", {",
        "\"e\", a = {",
        "\"e\", a = { \"b\" }",
        "\"e\", a = { \"b\": }",
        "\"e\", a = [,]",
        "\"e\", a == 1",
        "\"e\", #[cfg(all())] a = 1",
        "\"e\", a: u32 = 1",
        "b\"e\"",
        "'e'",
        "1.5, a",
        "\"e\"; a",
        "\"e\", set = , set",
        "\"e\", ..a..b",
        "\"e\", ..",
        "\"e\", ...",
        "<",
        "<>",
        "< fresh",
        "<fresh,,>",
        "<tags>",
        "<tags()>",
        "<tags(=)>",
        "a.",
        "x..",
        "$crate",
        "r#\"e\"#, r#fn",
        "\"e\", '\\'' = 1",
        "c\"e\", c\"k\" = 1",
        "\"e\", self",
        "\"e\", super = 1",
        "\"e\", _ = 1",
        "\"e\", _",
        "\"e\", a = _",
        "-",
        "@",
        "@ a",
        "\"🦀\", 🦀 = 1",
    ] {
        // What is no token does not reach a macro.
        let Ok(tokens) = TokenStream::from_str(code) else {
            continue;
        };
        drop(crate::capture::capture(tokens.clone()));
        drop(crate::tag::tag(tokens.clone()));
        drop(crate::context::context(tokens.clone()));
        drop(crate::scoped::scoped(
            tokens.clone(),
            &quote!(
                fn f() {}
            ),
        ));
        drop(crate::scoped::scoped(TokenStream::new(), &tokens));
    }
}

/// Token soup: no panic, no endless loop, and what comes out of it can be read again.
#[test]
fn nothing_panics_on_any_tokens() {
    const WORDS: [&str; 44] = [
        "\"e\"",
        "\"\"",
        "\"$set\"",
        "\"$nope\"",
        "a",
        "b",
        "set",
        "client",
        "distinct_id",
        "timestamp",
        "tags",
        "fresh",
        "null",
        "match",
        "async",
        "await",
        "move",
        "return",
        "fn",
        "let",
        "if",
        "=",
        "==",
        "=>",
        ",",
        ";",
        ":",
        "::",
        ".",
        "..",
        "$",
        "%",
        "?",
        "&",
        "<",
        ">",
        "!",
        "|",
        "1",
        "-",
        "true",
        "@",
        "#",
        "'a",
    ];
    // A small generator with a fixed seed: each run tries the same.
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap_or(0)
    };
    for _ in 0..2000 {
        let mut code = String::new();
        let mut open = Vec::new();
        for _ in 0..=next(14) {
            match next(12) {
                0 => {
                    let (opens, closes) = [('(', ')'), ('[', ']'), ('{', '}')][next(3)];
                    code.push(opens);
                    open.push(closes);
                }
                1 => code.extend(open.pop()),
                _ => {
                    code.push_str(WORDS[next(WORDS.len())]);
                    code.push(' ');
                }
            }
        }
        code.extend(open.into_iter().rev());
        let Ok(tokens) = TokenStream::from_str(&code) else {
            continue;
        };
        let function = quote!(async fn f() { #tokens });
        for expansion in [
            crate::capture::capture(tokens.clone()),
            crate::tag::tag(tokens.clone()),
            crate::context::context(tokens.clone()),
            crate::scoped::scoped(tokens.clone(), &function),
            crate::scoped::scoped(TokenStream::new(), &function),
            crate::scoped::scoped(TokenStream::new(), &tokens),
        ] {
            assert!(
                TokenStream::from_str(&expansion.to_string()).is_ok(),
                "{code}"
            );
        }
    }
}
