//! Hook deliveries over a socket, while the store cannot write.

use std::sync::Arc;

use async_trait::async_trait;
use lanyard_engine::ports::*;
use lanyard_model::{
    coverage::Evidence,
    id::{GroupId, TenantId},
    identity::{Group, Identity, IdentityRead},
    signal::{Event, Lane},
};
use lanyard_store::{Disk, DiskStep, DiskTrouble, SqliteStore};
use lanyard_web::serve;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::house::{HOOK_SECRET, House};

/// A directory of which only the deliveries are read: each holds one event, named by its body. Its log is idle.
pub struct Sender(pub TenantId);

const NOT_ASKED: PortFailure = PortFailure::Malformed { upstream: String::new(), reason: String::new() };

#[async_trait]
impl Directory for Sender {
    fn tenant(&self) -> &TenantId {
        &self.0
    }

    async fn observe_identity(&self, _: &str, _: Lane) -> Result<IdentityRead, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn find_identities(&self, _: &str) -> Result<Vec<Arc<str>>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn list_identities(
        &self,
        _: &mut dyn Sink<Identity>,
        _: &dyn Progress,
    ) -> Result<Evidence, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn list_groups(&self) -> Result<Listing<Group>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn list_members(&self, _: &GroupId, _: &mut dyn Sink<Arc<str>>) -> Result<Evidence, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn list_attributes(&self) -> Result<Vec<(String, String, String)>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn poll_feed(&self, cursor: &FeedCursor) -> Result<FeedPage, FeedError> {
        Ok(FeedPage { events: Vec::new(), next: cursor.clone(), rows: 0 })
    }

    async fn ensure_hook(&self, _: &HookWish) -> Result<HookState, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn hook_state(&self, _: &HookWish) -> Result<HookState, PortFailure> {
        Err(NOT_ASKED)
    }

    fn parse_delivery(&self, body: &[u8]) -> Result<Delivery, DeliveryProblem> {
        let name = String::from_utf8_lossy(body);
        let event = Event {
            tenant: self.0.clone(),
            uuid: name.as_ref().into(),
            kind: "user.lifecycle.deactivate".into(),
            published: None,
            users: vec!["00u1".into()],
            groups: vec![],
            lane: Lane::Leaver,
            deletion: false,
            ours: false,
            membership: None,
        };
        let delivery_id = name.chars().take(20).collect();
        Ok(Delivery { delivery_id, hook: Ok("who1".into()), preview: false, events: vec![event] })
    }

    async fn probe(&self) -> Vec<Check> {
        Vec::new()
    }

    fn calls(&self) -> Vec<CallCount> {
        Vec::new()
    }
}

/// Fails so for as long as it is there.
pub struct Failing(pub DiskTrouble);

impl Disk for Failing {
    fn trouble(&mut self, step: DiskStep) -> Option<DiskTrouble> {
        let felt = match self.0 {
            DiskTrouble::Locked | DiskTrouble::Broken => step != DiskStep::Read,
            DiskTrouble::Full => step == DiskStep::Begin,
            DiskTrouble::Unflushed { .. } => step == DiskStep::Commit,
        };
        felt.then_some(self.0)
    }
}

struct Sound;

impl Disk for Sound {
    fn trouble(&mut self, _: DiskStep) -> Option<DiskTrouble> {
        None
    }
}

/// The status of one delivery.
async fn deliver(port: u16, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let bytes = body.len();
    let request = format!(
        "POST /hooks/okta/northgate HTTP/1.1\r\nhost: x\r\nauthorization: {HOOK_SECRET}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {bytes}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_cannot_be_stored_is_503_and_is_taken_when_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open_inline(folder.path()).unwrap());
    let state = Arc::new(House::with_hooks(Arc::new(Sender("northgate".into())), &store));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(serve(listener, state, stopped));
    let signals = async || {
        let until = "2030-01-01T00:00:00Z".parse().unwrap();
        store.claim("test", until, until, Lane::Bulk, 9).await.unwrap().len()
    };
    let troubles = [
        ("locked", DiskTrouble::Locked),
        ("broken", DiskTrouble::Broken),
        ("full", DiskTrouble::Full),
        ("unflushed", DiskTrouble::Unflushed { kept: false }),
    ];
    for (name, trouble) in troubles {
        store.set_disk(Box::new(Failing(trouble)));
        // More than the free room of the file's last pages.
        let body = format!("{name}{}", "-".repeat(100_000));
        for _ in 0..2 {
            assert_eq!(deliver(port, &body).await, "503", "{name}");
        }
        store.set_disk(Box::new(Sound));
        assert_eq!(deliver(port, &body).await, "204", "{name}: over");
    }
    assert_eq!(signals().await, 1, "and nothing was lost: the person is looked at");
    assert_eq!(deliver(port, "again").await, "204");
    stop.send(true).unwrap();
    server.await.unwrap().unwrap();
}
