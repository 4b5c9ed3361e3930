//! JSON with the place of everything in it, so that a mistake in a plan is found by line and column.
//!
//! It is read here and not by a library: the macros read it in every build, and this crate has no dependency then.

use std::fmt::{self, Write};

use super::mistake::{Mistake, Place};

/// The longest text that is read, in bytes. A plan of thousands of events has a tenth of it.
const LONGEST: usize = 8 << 20;
/// How deep containers may nest.
const DEEPEST: usize = 64;

/// A value and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub json: Json,
}

/// A JSON value.
#[derive(Clone, PartialEq, Debug)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A number as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// `[…]`
    Array(Vec<Node>),
    /// `{…}`, each key once, in the order written.
    Object(Vec<(Key, Node)>),
}

/// The key of an entry.
#[derive(Clone, PartialEq, Debug)]
pub struct Key {
    /// Where it begins.
    pub place: Place,
    /// The key.
    pub text: String,
}

impl Json {
    /// What it is called in a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

/// Reads one value that is the whole text.
///
/// # Errors
/// The first mistake, and where it is.
pub fn read(text: &str) -> Result<Node, Mistake> {
    let mut reader = Reader {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        place: Place::START,
    };
    if text.len() > LONGEST {
        return Err(reader.mistake(format_args!("the plan is longer than 8 MiB")));
    }
    let node = reader.value(0)?;
    reader.space();
    if reader.rest.is_empty() {
        Ok(node)
    } else {
        Err(reader.mistake(format_args!("expected nothing more behind the plan")))
    }
}

/// `text` as a JSON string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                // Writing into a `String` does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

struct Reader<'a> {
    rest: &'a str,
    place: Place,
}

impl Reader<'_> {
    fn mistake(&self, message: fmt::Arguments<'_>) -> Mistake {
        Mistake::new(self.place, message)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.rest = &self.rest[character.len_utf8()..];
        self.place.step(character);
        Some(character)
    }

    fn space(&mut self) {
        while let Some(' ' | '\n' | '\r' | '\t') = self.peek() {
            self.next();
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Mistake> {
        self.space();
        let place = self.place;
        if depth > DEEPEST {
            return Err(self.mistake(format_args!("containers nest deeper than {DEEPEST} levels")));
        }
        let json = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Json::Text(self.text()?),
            Some('-' | '0'..='9') => Json::Number(self.number()?),
            Some('a'..='z' | 'A'..='Z' | '_') => self.word()?,
            Some('\'') => {
                return Err(self.mistake(format_args!("text stands in double quotes")));
            }
            Some('/') => return Err(self.mistake(format_args!("JSON has no comments"))),
            Some(other) => {
                return Err(self.mistake(format_args!("expected a value, not `{other}`")));
            }
            None => return Err(self.mistake(format_args!("expected a value; the text ends here"))),
        };
        Ok(Node { place, json })
    }

    fn object(&mut self, depth: usize) -> Result<Json, Mistake> {
        let open = self.place;
        self.next();
        let mut entries: Vec<(Key, Node)> = Vec::new();
        // Entries are looked up in a set, or a long object would take the square of its length.
        let mut seen = std::collections::HashSet::new();
        loop {
            self.space();
            match self.peek() {
                Some('}') if entries.is_empty() => break,
                Some('"') => {}
                Some('}') => {
                    return Err(self.mistake(format_args!("expected a key behind the `,`")));
                }
                Some(_) => {
                    return Err(self.mistake(format_args!("expected a key in double quotes")));
                }
                None => {
                    return Err(Mistake::new(
                        open,
                        format_args!("this `{{` is never closed"),
                    ));
                }
            }
            let place = self.place;
            let text = self.text()?;
            if !seen.insert(text.clone()) {
                return Err(Mistake::new(
                    place,
                    format_args!("the key `{text}` is already set above; remove one"),
                ));
            }
            self.space();
            if self.peek() != Some(':') {
                return Err(self.mistake(format_args!("expected `:` behind the key `{text}`")));
            }
            self.next();
            let value = self.value(depth + 1)?;
            entries.push((Key { place, text }, value));
            self.space();
            match self.peek() {
                Some(',') => {
                    self.next();
                }
                Some('}') => break,
                Some(_) => return Err(self.mistake(format_args!("expected `,` or `}}`"))),
                None => {
                    return Err(Mistake::new(
                        open,
                        format_args!("this `{{` is never closed"),
                    ));
                }
            }
        }
        self.next();
        Ok(Json::Object(entries))
    }

    fn array(&mut self, depth: usize) -> Result<Json, Mistake> {
        let open = self.place;
        self.next();
        let mut elements = Vec::new();
        loop {
            self.space();
            match self.peek() {
                Some(']') if elements.is_empty() => break,
                Some(']') => {
                    return Err(self.mistake(format_args!("expected a value behind the `,`")));
                }
                _ => {}
            }
            elements.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(',') => {
                    self.next();
                }
                Some(']') => break,
                Some(_) => return Err(self.mistake(format_args!("expected `,` or `]`"))),
                None => return Err(Mistake::new(open, format_args!("this `[` is never closed"))),
            }
        }
        self.next();
        Ok(Json::Array(elements))
    }

    fn text(&mut self) -> Result<String, Mistake> {
        let open = self.place;
        self.next();
        let mut text = String::new();
        loop {
            let here = self.place;
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape(here)?),
                Some(control) if control < ' ' => {
                    return Err(Mistake::new(
                        here,
                        format_args!(
                            "a control character stands in text as an escape such as `\\n`"
                        ),
                    ));
                }
                Some(other) => text.push(other),
                None => {
                    return Err(Mistake::new(
                        open,
                        format_args!("this text is never closed"),
                    ));
                }
            }
        }
    }

    fn escape(&mut self, start: Place) -> Result<char, Mistake> {
        let escaped = match self.next() {
            Some(same @ ('"' | '\\' | '/')) => Some(same),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.code_point(),
            _ => None,
        };
        escaped.ok_or_else(|| Mistake::new(start, format_args!("this is no escape of JSON")))
    }

    /// What follows `\u`: four digits, or a pair of surrogates.
    fn code_point(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high);
        }
        self.rest = self.rest.strip_prefix("\\u")?;
        self.place.column += 2;
        let low = self.four_digits()?;
        let low = (0xDC00..0xE000).contains(&low).then_some(low - 0xDC00)?;
        char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + self.next()?.to_digit(16)?;
        }
        Some(code)
    }

    fn number(&mut self) -> Result<String, Mistake> {
        let place = self.place;
        let mut number = String::new();
        while let Some('-' | '+' | '.' | 'e' | 'E' | '0'..='9') = self.peek() {
            number.extend(self.next());
        }
        let (whole, exponent) = match number.split_once(['e', 'E']) {
            Some((whole, exponent)) => (whole, Some(exponent)),
            None => (&*number, None),
        };
        let whole = whole.strip_prefix('-').unwrap_or(whole);
        let (whole, fraction) = match whole.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (whole, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let well_formed = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(digits)
            && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
        if well_formed {
            Ok(number)
        } else {
            Err(Mistake::new(
                place,
                format_args!("`{number}` is no number of JSON"),
            ))
        }
    }

    fn word(&mut self) -> Result<Json, Mistake> {
        let place = self.place;
        let mut word = String::new();
        while let Some('a'..='z' | 'A'..='Z' | '0'..='9' | '_') = self.peek() {
            word.extend(self.next());
        }
        match word.as_str() {
            "null" => Ok(Json::Null),
            "true" => Ok(Json::Boolean(true)),
            "false" => Ok(Json::Boolean(false)),
            _ => Err(Mistake::new(
                place,
                format_args!(
                    "expected a value; text stands in double quotes, `{}`",
                    quoted(&word)
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, quoted, read};

    fn mistake(text: &str) -> String {
        read(text).expect_err(text).to_string()
    }

    #[test]
    fn every_mistake_has_its_line_and_column() {
        for (text, expected) in [
            ("", "1:1: expected a value; the text ends here"),
            ("{\n  \"a\": 1,\n}", "3:1: expected a key behind the `,`"),
            ("{\n  \"a\" 1 }", "2:7: expected `:` behind the key `a`"),
            ("{ \"a\": 1 \"b\": 2 }", "1:10: expected `,` or `}`"),
            ("{ a: 1 }", "1:3: expected a key in double quotes"),
            (
                "{ \"ö\": 1,\n\"ö\": 2 }",
                "2:1: the key `ö` is already set above; remove one",
            ),
            ("[1,\n 2", "1:1: this `[` is never closed"),
            ("[1, ]", "1:5: expected a value behind the `,`"),
            ("{ \"a\": { ", "1:8: this `{` is never closed"),
            ("\"a", "1:1: this text is never closed"),
            ("\"\\x\"", "1:2: this is no escape of JSON"),
            ("\"\\ud800\"", "1:2: this is no escape of JSON"),
            ("[01]", "1:2: `01` is no number of JSON"),
            ("[1.]", "1:2: `1.` is no number of JSON"),
            ("[-]", "1:2: `-` is no number of JSON"),
            (
                "[EUR]",
                "1:2: expected a value; text stands in double quotes, `\"EUR\"`",
            ),
            ("['a']", "1:2: text stands in double quotes"),
            ("// plan", "1:1: JSON has no comments"),
            ("{} {}", "1:4: expected nothing more behind the plan"),
            (
                "\"a\nb\"",
                "1:3: a control character stands in text as an escape such as `\\n`",
            ),
        ] {
            assert_eq!(mistake(text), expected, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(
            mistake(&deep),
            "1:66: containers nest deeper than 64 levels"
        );
        let long = format!("[{}]", " ".repeat(9 << 20));
        assert_eq!(mistake(&long), "1:1: the plan is longer than 8 MiB");
    }

    #[test]
    fn what_json_has_is_read() {
        let text =
            "\u{feff} {\"a\": [null, true, -1.5e+3, \"\\u00f6\\ud83e\\udd80\\n\"], \"b\": {}} \n";
        let Json::Object(entries) = read(text).expect("JSON").json else {
            panic!("an object")
        };
        let Json::Array(elements) = &entries[0].1.json else {
            panic!("an array")
        };
        let elements: Vec<_> = elements.iter().map(|node| node.json.clone()).collect();
        assert_eq!(
            elements,
            [
                Json::Null,
                Json::Boolean(true),
                Json::Number("-1.5e+3".into()),
                Json::Text("ö🦀\n".into())
            ]
        );
        assert_eq!(entries[1].1.json, Json::Object(Vec::new()));
    }

    #[test]
    fn quoted_text_reads_back() {
        for text in ["", "a\"\\b", "\u{1}\n\t\r", "ö🦀"] {
            assert_eq!(
                read(&quoted(text)).expect("JSON").json,
                Json::Text(text.into())
            );
        }
    }
}
