use posthog::{capture, context, tag};

async fn charge() -> u32 {
    1
}

async fn deep() {
    context! {
        let _ = vec![format!("{}", { charge().await })];
        tag!("total", { "sum": [charge().await] });
        tag!(total = %charge().await);
        capture!("order_processed", set = { "total": charge().await }, distinct_id = charge().await);
        let _ = Some(1).map(|_| ());
        assert_eq!(charge().await, 1, "{}", charge().await);
    }
    context! { <tags(total = charge().await); tag!("a", charge().await);>
        context! { <distinct_id = charge().await> println!("{}", charge().await); }
    }
    context! {
        let later = async { charge().await };
        let _ = dbg!(later.await);
        let _ = std::pin::pin!(async { charge().await }).await;
    }
}

fn main() {}
