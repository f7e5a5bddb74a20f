//! The binary: verbs that end, programs that run, waiting for a state.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use lanyard_wire::{HttpsTransport, Transport as _, TransportSettings};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// No verb of these tests takes longer, on a busy machine either.
const VERB_WITHIN: Duration = Duration::from_secs(120);

/// What a verb that ended said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The one line of JSON on stdout.
    pub fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "one line is promised: {self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that a comparison came to its end, and that nothing is open but what is tried again by itself.
    pub fn compared(self) -> Self {
        let mut open = self.json()["open"].as_array().cloned().unwrap_or_default();
        open.retain(|one| !one.as_str().is_some_and(|one| one.contains("tried again by itself")));
        assert!(open.is_empty() && [0, 3].contains(&self.code), "{}\n{}", self.out, self.err);
        self
    }

    /// Asserts the exit code.
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }
}

/// Runs a verb to its end.
pub async fn lanyard(arguments: &[&str]) -> Said {
    let mut running = Running::start(arguments);
    let code = until(&format!("{arguments:?} ends"), VERB_WITHIN, async || running.ended()).await;
    Said { code, out: running.out(), err: running.err() }
}

/// A program that runs until it is dropped. What it says goes to files.
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    _kept: TempDir,
}

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// The same, with variables of the environment.
    pub fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let kept = tempfile::tempdir().expect("a temporary folder");
        let (out, err) = (kept.path().join("out"), kept.path().join("err"));
        let file = |path: &Path| Stdio::from(File::create(path).expect("a file"));
        // Another build, a release one say, can be put to the same test.
        let binary = std::env::var_os("LANYARD_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_lanyard").into());
        let mut command = Command::new(binary);
        command.args(arguments).env_remove("LANYARD_LOG").stdin(Stdio::null());
        command.envs(variables.iter().copied());
        let child = command.stdout(file(&out)).stderr(file(&err)).spawn();
        Self { child: child.expect("the binary starts"), out, err, _kept: kept }
    }

    pub fn out(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    pub fn err(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap_or_default()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, if it has ended; -1 if a signal ended it.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().expect("its own child").map(|status| status.code().unwrap_or(-1))
    }

    /// SIGTERM, as a service manager sends it; answers the exit code.
    pub async fn terminate(mut self) -> i32 {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        until("it ends when asked", Duration::from_secs(20), async || self.ended()).await
    }
}

impl Drop for Running {
    /// SIGKILL, and nothing of it is left.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer.
pub async fn until<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < within, "not within {within:?}: {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

pub const SECONDS_20: Duration = Duration::from_secs(20);
pub const MINUTE: Duration = Duration::from_secs(60);

/// One HTTP exchange, bodies in JSON where they are.
pub struct Http(HttpsTransport);

impl Http {
    pub fn new() -> Self {
        Self(HttpsTransport::new(&TransportSettings::default()).expect("a client"))
    }

    /// Status and body; `None` if nobody answered.
    pub async fn try_call(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Option<(u16, Value)> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.into();
        if body.is_empty() && matches!(method, "POST" | "PUT") {
            // Okta refuses those that do not say so with 411.
            request = request.header("content-length", "0");
        }
        let request = request.body(body).expect("a request");
        let response = self.0.exchange(request, Duration::from_secs(90)).await.ok()?;
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Some((response.status().as_u16(), value))
    }

    /// The whole answer; redirects are not followed.
    pub async fn answer(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> http::Response<Bytes> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::new()).expect("a request");
        self.0.exchange(request, Duration::from_secs(90)).await.expect("an answer")
    }

    pub async fn call(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> (u16, Value) {
        self.try_call(method, url, headers, body).await.unwrap_or_else(|| panic!("{method} {url}: no answer"))
    }
}

/// A port nobody listens on, for a server that must know its address before it starts.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
