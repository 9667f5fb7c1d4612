use crate::{question::Question, reply::Block};
pub(crate) fn answer(q: &Question) -> Vec<Block> {
    vec![Block::Text(format!("You asked: {}", q.last_user))]
}
