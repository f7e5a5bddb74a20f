//! What the program says while it works.

use serde_json::Value;

use crate::{
    company::Company,
    folder::{Credential, Folder},
    program::{MINUTE, Running, until},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_of_the_log_is_an_object_where_json_is_asked_for() {
    let company = Company::start(&["--people", "5", "--seed", "6", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let variables = [("LANYARD_LOG_FORMAT", "json"), ("LANYARD_LOG", "debug")];
    let mut running = Running::start_with(&["-v", "sweep", "--data", &folder.data()], &variables);
    let code = until("the sweep ends", MINUTE, async || running.ended()).await;
    assert_eq!(code, 0, "{}", running.err());
    let said = running.err();
    let lines: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(!lines.is_empty(), "{said}");
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    let secret = std::fs::read_to_string(folder.path("secrets/okta-main-token")).expect("a secret");
    assert!(!said.contains(secret.trim()), "no secret is logged");
}

#[cfg(not(feature = "otel"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_binary_that_cannot_send_to_a_collector_says_so() {
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example")];
    let mut running = Running::start_with(&["findings", "--data", "nowhere"], &variables);
    until("the verb ends", MINUTE, async || running.ended()).await;
    assert!(running.err().contains("built without the feature otel"), "{}", running.err());
}

/// A collector of OpenTelemetry on loopback: paths and bodies.
#[cfg(feature = "otel")]
mod collector {
    use std::sync::{Arc, Mutex};

    use tokio::{
        io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
        net::TcpListener,
    };

    pub type Came = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

    pub async fn start() -> (String, Came) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let place = format!("http://{}", listener.local_addr().expect("an address"));
        let came = Came::default();
        let kept = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let came = Arc::clone(&kept);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    loop {
                        let (mut path, mut length) = (String::new(), 0);
                        loop {
                            let mut line = String::new();
                            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                                return;
                            }
                            if path.is_empty() {
                                path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                            }
                            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                                length = value.trim().parse().unwrap_or(0);
                            }
                            if line == "\r\n" {
                                break;
                            }
                        }
                        let mut body = vec![0; length];
                        if stream.read_exact(&mut body).await.is_err() {
                            return;
                        }
                        came.lock().expect("came").push((path, body));
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        if stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (place, came)
    }
}

#[cfg(feature = "otel")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_and_numbers_reach_a_collector_and_name_nobody() {
    let company = Company::start(&["--people", "5", "--seed", "6", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let (place, came) = collector::start().await;
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*place), ("OTEL_METRIC_EXPORT_INTERVAL", "200")];
    let running = Running::start_with(&["serve", &folder.data()], &variables);
    let holds = |path: &str, word: &str| {
        let came = came.lock().expect("came");
        came.iter().any(|(p, body)| p == path && body.windows(word.len()).any(|part| part == word.as_bytes()))
    };
    for (path, word) in [
        ("/v1/traces", "sweep.decide"),
        ("/v1/traces", "exchange"),
        ("/v1/traces", "look"),
        ("/v1/metrics", "lanyard_looks_total"),
    ] {
        until(&format!("{word} came"), MINUTE, async || holds(path, word).then_some(())).await;
    }
    assert_eq!(running.terminate().await, 0);
    let people = folder.verb(&["plan", "--json"]).await.json().to_string();
    let mail = people.split('"').find(|part| part.contains('@')).map(str::to_owned);
    if let Some(mail) = mail {
        assert!(!holds("/v1/traces", &mail), "{mail}");
    }
}
