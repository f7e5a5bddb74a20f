//! A data folder made by `init`, and a server on it.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::{
    company::Company,
    program::{Http, Running, Said, free_port, lanyard, until},
};

/// How long nothing is due before that counts as quiet.
const QUIET: Duration = Duration::from_millis(1500);

/// Which of the two Okta credentials is given to `init`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    Token,
    ServiceApp,
}

/// A data folder.
pub struct Folder {
    root: TempDir,
    pub port: u16,
}

impl Folder {
    /// An empty place for a folder.
    pub fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary folder"), port: free_port() }
    }

    /// Writes the secrets of a company to files and runs `init` with every flag.
    pub async fn init(company: &Company, credential: Credential) -> Self {
        let folder = Self::new();
        folder.run_init(company, credential).await.ends(0);
        folder.allow_deletes(company);
        folder
    }

    /// Where a site cannot be told that an account is inactive, what is left is DELETE, if its owner allows that. Without
    /// it the engine says that the API cannot end the account, and asks a person to.
    pub fn allow_deletes(&self, company: &Company) {
        if !company.reading.writes_active {
            self.edit("lanyard.toml", |text| text.replace("delete_allowed = false", "delete_allowed = true"));
        }
    }

    /// Like [`Self::init`], and no limit of our own on calls per second, for tests that are not about budgets.
    pub async fn init_fast(company: &Company, credential: Credential) -> Self {
        let folder = Self::init(company, credential).await;
        folder.edit("lanyard.toml", |text| {
            let text = text.replace("[[site]]\n", "[[site]]\nrequests_per_second = 0\n");
            text.replace("feed_seconds = 10", "feed_seconds = 1")
        });
        folder
    }

    pub async fn run_init(&self, company: &Company, credential: Credential) -> Said {
        self.run_init_with(company, credential, company.ioffice_password()).await
    }

    /// The same with this password of iOffice's.
    pub async fn run_init_with(&self, company: &Company, credential: Credential, password: &str) -> Said {
        let secret = |name: &str, text: &str| {
            let path = self.root.path().join(name);
            fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let password = secret("password", password);
        let listen = format!("127.0.0.1:{}", self.port);
        let public = format!("http://{listen}");
        let data = self.data();
        let mut arguments = vec!["init", &data, "--yes", "--okta", company.okta_url()];
        let (token, key) = (secret("token", company.ssws()), secret("key.pem", company.private_key()));
        match credential {
            Credential::Token => arguments.extend(["--okta-token-file", &token]),
            Credential::ServiceApp => {
                arguments.extend(["--okta-client-id", company.client_id(), "--okta-key-file", &key]);
            }
        }
        arguments.extend(["--ioffice", company.ioffice_url(), "--ioffice-user", company.ioffice_user()]);
        arguments.extend([
            "--ioffice-password-file",
            &password,
            "--listen",
            &listen,
            "--public-url",
            &public,
        ]);
        lanyard(&arguments).await
    }

    pub fn data(&self) -> String {
        self.root.path().join("data").display().to_string()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("data").join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Edits one file of the folder; the edit must change something.
    pub fn edit(&self, name: &str, change: impl FnOnce(&str) -> String) {
        let before = self.read(name);
        let after = change(&before);
        assert_ne!(before, after, "the edit of {name} found nothing to edit");
        fs::write(self.path(name), after).expect("a file");
    }

    /// Runs a verb on the folder.
    pub async fn verb(&self, arguments: &[&str]) -> Said {
        let data = self.data();
        let mut all = arguments.to_vec();
        all.extend(["--data", &data]);
        lanyard(&all).await
    }

    /// Starts `serve` and waits until it is ready.
    pub async fn serve(&self) -> Served {
        let mut served = self.start();
        until("the server is ready", Duration::from_secs(20), async || {
            assert_eq!(served.running.ended(), None, "{}", served.running.err());
            served.token = self.token(served.running.id())?;
            let (status, _) = served.http.try_call("GET", &format!("{}/readyz", served.url), &[], "").await?;
            (status == 200).then_some(())
        })
        .await;
        served
    }

    /// Starts `serve` without waiting for anything.
    pub fn start(&self) -> Served {
        let data = self.data();
        Served {
            running: Running::start(&["serve", &data, "--json"]),
            url: format!("http://127.0.0.1:{}", self.port),
            token: String::new(),
            http: Http::new(),
        }
    }

    /// The command line's token, as the running server with this process id left it.
    fn token(&self, process: u32) -> Option<String> {
        let note: Value = serde_json::from_str(&fs::read_to_string(self.path("server.json")).ok()?).ok()?;
        (note["pid"] == process).then(|| note["token"].as_str().expect("a token").to_owned())
    }

    pub fn hook_secret(&self) -> String {
        self.read("secrets/hook-main").trim().to_owned()
    }
}

/// A running server.
pub struct Served {
    pub running: Running,
    pub url: String,
    pub token: String,
    pub http: Http,
}

impl Served {
    /// Asks the API as the command line does.
    pub async fn api(&self, path: &str) -> Value {
        let authorization = format!("Bearer {}", self.token);
        let url = format!("{}/api/v1/{path}", self.url);
        let (status, answer) = self.http.call("GET", &url, &[("authorization", &authorization)], "").await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Posts to the hook address.
    pub async fn hook(&self, tenant: &str, headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> u16 {
        let url = format!("{}/hooks/okta/{tenant}", self.url);
        self.http.call("POST", &url, headers, body).await.0
    }

    /// Waits until the first sweep is over and nothing is due or under way, and stays so: one look often leads to another.
    pub async fn quiet(&self, within: Duration) {
        let mut held: Option<(Value, Instant)> = None;
        until("the first sweep is worked off", within, async || {
            let overview = self.api("overview").await;
            let swept = overview.pointer("/sites/0/last_sweep/state") == Some(&json!("done"));
            let work = &overview["work"];
            if !(swept && work["due"] == 0 && work["leased"] == 0) {
                held = None;
                return None;
            }
            match &held {
                Some((before, since)) if before == work => (since.elapsed() >= QUIET).then_some(()),
                _ => {
                    held = Some((work.clone(), Instant::now()));
                    None
                }
            }
        })
        .await;
    }

    /// Titles and details of what needs a person, of one kind.
    pub async fn findings(&self, kind: &str) -> Vec<String> {
        let all = self.api("findings").await;
        let list = all["items"].as_array().expect("a list");
        let of_kind = list.iter().filter(|finding| finding["kind"] == kind);
        of_kind.map(|f| format!("{}: {}", f["title"], f["detail"])).collect()
    }

    /// Asserts that the journal's tree fits what it holds.
    pub async fn journal_verifies(&self) {
        let journal = self.api("journal").await;
        assert_eq!(journal["damage"], Value::Null, "{journal}");
        assert!(journal["trees"][0]["size"].as_u64() > Some(0), "{journal}");
    }
}
