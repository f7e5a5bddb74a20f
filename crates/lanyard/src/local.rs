//! Finding a running server: it writes down where it listens, and a token for this machine's command line.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use http::StatusCode;
use lanyard_wire::TransportError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a server leaves in its data folder while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    pub url: String,
    pub token: String,
    pub pid: u32,
}

/// Longest wait for a verb: a first comparison of a large company, under a site's pace, takes hours.
const VERB_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Longest wait for everything else.
const CALL_WITHIN: Duration = Duration::from_secs(900);

/// Why a running server gave no answer to a verb.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// There is no such server: the note is a dead one's, and the folder is free.
    #[error("{0}")]
    Nobody(String),
    /// It got the verb, and may be at work on it still.
    #[error(
        "the server at {url} (process {pid}) was asked for `{verb}` and has not answered: {why}; it may be at work on it \
         still, and nothing was done beside it\nhint: the console's activity and `lanyard findings` show what it does; ask \
         again when it is through. If there is no such process any more, remove server.json from the data folder"
    )]
    Lost { url: String, pid: u32, verb: String, why: String },
    #[error("{0}")]
    Refused(String),
}

impl NoAnswer {
    /// Whether the folder is to be worked on without it. Only where no server was reached: one that is merely slow has the store
    /// open, and does what it was asked for.
    ///
    /// # Errors
    /// What else it is.
    pub fn or_alone(self) -> anyhow::Result<()> {
        match self {
            Self::Nobody(why) => {
                tracing::info!(why, "no server answers; working on the folder itself");
                Ok(())
            }
            other => Err(other.into()),
        }
    }
}

fn text_of(response: &lanyard_wire::Response) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

fn file(dir: &Path) -> PathBuf {
    dir.join("server.json")
}

impl Running {
    /// Leaves the note, readable by its owner only.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn leave(&self, dir: &Path) -> anyhow::Result<()> {
        write_private(&file(dir), &serde_json::to_string(self)?)
    }

    /// Takes the note away.
    pub fn remove(dir: &Path) {
        let _ = fs::remove_file(file(dir));
    }

    /// Reads the note of a server that may be running.
    pub fn find(dir: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(file(dir)).ok()?).ok()
    }

    /// Runs a verb in that server.
    ///
    /// # Errors
    /// When it does not answer: [`NoAnswer`] says whether it may be at work all the same.
    pub async fn run(&self, verb: &Value) -> Result<Value, NoAnswer> {
        self.run_within(verb, VERB_WITHIN).await
    }

    async fn run_within(&self, verb: &Value, within: Duration) -> Result<Value, NoAnswer> {
        let name = verb["verb"].as_str().unwrap_or("the verb").to_owned();
        let lost =
            |why: String| NoAnswer::Lost { url: self.url.clone(), pid: self.pid, verb: name.clone(), why };
        let response = match self.exchange("POST", "/verbs", verb, within).await {
            Ok(response) => response,
            Err(error) => {
                let sent = error.chain().any(|cause| {
                    cause.downcast_ref::<TransportError>().is_some_and(TransportError::may_have_happened)
                });
                return Err(match sent {
                    true => lost(format!("{:#}", error.root_cause())),
                    false => NoAnswer::Nobody(format!("{error:#}")),
                });
            }
        };
        let status = response.status();
        if status.is_success() {
            return serde_json::from_slice(response.body()).map_err(|error| lost(error.to_string()));
        }
        let said = format!("the server at {} answered {status}: {}", self.url, text_of(&response));
        // Somebody else listens where the note says, who knows no such token or no such address.
        let strange = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
        Err(if strange.contains(&status) { NoAnswer::Nobody(said) } else { NoAnswer::Refused(said) })
    }

    /// Asks that server's API; `Null` for an answer without content.
    ///
    /// # Errors
    /// When it does not answer, and what it refuses, with its own words.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let response = self.exchange(method, path, body, CALL_WITHIN).await?;
        anyhow::ensure!(
            response.status().is_success(),
            "the server at {} answered {}: {}",
            self.url,
            response.status(),
            text_of(&response)
        );
        if response.body().is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(response.body())?)
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        within: Duration,
    ) -> anyhow::Result<lanyard_wire::Response> {
        use lanyard_wire::Transport as _;
        let transport = lanyard_wire::HttpsTransport::new(&lanyard_wire::TransportSettings::default())
            .map_err(|text| anyhow::anyhow!(text))?;
        let body = if body.is_null() { bytes::Bytes::new() } else { bytes::Bytes::from(body.to_string()) };
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body)?;
        transport
            .exchange(request, within)
            .await
            .with_context(|| format!("the server at {} does not answer", self.url))
    }

    /// Asks the server something in the name of a token's owner.
    ///
    /// # Errors
    /// When it does not answer, or refuses: with its own words and the fix.
    pub async fn call_as(
        &self,
        token: &str,
        method: http::Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        use lanyard_wire::Transport as _;
        let transport = lanyard_wire::HttpsTransport::new(&lanyard_wire::TransportSettings::default())
            .map_err(|text| anyhow::anyhow!(text))?;
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(bytes::Bytes::from(body.map(ToString::to_string).unwrap_or_default()))?;
        let response = transport
            .exchange(request, Duration::from_secs(60))
            .await
            .with_context(|| format!("the server at {} does not answer", self.url))?;
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if !response.status().is_success() {
            let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            let fix = word("fix");
            let fix = if fix.is_empty() { fix } else { format!("\nhint: {fix}") };
            anyhow::bail!(crate::exit::Unusable(format!("{} {}{fix}", response.status(), word("title"))));
        }
        Ok(answer)
    }
}

/// Writes a file that only its owner can read.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(true);
    private(options, path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The same for a file that is not there yet.
///
/// # Errors
/// When it cannot be written, or is there: it is as it was then.
pub fn write_new_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create_new(true);
    private(options, path, text)
}

fn private(mut options: fs::OpenOptions, path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Puts a private file in the place of another, whole and durable: whatever happens on the way, one of the two is there.
///
/// # Errors
/// When it cannot be written; the old one is as it was.
pub fn replace_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let next = beside(path, "next");
    write_private(&next, text)?;
    take_the_place(&next, path)
}

/// The same for a file whose readers stay who they were. A link to it stays one.
///
/// # Errors
/// When it cannot be written, or is not there; the old one is as it was.
pub fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let path = fs::canonicalize(path).with_context(|| format!("cannot find {}", path.display()))?;
    let next = beside(&path, "next");
    write_private(&next, text)?;
    fs::set_permissions(&next, fs::metadata(&path)?.permissions())?;
    take_the_place(&next, &path)
}

fn take_the_place(next: &Path, path: &Path) -> anyhow::Result<()> {
    fs::File::open(next)?.sync_all()?;
    fs::rename(next, path).with_context(|| format!("cannot replace {}", path.display()))?;
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Waits until no other process, and no other part of this one, has the file to itself; ends when it is dropped. The
/// operating system lets go of it when a process ends, however it ends.
///
/// # Errors
/// When the mark beside the file cannot be made.
pub fn turn(path: &Path) -> anyhow::Result<fs::File> {
    let mark = beside(path, "lock");
    let opened = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&mark);
    let file = opened.with_context(|| format!("cannot write {}", mark.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", mark.display()))?;
    Ok(file)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// A server that reads a request, and answers so; `None`: that never answers.
    async fn server(answer: Option<&'static str>) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = [0; 4096];
            while stream.read(&mut read).await.is_ok_and(|bytes| bytes > 0) {
                if let Some(answer) = answer {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        Running { url, token: "t".into(), pid: 4711 }
    }

    #[tokio::test]
    async fn only_where_no_server_was_reached_is_the_folder_worked_on_without_it() {
        let verb = serde_json::json!({ "verb": "sweep" });
        let ask =
            async |server: Running| server.run_within(&verb, Duration::from_millis(500)).await.unwrap_err();
        let nowhere = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        };
        ask(Running { url: nowhere, token: "t".into(), pid: 4711 }).await.or_alone().unwrap();
        let stranger = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
        ask(server(Some(stranger)).await).await.or_alone().unwrap();

        let said = ask(server(None).await).await.or_alone().unwrap_err().to_string();
        for part in [
            "(process 4711) was asked for `sweep` and has not answered",
            "may be at work on it still",
            "hint: ",
        ] {
            assert!(said.contains(part), "no {part:?} in {said}");
        }
        let broken = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 3\r\n\r\noh!";
        let said = ask(server(Some(broken)).await).await.or_alone().unwrap_err().to_string();
        assert!(said.contains("answered 500") && said.ends_with(": oh!"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_readers_and_a_link_to_it_stays_one() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real.toml"), folder.path().join("lanyard.toml"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
