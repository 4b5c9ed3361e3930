use posthog::{capture, context};

async fn charge() -> Result<u32, std::io::Error> {
    Ok(1)
}

async fn plain() -> Result<u32, std::io::Error> {
    context! { charge().await }
}

async fn in_macros() -> Result<(), std::io::Error> {
    context! {
        println!("{}", charge().await?);
        capture!("order_processed", total = charge().await?);
        let _ = matches!(charge().await, Ok(1));
    }
    Ok(())
}

async fn by_macro() {
    context! {
        let _ = tokio::join!(charge(), charge());
    }
}

async fn nested() -> Result<u32, std::io::Error> {
    context! { context! { charge().await } }
}

fn main() {}
