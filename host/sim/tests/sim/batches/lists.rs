//! The list of batches.

use serde_json::{Value, json};

use super::{create, error, items, slow};
use crate::client::get;

fn ids_of(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|batch| batch["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_batches_come_first_a_page_at_a_time_in_both_directions() {
    let (sim, _) = slow().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(create(&sim, &items(1)).await);
    }
    made.reverse();
    let list = |query: String| {
        let sim = &sim;
        async move { get(sim, &format!("/v1/messages/batches{query}")).await.json() }
    };
    let all = list(String::new()).await;
    assert_eq!(ids_of(&all), made);
    assert_eq!(
        (&all["has_more"], &all["first_id"], &all["last_id"]),
        (&json!(false), &json!(made[0]), &json!(made[4]))
    );
    let first = list("?limit=2".to_owned()).await;
    assert_eq!((ids_of(&first), &first["has_more"]), (vec![&*made[0], &made[1]], &json!(true)));
    let second = list(format!("?limit=2&after_id={}", made[1])).await;
    assert_eq!((ids_of(&second), &second["has_more"]), (vec![&*made[2], &made[3]], &json!(true)));
    let last = list(format!("?limit=2&after_id={}", made[3])).await;
    assert_eq!((ids_of(&last), &last["has_more"]), (vec![&*made[4]], &json!(false)));
    let back = list(format!("?limit=2&before_id={}", made[3])).await;
    assert_eq!((ids_of(&back), &back["has_more"]), (vec![&*made[1], &made[2]], &json!(true)));
    let front = list(format!("?limit=2&before_id={}", made[1])).await;
    assert_eq!((ids_of(&front), &front["has_more"]), (vec![&*made[0]], &json!(false)));
    let none = list(format!("?after_id={}", made[4])).await;
    assert_eq!((&none["data"], &none["first_id"]), (&json!([]), &json!(null)));
}

#[tokio::test]
async fn twenty_are_on_a_page_and_mistakes_in_a_query_are_refused() {
    let (sim, _) = slow().await;
    let mut id = String::new();
    for _ in 0..21 {
        id = create(&sim, &items(1)).await;
    }
    let page = get(&sim, "/v1/messages/batches?beta=true").await.json();
    assert_eq!((ids_of(&page).len(), &page["has_more"]), (20, &json!(true)));
    for query in
        ["limit=0", "limit=1001", "limit=x", "after_id=none", &format!("before_id={id}&after_id={id}")]
    {
        let answer = get(&sim, &format!("/v1/messages/batches?{query}")).await;
        assert_eq!(error(&answer).0, 400, "{query}");
    }
}
