//! Alerts that arrive although receivers misbehave, things put away by hand, backups of a running server.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    company::Company,
    folder::{Credential, Folder},
    program::{MINUTE, SECONDS_20, until},
};

/// A webhook receiver that hangs up on the first call, answers 500 to the second, and takes what follows.
struct Receiver {
    port: u16,
    taken: Arc<Mutex<Vec<(String, Value)>>>,
    calls: Arc<Mutex<usize>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self {
            port: listener.local_addr().expect("an address").port(),
            taken: Arc::default(),
            calls: Arc::default(),
        };
        let (taken, calls) = (Arc::clone(&receiver.taken), Arc::clone(&receiver.calls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (taken, calls) = (Arc::clone(&taken), Arc::clone(&calls));
                tokio::spawn(async move { take(stream, &taken, &calls).await });
            }
        });
        receiver
    }
}

async fn take(stream: TcpStream, taken: &Mutex<Vec<(String, Value)>>, calls: &Mutex<usize>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            head.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let call = {
            let mut calls = calls.lock().expect("calls");
            *calls += 1;
            *calls
        };
        let answer = match call {
            1 => return,
            2 => "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
            _ => {
                let body = serde_json::from_slice(&body)
                    .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body)));
                taken.lock().expect("taken").push((head, body));
                "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A mail server that drops the first connection after the greeting, and then takes mail.
async fn mail_server(mails: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((stream, _)) = listener.accept().await {
            connections += 1;
            let (first, mails) = (connections == 1, Arc::clone(&mails));
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let _ = stream.write_all(b"220 mail.test\r\n").await;
                let (mut in_data, mut mail) = (false, String::new());
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.unwrap_or(0) == 0 || first {
                        return;
                    }
                    let answer = match (in_data, line.trim_end()) {
                        (true, ".") => {
                            in_data = false;
                            mails.lock().expect("mails").push(std::mem::take(&mut mail));
                            "250 taken\r\n"
                        }
                        (true, _) => {
                            mail.push_str(&line);
                            continue;
                        }
                        (false, "DATA") => {
                            in_data = true;
                            "354 go on\r\n"
                        }
                        (false, "QUIT") => "221 bye\r\n",
                        (false, _) => "250 ok\r\n",
                    };
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_reach_a_bucket_and_a_mailbox_out_of_reach() {
    let company =
        Company::start(&["--people", "5", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let bucket = Receiver::start().await;
    let mails: Arc<Mutex<Vec<String>>> = Arc::default();
    let mail = mail_server(Arc::clone(&mails)).await;
    std::fs::write(folder.path("secrets/bucket-key"), "planted-bucket-key").expect("a file");
    let settings = folder.read("lanyard.toml");
    let with = |key: &str, endpoint: &str| {
        format!(
            "{settings}\n[mail]\nhost = \"127.0.0.1\"\nport = {mail}\nfrom = \"Lanyard <lanyard@test.example>\"\n\
             tls = \"none\"\n\n[secrets]\nbucket-key = \"secrets/bucket-key\"\n\n[checkpoints]\n\
             email = [\"auditor@test.example\"]\n\n[checkpoints.bucket]\nendpoint = \"{endpoint}\"\n\
             name = \"evidence\"\nregion = \"eu-central-1\"\nprefix = \"acme/\"\npath_style = true\n\
             key_id = \"AKIAEXAMPLE\"\nkey = \"{key}\"\n"
        )
    };
    let here = format!("http://127.0.0.1:{}", bucket.port);
    for (key, endpoint, problem) in [
        ("nothing", here.as_str(), "there is no secret nothing"),
        ("bucket-key", "http://store.example", "not an https address"),
    ] {
        folder.edit("lanyard.toml", |_| with(key, endpoint));
        let said = folder.verb(&["check"]).await.ends(2);
        assert!(said.err.contains(problem) && said.err.contains("lanyard.toml:"), "{problem}: {}", said.err);
    }
    folder.edit("lanyard.toml", |_| with("bucket-key", &here));
    let served = folder.serve().await;
    until("the bucket took it at the third try", MINUTE, async || {
        (!bucket.taken.lock().expect("taken").is_empty()).then_some(())
    })
    .await;
    let (head, note) = bucket.taken.lock().expect("taken")[0].clone();
    assert!(head.starts_with("PUT /evidence/acme/main/20") && head.contains("X-Amz-Signature="), "{head}");
    assert!(!head.contains("planted-bucket-key"), "{head}");
    let note = note.as_str().expect("a text");
    assert!(note.starts_with("lanyard.journal/main/"), "{note}");
    assert_eq!(note, folder.read("checkpoints/main/newest.checkpoint"), "the same as in the folder");
    until("the mail arrived although the first connection was dropped", MINUTE, async || {
        let mails = mails.lock().expect("mails");
        mails
            .iter()
            .any(|m| m.contains("auditor@test.example") && m.contains("lanyard.journal/main/"))
            .then_some(())
    })
    .await;
    // Another start within the day sends no second mail.
    assert_eq!(served.running.terminate().await, 0);
    let before = bucket.taken.lock().expect("taken").len();
    let served = folder.serve().await;
    until("another checkpoint is in the bucket", MINUTE, async || {
        (bucket.taken.lock().expect("taken").len() > before).then_some(())
    })
    .await;
    served.quiet(MINUTE).await;
    assert_eq!(mails.lock().expect("mails").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_a_person_reaches_people_and_can_be_put_away() {
    let company =
        Company::start(&["--people", "12", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let receiver = Receiver::start().await;
    let mails: Arc<Mutex<Vec<String>>> = Arc::default();
    let mail = mail_server(Arc::clone(&mails)).await;
    std::fs::write(folder.path("secrets/alarm-url"), format!("http://127.0.0.1:{}/in", receiver.port))
        .expect("a file");
    std::fs::write(folder.path("secrets/alarm-key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .expect("a file");
    std::fs::write(folder.path("alarm.txt"), "{{ count }} open: {{ findings[0].title }}").expect("a file");
    let settings = folder.read("lanyard.toml");
    let alert = |extra: &str| {
        format!(
            "{settings}\n[mail]\nhost = \"127.0.0.1\"\nport = {mail}\nfrom = \"Lanyard <lanyard@test.example>\"\n\
             tls = \"none\"\n\n[secrets]\nalarm-url = \"secrets/alarm-url\"\nalarm-key = \"secrets/alarm-key\"\n\n\
             [[alert]]\nid = \"security\"\nkinds = [\"hook\"]\ngather_seconds = 0\nevery_minutes = 0\n\
             template = \"alarm.txt\"\nwebhook = \"alarm-url\"\nwebhook_key = \"alarm-key\"\n\
             email = [\"it@test.example\"]\n{extra}"
        )
    };
    // Mistakes are told with their place, and nothing starts.
    for (extra, problem) in [
        ("sites = [\"nowhere\"]\n", "there is no site nowhere"),
        ("pager = \"nothing\"\n", "there is no secret nothing"),
        ("[digest]\nat = \"25:00\"\nzone = \"Europe/London\"\nslack = \"alarm-url\"\n", "not a time of day"),
        (
            "[digest]\nat = \"08:00\"\nzone = \"Europe/Nowhere\"\nslack = \"alarm-url\"\n",
            "there is no time zone",
        ),
    ] {
        folder.edit("lanyard.toml", |_| alert(extra));
        let said = folder.verb(&["check"]).await.ends(2);
        assert!(said.err.contains(problem) && said.err.contains("lanyard.toml:"), "{problem}: {}", said.err);
    }
    folder.edit("lanyard.toml", |_| alert(""));

    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    let secret = folder.hook_secret();
    let headers = [("content-type", "application/json"), ("authorization", secret.as_str())];
    let event = json!({ "uuid": "u-1", "eventType": "user.lifecycle.create", "target": [{ "id": "00u1", "type": "User" }] });
    let foreign = json!({
        "eventType": "com.okta.event_hook", "source": "https://elsewhere.example/api/v1/eventHooks/who1",
        "eventId": "e-1", "data": { "events": [event] },
    });
    assert_eq!(served.hook("main", &headers, foreign.to_string()).await, 204);
    until("the webhook took it at the third try", MINUTE, async || {
        (!receiver.taken.lock().expect("taken").is_empty()).then_some(())
    })
    .await;
    let (head, body) = receiver.taken.lock().expect("taken")[0].clone();
    let head = head.to_ascii_lowercase();
    for name in ["webhook-id: alert:security:", "webhook-timestamp: 1", "webhook-signature: v1,"] {
        assert!(head.contains(name), "{name}: {head}");
    }
    assert_eq!(body["type"], "alert");
    assert_eq!(
        body["data"]["text"],
        "1 open: main: an event hook delivery came from a source that is not this tenant's"
    );
    assert_eq!(body["data"]["about"]["findings"][0]["kind"], "hook");
    until("the mail arrived although the first connection was dropped", SECONDS_20, async || {
        mails.lock().expect("mails").iter().any(|mail| mail.contains("it@test.example")).then_some(())
    })
    .await;
    let sent = folder.verb(&["messages", "--json"]).await.ends(0).json();
    assert!(sent["messages"][0]["attempts"].as_u64() >= Some(3), "{sent}");
    assert!(sent["messages"][0]["sent_at"].is_string(), "{sent}");

    // By hand, with a reason, through the running server; the journal says who and why.
    let open = folder.verb(&["findings", "--json"]).await.ends(3).json();
    let keys: Vec<&str> =
        open["findings"].as_array().expect("a list").iter().filter_map(|f| f["key"].as_str()).collect();
    assert!(keys.contains(&"hook-foreign:main"), "{keys:?}");
    folder.verb(&["close", "no-such-key", "--reason", "x"]).await.ends(2);
    let closed = folder
        .verb(&["close", "hook-foreign:main", "--reason", "a test of ours", "--by", "Ola"])
        .await
        .ends(0);
    assert!(closed.out.starts_with("put away: main: an event hook delivery"), "{}", closed.out);
    let left = served.api("findings").await;
    assert!(!left.to_string().contains("hook-foreign:main"), "{left}");
    let told = served.api("activity?limit=50&all=true").await.to_string();
    assert!(told.contains("by Ola: a test of ours"), "{told}");
    until("that it is over is told too", MINUTE, async || {
        let taken = receiver.taken.lock().expect("taken");
        taken.iter().any(|(_, body)| body["data"]["about"]["status"] == "over").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_is_backed_up_and_an_older_backup_is_not_put_back_by_mistake() {
    let company =
        Company::start(&["--people", "10", "--seed", "8", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    let backup = folder.path("../backup").display().to_string();
    let made = folder.verb(&["backup", &backup, "--json"]).await.ends(0).json();
    let lines = made["journal"][0]["size"].as_u64().expect("a size");
    assert!(lines > 0, "{made}");
    folder.verb(&["backup", &backup]).await.ends(2);
    assert!(!folder.path("../backup/secrets").exists(), "secrets only when asked for");

    // The server goes on; the backup gets old.
    folder.verb(&["sweep"]).await.ends(0);
    served.quiet(MINUTE).await;
    let data = folder.data();
    let running = crate::program::lanyard(&["restore", &backup, &data]).await.ends(2);
    assert!(running.err.contains("stop the server first"), "{}", running.err);
    assert_eq!(served.running.terminate().await, 0);
    let older = crate::program::lanyard(&["restore", &backup, &data]).await.ends(2);
    assert!(
        older.err.contains("journal lines would be lost") && older.err.contains("--older"),
        "{}",
        older.err
    );
    let nothing =
        crate::program::lanyard(&["restore", &folder.path("policy").display().to_string(), &data]).await;
    assert!(nothing.ends(2).err.contains("is no backup"));
    let restored =
        crate::program::lanyard(&["restore", &backup, &data, "--older", "--json"]).await.ends(0).json();
    assert!(restored["lines_lost"].as_u64() > Some(0), "{restored}");

    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    served.journal_verifies().await;
    let told = served.api("activity?limit=100&all=true").await.to_string();
    assert!(told.contains("restored from the backup of"), "{told}");
    let before = company.journal().await.len();
    folder.verb(&["sweep", "--json"]).await.ends(0);
    assert_eq!(company.journal().await.len(), before, "everything was found done");
}
