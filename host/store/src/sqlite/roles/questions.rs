use crate::rules::questions::{answering, asking, find, links, list};
use crate::sqlite::SqliteStore;
use crate::{
    Answerer, NewQuestion, NewQuestionLink, QuestionFilter, QuestionFound, QuestionKey, QuestionPage,
    QuestionRules, QuestionStore, StoreError,
};
use anvil_types::{AlertId, Json, Lease, PersonQuestion, QuestionId};
use async_trait::async_trait;

#[async_trait]
impl QuestionStore for SqliteStore {
    async fn find_question(
        &self,
        key: QuestionKey,
        asker: &str,
        rules: QuestionRules,
    ) -> Result<QuestionFound, StoreError> {
        let (upstream, asker) = (self.upstream, asker.to_owned());
        self.readers.read(move |db| find::known(db, upstream, &key, &asker, &rules)).await
    }

    async fn park_asking(
        &self,
        lease: Lease,
        question: NewQuestion,
        position: u32,
    ) -> Result<(), StoreError> {
        self.write(move |tx| asking::park(tx, lease, &question, position)).await
    }

    async fn answer_question(
        &self,
        id: QuestionId,
        answer: Json,
        by: Answerer,
    ) -> Result<PersonQuestion, StoreError> {
        self.write(move |tx| answering::answer(tx, id, &answer, &by)).await
    }

    async fn question(&self, id: QuestionId) -> Result<Option<PersonQuestion>, StoreError> {
        self.readers.read(move |db| Ok(find::by_id(db, id)?.map(|kept| kept.question))).await
    }

    async fn questions(&self, filter: QuestionFilter) -> Result<QuestionPage, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| list::page(db, upstream, &filter)).await
    }

    async fn open_questions(&self) -> Result<u64, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| list::open(db, upstream)).await
    }

    async fn open_questions_of(&self, asker: &str) -> Result<u64, StoreError> {
        let (upstream, asker) = (self.upstream, asker.to_owned());
        self.readers.read(move |db| find::open_of(db, upstream, &asker)).await
    }

    async fn questions_of_alert(
        &self,
        alert: AlertId,
        limit: u32,
    ) -> Result<Vec<PersonQuestion>, StoreError> {
        self.readers.read(move |db| list::of_alert(db, alert, limit)).await
    }

    async fn link_questions(&self, new: Vec<NewQuestionLink>) -> Result<(), StoreError> {
        self.write(move |tx| new.iter().try_for_each(|link| links::put(tx, link))).await
    }

    async fn linked_question(&self, id: QuestionId, hash: [u8; 32]) -> Result<PersonQuestion, StoreError> {
        let now = self.now();
        self.readers.read(move |db| Ok(links::open(db, id, &hash, now)?.kept.question)).await
    }
}
