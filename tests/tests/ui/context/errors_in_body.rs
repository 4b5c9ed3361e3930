use posthog::context;

struct Order {
    total: u32,
}

fn typed(order: Order) -> Result<u32, std::num::ParseIntError> {
    context! {
        let text: u32 = "five";
        order.totl;
        missing();
        Ok(order.total)
    }
}

fn no_result(order: Order) -> Option<u32> {
    context! {
        order.total?;
        None
    }
}

fn wrong_conversion() -> Result<u32, std::num::ParseIntError> {
    context! {
        Err(std::fmt::Error)?;
        Ok(1)
    }
}

fn borrowed() -> &'static str {
    context! {
        let text = String::new();
        &text
    }
}

fn main() {}
