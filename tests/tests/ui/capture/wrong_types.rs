use posthog::capture;

struct Order;

fn main() {
    let (order, number, float) = (Order, 7, 1.5);
    capture!(order);
    capture!(3, total = 1);
    capture!("order_processed", (3) = 1);
    capture!("order_processed", cart = { (order): 1 });
    capture!("order_processed", distinct_id = order);
    capture!("order_processed", session_id = float);
    capture!("order_processed", timestamp = order);
    capture!("order_processed", uuid = number);
    capture!("order_processed", product_tour_id = number);
    capture!("order_processed", set = order);
    capture!("order_processed", process_person_profile = order);
    capture!("order_processed", client = order);
}
