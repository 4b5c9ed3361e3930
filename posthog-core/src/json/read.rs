//! Reading JSON that the SDK wrote, or was sent.
//!
//! It is read here and not by `serde_json`, whose reading is compiled for each type and each crate anew, with the words for
//! what may be wrong: several times as much in a program as what it is used for. Nobody asks here what is wrong.

use serde_json::{Map, Value};
use std::{borrow::Cow, str};

/// The value, if it is JSON.
pub(crate) fn read(json: &[u8]) -> Option<Value> {
    whole(json, Reader::value)
}

/// The text, if it is the JSON of one.
pub(crate) fn read_text(json: &[u8]) -> Option<String> {
    whole(json, |reader| reader.text().map(Cow::into_owned))
}

/// The entries of an object in their order, if it is one, with each value as it is written.
pub(crate) fn read_entries(json: &[u8]) -> Option<Vec<(Cow<'_, str>, &str)>> {
    whole(json, |reader| {
        let mut entries = Vec::new();
        reader.object(&mut |reader| {
            entries.push((reader.key()?, reader.written()?));
            Some(())
        })?;
        Some(entries)
    })
}

/// The elements of an array, if it is one, each as it is written.
pub(crate) fn read_elements(json: &[u8]) -> Option<Vec<&str>> {
    whole(json, |reader| {
        let mut elements = Vec::new();
        reader.array(&mut |reader| {
            elements.push(reader.written()?);
            Some(())
        })?;
        Some(elements)
    })
}

/// What is read, if nothing stands behind it.
fn whole<'a, T>(json: &'a [u8], read: impl FnOnce(&mut Reader<'a>) -> Option<T>) -> Option<T> {
    let mut reader = Reader {
        text: str::from_utf8(json).ok()?,
        at: 0,
        depth: 0,
    };
    let found = read(&mut reader)?;
    reader.peek().is_none().then_some(found)
}

/// What an array or object holds is handed on one by one, for the caller to read.
type Each<'a, 'b> = &'b mut dyn FnMut(&mut Reader<'a>) -> Option<()>;

/// A place in JSON. Each method reads what comes next, behind any space.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Containers around the place.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<Value> {
        Some(match self.peek()? {
            b'{' => {
                let mut entries = Map::new();
                self.object(&mut |reader| {
                    entries.insert(reader.key()?.into_owned(), reader.value()?);
                    Some(())
                })?;
                Value::Object(entries)
            }
            b'[' => {
                let mut elements = Vec::new();
                self.array(&mut |reader| {
                    elements.push(reader.value()?);
                    Some(())
                })?;
                Value::Array(elements)
            }
            b'"' => Value::String(self.text()?.into_owned()),
            _ => match self.word() {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                number => Value::Number(number.parse().ok()?),
            },
        })
    }

    /// A value as it is written, which has been found to be JSON before: only as much is looked at as its end needs.
    fn written(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' => self.object(&mut |reader| {
                reader.quoted()?;
                reader.pass(b':')?;
                reader.written().map(drop)
            })?,
            b'[' => self.array(&mut |reader| reader.written().map(drop))?,
            b'"' => drop(self.quoted()?),
            _ if self.word().is_empty() => return None,
            _ => {}
        }
        self.text.get(start..self.at)
    }

    fn object(&mut self, each: Each<'a, '_>) -> Option<()> {
        self.container(b'{', b'}', each)
    }

    fn array(&mut self, each: Each<'a, '_>) -> Option<()> {
        self.container(b'[', b']', each)
    }

    fn container(&mut self, open: u8, close: u8, each: Each<'a, '_>) -> Option<()> {
        self.pass(open)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        if self.peek()? != close {
            each(self)?;
            while self.peek()? != close {
                self.pass(b',')?;
                each(self)?;
            }
        }
        self.depth -= 1;
        self.pass(close)
    }

    /// The key of an entry, and its colon.
    fn key(&mut self) -> Option<Cow<'a, str>> {
        let key = self.text()?;
        self.pass(b':')?;
        Some(key)
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let quoted = self.quoted()?;
        Some(if quoted.contains('\\') {
            Cow::Owned(unescaped(quoted)?)
        } else {
            Cow::Borrowed(quoted)
        })
    }

    /// What stands between two quotes.
    fn quoted(&mut self) -> Option<&'a str> {
        self.pass(b'"')?;
        let start = self.at;
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                ..b' ' => return None,
                _ => self.at += 1,
            }
        }
        let quoted = self.text.get(start..self.at);
        self.at += 1;
        quoted
    }

    /// A number or a name. Whether it is one is not known yet.
    fn word(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let len = rest.bytes().take_while(|byte| is_part(*byte)).count();
        self.at += len;
        &rest[..len]
    }

    fn pass(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += 1)
    }

    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }
}

/// How deep containers may nest, so that the stack is never exhausted: as deep as `serde_json` reads.
const DEEPEST: usize = 127;

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut characters = escape.chars();
        let escaped = match characters.next()? {
            same @ ('"' | '\\' | '/') => same,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => code_point(&mut characters)?,
            _ => return None,
        };
        out.push(escaped);
        rest = characters.as_str();
    }
    out.push_str(rest);
    Some(out)
}

/// What follows `\u`: four digits, or a pair of surrogates.
fn code_point(rest: &mut str::Chars<'_>) -> Option<char> {
    let first = four_digits(rest)?;
    if let Some(character) = char::from_u32(first) {
        return Some(character);
    }
    *rest = rest.as_str().strip_prefix("\\u")?.chars();
    let high = first.checked_sub(0xD800).filter(|high| *high < 0x400)?;
    let low = four_digits(rest)?
        .checked_sub(0xDC00)
        .filter(|low| *low < 0x400)?;
    char::from_u32(0x1_0000 + (high << 10) + low)
}

fn four_digits(rest: &mut str::Chars<'_>) -> Option<u32> {
    let mut code = 0;
    for _ in 0..4 {
        code = code * 16 + rest.next()?.to_digit(16)?;
    }
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::{read, read_elements, read_entries, read_text};
    use serde_json::Value;

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let (deepest, too_deep) = (deep(127), deep(128));
        let jsons = [
            "null",
            "true",
            "false",
            "nul",
            "nulll",
            "True",
            "",
            " ",
            "{}",
            "[]",
            "{ }",
            "[ ]",
            "[,]",
            "[1,]",
            "[1 2]",
            "[",
            "]",
            "[1",
            "{",
            "}",
            "{1:2}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\" : 1 , \"b\": [ { } ] }\n",
            "{\"a\":1,\"a\":2}",
            "[1] 2",
            "\u{feff}1",
            "\u{a0}1",
            "[[1,[2]],{\"a\":{\"b\":null}}]",
            "0",
            "-0",
            "-0.0",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "1e5",
            "1E+5",
            "1e-5",
            "1-2",
            "1.5.2",
            "0x10",
            "NaN",
            "Infinity",
            "1e999",
            "-1e999",
            "1e-999",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "-9223372036854775809",
            "9007199254740993.0",
            "2.2250738585072011e-308",
            "0.1",
            "5e-324",
            "123456789012345678901234567890",
            "179769313486231570000000000000000000000",
            r#""""#,
            r#""a"#,
            r#"""#,
            r#""\"#,
            r#""\""#,
            r#""a\"b\\c\/d\b\f\n\r\t""#,
            r#""\x""#,
            r#""\u0041\u00e9""#,
            r#""\ud83d\ude00""#,
            r#""\uD83D\uDE00x""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ud83d\u0041""#,
            r#""\ude00""#,
            r#""\u00""#,
            r#""\u+041""#,
            r#""\u004""#,
            r#""\é""#,
            "\"é😀\"",
            "\"a\nb\"",
            "\"\u{7f}\"",
            r#""\\\\""#,
            r#"{"a\u0062\"":"\n"}"#,
            r#"{"":0}"#,
            r"['a']",
            "// a\n1",
            &deepest,
            &too_deep,
        ];
        for json in jsons {
            let theirs = serde_json::from_str::<Value>(json).ok();
            let ours = read(json.as_bytes());
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{json}");
            let theirs = serde_json::from_str::<String>(json).ok();
            assert_eq!(read_text(json.as_bytes()), theirs, "{json}");
        }
        assert_eq!(read(b"\"\xff\""), None);
    }

    #[test]
    fn what_a_container_holds_is_given_as_it_is_written() {
        let json = br#" { "a\u0062" : [ 1, {"c": "]}\"" } ] , "d":-1.50e1 , "a b" : "\n" } "#;
        let entries = read_entries(json).unwrap_or_default();
        let expected = [
            ("ab".into(), r#"[ 1, {"c": "]}\"" } ]"#),
            ("d".into(), "-1.50e1"),
            ("a b".into(), r#""\n""#),
        ];
        assert_eq!(entries, expected);
        assert_eq!(
            read_elements(b"[ null , [ ] ,\"a\"]").unwrap_or_default(),
            ["null", "[ ]", "\"a\""]
        );
        for json in [
            "",
            "1",
            "\"a\"",
            "[1,]",
            "[1",
            "[1]]",
            "[,1]",
            "[:]",
            "{\"a\"}",
            "{\"a\":1",
            "{\"a\":1}2",
            "{\"a\":}",
        ] {
            assert_eq!(read_entries(json.as_bytes()), None, "{json}");
            assert_eq!(read_elements(json.as_bytes()), None, "{json}");
        }
    }
}
