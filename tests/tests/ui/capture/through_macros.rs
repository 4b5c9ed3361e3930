use posthog::capture;

macro_rules! captured {
    ($name:literal, $key:literal, $id:expr) => {
        capture!($name, $key = 1, distinct_id = $id)
    };
}

fn main() {
    let _ = captured!("", "$session_Id", "anonymous");
}
