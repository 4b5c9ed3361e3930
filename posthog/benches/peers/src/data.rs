//! The data that is captured. Keys are literals; strings are known at run time only, so that each library has to copy them.

use std::hint::black_box;

/// Values of properties and tags.
pub struct Data {
    pub texts: [String; 8],
    pub numbers: [i64; 5],
    pub floats: [f64; 4],
    pub flags: [bool; 3],
}

impl Data {
    pub fn new() -> Self {
        black_box(Self {
            texts: [0, 1, 2, 3, 4, 5, 6, 7].map(|n| format!("https://example.com/p/{n}")),
            numbers: [42, -7, 1_700_000_000, 0, 65_535],
            floats: [129.99, 0.5, 3.25e-3, 1234.5678],
            flags: [true, false, true],
        })
    }

    /// 16 tags.
    pub fn tags(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts = self.texts.iter().chain(&self.texts);
        KEYS.into_iter().zip(texts.map(String::as_str))
    }
}

impl Default for Data {
    fn default() -> Self {
        Self::new()
    }
}

/// Keys of tags, none of which is a key of a property.
pub const KEYS: [&str; 16] = [
    "request_id",
    "tenant",
    "route",
    "region",
    "tier",
    "feature",
    "shard",
    "build",
    "user_role",
    "job",
    "queue",
    "worker",
    "attempt",
    "source",
    "channel",
    "locale",
];

/// Calls `put!(key, value)` for each of 5 or 20 properties.
#[macro_export]
macro_rules! each_property {
    (5, $data:expr, $put:ident) => {
        $put!("plan", $data.texts[0].as_str());
        $put!("seats", $data.numbers[0]);
        $put!("amount", $data.floats[0]);
        $put!("trial", $data.flags[0]);
        $put!("referrer", $data.texts[1].as_str());
    };
    (20, $data:expr, $put:ident) => {
        $crate::each_property!(5, $data, $put);
        $put!("page", $data.texts[2].as_str());
        $put!("campaign", $data.texts[3].as_str());
        $put!("country", $data.texts[4].as_str());
        $put!("browser", $data.texts[5].as_str());
        $put!("variant", $data.texts[6].as_str());
        $put!("section", $data.texts[7].as_str());
        $put!("width", $data.numbers[1]);
        $put!("created", $data.numbers[2]);
        $put!("retries", $data.numbers[3]);
        $put!("port", $data.numbers[4]);
        $put!("score", $data.floats[1]);
        $put!("ratio", $data.floats[2]);
        $put!("total", $data.floats[3]);
        $put!("beta", $data.flags[1]);
        $put!("admin", $data.flags[2]);
    };
}
