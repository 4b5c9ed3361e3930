use posthog::scoped;

#[scoped]
fn no_value(x: u32) -> u32 {
    x;
}

#[scoped]
fn wrong_value(x: u32) -> Result<u32, String> {
    x
}

#[scoped]
fn wrong_conversion() -> Result<u32, std::num::ParseIntError> {
    Err(std::fmt::Error)?
}

#[scoped]
async fn wrong_value_async(x: u32) -> Result<u32, String> {
    x
}

#[scoped]
async fn no_value_async(x: u32) -> u32 {
    x;
}

#[scoped]
async fn unknown_field(x: (u32,)) -> u32 {
    x.1
}

#[scoped]
fn moved(x: String) -> String {
    drop(x);
    x
}

fn main() {}
